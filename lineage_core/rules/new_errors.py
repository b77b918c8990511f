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
        self._first: int | None = None  # the first event of all

    def put(self, row: TaskRow, now: int) -> set[str]:
        """Take in that a task changed; the tasks of which `of_task` may tell something else than before."""
        self._first = row.first_at if self._first is None else min(self._first, row.first_at)
        before = self._of_task.pop(row.task_id, ())
        moved = {name for mark in before if (name := self._home(mark)) is not None}
        for mark in before:
            del self._errors[mark][row.task_id]
            if not self._errors[mark]:
                del self._errors[mark]
        found: dict[str, tuple[list[int], str]] = {}
        if (row.failed_attempts or row.failed_workers) and row.last_logged >= now - BEFORE - NEW:
            for fact in facts_of(self._state.packed(row.task_id), _ENDS):
                if text := _error(fact):
                    found.setdefault(fingerprint(text), ([], text))[0].append(fact.at)
        for mark, first_seen in found.items():
            self._errors.setdefault(mark, {})[row.task_id] = first_seen
        if found:
            self._of_task[row.task_id] = tuple(found)
        return moved | {name for mark in found if (name := self._home(mark)) is not None}

    def all(self, rows: Iterable[TaskRow], now: int) -> list[Finding]:
        """The new errors of these tasks. Nothing is read if none failed of late."""
        rows = list(rows)
        if not any((row.failed_attempts or row.failed_workers) and row.last_logged >= now - NEW for row in rows):
            return []
        for row in rows:
            self.put(row, now)
        return self.found(now)

    def found(self, now: int) -> list[Finding]:
        """The new errors of all tasks that were taken in."""
        return [one for mark in self._errors if (one := self._finding(mark, now)) is not None]

    def of_task(self, task_id: str, now: int) -> list[Finding]:
        """The new errors that were first in this task."""
        return [
            one
            for mark in self._of_task.get(task_id, ())
            if self._home(mark) == task_id and (one := self._finding(mark, now)) is not None
        ]

    def _home(self, mark: str) -> str | None:
        """The task that had an error first."""
        tasks = self._errors.get(mark)
        return min(tasks, key=lambda name: (min(tasks[name][0]), name)) if tasks else None

    def _finding(self, mark: str, now: int) -> Finding | None:
        times = sorted(at for times, _ in self._errors[mark].values() for at in times if at <= now)
        recent = [at for at in times if at > now - NEW]
        if not recent or self._first is None or recent[0] - BEFORE < self._first:
            return None
        if any(recent[0] - BEFORE <= at < recent[0] for at in times):
            return None
        tasks = self._errors[mark]
        home = min(tasks, key=lambda name: (min((at for at in tasks[name][0] if at in recent), default=now), name))
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
