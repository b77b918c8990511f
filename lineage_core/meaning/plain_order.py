"""Whether the next fact of a task is plain: in an order in which cause comes before effect, and nothing is said twice.

Of such facts the raw order is the effective one, each run has an id of its own, and there is one attempt. Nearly all
tasks are so, and are folded fact by fact. Whatever is not plain goes through `meaning/structure.py`: a test holds
both to the same result, so a condition here may be too strict, never too loose.
"""

from __future__ import annotations

from collections.abc import Callable

from lineage_core.meaning.causes import handoff_id
from lineage_core.meaning.runs import RUN_ENDS
from lineage_core.meaning.waits import ends_plainly
from lineage_core.model.entities import Task, Worker
from lineage_core.model.event_data import text_of
from lineage_core.model.facts import Fact


def run_goes_on(task: Task, run: Worker | None, kind: str) -> bool:
    """Whether an event of a worker follows plainly. run: that of its id so far, None if there is none."""
    if run is None:
        return task.ended is None and kind not in RUN_ENDS
    if kind == "worker_started":
        return run.ended_at is None and not run.heard
    return run.ended_at is None and kind != "worker_spawned"


def goes_on(task: Task, fact: Fact) -> bool:
    """Whether an event of a task or a handoff follows plainly."""
    check = _CHECKS.get(fact.event_type)
    return check is None or check(task, fact)


def _created(task: Task, fact: Fact) -> bool:
    return not task.events


def _assigned(task: Task, fact: Fact) -> bool:
    return task.given_at is None and not (task.attempts or task.runs or task.handoffs)


def _started(task: Task, fact: Fact) -> bool:
    return not (task.attempts or task.runs)


def _ended(task: Task, fact: Fact) -> bool:
    return task.going


def _unblocked(task: Task, fact: Fact) -> bool:
    return ends_plainly(task.task_id, fact, task.waits)


def _never(task: Task, fact: Fact) -> bool:
    return False


def _offered(task: Task, fact: Fact) -> bool:
    giver, taker = text_of(fact.data.get("from_master")), text_of(fact.data.get("to_master"))
    owned = task.given_at is not None and task.master is not None
    return owned and not task.handoffs and giver != taker and giver in (None, task.master)


def _accepted(task: Task, fact: Fact) -> bool:
    handoff = task.handoffs.get(handoff_id(fact))
    return handoff is not None and handoff.accepted_at is None and handoff.completed_at is None


def _completed(task: Task, fact: Fact) -> bool:
    handoff = task.handoffs.get(handoff_id(fact))
    return handoff is not None and handoff.completed_at is None


_CHECKS: dict[str, Callable[[Task, Fact], bool]] = {
    "task_created": _created,
    "task_assigned": _assigned,
    "task_started": _started,
    "task_unblocked": _unblocked,
    "task_reassigned": _never,
    "task_completed": _ended,
    "task_failed": _ended,
    "task_cancelled": _ended,
    "handoff_created": _offered,
    "handoff_accepted": _accepted,
    "handoff_completed": _completed,
}
