"""Ten incidents in one directory, each in a session of its own: what a screen has to make plain at three at night.

`stage` writes them as their writers would have, up to NOW.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lineage_core.base.clock import format_timestamp, parse_timestamp
from tests.build import Event, assigned, completed, created, failed, handoff, started, task, worker, write

NOW = parse_timestamp("2026-03-14T03:00:00Z") or 0
MINUTE, HOUR, DAY = 60, 3600, 86400

LONG = "task-" + "reconcile-the-ledger-of-" * 4 + "{}-with-the-books"
"""Ids of 120 characters that differ in the middle only."""

WIDE = "task-請求書の照合-{}-번역-ｆｕｌｌ"
"""Ids of letters that take two cells."""

Incident = Iterator[tuple[str, Event]]
"""Tasks and events, by how many seconds before NOW they happened (as negative times)."""


def dead_master() -> Incident:
    """security-master says nothing since 57 minutes; two of its tasks were started, three only given to it."""
    for number in range(5):
        name = f"task-audit-{number}"
        yield name, created(-90 * MINUTE, priority="high")
        yield name, assigned(-80 * MINUTE, "security-master")
        if number < 2:
            yield name, started(-57 * MINUTE + number, "security-master")


def skew() -> Incident:
    """A worker on a host whose clock is 4m35s behind: by its clock it began before it was spawned."""
    name = "task-edge-rollout"
    yield name, created(-20 * MINUTE)
    yield name, assigned(-19 * MINUTE, "cicd-master")
    yield name, started(-19 * MINUTE, "cicd-master")
    yield name, worker("P", -10 * MINUTE, "worker-edge", "cicd-master", worker_type="deployment-worker")
    yield name, worker("S", -10 * MINUTE - 275, "worker-edge")
    yield name, worker("G", -2 * MINUTE - 275, "worker-edge", progress_percentage=40)


def retry_storm() -> Incident:
    """Six workers of a type failed one after another, and a seventh is at work."""
    name = "task-flaky-import"
    yield name, created(-60 * MINUTE)
    yield name, started(-59 * MINUTE, "development-master")
    for number in range(7):
        at, who = -50 * MINUTE + number * 7 * MINUTE, f"worker-import-{number}"
        yield name, worker("P", at, who, "development-master", worker_type="import-worker")
        yield name, worker("S", at + 5, who)
        if number < 6:
            yield name, worker("F", at + 200, who, error_details={"error_message": "connection reset by 10.0.0.7"})


def mass_zombies() -> Incident:
    """A host went away with twelve workers."""
    for number in range(12):
        name, who = f"task-render-{number:02}", f"worker-render-{number:02}"
        yield name, created(-70 * MINUTE)
        yield name, started(-69 * MINUTE, "inventory-master")
        yield name, worker("P", -68 * MINUTE, who, "inventory-master", worker_type="render-worker")
        yield name, worker("S", -67 * MINUTE, who)
        yield name, worker("G", -50 * MINUTE - number, who, progress_percentage=30)
    yield "task-render-alive", created(-4 * MINUTE)  # its master is there, so it is no dead master
    yield "task-render-alive", started(-3 * MINUTE, "inventory-master")


def ping_pong() -> Incident:
    """Two masters hand a task to one another, again and again."""
    name = "task-hot-potato"
    yield name, created(-40 * MINUTE)
    yield name, started(-39 * MINUTE, "development-master")
    for number in range(6):
        ends = ["development-master", "cicd-master"][:: 1 if number % 2 == 0 else -1]
        data = {"name": f"handoff-potato-{number}", "from_master": ends[0], "to_master": ends[1]}
        yield name, handoff("created", -36 * MINUTE + number * 5 * MINUTE, ends[0], **data)
        yield name, handoff("accepted", -35 * MINUTE + number * 5 * MINUTE, ends[1], **data)


def deadlock() -> Incident:
    """Three tasks wait for each other in a circle."""
    names = ["task-schema", "task-loader", "task-index"]
    for number, name in enumerate(names):
        yield name, created(-50 * MINUTE)
        yield name, started(-49 * MINUTE, "development-master")
        yield name, task("blocked", -45 * MINUTE + number, blocked_by=[names[(number + 1) % 3]], reason="needs it")


def many_tasks() -> Incident:
    """A session of 2,000 tasks, of which one failed."""
    for number in range(2000):
        name, at = f"task-batch-{number:04}", -3 * HOUR + 5 * number
        yield name, created(at)
        yield name, started(at + 1, "development-master")
        yield name, (completed if number != 1234 else failed)(at + 4, "development-master", reason="row 7 is no UTF-8")


def strange_ids() -> Incident:
    """Ids of 120 characters that differ in the middle, and ids of wide letters; one of each failed."""
    for pattern in (LONG, WIDE):
        for word in ("north", "south"):
            name = pattern.format(word)
            yield name, created(-30 * MINUTE)
            yield name, started(-29 * MINUTE, "development-master")
            if word == "south":
                yield name, failed(-20 * MINUTE, "development-master", reason=f"{word}: no such ledger")


def days_and_seconds() -> Incident:
    """A task of three days beside one of two seconds."""
    yield "task-census", created(-3 * DAY - 10)
    yield "task-census", started(-3 * DAY, "inventory-master")
    yield "task-census", worker("P", -3 * DAY + 60, "worker-census", "inventory-master", worker_type="census-worker")
    yield "task-census", worker("S", -3 * DAY + 120, "worker-census")
    for hour in range(71, -1, -1):
        percent = 98 - hour
        yield "task-census", worker("G", -hour * HOUR - 600, "worker-census", progress_percentage=percent)
    yield "task-blink", created(-700)
    yield "task-blink", started(-699, "inventory-master")
    yield "task-blink", completed(-697, "inventory-master")


def costly_handoff() -> Incident:
    """Development used 31,000 tokens, handed over, and CI/CD used 48,000."""
    name = "task-checkout"
    yield name, created(-60 * MINUTE, priority="high")
    yield name, assigned(-59 * MINUTE, "development-master")
    yield name, started(-58 * MINUTE, "development-master")
    for who, master, at, tokens in (("worker-a", "development", -50, 31_000), ("worker-b", "cicd", -20, 48_000)):
        yield name, worker("P", at * MINUTE, who, f"{master}-master", worker_type=f"{master}-worker")
        yield name, worker("S", at * MINUTE + 5, who)
        yield name, worker("C", (at + 15) * MINUTE, who, completion_status="success", token_usage=tokens)
        if master == "development":
            ends = {"name": "handoff-checkout", "from_master": "development-master", "to_master": "cicd-master"}
            yield name, handoff("created", -30 * MINUTE, "development-master", **ends)
            yield name, handoff("accepted", -25 * MINUTE, "cicd-master", **ends)


INCIDENTS = (
    dead_master, skew, retry_storm, mass_zombies, ping_pong, deadlock, many_tasks, strange_ids, days_and_seconds,
    costly_handoff,
)  # fmt: skip


def stage(directory: Path) -> None:
    """Write all incidents into a directory, each under a session that bears its name."""
    days: dict[str, list[dict[str, Any]]] = {}
    for incident in INCIDENTS:
        session = f"session-{incident.__name__.replace('_', '-')}"
        for task_id, (ago, made) in incident():
            at = format_timestamp(NOW + round(ago * 1_000_000))
            whole = {
                "task_id": task_id,
                "timestamp": at,
                "version": "1.0.0",
                "context": {"session_id": session},
                **made,
            }
            days.setdefault(at[:10], []).append(whole)
    for day, records in days.items():
        write(directory, *records, name=f"lineage-{day}.jsonl")
