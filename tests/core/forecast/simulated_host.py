"""A simulated host for the anomalies: runs of five worker types, more by day and on weekdays, with failures of seven
kinds; on demand something changes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from lineage_core.base.clock import DAY, MINUTE, SECOND
from lineage_core.forecast.anomalies import Anomaly, Histories

START = 1_760_000_000 * SECOND
WARM = 35
"""Days before the first look."""

WORKERS = {  # master, runs a day, share that fails, seconds in the middle
    "build-worker": ("development-master", 60, 0.06, 300),
    "scan-worker": ("security-master", 40, 0.08, 120),
    "audit-worker": ("security-master", 12, 0.1, 900),
    "deploy-worker": ("cicd-master", 25, 0.04, 60),
    "test-worker": ("development-master", 50, 0.1, 200),
}
ERRORS = {"timeout after # s": 40, "disk full": 20, "conflict in #": 15, "#: failed": 15, "rare": 1, "rarer": 0.5}


class Planted(NamedTuple):
    """What changes from `at` on: `fails`, `slow`, `error` (of scan-worker) or `silent` (security-master)."""

    what: str
    at: int


class Told(NamedTuple):
    """An anomaly that was found at a look, and not at the one before."""

    at: int
    anomaly: Anomaly


def runs(seed: int, end: int, busy: float, planted: Planted | None) -> Iterator[tuple[int, str, str, int, str | None]]:
    """Start, worker type, master, length and error of each run."""
    rng = Random(seed)
    for worker, (master, a_day, fails, seconds) in WORKERS.items():
        at = START
        while (at := at + int(rng.expovariate(2 * busy * a_day / DAY))) < end:
            of_day = 0.5 + 0.45 * math.sin(at % DAY / DAY * 2 * math.pi)
            if rng.random() > of_day * (0.6 if at // DAY % 7 > 4 else 1):
                continue
            changed = planted.what if planted is not None and at >= planted.at else ""
            if changed == "silent" and master == "security-master":
                continue
            mine = worker == "scan-worker"
            length = int(seconds * SECOND * rng.lognormvariate(0, 0.5) * (2 if changed == "slow" and mine else 1))
            error = None
            if rng.random() < fails * (3 if changed == "fails" and mine else 1):
                error = rng.choices([*ERRORS], [*ERRORS.values()])[0]
                if changed == "error" and mine:
                    error = "segfault in #"
            yield at, worker, master, length, error


def watched(seed: int, days: float, *, busy: float = 1.0, planted: Planted | None = None) -> list[Told]:
    """What is found at looks each 5 minutes, over some days after 35 that are learned from; where something is
    planted, from then on."""
    end = START + int((WARM + days) * DAY)
    history, moments = Histories(), []
    for start, worker, master, length, error in runs(seed, end, busy, planted):
        task, ended = f"{worker} {start}", start + length
        keys = (("worker type", worker), ("master", master))
        moments += [(start, history.created, key, task, 0) for key in (("all", ""), ("type", worker))]
        for at in (start, start + length // 2, ended):
            moments += [(at, history.words, key, task, 0) for key in (("the feed", ""), *keys)]
        moments += [(ended, history.ended, key, task, 0) for key in keys]
        if error is not None:
            moments += [(ended, history.failed, key, task, 0) for key in keys]
            moments.append((ended, history.errors, (worker, error), task, 0))
        else:
            moments.append((ended, history.lengths, keys[0], task, length))
    moments.sort(key=lambda one: one[0])
    told: list[Told] = []
    before: set[tuple[str, str]] = set()
    place, at = 0, planted.at if planted is not None else START + WARM * DAY
    while at < end:
        at += 5 * MINUTE
        while place < len(moments) and moments[place][0] < at:
            when, of, key, task, value = moments[place]
            history.put(of, key, when, task, value)
            place += 1
        found = history.look(at)
        told += [Told(at, one) for one in found if (one.rule, one.subject) not in before]
        before = {(one.rule, one.subject) for one in found}
    return told
