"""Foreign spans as events of tasks: a span with others below it, and each root, is a task; any other is a run of a
worker in the task above it. Pure; the ids of the events are made from those of the spans, so importing twice is once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any

from lineage_core.base.clock import format_timestamp
from lineage_core.model.record import Record
from lineage_core.otel.otlp_reader import ForeignSpan
from lineage_core.write.record_builder import compose

Imported = tuple[Record, int]
"""An event, and its time in microseconds since the epoch."""

Key = tuple[str, str]
"""A span: its trace and its id."""

MAX_ATTRIBUTES = 64
"""Attributes of a span that are kept."""

_SESSIONS = ("session.id", "gen_ai.conversation.id")


def task_id(trace_id: str, span_id: str) -> str:
    """The task that a foreign span is."""
    return f"otel-{trace_id[:12]}-{span_id}"


class Importer:
    """parents: for each span of the file the id of the span above it. environ: the settings of the writer."""

    def __init__(self, parents: Mapping[Key, str], environ: Mapping[str, str]) -> None:
        self._parents = parents
        self._above = {(trace, parent) for (trace, _), parent in parents.items() if parent}
        self._settings = {name: value for name, value in environ.items() if name.startswith("LINEAGE_")}

    def records(self, span: ForeignSpan) -> Iterator[Imported]:
        """The events of a span."""
        known = (span.trace_id, span.parent_id) in self._parents
        is_task = not known or (span.trace_id, span.span_id) in self._above
        yield from self._task(span, known) if is_task else self._run(span)

    def _task(self, span: ForeignSpan, known: bool) -> Iterator[Imported]:
        task = task_id(span.trace_id, span.span_id)
        data: dict[str, Any] = {"type": span.name, "metadata": {"attributes": _foreign_attributes(span)}}
        if known:
            data["parent_task_id"] = task_id(span.trace_id, span.parent_id)
        related = [task_id(*link) for link in span.links if link in self._parents]
        yield self._event(span, "task_created", task, [span.service], span.start, data, related)
        yield self._event(span, "task_started", task, [span.service], span.start, {})
        if span.end is not None:
            tokens = _tokens(span)
            if span.status == 2:
                yield self._event(span, "task_failed", task, [span.service, _error(span)[1]], span.end, tokens)
            else:
                yield self._event(span, "task_completed", task, [span.service, "success"], span.end, tokens)

    def _run(self, span: ForeignSpan) -> Iterator[Imported]:
        task, worker = task_id(span.trace_id, span.parent_id), span.span_id
        data = {"metadata": {"attributes": _foreign_attributes(span)}}
        yield self._event(span, "worker_started", task, [worker, span.name], span.start, data)
        for number, (name, at, details) in enumerate(span.events):
            percent = details.get("cortex.progress")
            if name == "cortex.progress" and isinstance(percent, int | float) and 0 <= percent <= 100:
                yield self._event(span, "worker_progress", task, [worker, f"{percent:g}"], at, {}, number=number)
        if span.end is not None:
            tokens = _tokens(span)
            if span.status == 2:
                kind, message = _error(span)
                details = tokens | {"error_type": kind}
                yield self._event(span, "worker_failed", task, [worker, message], span.end, details)
            else:
                yield self._event(span, "worker_completed", task, [worker, "success"], span.end, tokens)

    def _event(
        self,
        span: ForeignSpan,
        event_type: str,
        task: str,
        args: list[str],
        at: int,
        data: dict[str, Any],
        related: list[str] | None = None,
        number: int = 0,
    ) -> Imported:
        environ = dict(self._settings)
        if span.parent_id:
            environ["TRACEPARENT"] = f"00-{span.trace_id}-{span.parent_id}-01"
        else:
            environ["CORTEX_TRACE_ID"] = span.trace_id
        if session := next((details for key in _SESSIONS if isinstance(details := span.attributes.get(key), str)), ""):
            environ["CORTEX_SESSION_ID"] = session
        made = blake2b(f"{span.trace_id} {span.span_id} {event_type} {number}".encode(), digest_size=8).digest()
        record = compose(
            event_type,
            task,
            args,
            lineage_id=f"lineage-{at:016d}{int.from_bytes(made) % 10**10:010d}",
            timestamp=format_timestamp(at),
            environ=environ,
            data=data,
            related=related or (),
            tags=("imported",),
            lenient=True,
        )
        return record, at


def _foreign_attributes(span: ForeignSpan) -> dict[str, Any]:
    """The attributes, without what is nested deeper than a record may be."""
    return dict(list(span.attributes.items())[:MAX_ATTRIBUTES])


def _tokens(span: ForeignSpan) -> dict[str, Any]:
    usage = {
        name: value
        for name in ("input_tokens", "output_tokens")
        if type(value := span.attributes.get(f"gen_ai.usage.{name}")) is int
    }
    if type(total := span.attributes.get("cortex.tokens.total")) is int:
        usage["total_tokens"] = total
    return {"token_usage": usage} if usage else {}


def _error(span: ForeignSpan) -> tuple[str, str]:
    """The type of an error and its message."""
    details = next((attributes for name, _, attributes in span.events if name == "exception"), {})
    kind = str(span.attributes.get("error.type") or details.get("exception.type") or "error")
    return kind, span.message or str(details.get("exception.message") or kind)
