"""Whether a record put together from tangled lines is one writer's, judged by what the untangled ones show.

Two writers that are cut off at the same line leave two objects with their endings exchanged: whole JSON, no key twice,
and yet neither was written. What gives them away is that the task, the actor and the worker do not belong together.
"""

from __future__ import annotations

import json
from typing import Any

from lineage_core.events import ACTOR_TYPES
from lineage_core.intact import TOO_DEEP

_FIELDS = (
    "lineage_id",
    "task_id",
    "event_type",
    "timestamp",
    "actor",
    "event_data",
    "parent_lineage_id",
    "context",
    "version",
)
_ACTOR = ("type", "id", "principal")
_CONTEXT = frozenset(("session_id", "trace_id", "master_type", "repository", "branch", "execution_environment"))
_LEGACY = frozenset([_FIELDS])  # what is expected as long as no record stood alone
_ELSEWHERE = frozenset([*_FIELDS, "id", "principal", "session_id", "trace_id"])  # keys that `event_data` does not have
_MOST_SHAPES = 64
_MOST_WORKERS = 10_000


class Habits:
    """What the pretty-printed records of a file have in common."""

    __slots__ = ("_namesakes", "_shapes", "_votes")

    def __init__(self) -> None:
        self._shapes: set[tuple[str, ...]] = set()  # the fields of a record, in order
        self._votes: dict[str, dict[str, int]] = {}  # worker -> tasks, and in how many records they stand together
        self._namesakes = 0  # records whose worker is named like its task (worker-7, task-7), less the others

    @property
    def empty(self) -> bool:
        """Whether nothing was learned."""
        return not self._shapes and not self._votes

    def learn(self, record: dict[str, Any]) -> None:
        """Take note of a record that stands alone."""
        if len(self._shapes) < _MOST_SHAPES:
            self._shapes.add(tuple(record))
        self._vote(record)

    def refuse_mixture(self, raw: bytes, record: dict[str, Any]) -> None:
        """Raises ValueError when a record that stood among others is not like what one writer writes."""
        _refuse_disorder(raw)
        refuse_doubled_keys(raw)
        actor, data, context = record["actor"], record.get("event_data"), record.get("context", {})
        if tuple(record) not in (self._shapes or _LEGACY) or tuple(actor) != _ACTOR:
            raise ValueError("its fields are not those of the other records")
        if not isinstance(data, dict) or not isinstance(context, dict):
            raise ValueError("a part of it is missing")
        if _ELSEWHERE & data.keys() or data.get("type") in ACTOR_TYPES or context.keys() - _CONTEXT:
            raise ValueError("a field of it is in the wrong place")
        worker, kind = data.get("worker_id"), record["event_type"].partition("_")[0]
        votes = self._vote(record)
        if (
            (actor["type"] == "worker" and (kind != "worker" or actor["id"] != worker))
            or (kind == "worker" and not isinstance(worker, str))
            or (kind == "handoff" and "handoff_id" not in data)
            or max(votes.values(), default=0) > votes.get(record["task_id"], 0)
            or (votes and self._namesakes > 0 and not _namesakes(worker, record["task_id"]))
        ):
            raise ValueError("its task, actor and worker do not agree")

    def _vote(self, record: dict[str, Any]) -> dict[str, int]:
        """Count that this worker stands with this task; returns the worker's counts."""
        data = record.get("event_data")
        worker = data.get("worker_id") if isinstance(data, dict) else None
        if not isinstance(worker, str):
            return {}
        self._namesakes += 1 if _namesakes(worker, record["task_id"]) else -1
        votes = self._votes.setdefault(worker, {})
        votes[record["task_id"]] = votes.get(record["task_id"], 0) + 1
        if len(self._votes) > _MOST_WORKERS:
            del self._votes[next(iter(self._votes))]
        return votes


def _namesakes(worker: object, task: str) -> bool:
    return str(worker).partition("-")[2] == task.partition("-")[2]


def refuse_doubled_keys(raw: bytes) -> None:
    """Raises ValueError when a key occurs twice in one object of this JSON text."""

    def unique(pairs: list[tuple[str, Any]]) -> None:
        if len({key for key, _ in pairs}) != len(pairs):
            raise ValueError("a key occurs twice")

    try:
        json.loads(raw.decode("utf-8", "replace"), object_pairs_hook=unique)
    except RecursionError:
        raise ValueError(TOO_DEEP) from None


def _refuse_disorder(raw: bytes) -> None:
    """Raises ValueError when a line is not indented as deeply as it is nested, or an empty object is not `{}`."""
    lines = raw.replace(b"\r", b"").split(b"\n")
    unit = len(lines[1]) - len(lines[1].lstrip())
    depth, opened = 0, False
    for line in lines:
        text = line.strip()
        if not text:
            continue
        if text[:1] in b"}]":
            depth -= 1
            if opened:
                raise ValueError("a part of it is missing")
        if len(line) - len(line.lstrip()) != depth * unit:
            raise ValueError("a field of it is in the wrong place")
        opened = text[-1:] in (b"{", b"[")
        depth += opened
