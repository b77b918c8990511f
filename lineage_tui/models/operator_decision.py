"""What an operator can decide about a task, and the event that says so. Pure."""

from __future__ import annotations

from typing import NamedTuple

from lineage_core.base.errors import BadInputError
from lineage_core.model.entities import TaskRow
from lineage_core.model.task_parts import Status

LONGEST = 2000
"""Characters of a reason; a longer one was pasted by mistake."""


class Decision(NamedTuple):
    """name: what the operator calls it. asks: what has to be typed for it."""

    name: str
    event_type: str
    asks: str = "the reason"


CANCEL = Decision("cancel", "task_cancelled")
REASSIGN = Decision("reassign", "task_reassigned", "MASTER, a blank, the reason")
ESCALATE = Decision("escalate", "task_escalated")
UNBLOCK = Decision("unblock", "task_unblocked")


def possible(row: TaskRow) -> tuple[Decision, ...]:
    """What makes sense for a task as it stands: nothing once it is over."""
    if row.status.ended:
        return ()
    return (
        CANCEL,
        *((REASSIGN,) if row.master else ()),
        ESCALATE,
        *((UNBLOCK,) if row.status is Status.BLOCKED else ()),
    )


def arguments(decision: Decision, row: TaskRow, principal: str, typed: str) -> tuple[str, ...]:
    """What the event says after its task, as `Journal.log` takes it. principal: who decided.

    Raises BadInputError for what is missing or no longer possible.
    """
    if decision not in possible(row):
        raise BadInputError(f"{row.task_id} is {row.status.value}: nothing to {decision.name}")
    if len(typed) > LONGEST:
        raise BadInputError(f"a reason has {LONGEST:,} characters at most, not {len(typed):,}")
    if decision is not REASSIGN:
        reason = typed.strip()
        if not reason:
            raise BadInputError(f"{decision.name}: the reason is missing")
        return principal, reason
    master, _, reason = typed.strip().partition(" ")
    if not reason.strip():
        raise BadInputError("reassign: write the new master, a blank and the reason")
    if master == row.master:
        raise BadInputError(f"reassign: {master} has it already")
    return row.master or "", master, reason.strip()
