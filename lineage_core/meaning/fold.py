"""From facts to a task: one step per event type, in effective order (meaning.md).

What several facts mean together, `meaning/task_structure.py` tells; what one fact does, `task_steps.py` and
`run_steps.py`. As long as a task is plain (`meaning/in_order_check.py`), there is nothing to be told, and `apply` moves
it on fact by fact.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable
from itertools import accumulate, pairwise

from lineage_core.base.clock import MINUTE
from lineage_core.meaning.attempts import Ends
from lineage_core.meaning.in_order_check import goes_on, run_goes_on, stands_before_reassignment
from lineage_core.meaning.order import ENDS
from lineage_core.meaning.run_steps import RUN_STEPS, close_run, open_run
from lineage_core.meaning.runs import RUN_ENDS, worker_of
from lineage_core.meaning.task_steps import STEPS, begin_attempt, close_attempt, fill, set_over, settle, take, take_end
from lineage_core.meaning.task_structure import Structure, structure_of
from lineage_core.model.entities import Task
from lineage_core.model.facts import Fact, distinct, order
from lineage_core.model.task_parts import Attempt, Remark, Worker

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
    if task.marks and stands_before_reassignment(task, fact):
        return False
    if (step := RUN_STEPS.get(kind)) is not None:
        name = worker_of(fact)
        run = task.workers.get(name)
        if not run_goes_on(task, run, kind):
            return False
        take(task, fact, at)
        if run is None:
            if not task.attempts:
                _begin(task, fact, at)
            run = Worker(name)
            task.runs.append(run)
            open_run(task, run, fact, at)
            settle(task, at)
        step(task, run, fact, at)
        if kind in RUN_ENDS:
            close_run(task, run, fact, at)
            settle(task, at)
        return True
    if not goes_on(task, fact):
        return False
    take(task, fact, at)
    if kind == "task_started":
        _begin(task, fact, at)
        STEPS[kind](task, fact, at)
    elif kind in ENDS:
        if not task.attempts:
            task.attempts.append(Attempt())
        attempt = task.attempts[0]
        take_end(task, attempt, fact, at)
        close_attempt(task, attempt, fact, at)
        set_over(task, attempt)
    elif (act := STEPS.get(kind)) is not None:
        act(task, fact, at)
    settle(task, at)
    return True


def _begin(task: Task, fact: Fact, at: int) -> None:
    """Begin the attempt of a plain task."""
    task.attempts.append(Attempt())
    begin_attempt(task, task.attempts[0], fact, at)
    task.going = True


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
    newest, over, reopened = -1, set(), set()
    _note(task, facts)
    task.claimed.update(fact.parent for fact in facts if fact.parent is not None)
    for i in told.order:
        fact, at, kind = facts[i], told.at[i], facts[i].event_type
        take(task, fact, at)
        if (n := starts.get(i)) is not None:
            begin_attempt(task, task.attempts[n], fact, at)
            newest = max(newest, n)
        if (n := ends.get(i)) is not None:
            take_end(task, task.attempts[n], fact, at)
            if i in closing:
                close_attempt(task, task.attempts[n], fact, at)
                over.add(n)
                newest = max(newest, n)
        if (n := reopenings.get(i)) is not None:
            reopened.add(n)
            task.era += 1
            task.working = sum(task.runs[k].open and task.runs[k].era >= task.era for k in heard)
        if newest in over and newest not in reopened:
            set_over(task, task.attempts[newest])
        else:
            task.going, task.ended, task.ended_at = newest not in over and newest >= 0, None, None
        if (k := run_at.get(i)) is not None:
            run = task.runs[k]
            if k not in heard:
                heard.add(k)
                open_run(task, run, fact, at)
            RUN_STEPS[kind](task, run, fact, at)
            if i in closing:
                close_run(task, run, fact, at)
        elif kind == "task_created" and i != created:
            fill(task, fact)
        elif kind not in ENDS and (not kind.startswith("handoff_") or i in firsts) and kind in STEPS:
            STEPS[kind](task, fact, at)
        settle(task, at)
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
