"""What validation remembers of every event of a journal, packed: about 200 bytes an event.

Of each event its id and digest, to tell copies and ids that were used twice; and its step: what `lint` needs to
judge the lifecycle of its task, and where its record stands.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import Enum
from typing import Any, NamedTuple

from lineage_core.meaning.runs import ZOMBIE_TIMEOUT
from lineage_core.model.facts import Fact, digest_of
from lineage_core.model.record import Found

_STEP = struct.Struct("<qQqIIIIHB")  # at, offset, parent, line, file, name, parent task, event type, note
_FAILED, _ZOMBIE = 1, 2
_NONE = 0


class News(Enum):
    """What an event is to those before it: new, a copy of one, or another event under an id that is in use."""

    NEW = 0
    COPY = 1
    CLASH = 2


class Stand(NamedTuple):
    """Where a record stands. name: the file's canonical name, which orders facts. path: below the directory.

    offset: in bytes. line: from 1. Both of the content, if the file is packed.
    """

    name: str
    path: str
    offset: int
    line: int


class Step(NamedTuple):
    """One event of a task. orphan: what is unknown of its parents, in words, or None."""

    fact: Fact
    stand: Stand
    orphan: str | None


class EventIndex:
    """All events read so far."""

    def __init__(self) -> None:
        self._digests: dict[int, int] = {}  # by the hash of the id: the digest of the first event that has it
        self._clashes: set[int] = set()  # digests of the others
        self._tasks: dict[str, bytearray] = {}
        self._words: dict[Any, int] = {"": _NONE}  # every name that a step holds, once

    def enter(self, found: Found, stand: Stand) -> News:
        """Take note of a record; a copy changes nothing."""
        record = found.record
        key, digest = hash(record["lineage_id"]), digest_of(record)
        known = self._digests.get(key)
        if known is None:
            self._digests[key] = digest
        else:
            if known == digest or digest in self._clashes:
                return News.COPY
            self._clashes.add(digest)
        self._tasks.setdefault(record["task_id"], bytearray()).extend(self._step(found, stand))
        return News.NEW if known is None else News.CLASH

    def _step(self, found: Found, stand: Stand) -> bytes:
        record = found.record
        data = record.get("event_data")
        data = data if isinstance(data, dict) else {}
        event_type, parent = record["event_type"], record.get("parent_lineage_id")
        name: Any = ""
        if event_type.startswith("worker_"):
            name = data.get("worker_id") or record["actor"]["id"]
        elif event_type.startswith("handoff_"):
            name = data.get("handoff_id")
        elif event_type == "task_created":
            name = record["actor"]["id"]
        return _STEP.pack(
            found.at,
            stand.offset,
            hash(parent) if parent and isinstance(parent, str) else _NONE,
            stand.line,
            self._word((stand.name, stand.path)),
            self._word(name),
            self._word(data.get("parent_task_id") if event_type == "task_created" else ""),
            self._word(event_type),
            _note(data),
        )

    def _word(self, word: Any) -> int:
        return self._words.setdefault(word, len(self._words)) if isinstance(word, str | tuple) else _NONE

    def by_task(self) -> Iterator[tuple[str, list[Step]]]:
        """Every task with its steps in the order of facts."""
        words = list(self._words)
        for task_id, packed in self._tasks.items():
            steps = [self._unpacked(fields, words) for fields in _STEP.iter_unpack(packed)]
            steps.sort(key=lambda step: step.fact[:3])
            yield task_id, steps

    def _unpacked(self, fields: tuple[int, ...], words: list[Any]) -> Step:
        at, offset, parent, line, file, name, parent_task, event_type, note = fields
        data: dict[str, Any] = {"worker_id": words[name], "handoff_id": words[name]}
        if words[event_type] == "worker_progress":
            data["progress_percentage"] = 0
        if note & _FAILED:
            data["completion_status"] = "failed"
        if note & _ZOMBIE:
            data["reason"] = ZOMBIE_TIMEOUT
        orphan = None
        if parent != _NONE and parent not in self._digests:
            orphan = "its parent event"
        elif parent_task != _NONE and words[parent_task] not in self._tasks:
            orphan = f"its parent task {words[parent_task]}"
        name_of_file, path = words[file]
        stand = Stand(name_of_file, path, offset, line)
        fact = Fact(at, stand.name, offset, "", 0, 0, words[event_type], "", words[name], None, data, {})
        return Step(fact, stand, orphan)


def _note(data: dict[str, Any]) -> int:
    details = data.get("error_details")
    message = details.get("error_message") if isinstance(details, dict) else details
    zombie = ZOMBIE_TIMEOUT in (data.get("reason"), message)
    return (_FAILED if data.get("completion_status") == "failed" else 0) | (_ZOMBIE if zombie else 0)
