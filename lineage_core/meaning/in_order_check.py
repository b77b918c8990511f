"""Whether the next fact of a task is plain: in an order in which cause comes before effect, and nothing is said twice.

Of such facts the raw order is the effective one, each run has an id of its own, and there is one attempt. Nearly all
tasks are so, and are folded fact by fact. Whatever is not plain goes through `meaning/task_structure.py`: a test holds
both to the same result, so a condition here may be too strict, never too loose.
"""

from __future__ import annotations

from collections.abc import Callable

from lineage_core.meaning.happens_before import handoff_id
from lineage_core.meaning.order import MOVED
from lineage_core.meaning.runs import RUN_ENDS
from lineage_core.meaning.waits import ends_plainly
from lineage_core.model.entities import Task
from lineage_core.model.event_data import text_of
from lineage_core.model.facts import Fact
from lineage_core.model.task_parts import REASSIGNED, Worker


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


def stands_before_reassignment(task: Task, fact: Fact) -> bool:
    """Whether a fact that follows a plain reassignment may belong before it (O1): it is by who gave the task away."""
    return fact.event_type in MOVED and _is_reassigned(task) and fact.actor_id == task.owners[0].master


def _is_reassigned(task: Task) -> bool:
    return any(mark.kind == REASSIGNED for mark in task.marks)


def _created(task: Task, fact: Fact) -> bool:
    return not task.events


def _assigned(task: Task, fact: Fact) -> bool:
    return task.given_at is None and not (task.attempts or task.runs or task.handoffs)


def _started(task: Task, fact: Fact) -> bool:
    return not (task.attempts or task.runs)


def _reassigned(task: Task, fact: Fact) -> bool:
    """Nothing but a creation and an assignment, to the master that now gives it to another one, came before it."""
    giver, taker = text_of(fact.data.get("from_master")), text_of(fact.data.get("to_master"))
    before = 1 if task.created_at is None else 2
    assigned = task.given_at is not None and task.events == before
    return assigned and giver is not None and giver == task.master and taker not in (None, giver)


def _ended(task: Task, fact: Fact) -> bool:
    """An attempt has begun, or there is none: then this ends one without a start."""
    return task.going or not task.attempts


def _unblocked(task: Task, fact: Fact) -> bool:
    return ends_plainly(task.task_id, fact, task.waits)


def _offered(task: Task, fact: Fact) -> bool:
    giver, taker = text_of(fact.data.get("from_master")), text_of(fact.data.get("to_master"))
    owned = task.given_at is not None and task.master is not None
    first = owned and not task.handoffs and not _is_reassigned(task)
    return first and giver != taker and giver in (None, task.master)


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
    "task_reassigned": _reassigned,
    "task_completed": _ended,
    "task_failed": _ended,
    "task_cancelled": _ended,
    "handoff_created": _offered,
    "handoff_accepted": _accepted,
    "handoff_completed": _completed,
}
