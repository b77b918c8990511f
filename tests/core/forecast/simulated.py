"""Simulated histories of tasks for the forecasts: three regimes, with failures, cancelled ones and some that hang."""

from __future__ import annotations

import math
from random import Random

from lineage_core.base.clock import DAY, MINUTE, SECOND
from lineage_core.forecast.learning_samples import Sample, groups_of

START = 1_760_000_000 * SECOND

KINDS = (
    ("build", "development-master", "high", "build-worker", 4.0, 0.5),
    ("build", "development-master", "low", "build-worker", 7.0, 0.6),
    ("scan", "security-master", "high", "scan-worker", 2.0, 0.8),
    ("scan", "security-master", "medium", "audit-worker", 12.0, 1.0),
    ("deploy", "cicd-master", "critical", "deploy-worker", 1.0, 0.3),
)
"""Type, owner, priority and worker type; the median in minutes, and sigma of the logarithm."""


def history(seed: int, *, regime: str, days: float = 30, count: int = 6000) -> list[Sample]:
    """Tasks over some days; at 60 % of them the regime changes, if it is `slowdown` or `new worker`."""
    rng = Random(f"{seed} {regime}")
    at, samples = float(START), []
    change = START + 0.6 * days * DAY
    for number in range(count):
        at += rng.expovariate(count / (days * DAY))
        kind, owner, priority, worker, median, sigma = rng.choice(KINDS)
        if regime == "new worker" and at > change and kind == "build":
            worker, median = "remote-worker", median * 2.5
        length = rng.lognormvariate(math.log(median * MINUTE), sigma)
        if regime == "slowdown" and at > change:
            length *= 1.6
        started = at + rng.expovariate(1 / MINUTE) * (3 if priority == "low" else 1)
        fate = rng.random()
        ended: int | None = int(started + length)
        if fate > 0.995:
            ended = None  # it hangs
        elif fate > 0.9:  # it fails, or somebody gives up
            ended = int(started + length * rng.random())
        groups = groups_of("task", kind, owner, priority, worker)
        samples.append(Sample(f"task-{number}", groups, int(at), int(started), ended, fate <= 0.9))
    return samples
