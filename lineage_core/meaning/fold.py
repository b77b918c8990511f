"""From facts to a task: one step per event type, in effective order (meaning.md).

What several facts mean together, `meaning/structure.py` tells. As long as a task is plain (`meaning/plain.py`), there
is nothing to be told, and `apply` moves it on fact by fact.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import accumulate, pairwise

from lineage_core.base.clock import MINUTE
from lineage_core.meaning.attempts import Ends, attempt_end
from lineage_core.meaning.causes import handoff_id
from lineage_core.meaning.order import ENDS
from lineage_core.meaning.plain import goes_on, run_goes_on
from lineage_core.meaning.runs import RUN_ENDS, run_end, worker_of
from lineage_core.meaning.structure import Structure, structure_of
from lineage_core.meaning.waits import ended_by, key_of, waits_of
from lineage_core.model.entities import (
    REASSIGNED,
    Attempt,
    Handoff,
    Mark,
    Owner,
    Phase,
    Remark,
    Status,
    Task,
    Wait,
    Waited,
    Worker,
    WorkerEnd,
)
from lineage_core.model.event_data import count_of, error_of, names_of, number_of, text_of, token_parts, tokens_of
from lineage_core.model.facts import Fact, distinct, order

SPAWNED_TWICE = 5 * MINUTE
"""Between two spawns of one run, from which on they are worth a remark: of closer ones two scripts logged the same."""


def derive(task_id: str, facts: Iterable[Fact]) -> Task:
    """The task that these facts make, in whatever order and with whatever copies they come."""
    return play(task_id, distinct(facts))


def play(task_id: str, facts: list[Fact]) -> Task:
    """The task that these facts make, which are distinct and in raw order (see `facts.distinct`)."""
    task = Task(task_id)
    claimed = task.claimed
    for fact in facts:
        if fact.lineage_id in claimed or not _move(task, fact):
            return walk(task_id, structure_of(task_id, facts))
        if fact.parent is not None:
            claimed.add(fact.parent)
    _note(task, facts)
    return task


def apply(task: Task, fact: Fact) -> bool:
    """Move a plain task on by one fact, which must follow all that were applied before; whether it is still plain.

    If not, the task is as it was, and has to be made again from all its facts.
    """
    if not task.plain or fact.lineage_id in task.claimed or not _move(task, fact):
        return False
    if fact.parent is not None:
        task.claimed.add(fact.parent)
    if fact.at == task.last_key[0]:
        task.last_digests.add(fact.digest)
    else:
        task.last_digests = {fact.digest}
    task.last_key = order(fact)
    return True


def _move(task: Task, fact: Fact) -> bool:
    """Move a plain task on, if it stays so."""
    kind, at = fact.event_type, fact.at
    if (step := _RUN_STEPS.get(kind)) is not None:
        name = worker_of(fact)
        run = task.workers.get(name)
        if not run_goes_on(task, run, kind):
            return False
        _any(task, fact, at)
        if run is None:
            if not task.attempts:
                task.attempts.append(_begun(task, Attempt(), fact, at))
                task.going = True
            run = Worker(name)
            task.runs.append(run)
            _open_run(task, run, fact, at)
            _settle(task, at)
        step(task, run, fact, at)
        if kind in RUN_ENDS:
            _close_run(task, run, fact, at)
            _settle(task, at)
        return True
    if not goes_on(task, fact):
        return False
    _any(task, fact, at)
    if kind == "task_started":
        task.attempts.append(_begun(task, Attempt(), fact, at))
        task.going = True
        _started(task, fact, at)
    elif kind in ENDS:
        task.attempts[0] = _closed(task, _told(task, task.attempts[0], fact, at), fact, at)
        _set_over(task, task.attempts[0])
    elif (act := _STEPS.get(kind)) is not None:
        act(task, fact, at)
    _settle(task, at)
    return True


def _note(task: Task, facts: list[Fact]) -> None:
    """Keep where the fold stands in the raw order."""
    if facts:
        task.last_key = order(facts[-1])
        last = task.last_key[0]
        for fact in reversed(facts):
            if fact.at != last:
                break
            task.last_digests.add(fact.digest)


def walk(task_id: str, told: Structure) -> Task:
    """The task that facts of this structure make."""
    task = Task(task_id, plain=False, skews=told.skews())
    facts, attempts = told.facts, told.attempts
    task.attempts = [Attempt(others=Ends(facts, span.ends).others if span.ends else ()) for span in attempts]
    starts = {span.starts[0]: n for n, span in enumerate(attempts) if span.starts}
    ends = {i: n for n, span in enumerate(attempts) for i in span.ends}
    reopenings = {i: n for n, i in enumerate(told.reopenings) if i is not None}
    closing = {span.end for span in (*attempts, *told.runs)}
    firsts = {i for handoff in told.handoffs.values() for i in handoff.values()}
    created = next((i for i, fact in enumerate(facts) if fact.event_type == "task_created"), None)
    run_at = _lay_out_runs(task, told)
    heard: set[int] = set()
    newest, closed, reopened = -1, set(), set()
    _note(task, facts)
    task.claimed.update(fact.parent for fact in facts if fact.parent is not None)
    for i in told.order:
        fact, at, kind = facts[i], told.at[i], facts[i].event_type
        _any(task, fact, at)
        if (n := starts.get(i)) is not None:
            task.attempts[n] = _begun(task, task.attempts[n], fact, at)
            newest = max(newest, n)
        if (n := ends.get(i)) is not None:
            task.attempts[n] = _told(task, task.attempts[n], fact, at)
            if i in closing:
                task.attempts[n] = _closed(task, task.attempts[n], fact, at)
                closed.add(n)
                newest = max(newest, n)
        if (n := reopenings.get(i)) is not None:
            reopened.add(n)
            task.era += 1
            task.working = sum(task.runs[k].open and task.runs[k].era >= task.era for k in heard)
        if newest in closed and newest not in reopened:
            _set_over(task, task.attempts[newest])
        else:
            task.going, task.ended, task.ended_at = newest not in closed and newest >= 0, None, None
        if (k := run_at.get(i)) is not None:
            run = task.runs[k]
            if k not in heard:
                heard.add(k)
                _open_run(task, run, fact, at)
            _RUN_STEPS[kind](task, run, fact, at)
            if i in closing:
                _close_run(task, run, fact, at)
        elif kind == "task_created" and i != created:
            _fill(task, fact)
        elif kind not in ENDS and (not kind.startswith("handoff_") or i in firsts) and kind in _STEPS:
            _STEPS[kind](task, fact, at)
        _settle(task, at)
    _remark(task, told)
    logged = facts[0].at, facts[-1].at
    task.logged = logged if logged != (task.first_at, task.last_at) else None
    return task


def _lay_out_runs(task: Task, told: Structure) -> dict[int, int]:
    """Put the runs into a task; for each fact of a run the place of that run."""
    place = {i: n for n, i in enumerate(told.told)}
    eras = sorted(place[i] for i in told.reopenings if i is not None)
    begins = [span.starts[0] if span.starts else len(told.facts) for span in told.attempts]
    begins = [*accumulate(reversed(begins), min)][::-1]  # the last that begins before a run is found by halving
    numbers: Counter[str] = Counter()
    for span in told.runs:
        numbers[span.worker] += 1
        attempt = max(0, bisect_right(begins, span.first) - 1)
        era = bisect_left(eras, place[span.first])
        task.runs.append(Worker(span.worker, numbers[span.worker], attempt, era=era))
    return {i: k for k, span in enumerate(told.runs) for i in (*span.starts, *span.ends, *span.progress)}


def _remark(task: Task, told: Structure) -> None:
    for n, attempt in enumerate(task.attempts, 1):
        if attempt.others and attempt.outcome is not None and attempt.ended_at is not None:
            of = f" of attempt {n}" if len(task.attempts) > 1 else ""
            text = f"the ends{of} disagree: {attempt.outcome} and {', '.join(attempt.others)}"
            task.remarks.append(Remark("ends-disagree", attempt.ended_at, text))
    for run, span in zip(task.runs, told.runs, strict=True):
        times = sorted(told.facts[i].at for i in span.starts if told.facts[i].event_type == "worker_spawned")
        if any(b - a > SPAWNED_TWICE for a, b in pairwise(times)):
            task.remarks.append(Remark("spawned-twice", run.first_at, f"{run.worker_id} was spawned twice"))


# What any fact tells


def _any(task: Task, fact: Fact, at: int) -> None:
    if not task.events:
        task.first_at = task.since = at
    task.events += 1
    task.last_at = at
    task.times.append(at)
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


def _settle(task: Task, at: int) -> None:
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
    if task.phases and task.phases[-1].end is None:
        task.phases[-1] = task.phases[-1]._replace(end=at)
    if not status.ended:
        task.phases.append(Phase(status, at, None))
    if status is Status.RUNNING and task.started_at is None:
        task.started_at = at
    task.status, task.since = status, at


# Attempts


def _begun(task: Task, attempt: Attempt, fact: Fact, at: int) -> Attempt:
    if task.started_at is None:
        task.started_at = at
    return attempt._replace(started_at=at, begun=(fact.actor_id, fact.at))


def _told(task: Task, attempt: Attempt, fact: Fact, at: int) -> Attempt:
    """What an end of an attempt tells, whether it is the one that counts or not."""
    data = fact.data
    task.deliverables |= dict.fromkeys(names_of(data.get("deliverables")))
    task.duration_ms = number_of(data.get("duration_ms")) or task.duration_ms
    tokens = tokens_of(data.get("token_usage"))
    if tokens is not None:
        attempt = attempt._replace(tokens_said=max(tokens, attempt.tokens_said or 0))
    if attempt.failed_at is None and attempt_end(fact) is Status.FAILED:
        attempt = attempt._replace(failed_at=at, error=text_of(data.get("reason")) or error_of(data))
    return attempt


def _closed(task: Task, attempt: Attempt, fact: Fact, at: int) -> Attempt:
    outcome = attempt_end(fact)
    kept = task.reason if outcome is Status.FAILED else None
    task.reason = text_of(fact.data.get("reason")) or error_of(fact.data) or kept
    _end_waits(task, list(task.waits.values()), at)
    _answered(task)
    return attempt._replace(
        ended_at=at,
        outcome=outcome,
        partial=outcome is Status.COMPLETED and fact.data.get("completion_status") == "partial",
        length=_length(attempt.begun, attempt.started_at, fact, at),
    )


def _length(begun: tuple[str, int] | None, start: int | None, fact: Fact, at: int) -> int | None:
    """From a start to an end (O4): by the clock of the actor that logged both, else the effective difference."""
    if begun is None or start is None:
        return None
    actor, logged = begun
    return max(0, fact.at - logged) if actor == fact.actor_id else at - start


def _set_over(task: Task, attempt: Attempt) -> None:
    task.going, task.ended, task.ended_at = False, attempt.outcome, attempt.ended_at


# Runs


def _open_run(task: Task, run: Worker, fact: Fact, at: int) -> None:
    run.first_at = run.last_at = at
    task.workers[run.worker_id] = run
    if failed := task.last_failed:
        run.retry_of = failed.get(f"type {text_of(fact.data.get('worker_type'))}") or failed.get(f"id {run.worker_id}")
    if run.era >= task.era:
        task.working += 1


def _run(task: Task, run: Worker, fact: Fact, at: int) -> None:
    """What any event of a run tells."""
    if run.begun is None and fact.event_type not in RUN_ENDS:
        run.begun = fact.actor_id, fact.at
    for key, value in fact.data.items():
        match key:
            case "worker_type" | "current_step":
                if type(value) is str and value:
                    if key == "worker_type":
                        run.worker_type = value
                    elif run.open:
                        run.step = value
            case "progress_percentage":
                percent = number_of(value)
                if percent is not None and percent <= 100 and run.open:
                    run.percent = percent
                    run.progress.append((at, percent))
            case "token_usage":
                tokens = tokens_of(value)
                if tokens is not None and tokens >= (run.tokens or 0):
                    run.tokens = tokens
                    run.input_tokens, run.output_tokens = token_parts(value)
            case "token_budget":
                budget = count_of(value)
                run.token_budget = budget if budget is not None else run.token_budget


def _heard(run: Worker, at: int) -> None:
    if run.open:
        run.heard, run.last_at = True, at


def _spawned(task: Task, run: Worker, fact: Fact, at: int) -> None:
    _run(task, run, fact, at)
    if run.spawned_at is None:
        run.spawned_at, run.master = at, fact.actor_id
    if not run.heard:
        run.last_at = at


def _worker_started(task: Task, run: Worker, fact: Fact, at: int) -> None:
    _run(task, run, fact, at)
    _heard(run, at)
    run.words.append(at)
    if run.started_at is None:
        run.started_at = at
        run.begun = fact.actor_id, fact.at


def _progress(task: Task, run: Worker, fact: Fact, at: int) -> None:
    _run(task, run, fact, at)
    _heard(run, at)
    run.words.append(at)


def _run_ended(task: Task, run: Worker, fact: Fact, at: int) -> None:
    _run(task, run, fact, at)
    _heard(run, at)
    if run_end(fact) is not WorkerEnd.ZOMBIE:
        run.words.append(at)
    run.duration_ms = number_of(fact.data.get("duration_ms")) or run.duration_ms
    task.deliverables |= dict.fromkeys(names_of(fact.data.get("deliverables")))


def _close_run(task: Task, run: Worker, fact: Fact, at: int) -> None:
    start = next((t for t in (run.started_at, run.spawned_at, run.first_at) if t is not None), at)
    run.length = _length(run.begun, start, fact, at)
    run.ended_at, run.end = at, run_end(fact)
    if run.failed:
        run.error = error_of(fact.data) or text_of(fact.data.get("reason"))
        task.last_failed[f"id {run.worker_id}"] = run.worker_id
        if run.worker_type is not None:
            task.last_failed[f"type {run.worker_type}"] = run.worker_id
    if run.era >= task.era:
        task.working -= 1


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
        former = any(owner.master == fact.actor_id for owner in task.owners)
        if not former and (not task.owners or at > task.owners[-1].start):
            _own(task, fact.actor_id, at)


def _created(task: Task, fact: Fact, at: int) -> None:
    task.created_at, task.creator, task.parent_event = at, fact.actor_id, fact.parent
    _fill(task, fact)


def _fill(task: Task, fact: Fact) -> None:
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
    task.marks.append(Mark(at, REASSIGNED, f"{giver or ''} → {taker or ''}".strip() if giver or taker else ""))


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


_STEPS: dict[str, Callable[[Task, Fact, int], None]] = {
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
_RUN_STEPS: dict[str, Callable[[Task, Worker, Fact, int], None]] = {
    "worker_spawned": _spawned,
    "worker_started": _worker_started,
    "worker_progress": _progress,
    "worker_completed": _run_ended,
    "worker_failed": _run_ended,
}
