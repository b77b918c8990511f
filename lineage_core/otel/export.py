"""What is over in some tasks, as spans, one after the other: nothing is gathered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lineage_core.otel.mapping import spans_of
from lineage_core.otel.spans import Span
from lineage_core.otel.trace_context import Traces
from lineage_core.state.store import State


def finished(state: State, task_ids: Iterable[str]) -> Iterator[Span]:
    """The spans that are over of these tasks."""
    traces = Traces(state)
    for task_id in task_ids:
        task = state.task(task_id)
        if task is not None:
            yield from (span for span in spans_of(task, traces) if span.end is not None)
