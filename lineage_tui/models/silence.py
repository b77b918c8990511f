"""In which state a worker is shown: how it ended, or whether it has been silent for long."""

from __future__ import annotations

from lineage_core.state import Worker
from lineage_core.zombies import Thresholds


def silence_look(last_at: int, now: int, thresholds: Thresholds) -> str:
    """`zombie` or `silent` for an open worker that was last heard of at `last_at`; empty if that is not long ago."""
    quiet = now - last_at
    return "zombie" if quiet > thresholds.silent else "silent" if quiet > thresholds.warned else ""


def worker_look(worker: Worker, now: int, thresholds: Thresholds) -> str:
    """The state to show a worker in: how it ended, else `zombie`, `silent`, `run` or `spawn`."""
    if worker.end is not None:
        return worker.end.value
    if look := silence_look(worker.last_at, now, thresholds):
        return look
    return "run" if worker.started_at is not None or worker.percent is not None else "spawn"
