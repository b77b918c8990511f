"""What is open as lines of a log, each with the trace and the span that it will be: a span is sent at its end only."""

from __future__ import annotations

from typing import NamedTuple

from lineage_core.otel.spans import Attributes, Span


class LogLine(NamedTuple):
    """name: what kind of event it is. at: microseconds since the epoch, UTC."""

    name: str
    at: int
    trace_id: str
    span_id: str
    text: str
    attributes: Attributes


def opened(span: Span) -> LogLine:
    """The line that says that a span has begun.

    Its attribute `log.record.uid` is the same whenever it is sent: two with one uid are one
    (https://opentelemetry.io/docs/specs/semconv/registry/attributes/log/).
    """
    of_span = span.attributes
    task = of_span["cortex.task.id"]
    match of_span.get("cortex.wait.kind"):
        case None if "cortex.worker.id" in of_span:
            text = f"{task}: {of_span['cortex.worker.id']} is at work"
        case None:
            text = f"{task}: attempt {of_span['cortex.attempt.number']} is under way"
        case "queued":
            text = f"{task}: waits to be assigned"
        case "assigned":
            text = f"{task}: waits to be started"
        case "handoff":
            text = f"{task}: {of_span['cortex.handoff.id']} waits to be accepted"
        case _ if "cortex.wait.for" in of_span:
            text = f"{task}: waits for {of_span['cortex.wait.for']}"
        case _:
            text = f"{task}: is blocked"
    attributes: Attributes = of_span | {"log.record.uid": f"{span.span_id}-opened", "cortex.span.name": span.name}
    return LogLine("cortex.opened", span.start, span.trace_id, span.span_id, text, attributes)
