"""Our spans and logs as the classes of OpenTelemetry's SDK. Importing this imports opentelemetry."""

from __future__ import annotations

import os
from importlib.metadata import version
from typing import Any

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.context import Context
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk.resources import SERVICE_INSTANCE_ID, SERVICE_NAME, Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, SpanLimits
from opentelemetry.sdk.util import BoundedList
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context
from opentelemetry.trace.status import Status, StatusCode

from lineage_core.otel import spans
from lineage_core.otel.logs import LogLine

SERVICE = "cortex"
"""`service.name`, unless OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES gives one."""

_LAST = 2**63 - 1  # nanoseconds: what every reader of OTLP can hold
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)


def scope() -> InstrumentationScope:
    """What the spans say that they were made by."""
    return InstrumentationScope("lineage", version("lineage-tui"))


def resource() -> Resource:
    """What the spans say that they come from: as the OTEL_* variables have it. Without the random `service.instance.id`
    of a process: what is sent twice is to be the same."""
    made = Resource.create()
    said = os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    attributes = dict(made.attributes)
    if SERVICE_INSTANCE_ID not in said:
        attributes.pop(SERVICE_INSTANCE_ID, None)
    if not os.environ.get("OTEL_SERVICE_NAME") and SERVICE_NAME not in said:
        attributes[SERVICE_NAME] = SERVICE
    return Resource(attributes, made.schema_url)


class Maker:
    """Makes objects of the SDK; those of one Maker share their resource, scope and limits (OTEL_SPAN_*_LIMIT)."""

    def __init__(self) -> None:
        self.resource = resource()
        self.scope = scope()
        limits = SpanLimits()
        self._most_events, self._most_links = limits.max_events, limits.max_links

    def span(self, span: spans.Span) -> ReadableSpan:
        """A span that is over. Of more events or links than the limit the last stay, and the others are counted."""
        end = span.start if span.end is None else span.end
        clamped = _nanoseconds(span.start) != span.start * 1000 or _nanoseconds(end) != end * 1000
        events = [Event(one.name, _attributes(one.attributes), _nanoseconds(one.at)) for one in span.events]
        links = [Link(context(one.trace_id, one.span_id, True), _attributes(one.attributes)) for one in span.links]
        return ReadableSpan(
            _text(span.name),
            context=context(span.trace_id, span.span_id),
            parent=context(span.trace_id, span.parent_id, span.remote) if span.parent_id else None,
            resource=self.resource,
            attributes=_attributes(span.attributes | {"cortex.time.clamped": True} if clamped else span.attributes),
            events=_bounded(events, self._most_events),
            links=_bounded(links, self._most_links),
            status=_status(span.outcome, span.message),
            start_time=_nanoseconds(span.start),
            end_time=_nanoseconds(end),
            instrumentation_scope=self.scope,
        )

    def log(self, line: LogLine) -> ReadableLogRecord:
        """A line of the log, with the trace and span that it is about."""
        about = set_span_in_context(NonRecordingSpan(context(line.trace_id, line.span_id)), Context())
        record = LogRecord(
            timestamp=_nanoseconds(line.at),
            observed_timestamp=_nanoseconds(line.at),
            context=about,
            severity_text="INFO",
            severity_number=SeverityNumber.INFO,
            body=_text(line.text),
            attributes=_attributes(line.attributes),
            event_name=line.name,
        )
        return ReadableLogRecord(record, self.resource, self.scope)


def context(trace_id: str, span_id: str, remote: bool = False) -> SpanContext:
    """The context of a span by its ids in hex."""
    return SpanContext(int(trace_id, 16), int(span_id, 16), remote, _SAMPLED)


_UNSET, _OK = Status(StatusCode.UNSET), Status(StatusCode.OK)


def _status(outcome: spans.Outcome, message: str) -> Status:
    if outcome is spans.Outcome.ERROR:
        return Status(StatusCode.ERROR, _text(message))
    return _OK if outcome is spans.Outcome.OK else _UNSET


def _bounded(items: list[Any], most: int | None) -> Any:
    return items if most is None or len(items) <= most else BoundedList.from_seq(most, items)


def _nanoseconds(micros: int) -> int:
    """Nanoseconds of the epoch, as far as OTLP has them: none before 1970."""
    return min(max(0, micros * 1000), _LAST)


def _attributes(given: spans.Attributes) -> dict[str, Any]:
    """Attributes without NUL, which databases of backends refuse."""
    return {
        key: _text(value) if type(value) is str else [*map(_text, value)] if type(value) is tuple else value
        for key, value in given.items()
    }


def _text(text: str) -> str:
    return text.replace("\0", "\ufffd") if "\0" in text else text
