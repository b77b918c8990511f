"""Errors that are new: of a fingerprint that no failure of the 7 days before had. Kept up to date task by task."""

from __future__ import annotations

from collections.abc import Iterable

from lineage_core.base.clock import DAY, ago
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
        self._first: int | None = None  # the first event of all

    def put(self, row: TaskRow, now: int) -> set[str]:
        """Take in that a task changed; the tasks of which `of_task` may tell something else than before."""
        task_id = row.task_id
        self._first = row.first_at if self._first is None else min(self._first, row.first_at)
        found: dict[str, tuple[list[int], str]] = {}
        if (row.failed_attempts or row.failed_workers) and row.last_logged >= now - BEFORE - NEW:
            for fact in facts_of(self._state.packed(task_id), _ENDS):
                if text := _error(fact):
                    found.setdefault(fingerprint(text), ([], text))[0].append(fact.at)
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
        self._first = min((row.first_at for row in rows), default=None)
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
        if not recent or self._first is None or recent[0] - BEFORE < self._first:
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


def _error(fact: Fact) -> str:
    """Why something failed, if this fact says that it did and why."""
    data = fact.data
    if fact.event_type.endswith("_completed") and data.get("completion_status") != "failed":
        return ""
    texts = (text_of(data.get("reason")), error_of(data))
    return next(filter(None, texts if fact.event_type.startswith("task") else texts[::-1]), "")
