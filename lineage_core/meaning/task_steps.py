"""What each event does to a task: its status, attempts, owners, priority, waits, escalations and handoffs (meaning.md:
status, ownership; A4, A5, O4)."""

from __future__ import annotations

from collections.abc import Callable

from lineage_core.meaning.attempts import attempt_end
from lineage_core.meaning.happens_before import handoff_id
from lineage_core.meaning.waits import ended_by, key_of, waits_of
from lineage_core.model.entities import Task
from lineage_core.model.event_data import NOTHING, error_of, names_of, number_of, text_of, tokens_of
from lineage_core.model.facts import Fact, clock_of
from lineage_core.model.host_file_names import host_of
from lineage_core.model.task_parts import REASSIGNED, Attempt, Handoff, Mark, Owner, Phase, Remark, Status, Wait, Waited

# What any fact tells


def take(task: Task, fact: Fact, at: int) -> None:
    """What any fact tells of its task."""
    if not task.events:
        task.first_at = task.since = at
    task.events += 1
    task.last_at = at
    task.times.append(at)
    if "/" in fact.file:
        task.hosts[host_of(fact.file)] = None
    if fact.actor_type == "master":
        task.heard[fact.actor_id] = at
    if task.escalated and fact.actor_id != task.escalated_by and not fact.event_type.startswith("worker_"):
        _answered(task)
    if extra := fact.extra:
        if task.session is None:
            task.session = extra.get("session_id")
        if task.trace is None and (trace := extra.get("trace_id")) is not None:
            task.trace, task.parent_span = trace, extra.get("parent_span_id")
        if "related_task_ids" in extra:
            task.related |= dict.fromkeys(names_of(extra["related_task_ids"]))
        if "tags" in extra:
            task.tags |= dict.fromkeys(names_of(extra["tags"]))


def _answered(task: Task) -> None:
    task.escalated, task.escalation, task.escalated_by = False, None, None


def settle(task: Task, at: int) -> None:
    """The status that follows from what holds; a phase for each time that it changes."""
    if task.ended is not None:
        status = task.ended
    elif task.waits:
        status = Status.BLOCKED
    elif task.going or task.working:
        status = Status.RUNNING
    elif task.given_at is not None:
        status = Status.ASSIGNED
    elif task.created_at is not None:
        status = Status.QUEUED
    else:
        status = Status.UNKNOWN
    if status is task.status and not (status is Status.ASSIGNED and task.given_at == at > task.since):
        return
    if task.phases and (last := task.phases[-1]).end is None:
        task.phases[-1] = Phase(last.status, last.start, at)
    if task.ended is None:
        task.phases.append(Phase(status, at, None))
    if status is Status.RUNNING and task.started_at is None:
        task.started_at = at
    task.status, task.since = status, at


# Attempts


def begin_attempt(task: Task, attempt: Attempt, fact: Fact, at: int) -> None:
    """Begin an attempt with a fact."""
    if task.started_at is None:
        task.started_at = at
    attempt.started_at, attempt.begun = at, (clock_of(fact), fact.at)


def take_end(task: Task, attempt: Attempt, fact: Fact, at: int) -> None:
    """What an end of an attempt tells, whether it is the one that counts or not."""
    data = fact.data
    task.deliverables |= dict.fromkeys(names_of(data.get("deliverables")))
    task.duration_ms = number_of(data.get("duration_ms")) or task.duration_ms
    tokens = tokens_of(data.get("token_usage"))
    if tokens is not None:
        attempt.tokens_said = max(tokens, attempt.tokens_said or 0)
    if attempt.failed_at is None and attempt_end(fact) is Status.FAILED:
        attempt.failed_at, attempt.host = at, host_of(fact.file)
        attempt.error = text_of(data.get("reason")) or error_of(data)


def close_attempt(task: Task, attempt: Attempt, fact: Fact, at: int) -> None:
    """End an attempt with the end that counts, and what ends with it."""
    outcome = attempt_end(fact)
    kept = task.reason if outcome is Status.FAILED else None
    task.reason = text_of(fact.data.get("reason")) or error_of(fact.data) or kept
    _end_waits(task, list(task.waits.values()), at)
    _answered(task)
    attempt.ended_at, attempt.outcome = at, outcome
    attempt.partial = outcome is Status.COMPLETED and fact.data.get("completion_status") == "partial"
    attempt.length = length_of(attempt.begun, attempt.started_at, fact, at)


def length_of(begun: tuple[str, int] | None, start: int | None, fact: Fact, at: int) -> int | None:
    """From a start to an end (O4): by the clock that both were logged by, else the effective difference."""
    if begun is None or start is None:
        return None
    clock, logged = begun
    return max(0, fact.at - logged) if clock == clock_of(fact) else at - start


def set_over(task: Task, attempt: Attempt) -> None:
    """Show the outcome of an attempt as that of the task."""
    task.going, task.ended, task.ended_at = False, attempt.outcome, attempt.ended_at


# Owners and priority


def _own(task: Task, master: str | None, at: int) -> None:
    """A master has the task from a time on."""
    if master is None or (task.owners and task.owners[-1].master == master):
        return
    if task.owners:
        task.owners[-1] = task.owners[-1]._replace(end=at)
    task.owners.append(Owner(master, at, None))


def _prioritise(task: Task, fact: Fact) -> None:
    """Take a priority that an assignment gives. Older writers wrote `medium` unasked."""
    given = text_of(fact.data.get("priority"))
    invented = given == "medium" and task.priority is not None and fact.data.get("priority_given") is not True
    if given is not None and not invented:
        task.priority = given


def _started(task: Task, fact: Fact, at: int) -> None:
    """A start by a master makes it the owner, unless it gives the task to others or has given it away."""
    if fact.actor_type == "master" and fact.actor_id and not fact.actor_id.startswith("coordinator"):
        former = [owner.master for owner in task.owners]
        if fact.actor_id not in former and (not task.owners or at > task.owners[-1].start):
            _own(task, fact.actor_id, at)


def _created(task: Task, fact: Fact, at: int) -> None:
    task.created_at, task.creator, task.parent_event = at, fact.actor_id, fact.parent
    fill(task, fact)


def fill(task: Task, fact: Fact) -> None:
    """Take what a creation tells and none told before."""
    data = fact.data
    task.task_type = task.task_type or text_of(data.get("type"))
    task.priority = task.priority or text_of(data.get("priority"))
    task.parent_id = task.parent_id or text_of(data.get("parent_task_id"))


def _assigned(task: Task, fact: Fact, at: int) -> None:
    task.given_at = at
    _own(task, text_of(fact.data.get("master_id")), at)
    _prioritise(task, fact)


def _reassigned(task: Task, fact: Fact, at: int) -> None:
    giver, taker = text_of(fact.data.get("from_master")), text_of(fact.data.get("to_master"))
    task.given_at = at
    _own(task, taker, at)
    _prioritise(task, fact)
    task.reason = text_of(fact.data.get("reason")) or task.reason
    said = ["" if name is None or name.strip() in NOTHING else name for name in (giver, taker)]
    task.marks.append(Mark(at, REASSIGNED, " → ".join(said).strip() if any(said) else ""))


# Waits, escalations and handoffs


def _blocked(task: Task, fact: Fact, at: int) -> None:
    if task.ended is not None:
        return
    for wait in waits_of(task.task_id, fact):
        task.waits.setdefault(key_of(wait), wait._replace(since=at))
    task.reason = text_of(fact.data.get("reason"))


def _unblocked(task: Task, fact: Fact, at: int) -> None:
    if task.ended is not None:
        return
    done, strange = ended_by(task.task_id, fact, task.waits)
    _end_waits(task, done, at)
    if strange is not None and task.waits:
        task.remarks.append(Remark("unblocked-by-other", at, f"unblocked by {strange}, for which it does not wait"))
    if done and not task.waits:
        task.reason = None
    elif done:
        task.reason = next(reversed(task.waits.values())).reason


def _end_waits(task: Task, waits: list[Wait], at: int) -> None:
    for wait in waits:
        del task.waits[key_of(wait)]
        task.waited.append(Waited(wait, at))


def _escalated(task: Task, fact: Fact, at: int) -> None:
    said = text_of(fact.data.get("reason"))
    if task.ended is None:
        task.escalated, task.escalated_at, task.escalated_by = True, at, fact.actor_id
        task.escalation = said or task.escalation
    task.reason = said or task.reason
    task.marks.append(Mark(at, "escalated", task.reason or ""))


def _handoff(task: Task, fact: Fact) -> Handoff:
    name, data = handoff_id(fact), fact.data
    handoff = task.handoffs.setdefault(name, Handoff(name))
    handoff.from_master = handoff.from_master or text_of(data.get("from_master"))
    handoff.to_master = handoff.to_master or text_of(data.get("to_master"))
    return handoff


def _offered(task: Task, fact: Fact, at: int) -> None:
    handoff = _handoff(task, fact)
    handoff.created_at = at
    handoff.from_master = handoff.from_master or fact.actor_id or None


def _accepted(task: Task, fact: Fact, at: int) -> None:
    handoff = _handoff(task, fact)
    if handoff.to_master is not None and handoff.to_master != fact.actor_id:
        text = f"{handoff.handoff_id} was offered to {handoff.to_master} and accepted by {fact.actor_id}"
        task.remarks.append(Remark("accepted-by-other", at, text))
    handoff.accepted_at, handoff.accepted_by = at, fact.actor_id
    handoff.to_master = handoff.to_master or fact.actor_id or None
    _own(task, fact.actor_id or None, at)


def _completed(task: Task, fact: Fact, at: int) -> None:
    handoff = _handoff(task, fact)
    handoff.completed_at = at
    task.deliverables |= dict.fromkeys(names_of(fact.data.get("deliverables")))
    if handoff.accepted_at is None:  # which a completion implies
        _own(task, handoff.to_master or fact.actor_id or None, at)


STEPS: dict[str, Callable[[Task, Fact, int], None]] = {
    "task_created": _created,
    "task_assigned": _assigned,
    "task_started": _started,
    "task_blocked": _blocked,
    "task_unblocked": _unblocked,
    "task_reassigned": _reassigned,
    "task_escalated": _escalated,
    "handoff_created": _offered,
    "handoff_accepted": _accepted,
    "handoff_completed": _completed,
}
"""By event type: what it does, apart from what any fact does (`take`)."""
