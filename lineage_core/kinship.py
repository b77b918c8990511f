"""Which task is a subtask of which: by `parent_task_id`, else by the task of the event that caused its creation.

Merging order does not matter: a claim on an event not seen yet is settled when the event arrives. A cycle is cut at
its smallest id, which then stands at the root.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

OUR_ID_LENGTH = len("lineage-") + 26

RECENT_EVENTS = 65536
"""How many event ids are kept with their tasks, at least; older ones are searched for."""


class Kinship:
    """Parents and children of tasks.

    search: gives the task (of several, the one with the smallest id) of any event heard so far, or None.
    """

    def __init__(self, search: Callable[[str], str | None]) -> None:
        self._search = search
        self._recent: dict[str, str] = {}
        self._claims: dict[str, str] = {}  # task -> the event that it claims as its cause
        self._wanted: dict[str, set[str]] = {}  # the same by event
        self._fresh: set[str] = set()  # claimed events to settle
        self._raw: dict[str, str] = {}  # child -> parent, before cycles are cut
        self._children: dict[str, set[str]] = {}
        self._cut: set[str] = set()
        self._moved: set[str] = set()

    def heard(self, lineage_id: str, task_id: str) -> None:
        """Note that an event belongs to a task."""
        recent = self._recent
        recent[lineage_id] = task_id
        if len(recent) > 2 * RECENT_EVENTS:
            for old in list(islice(recent, RECENT_EVENTS)):
                del recent[old]
        if lineage_id in self._wanted:
            self._fresh.add(lineage_id)

    def claim(self, child: str, parent: str | None, event: str | None) -> None:
        """State whose subtask `child` is: of `parent`, else of the task that `event` belongs to."""
        if (earlier := self._claims.pop(child, None)) is not None:
            self._wanted[earlier].discard(child)
        self._set(child, parent)
        if parent is None and event is not None:
            self._claims[child] = event
            self._wanted.setdefault(event, set()).add(child)
            self._fresh.add(event)

    def settle(self, *, search: bool = True) -> set[str]:
        """Settle the claims on events that arrived; returns the tasks whose parent changed since the last call.

        search: whether to look for events that are not among the recent ones; else these claims stay `pending`.
        """
        for event in list(self._fresh):
            # Only ids of ours are unique; of tasks that share a legacy id, the search names the smallest.
            home = self._recent.get(event) if len(event) == OUR_ID_LENGTH else None
            if home is None and search:
                home = self._search(event)
            if home is not None or search:
                self._fresh.discard(event)
                for child in self._wanted[event]:
                    self._set(child, home)
        moved, self._moved = self._moved, set()
        return moved

    def pending(self) -> set[str]:
        """The claimed events that are still to be settled."""
        return set(self._fresh)

    def homes(self) -> dict[str, str]:
        """The tasks of the claimed events that are among the recent ones."""
        return {event: self._recent[event] for event in self._wanted if event in self._recent}

    def parent(self, task_id: str) -> str | None:
        """The task that this one is shown under, or None for a root."""
        return None if task_id in self._cut else self._raw.get(task_id)

    def children(self, task_id: str) -> list[str]:
        """The subtasks of a task, in no particular order."""
        return [child for child in self._children.get(task_id, ()) if child not in self._cut]

    def _set(self, child: str, parent: str | None) -> None:
        if parent == child:
            parent = None
        old = self._raw.get(child)
        if old == parent:
            return
        self._moved.add(child)
        if old is not None:
            self._children[old].discard(child)
            cycle = self._cycle(child)
            self._cut.difference_update(cycle)
            self._moved.update(cycle)
            del self._raw[child]
        if parent is not None:
            self._raw[child] = parent
            self._children.setdefault(parent, set()).add(child)
            if cycle := self._cycle(child):
                self._cut.add(min(cycle))
                self._moved.add(min(cycle))

    def _cycle(self, start: str) -> list[str]:
        """The tasks of the cycle that `start` lies on, or an empty list."""
        path = [start]
        at = self._raw.get(start)
        seen = {start}
        while at is not None and at not in seen:
            path.append(at)
            seen.add(at)
            at = self._raw.get(at)
        return path if at == start else []
