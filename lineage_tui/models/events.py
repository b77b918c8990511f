"""The newest events over all tasks, in the order of facts, however and whenever they were heard of.

Of a task that changed only the end of its packed facts is read: as much as holds what is new.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from typing import NamedTuple

from lineage_core.base.terminal_cells import cell_width
from lineage_core.model.facts import BEGIN, Fact, order, unpack
from lineage_core.state.store import State

MOST = 10_000
"""Events in the window."""

TAIL = 8192
"""Bytes of a task's packed facts that are read first; twice as many each time that they do not hold all that is new."""

STEP = 250
"""Events that are filtered between two pauses."""

Position = tuple[int, str, int, str, int]
"""Where an event stands in the order of facts."""


class Event(NamedTuple):
    """An event of the window."""

    position: Position
    task_id: str
    fact: Fact


Matches = Callable[[Event], bool]

_position = itemgetter(0)


class EventWindow:
    """The `most` newest events of a state, and of these the ones that match.

    shown: what matches, in order. hold: while it is set nothing leaves `shown`, so that what is looked at stays; once
    that has twice `most` events nothing enters either, until `refilter`.
    """

    def __init__(self, state: State, most: int = MOST) -> None:
        self.state = state
        self.most = most
        self.shown: list[Event] = []
        self.hold = False
        self.widest = 0  # cells of the widest id of a task
        self.matches: Matches | None = None
        self._all: list[Event] = []
        self._known: set[int] = set()  # their digests
        self._seen: dict[str, int] = {}  # how many events a task had when it was looked at
        self._floor: Position | None = None  # what is older dropped out

    def __len__(self) -> int:
        return len(self._all)

    def line_of(self, position: Position) -> int | None:
        """Which line of `shown` the event with this place is."""
        line = bisect_left(self.shown, position, key=_position)
        return line if line < len(self.shown) and self.shown[line].position == position else None

    def take(self, task_ids: Iterable[str]) -> int:
        """Take in what is new in these tasks; returns how many new events match."""
        new = 0
        for task_id in task_ids:
            self.widest = max(self.widest, cell_width(task_id))
            for fact in self._news(task_id):
                event = Event(order(fact), task_id, fact)
                _insert(self._all, event)
                self._known.add(fact.digest)
                if self.matches is None or self.matches(event):
                    new += 1
                    if not self.hold or len(self.shown) < 2 * self.most:
                        _insert(self.shown, event)
            self._trim()
        return new

    def turn_back(self, task_ids: Iterable[str]) -> bool:
        """These tasks are now as they were at an earlier time, or not known any more: forget their events, until they
        are taken in again. Whether older events are to be taken in, of all tasks, which are forgotten then too."""
        gone = set(task_ids)
        left = [event for event in self._all if event.task_id not in gone]
        again = self._floor is not None and len(left) < self.most // 2
        if again:
            left, self._floor = [], None
            self._seen.clear()
        for task_id in gone:
            self._seen.pop(task_id, None)
        self._all = left
        self._known = {event.fact.digest for event in left}
        self.shown = [event for event in self.shown if event.fact.digest in self._known]
        return again

    def refilter(self, matches: Matches | None) -> Iterator[int]:
        """Show what matches (None: all) instead; a generator that does it in slices, giving the count done."""
        self.matches = matches
        hits: set[int] = set()
        checked: set[int] = set()
        while fresh := [event for event in self._all if event.fact.digest not in checked] if matches else []:
            for number, event in enumerate(fresh):
                checked.add(event.fact.digest)
                if matches is not None and matches(event):
                    hits.add(event.fact.digest)
                if number % STEP == STEP - 1:
                    yield len(checked)
        self.shown = [event for event in self._all if matches is None or event.fact.digest in hits]

    def _news(self, task_id: str) -> list[Fact]:
        """The facts of a task that are new, and new enough for the window."""
        with self.state.lock:
            row = self.state.rows.get(task_id)
            if row is None:
                return []
            missing = min(row.events - self._seen.get(task_id, 0), self.most)
            self._seen[task_id] = row.events
            floor = self._floor
            if missing <= 0 or (floor is not None and row.last_logged < floor[0]):
                return []
            packed = self.state.packed(task_id)
            size = TAIL
            while True:
                facts = _tail(packed, size)
                new = [f for f in facts if f.digest not in self._known and (floor is None or order(f) > floor)]
                if size >= len(packed) or len(new) >= missing or (floor is not None and order(facts[0]) <= floor):
                    return new
                size *= 2

    def _trim(self) -> None:
        if len(self._all) > self.most:
            self._known.difference_update(event.fact.digest for event in self._all[: -self.most])
            del self._all[: -self.most]
            self._floor = self._all[0].position
            if not self.hold:
                del self.shown[: bisect_left(self.shown, self._all[0].position, key=_position)]
        if len(self._seen) > 4 * self.most:
            self._seen.clear()  # costs a second look at a task, no more


def _insert(events: list[Event], event: Event) -> None:
    if not events or events[-1].position < event.position:
        events.append(event)
    else:
        insort(events, event, key=_position)


def _tail(packed: bytes | bytearray, size: int) -> list[Fact]:
    """The last facts of a task: those that begin in the last `size` bytes, at least one."""
    start = 0
    if size < len(packed):
        begin = BEGIN.search(packed, len(packed) - size)
        if begin is None:
            return _tail(packed, 2 * size)
        start = begin.start() + 3
    return unpack(packed[start:])
