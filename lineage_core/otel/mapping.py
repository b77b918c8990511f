"""A task as spans: its attempts, the runs of its workers, and what it waited for. Pure.

What is an attempt, a run, a wait, a failure and a retry is decided by `meaning/`; here it only gets other names. They
are those of OpenTelemetry's conventions for generative AI (https://github.com/open-telemetry/semantic-conventions-genai)
where there are such, else `cortex.*`. The table stands in the README of this folder.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lineage_core.model.entities import Task
from lineage_core.model.error_fingerprint import NO_REASON, fingerprint
from lineage_core.model.task_parts import Attempt, Handoff, Mark, Status, Wait, Worker, WorkerEnd
from lineage_core.otel import ids
from lineage_core.otel.spans import Attributes, Link, Outcome, Span, SpanEvent, Value
from lineage_core.otel.trace_context import TraceContext, Traces, begin_of, number_at, number_from
from lineage_core.present.rows import iso, run_time

WAIT = "cortex.wait"
WORKFLOW, AGENT = "invoke_workflow", "invoke_agent"
_QUEUES = (Status.QUEUED, Status.ASSIGNED)


def spans_of(task: Task, traces: Traces) -> list[Span]:
    """The spans of a task, those that are open included, in no particular order."""
    return [*_Mapping(task, traces).spans()]


class _Mapping:
    """What the spans of one task share."""

    def __init__(self, task: Task, traces: Traces) -> None:
        self._task = task
        self._traces = traces
        self._context: TraceContext = traces.context(task)
        self._common = _known(
            {
                "cortex.task.id": task.task_id,
                "cortex.task.type": task.task_type,
                "cortex.task.priority": task.priority,
                "cortex.trace_id": task.trace,
                "session.id": task.session,
                "gen_ai.conversation.id": task.session,
            }
        )

    def spans(self) -> Iterator[Span]:
        task = self._task
        for number, attempt in enumerate(task.attempts, 1):
            yield self._attempt(number, attempt)
        for run in task.runs:
            yield self._run(run)
        counts: Counter[tuple[str, str]] = Counter()
        for phase in task.phases:
            if phase.status in _QUEUES:
                yield self._queue(phase.status.value, phase.start, phase.end, counts)
        for wait, until in task.waited:
            yield self._blocked(wait, until, counts)
        for wait in task.waits.values():
            yield self._blocked(wait, None, counts)
        for handoff in task.handoffs.values():
            if handoff.created_at is not None:
                yield self._handoff(handoff, handoff.created_at)

    def _span(
        self,
        span_id: str,
        parent_id: str | None,
        name: str,
        start: int,
        end: int | None,
        given: dict[str, Value | None],
        events: tuple[SpanEvent, ...] = (),
        links: tuple[Link, ...] = (),
        status: tuple[Outcome, str] = (Outcome.UNSET, ""),
        remote: bool = False,
    ) -> Span:
        attributes = self._common | _known(given)
        trace = self._context.trace_id
        end = end if end is None else max(start, end)
        return Span(trace, span_id, parent_id, remote, name, start, end, *status, attributes, events, links)

    # Attempts.

    def _attempt(self, number: int, attempt: Attempt) -> Span:
        task, context = self._task, self._context
        start = begin_of(attempt)
        start = task.first_at if start is None else start
        failed = attempt.outcome is Status.FAILED
        given: dict[str, Value | None] = {
            "gen_ai.operation.name": WORKFLOW,
            "gen_ai.workflow.name": task.task_type,
            "gen_ai.agent.name": task.task_type,
            "cortex.task.parent_id": self._traces.parent_of(task.task_id),
            "cortex.task.creator": task.creator,
            "cortex.task.tags": tuple(task.tags) or None,
            "cortex.task.deliverables": tuple(task.deliverables) or None,
            "cortex.master": task.owner_at(start),
            "cortex.attempt.number": number,
            "cortex.attempt.outcome": attempt.outcome.value if attempt.outcome else None,
            "cortex.attempt.other_outcomes": tuple(one.value for one in attempt.others) or None,
            "cortex.attempt.partial": True if attempt.partial else None,
            "cortex.attempt.start_unknown": True if attempt.started_at is None else None,
            "cortex.tokens.total": attempt.tokens_said,
            "cortex.duration_ms": None if attempt.length is None else attempt.length // 1000,
            "error.type": _error_type(attempt.error) if failed else None,
        }
        status = (Outcome.ERROR, attempt.error or NO_REASON) if failed else (Outcome.UNSET, "")
        if attempt.outcome is Status.COMPLETED:
            status = (Outcome.OK, "")
        events = tuple(_event_of(mark) for mark in task.marks if number_at(task.attempts, mark.at) == number)
        return self._span(
            ids.attempt_id(task.task_id, number),
            context.parent_id,
            f"{WORKFLOW} {task.task_type}" if task.task_type else WORKFLOW,
            start,
            attempt.ended_at,
            given,
            events,
            (*context.links, *self._links(number)),
            status,
            context.remote,
        )

    def _links(self, number: int) -> Iterator[Link]:
        """The attempt that this one tries again, its handoffs, and the tasks that the task concerns."""
        task = self._task
        if number > 1 and task.attempts[number - 2].outcome is Status.FAILED:
            yield self._link(ids.attempt_id(task.task_id, number - 1), {"cortex.link.kind": "retry"})
        for handoff in task.handoffs.values():
            at = next(
                (one for one in (handoff.created_at, handoff.accepted_at, handoff.completed_at) if one is not None), 0
            )
            if number_at(task.attempts, at) == number:
                given = {"cortex.link.kind": "handoff"} | _of(handoff)
                yield self._link(ids.handoff_id(task.task_id, handoff.handoff_id), given)
        for name in task.related:
            if name != task.task_id:
                yield self._traces.attempt_at(name, kind="related")

    def _link(self, span_id: str, attributes: Attributes) -> Link:
        return Link(self._context.trace_id, span_id, attributes)

    # Runs.

    def _run(self, run: Worker) -> Span:
        task = self._task
        ended = run.end is not None
        error = run.error or (run.end.value if run.end is WorkerEnd.ZOMBIE else NO_REASON)
        given: dict[str, Value | None] = {
            "gen_ai.operation.name": AGENT,
            "gen_ai.agent.name": run.worker_type or run.worker_id,
            "gen_ai.agent.id": run.worker_id,
            "gen_ai.usage.input_tokens": run.input_tokens,
            "gen_ai.usage.output_tokens": run.output_tokens,
            "cortex.tokens.total": run.tokens,
            "cortex.tokens.budget": run.token_budget,
            "cortex.worker.id": run.worker_id,
            "cortex.worker.type": run.worker_type,
            "cortex.worker.status": run.end.value if run.end else None,
            "cortex.master": run.master or task.owner_at(run.first_at),
            "cortex.run.number": run.number,
            "cortex.attempt.number": run.attempt + 1,
            "cortex.progress": run.percent,
            "cortex.step": run.step,
            "cortex.retry_of": run.retry_of,
            "cortex.duration_ms": (run_time(run, 0) or 0) // 1000 if ended and run.started_at is not None else None,
            "error.type": _error_type(error) if run.failed else None,
        }
        events = [SpanEvent("cortex.progress", at, {"cortex.progress": percent}) for at, percent in run.progress]
        if run.started_at is not None and run.started_at != run.first_at:
            events.insert(0, SpanEvent("cortex.worker.started", run.started_at, {}))
        status = (Outcome.ERROR, error) if run.failed else (Outcome.OK if ended else Outcome.UNSET, "")
        return self._span(
            ids.run_id(task.task_id, run.worker_id, run.number),
            ids.attempt_id(task.task_id, run.attempt + 1),
            f"{AGENT} {run.worker_type}" if run.worker_type else AGENT,
            run.first_at,
            run.ended_at,
            given,
            tuple(events),
            tuple(self._retried(run)),
            status,
        )

    def _retried(self, run: Worker) -> Iterator[Link]:
        """The failed run whose place a run took."""
        of = [one for one in self._task.runs if one.worker_id == run.retry_of and one is not run and one.failed]
        before = [one for one in of if one.ended_at is not None and one.ended_at <= run.first_at] or of
        if before:
            last = before[-1]
            span_id = ids.run_id(self._task.task_id, last.worker_id, last.number)
            yield self._link(span_id, {"cortex.link.kind": "retry", "cortex.worker.id": last.worker_id})

    # Waits.

    def _queue(self, kind: str, start: int, end: int | None, counts: Counter[tuple[str, str]]) -> Span:
        """A time in which it was queued (to be assigned) or assigned (to be started)."""
        task = self._task
        counts[kind, ""] += 1
        above = ids.attempt_id(task.task_id, number_from(task.attempts, start))
        given: dict[str, Value | None] = {"cortex.wait.kind": kind, "cortex.master": task.owner_at(start)}
        return self._span(ids.wait_id(task.task_id, kind, "", counts[kind, ""]), above, WAIT, start, end, given)

    def _blocked(self, wait: Wait, until: int | None, counts: Counter[tuple[str, str]]) -> Span:
        task, kind = self._task, Status.BLOCKED.value
        name = wait.name if wait.name is not None else f" {wait.reason or ''}"
        counts[kind, name] += 1
        given: dict[str, Value | None] = {
            "cortex.wait.kind": kind,
            "cortex.wait.for": wait.name,
            "cortex.wait.inferred": True if wait.inferred else None,
            "cortex.wait.reason": wait.reason,
            "cortex.master": task.owner_at(wait.since),
        }
        links: tuple[Link, ...] = ()
        if wait.name is not None and (not wait.inferred or self._traces.knows(wait.name)):
            links = (self._traces.attempt_at(wait.name, wait.since, kind="blocked by"),)
        above = ids.attempt_id(task.task_id, number_at(task.attempts, wait.since))
        span_id = ids.wait_id(task.task_id, kind, name, counts[kind, name])
        return self._span(span_id, above, WAIT, wait.since, until, given, links=links)

    def _handoff(self, handoff: Handoff, start: int) -> Span:
        task = self._task
        end = handoff.accepted_at if handoff.accepted_at is not None else handoff.completed_at
        given: dict[str, Value | None] = {
            "cortex.wait.kind": "handoff",
            "cortex.handoff.id": handoff.handoff_id,
            "cortex.handoff.from_master": handoff.from_master,
            "cortex.handoff.to_master": handoff.to_master,
            "cortex.handoff.accepted_by": handoff.accepted_by,
        }
        above = ids.attempt_id(task.task_id, number_at(task.attempts, start))
        return self._span(ids.handoff_id(task.task_id, handoff.handoff_id), above, WAIT, start, end, given)


def _known(given: dict[str, Value | None]) -> Attributes:
    return {key: value for key, value in given.items() if value is not None}


def _error_type(error: str | None) -> str:
    return fingerprint(error) if error else NO_REASON


def _event_of(mark: Mark) -> SpanEvent:
    return SpanEvent(f"cortex.{mark.kind}", mark.at, {"cortex.reason": mark.text} if mark.text else {})


def _of(handoff: Handoff) -> Attributes:
    """A handoff as `cortex.handoff.*`, its times as ISO-8601."""
    return _known(
        {
            "cortex.handoff.id": handoff.handoff_id,
            "cortex.handoff.from_master": handoff.from_master,
            "cortex.handoff.to_master": handoff.to_master,
            "cortex.handoff.accepted_by": handoff.accepted_by,
            "cortex.handoff.created_at": iso(handoff.created_at),
            "cortex.handoff.accepted_at": iso(handoff.accepted_at),
            "cortex.handoff.completed_at": iso(handoff.completed_at),
        }
    )
