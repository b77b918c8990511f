"""One builder for all tests: records as writers leave them, the lines and files that hold them, and their facts.

`record` is a whole record of a worker's progress, of which a test changes what it asks about. `created`, `started`,
`worker` … say the events of a task in few words, by the seconds of their logged clock; `facts_of` makes them facts.
`placed` gives a fact as states take it, and `Log` merges facts into a state, by how long ago they were.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path
from typing import Any

from lineage_core.base.clock import SECOND, parse_timestamp
from lineage_core.model.facts import Fact, fact_of
from lineage_core.settings.config_file import config_path
from lineage_core.state.store import State

DAILY, COMBINED = "lineage-2026-11-22.jsonl", "task-lineage.jsonl"
NOW, TODAY = parse_timestamp("2026-03-14T03:00:00Z") or 0, "lineage-2026-03-14.jsonl"
"""The present of a `Log`, and its file."""


def id_of(number: int) -> str:
    """The id of record `number`, of the form of our own."""
    return f"lineage-{1795334628000000 + number:016d}0000001000"


def record(number: int = 1, **fields: Any) -> dict[str, Any]:
    """A record whose id, task and time follow from its number."""
    return {
        "lineage_id": id_of(number),
        "task_id": f"task-{number}",
        "event_type": "worker_progress",
        "timestamp": f"2026-11-22T08:{number // 60 % 60:02d}:{number % 60:02d}.{number % 1000:03d}Z",
        "actor": {"type": "worker", "id": f"worker-{number}", "principal": "system"},
        "event_data": {"worker_id": f"worker-{number}", "progress_percentage": 12.5, "note": 'é "{[,: \\'},
        "parent_lineage_id": None,
        "version": "1.0.0",
        **fields,
    }


def compact(value: Any) -> bytes:
    """One line as our writers put it on disk."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def pretty(value: Any, indent: int | str = 2) -> bytes:
    """About 18 lines as the legacy library put them on disk, by jq."""
    return json.dumps(value, ensure_ascii=False, indent=indent).encode() + b"\n"


def write(directory: Path, *made: dict[str, Any] | bytes, name: str = DAILY) -> Path:
    """Append records, or raw bytes, to a file of a directory, which is made if need be; the directory."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / name).open("ab") as file:
        file.writelines(one if isinstance(one, bytes) else compact(one) for one in made)
    return directory


_numbers = count(1)
WORKER = {
    "P": "worker_spawned",
    "S": "worker_started",
    "G": "worker_progress",
    "C": "worker_completed",
    "F": "worker_failed",
    "Z": "worker_failed",
}

Event = tuple[float, dict[str, Any]]
"""A time in seconds and a record."""


def event(event_type: str, at: float, actor: str, actor_type: str, parent: str | None = None, **data: Any) -> Event:
    """An event; its id is one of ours, in the order in which events are made."""
    made = {
        "lineage_id": id_of(next(_numbers)),
        "event_type": event_type,
        "actor": {"type": actor_type, "id": actor},
        "event_data": data,
        "parent_lineage_id": parent,
    }
    return at, made


def created(at: float, actor: str = "kim", **data: Any) -> Event:
    return event("task_created", at, actor, "user", **data)


def assigned(at: float, master: str = "dev-master", **data: Any) -> Event:
    return event("task_assigned", at, "coordinator-master", "coordinator", master_id=master, **data)


def reassigned(at: float, giver: str | None = "dev-master", taker: str = "b-master", **data: Any) -> Event:
    masters = {"from_master": giver, "to_master": taker} if giver else {"to_master": taker}
    return event("task_reassigned", at, "coordinator-master", "coordinator", **masters, **data)


def task(kind: str, at: float, actor: str = "dev-master", **data: Any) -> Event:
    """started, completed, failed, cancelled, blocked, unblocked, escalated."""
    return event(f"task_{kind}", at, actor, "master", **data)


def started(at: float, actor: str = "dev-master", **data: Any) -> Event:
    return task("started", at, actor, **data)


def failed(at: float, actor: str = "dev-master", **data: Any) -> Event:
    return task("failed", at, actor, **data)


def completed(at: float, actor: str = "dev-master", **data: Any) -> Event:
    return task("completed", at, actor, **data)


def worker(kind: str, at: float, name: str = "w1", actor: str | None = None, **data: Any) -> Event:
    """P, S, G, C, F or Z of a worker; P is logged by a master and Z by the cleanup, unless another actor is named."""
    if kind == "Z":
        data["reason"] = "zombie_timeout"
    actor = actor or {"P": "dev-master", "Z": "cleanup"}.get(kind, name)
    actor_type = "master" if actor.endswith("-master") else "daemon" if actor == "cleanup" else "worker"
    return event(WORKER[kind], at, actor, actor_type, worker_id=name, **data)


def handoff(kind: str, at: float, actor: str, name: str = "handoff-1", **data: Any) -> Event:
    """created, accepted or completed."""
    return event(f"handoff_{kind}", at, actor, "master", handoff_id=name, **data)


def facts_of(events: list[Event], task_id: str = "t", file: str = DAILY) -> list[Fact]:
    """The facts of events as they stand below each other in a file."""
    return [
        fact_of(file, 100 * n, 100, round(at * 1_000_000), {"task_id": task_id, **record})
        for n, (at, record) in enumerate(events)
    ]


def fact(at: int, lineage_id: str, event_type: str, parent: str | None = None, **data: Any) -> Fact:
    """A fact of a master whose id, place and digest are what the test says."""
    return Fact(at, "f", at, lineage_id, at, 1, event_type, "master", "m", parent, data, {})


def placed(
    event_type: str,
    task_id: str,
    at: int,
    offset: int | None = None,
    actor: str = "development-master",
    session: str = "session-a",
    file: str = DAILY,
    **data: Any,
) -> tuple[str, Fact]:
    """A task and a fact of it, in microseconds, as a state takes them; the events of a worker are its own."""
    own = event_type.startswith("worker") and event_type != "worker_spawned" and "worker_id" in data
    offset = at if offset is None else offset
    made = {
        "lineage_id": f"lineage-{offset:026}",
        "task_id": task_id,
        "event_type": event_type,
        "actor": {"type": "worker" if own else "master", "id": data["worker_id"] if own else actor},
        "event_data": data,
        "context": {"session_id": session},
    }
    return task_id, fact_of(file, offset, 100, at, made)


class Log:
    """Makes facts as the codec would, and merges them into a state at once."""

    def __init__(self, state: State | None = None) -> None:
        self.state = state or State()
        self._offset = 0

    def fact(self, event_type: str, task: str, ago: float, actor: str = "development-master", **data: Any) -> Fact:
        """A fact `ago` seconds before NOW; worker events are its worker's."""
        self._offset += 100
        return placed(event_type, task, NOW - round(ago * SECOND), self._offset, actor, file=TODAY, **data)[1]

    def add(self, event_type: str, task: str, ago: float, actor: str = "development-master", **data: Any) -> set[str]:
        """Merge one event; the tasks that changed."""
        return self.state.merge_facts([(task, self.fact(event_type, task, ago, actor, **data))])

    def worker(self, task: str, worker: str, kind: str, words: Iterable[float], end: str | None = None) -> set[str]:
        """A worker that was spawned, started and made progress at these times (seconds ago), and perhaps ended."""
        times = list(words)
        changed = self.add("worker_spawned", task, times[0], worker_id=worker, worker_type=kind)
        if len(times) > 1:
            self.add("worker_started", task, times[1], worker_id=worker, worker_type=kind)
        last = times[-1:] if end else []
        for n, ago in enumerate(times[2 : len(times) - len(last)]):
            self.add("worker_progress", task, ago, worker_id=worker, progress_percentage=10 * n + 10)
        for ago in last:
            if end in ("failed", "zombie"):
                error = {"error_message": "zombie_timeout" if end == "zombie" else "no disk"}
                self.add("worker_failed", task, ago, worker_id=worker, error_details=error)
            else:
                self.add("worker_completed", task, ago, worker_id=worker, completion_status=end)
        return changed


def write_config(text: str) -> Path:
    """The user's config file, with this text."""
    path = config_path()
    assert path is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def python_steps(call: Callable[[], object]) -> int:
    """How many lines of Python a call takes: what grows with the data shows in it, whatever else the machine does."""
    taken = 0

    def trace(*_: object) -> object:
        nonlocal taken
        taken += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return taken
