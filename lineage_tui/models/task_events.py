"""The events of one task in order, read from its packed facts piece by piece, and only what is new.

A task may have 100,000 events: reading them all takes a second, and one arrives 40 times a second. What was read stays
as long as the bytes that it was read from stay the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from lineage_core.model.entities import TaskRow
from lineage_core.model.facts import BEGIN, Fact, order, unpack
from lineage_core.state.store import State

PIECE = 64 * 1024
"""Bytes of packed facts that are read at a time: about 300 events, 1 ms."""

BLOCK = 64 * 1024
"""Bytes that are compared at a time to find out what has stayed the same."""

Packed = bytes | bytearray


class TaskEvents:
    """The events of a task.

    facts: what was read so far, in order.
    """

    def __init__(self, state: State) -> None:
        self.state = state
        self.task_id: str | None = None
        self.facts: list[Fact] = []
        self._source: Packed = b""
        self._row: TaskRow | None = None  # the task as it was when its facts were last asked for
        self._read = [(0, 0)]  # after each piece: how many bytes were read, and how many events

    def open(self, task_id: str | None) -> None:
        """Read this task from now on."""
        self.task_id = task_id
        self.facts = []
        self._source = b""
        self._row = None
        self._read = [(0, 0)]

    def read(self) -> Iterator[int]:
        """Take in what is new, in pieces, giving how many events there are; the caller may pause between them."""
        while self._read_piece():
            yield len(self.facts)

    def _read_piece(self) -> bool:
        """Read one piece; False when everything has been read."""
        if self.task_id is None:
            return False
        with self.state.lock:
            row = self.state.rows.get(self.task_id)
            if row is None:
                return False
            if row is not self._row:
                packed = self.state.packed(self.task_id)
                if packed is not self._source:
                    self._keep_common(packed)
                self._row = row
            packed = self._source
            start, _ = self._read[-1]
            if start >= len(packed):
                return False
            stop = len(packed)
            if stop - start > PIECE and (begin := BEGIN.search(packed, start + PIECE)) is not None:
                stop = begin.start() + 3
            piece = bytes(packed[start:stop])
        facts = unpack(piece)
        if self.facts and facts and order(facts[0]) < order(self.facts[-1]):
            known = {fact.digest for fact in self.facts}  # not how a state keeps them; right all the same
            self.facts = sorted([*self.facts, *(fact for fact in facts if fact.digest not in known)], key=order)
        else:
            self.facts += facts
        self._read.append((stop, len(self.facts)))
        return True

    def _keep_common(self, packed: Packed) -> None:
        """The facts were packed anew (a late event, a file that was adopted): keep the pieces that are the same."""
        same, old = 0, self._source
        while same < len(old) and old[same : same + BLOCK] == packed[same : same + BLOCK]:
            same = min(same + BLOCK, len(old))
        while self._read[-1][0] > same:
            self._read.pop()
        del self.facts[self._read[-1][1] :]
        self._source = packed
