"""How long forecasts take: to learn from 6,000 tasks, and to refresh those of 10,000 open ones.

    python tests/benchmarks/bench_forecast.py

Times are of the processor, in milliseconds; of refreshes the median and the largest of 15, 20 s of the clock apart.
"""

from __future__ import annotations

import time
from random import Random
from statistics import median

from lineage_core.base.clock import DAY, MINUTE, SECOND
from lineage_core.forecast.forecaster import Forecaster
from lineage_core.forecast.learning_samples import Sample, groups_of
from tests.core.forecast.simulated import KINDS, START, history


def main() -> None:
    """Measure and print."""
    now = START + 30 * DAY
    forecaster, began = Forecaster(), time.process_time()
    for _ in forecaster.replay(history(1, regime="stationary"), now):
        pass
    print(f"learn from 6,000 tasks: {1000 * (time.process_time() - began):.0f} ms")
    rng = Random(1)
    for number in range(10_000):
        kind, owner, priority, worker, *_ = rng.choice(KINDS)
        begun = now - int(rng.random() * 30 * MINUTE)
        started = begun + SECOND if rng.random() < 0.8 else None
        groups = groups_of("task", kind, owner, priority, worker)
        forecaster.begin(Sample(f"open-{number}", groups, begun, started, None, False), begun)
    times = []
    for _ in range(16):
        now += 20 * SECOND
        began = time.process_time()
        forecaster.refresh(now)
        told = [forecaster.forecast(one, now) for one in forecaster.open.values()]
        times.append(1000 * (time.process_time() - began))
    print(
        f"refresh of {len(told):,}: first {times[0]:.0f} ms, median {median(times[1:]):.0f}, most {max(times[1:]):.0f}"
    )


if __name__ == "__main__":
    main()
