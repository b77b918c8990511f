"""Which task is a subtask of which: by `parent_task_id`, else by the task of the event that caused its creation.

Merging order does not matter: a claim on an event not seen yet is settled when the event arrives. A cycle is cut at
its smallest id, which then stands at the root.
"""

from __future__ import annotations

from itertools import islice

from lineage_core.model.lineage_id import is_ours

RECENT_EVENTS = 65536
"""How many event ids are kept with their tasks, at least; older ones are searched for."""


class Subtasks:
    """Parents and children of tasks.

    An event belongs to the task of the smallest id that has it: ids of ours are unique, those of the legacy library are
    not. Where a claimed event is not among the recent ones, it is `pending` until somebody has looked for it in all
    that is there and told what was `found`; it is not looked for again, unless there is more (`reopen`).
    """

    def __init__(self) -> None:
        self._recent: dict[str, str] = {}
        self._claims: dict[str, str] = {}  # task -> the event that it claims as its cause
        self._wanted: dict[str, set[str]] = {}  # the same by event
        self._homes: dict[str, str] = {}  # claimed events -> their tasks, as far as they are known
        self._fresh: set[str] = set()  # claimed events whose task became known
        self._pending: set[str] = set()  # claimed events of which a search may tell something new
        self._sought: set[str] = set()  # those of which it did not tell for certain
        self._raw: dict[str, str] = {}  # child -> parent, before cycles are cut
        self._children: dict[str, set[str]] = {}
        self._cut: set[str] = set()
        self._higher: dict[str, str] = {}  # task -> one that it is shown below, as far up as is known
        self._moved: set[str] = set()

    def copy(self) -> Subtasks:
        """The same, to be changed by itself."""
        other = Subtasks()
        for name, value in vars(self).items():
            one = (
                {key: inner.copy() if isinstance(inner, set) else inner for key, inner in value.items()}
                if isinstance(value, dict)
                else value.copy()
            )
            setattr(other, name, one)
        return other

    def heard(self, lineage_id: str, task_id: str) -> None:
        """Note that an event belongs to a task."""
        recent = self._recent
        known = recent.setdefault(lineage_id, task_id)
        if task_id < known:
            recent[lineage_id] = task_id
        elif len(recent) > 2 * RECENT_EVENTS:
            for old in list(islice(recent, RECENT_EVENTS)):
                del recent[old]
        if lineage_id in self._wanted:
            self._learn(lineage_id, task_id)

    def renamed(self, lineage_id: str, old: str, new: str) -> None:
        """The task of an event is called otherwise now."""
        if self._recent.get(lineage_id) == old:
            self._recent[lineage_id] = new
        if self._homes.get(lineage_id) == old:
            self._homes[lineage_id] = new
            self._fresh.add(lineage_id)

    def claim(self, child: str, parent: str | None, event: str | None) -> None:
        """State whose subtask `child` is: of `parent`, else of the task that `event` belongs to."""
        if (earlier := self._claims.pop(child, None)) is not None:
            self._wanted[earlier].discard(child)
        if parent is None and event is not None:
            self._claims[child] = event
            if event not in self._wanted:
                self._wanted[event] = set()
                self._pending.add(event)
                if (home := self._recent.get(event)) is not None:
                    self._learn(event, home)
            self._wanted[event].add(child)
            parent = self._homes.get(event)
        self._set(child, parent)

    def _learn(self, event: str, home: str) -> None:
        """A claimed event belongs to a task."""
        known = self._homes.get(event)
        if known is None or home < known:
            self._homes[event] = home
            self._fresh.add(event)
        if is_ours(event):
            self._pending.discard(event)
            self._sought.discard(event)

    def settle(self) -> set[str]:
        """Settle the claims on events that arrived; returns the tasks whose parent changed since the last call."""
        for event in self._fresh:
            for child in self._wanted[event]:
                self._set(child, self._homes[event])
        self._fresh.clear()
        moved, self._moved = self._moved, set()
        return moved

    def pending(self) -> set[str]:
        """The claimed events that are to be looked for."""
        return set(self._pending)

    def found(self, sought: set[str], homes: dict[str, str]) -> None:
        """Take what a search for these events told: the tasks of those that were found."""
        self._sought |= self._pending & sought
        self._pending -= sought
        for event, home in homes.items():
            self._learn(event, home)

    def reopen(self) -> None:
        """There is more to search in: what was not found may be there."""
        self._pending |= self._sought
        self._sought.clear()

    def homes(self) -> dict[str, str]:
        """The tasks of the claimed events, as far as they are known."""
        return self._homes

    def parent(self, task_id: str) -> str | None:
        """The task that this one is shown under, or None for a root."""
        return None if task_id in self._cut else self._raw.get(task_id)

    def children(self, task_id: str) -> list[str]:
        """The subtasks of a task, in no particular order."""
        children = self._children.get(task_id)
        # Copied in one step, as another thread may be merging: tuple() and list(….items()) may let it go on between.
        return [child for child in children.copy() if child not in self._cut] if children else []

    def _set(self, child: str, parent: str | None) -> None:
        if parent == child:
            parent = None
        old = self._raw.get(child)
        if old == parent:
            return
        self._moved.add(child)
        if old is not None:
            self._children[old].discard(child)
            if self._top(child) in self._cut:  # else there is no cycle that it could lie on
                cycle = self._cycle(child)
                self._cut.difference_update(cycle)
                self._moved.update(cycle)
            del self._raw[child]
            self._higher.clear()
        if parent is not None:
            closes = self._top(parent) == child
            self._raw[child] = parent
            self._children.setdefault(parent, set()).add(child)
            if closes:
                cycle = self._cycle(child)
                for one in cycle:
                    self._higher.pop(one, None)
                first = min(cycle)
                self._cut.add(first)
                self._moved.add(first)

    def _top(self, start: str) -> str:
        """The root that a task is shown under, or the task itself. What was walked is not walked again: tasks may be
        nested by the thousand."""
        higher, path, at = self._higher, [], start
        while (above := higher.get(at) or self.parent(at)) is not None:
            path.append(at)
            at = above
        higher.update(dict.fromkeys(path, at))
        return at

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
