"""Attention views over logs of trouble: what their tests share."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lineage_core.rules.thresholds import Thresholds
from lineage_tui.views.attention import AttentionView
from tests.build import Log
from tests.tui.alone import Clock, styles, usual_of

HOURS = 3600.0


DIRECTORY = Path("/somewhere/lineage")


def attention(log: Log, clock: Clock | None = None, directory: Path = DIRECTORY, **options: Any) -> AttentionView:
    view = AttentionView(
        styles(), log.state, clock or Clock(), Thresholds(), directory, usual_of(log.state).of, id="view", **options
    )
    view.arrived(set(log.state.rows))
    return view


def listed(view: AttentionView) -> list[tuple[str, str]]:
    return [view.key_at(line)[:2] for line in range(view.count())]


def troubles() -> Log:
    """One task in each kind of trouble."""
    log = Log()
    log.add("task_started", "task-fine", 100)
    log.worker("task-fine", "worker-fine", "scan-worker", [90, 80, 70])
    log.add("task_started", "task-failed", 2000)
    log.add("task_failed", "task-failed", 600, reason="no disk")
    log.add("task_started", "task-escalated", 900)
    log.add("task_escalated", "task-escalated", 500, reason="needs a person")
    log.add("task_started", "task-zombie", 4000)
    log.worker("task-zombie", "worker-zombie", "scan-worker", [3900, 3800, 3700])
    log.add("task_started", "task-silent", 900)
    log.worker("task-silent", "worker-silent", "scan-worker", [800, 700, 400])
    log.worker("task-unstarted", "worker-unstarted", "scan-worker", [450])
    log.worker("task-orphan", "worker-orphan", "scan-worker", [3000, 2900, 2800])
    log.add("task_completed", "task-orphan", 2700, completion_status="success")
    log.add("task_blocked", "task-blocked", 2 * HOURS, reason="waits", blocked_by=["task-fine"])
    log.add("task_blocked", "task-stuck", 1000, reason="waits", blocked_by=["task-orphan"])
    log.add("handoff_created", "task-handoff", 700, handoff_id="handoff-1", from_master="a", to_master="b")
    for n in range(3):
        log.add("task_reassigned", "task-pingpong", 300 - n, from_master="ab"[n % 2], to_master="ba"[n % 2])
    for n in range(3):
        log.worker("task-retries", f"worker-retry-{n}", "fix-worker", [300 - n * 9, 299 - n * 9, 295 - n * 9], "failed")
    log.worker("task-dead", "worker-dead", "scan-worker", [3000, 2900, 1200], "zombie")
    log.add("task_completed", "task-dead", 1100, completion_status="success")
    log.add("task_failed", "task-long-ago", 30 * HOURS, reason="old")
    return log


def pushes(log: Log, numbers: Iterable[int], ago: float = 100) -> set[str]:
    """Failures that are alike, of these tasks, the higher number the newer."""
    changed: set[str] = set()
    for n in numbers:
        reason = f"push rejected: branch is {n} behind task-{n}"
        changed |= log.add("task_failed", f"task-{n}", ago - n, reason=reason)
    return changed
