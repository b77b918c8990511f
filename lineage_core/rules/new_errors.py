"""Errors that are new: of a fingerprint that no failure of the 7 days before had. Kept up to date task by task."""

from __future__ import annotations

from collections.abc import Iterable

from lineage_core.base.clock import DAY, ago
from lineage_core.base.due_times import DueTimes
from lineage_core.model.entities import TaskRow
from lineage_core.model.error_fingerprint import fingerprint
from lineage_core.model.event_data import error_of, text_of
from lineage_core.model.expectations import Finding, Severity
from lineage_core.model.facts import Fact
from lineage_core.model.packed_facts import facts_of
from lineage_core.rules.stuck_work import NEW_ERROR
from lineage_core.state.store import State

NEW = DAY
"""How long an error is new."""

BEFORE = 7 * DAY
"""How far back it must not have been; of a journal that is younger than that, nobody can tell."""

_ENDS = ("task_failed", "task_completed", "worker_failed", "worker_completed")


class NewErrors:
    """The errors of a state, by fingerprint and task: when they were logged, and a text."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._errors: dict[str, dict[str, tuple[list[int], str]]] = {}
        self._of_task: dict[str, tuple[str, ...]] = {}
        self._homes: dict[str, tuple[int, str]] = {}  # by fingerprint, when it was first logged and in which task
        self._first: tuple[int, str] | None = None  # the first event of all, and of which task
        self._old: DueTimes[str] = DueTimes()  # tasks that failed too long ago to be read: minus when they last logged

    def put(self, row: TaskRow, now: int) -> set[str]:
        """Take in that a task changed; the tasks of which `of_task` may tell something else than before."""
        first = row.first_at, row.task_id
        self._first = first if self._first is None else min(self._first, first)
        found: dict[str, tuple[list[int], str]] = {}
        failed, counts = row.failed_attempts or row.failed_workers, row.last_logged >= now - BEFORE - NEW
        self._old.put(row.task_id, -row.last_logged if failed and not counts else None)
        if failed and counts:
            for fact in facts_of(self._state.packed(row.task_id), _ENDS):
                if text := _error(fact):
                    found.setdefault(fingerprint(text), ([], text))[0].append(fact.at)
        return self._replace(row.task_id, found)

    def drop(self, task_id: str) -> set[str]:
        """Take in that a task is not known any more; as `put`."""
        self._old.put(task_id, None)
        return self._replace(task_id, {})

    def turn_back(self, now: int) -> set[str]:
        """The state is now as it was at an earlier time; `put` and `drop` tell what is another. Returns the tasks of
        which `of_task` may tell something else than before."""
        homes, rows = {task_id for _, task_id in self._homes.values()}, self._state.rows
        if self._first is not None:
            first = rows.get(self._first[1])
            if first is None or first.first_at != self._first[0]:  # it is not known any more
                self._first = _first(rows.values())
        for task_id in [*self._old.due(BEFORE + NEW - now)]:  # it was too long ago
            if (row := rows.get(task_id)) is not None:
                homes |= self.put(row, now)
        return homes

    def _replace(self, task_id: str, found: dict[str, tuple[list[int], str]]) -> set[str]:
        before = self._of_task.pop(task_id, ())
        changed = {*before, *found}
        homes = {self._homes[mark][1] for mark in changed if mark in self._homes}
        for mark in before:
            del self._errors[mark][task_id]
        for mark, first_seen in found.items():
            self._errors.setdefault(mark, {})[task_id] = first_seen
        if found:
            self._of_task[task_id] = tuple(found)
        for mark in changed:
            self._find_home(mark, task_id)
        return homes | {self._homes[mark][1] for mark in changed if mark in self._homes}

    def _find_home(self, mark: str, changed: str) -> None:
        """Keep which task had an error first, when one task changed: the others are looked at only if that was it."""
        tasks, home = self._errors[mark], self._homes.get(mark)
        if not tasks:
            del self._errors[mark], self._homes[mark]
            return
        mine = (min(tasks[changed][0]), changed) if changed in tasks else None
        if home is not None and home[1] == changed and mine != home and (mine is None or mine > home):
            self._homes[mark] = min((min(times), name) for name, (times, _) in tasks.items())
        elif mine is not None and (home is None or mine < home):
            self._homes[mark] = mine

    def all(self, rows: Iterable[TaskRow], now: int) -> list[Finding]:
        """The new errors of these tasks. Of older failures only so many are read, the newest first, as it takes to see
        that none is new."""
        rows = list(rows)
        self._first = _first(rows)
        failing = [row for row in rows if row.failed_attempts or row.failed_workers]
        failing.sort(key=lambda row: row.last_logged, reverse=True)
        pending: set[str] | None = None  # errors of the last day that seem to be new
        for row in failing:
            if row.last_logged < now - NEW:
                if pending is None:
                    pending = {mark for mark in self._errors if self._finding(mark, now) is not None}
                if not pending:
                    break
            self.put(row, now)
            if pending:
                marks = self._of_task.get(row.task_id, ())
                pending -= {mark for mark in marks if mark in pending and self._finding(mark, now) is None}
        return self.found(now)

    def found(self, now: int) -> list[Finding]:
        """The new errors of all tasks that were taken in."""
        return [one for mark in self._errors if (one := self._finding(mark, now)) is not None]

    def of_task(self, task_id: str, now: int) -> list[Finding]:
        """The new errors that were first in this task."""
        return [
            one
            for mark in self._of_task.get(task_id, ())
            if self._homes[mark][1] == task_id and (one := self._finding(mark, now)) is not None
        ]

    def _finding(self, mark: str, now: int) -> Finding | None:
        times = sorted(at for times, _ in self._errors[mark].values() for at in times if at <= now)
        recent = [at for at in times if at > now - NEW]
        if not recent or self._first is None or recent[0] - BEFORE < self._first[0]:
            return None
        if any(recent[0] - BEFORE <= at < recent[0] for at in times):
            return None
        tasks = self._errors[mark]
        home = min(
            tasks, key=lambda name: (min((at for at in tasks[name][0] if now - NEW < at <= now), default=now), name)
        )
        often = f"{len(recent)} times, " if len(recent) > 1 else ""
        text = f"new error, {often}first {ago(recent[0], now)} ago, not in the 7 days before: {tasks[home][1]}"
        return Finding(NEW_ERROR, Severity.WARNING, home, home, recent[0], text, cause="", times=len(recent))


def _first(rows: Iterable[TaskRow]) -> tuple[int, str] | None:
    """When the first event of these tasks was, and of which of them it is."""
    return min(((row.first_at, row.task_id) for row in rows), default=None)


def _error(fact: Fact) -> str:
    """Why something failed, if this fact says that it did and why."""
    data = fact.data
    if fact.event_type.endswith("_completed") and data.get("completion_status") != "failed":
        return ""
    texts = (text_of(data.get("reason")), error_of(data))
    return next(filter(None, texts if fact.event_type.startswith("task") else texts[::-1]), "")
