"""What an exported page draws: the rows of its tasks, and of some of them all that the page tells of one task."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypedDict

from lineage_core.base.clock import format_timestamp
from lineage_core.cli.commands import task as task_command
from lineage_core.cli.commands import timeline as timeline_command
from lineage_core.cli.output import Answer, Drawn
from lineage_core.model.record import parse
from lineage_core.query.rows_with_expectations import JudgedTasks
from lineage_core.query.task_lookup import Lookup
from lineage_core.rules.thresholds import thresholds
from lineage_core.settings.threshold_defaults import LateSettings
from lineage_core.state.store import State
from lineage_core.web import task_overview

if TYPE_CHECKING:
    from lineage_core.model.answer_types import TaskDocument, TimelineDocument

MAX_TASKS = 10_000
"""Tasks on the timeline of a page."""

MAX_DETAILS = 50
"""Tasks of which all is told: the first ones."""

MAX_EVENTS = 500
"""Events of a task, the newest ones, where the query is about one task."""


class PageData(TypedDict):
    """What `store.js` takes. now: milliseconds since 1970. tasks: rows by `task_overview.FIELDS`. answers: by query
    and task what it answers."""

    now: int
    made: str
    directory: str
    tasks: list[tuple[Any, ...]]
    answers: dict[str, dict[str, Any]]


def export_page(answer: Answer, query: str, drawn: Drawn | None, now: int) -> PageData:
    """The data of a page, as `store.js` takes it: an answer, and the tasks that are drawn with it.

    query: the name of the command that answered. drawn: a state and ids of its tasks, None for none.
    """
    state, names = drawn if drawn is not None else (State(), [])
    rows = [state.rows[name] for name in names[:MAX_TASKS] if name in state.rows]
    answers: dict[str, dict[str, Any]] = {"task": {}, "timeline": {}}
    for name in names[:MAX_DETAILS]:
        if name in state.rows:
            events = list(_events(answer)) if query == "task" else []
            answers["task"][name] = {**task_document(state, name, now), "events": events[-MAX_EVENTS:]}
            answers["timeline"][name] = timeline_document(state, name, now)
    if query in ("attention", "zombies") and answer.document is not None:
        answers["attention"] = {"": answer.document}
    made = f"as of {format_timestamp(now)[:19].replace('T', ' ')} UTC"
    return {
        "now": now // 1000,
        "made": made,
        "directory": "",
        "tasks": task_overview.task_rows(state, rows),
        "answers": answers,
    }


def _events(answer: Answer) -> Iterator[Any]:
    return map(parse, answer.records or ())


def task_document(state: State, name: str, now: int) -> TaskDocument:
    """A task as `lineage task --json` has it, without its events."""
    task = state.task(name)
    assert task is not None
    tasks = JudgedTasks(state, now, thresholds(LateSettings()))
    return task_command.document_of(tasks, Lookup(state, task, [], frozenset(), {}), now)


def timeline_document(state: State, name: str, now: int) -> TimelineDocument:
    """A task as `lineage timeline --json` has it."""
    task = state.task(name)
    assert task is not None
    return timeline_command.document_of(task, now)
