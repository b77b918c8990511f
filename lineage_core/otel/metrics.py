"""What a follower measures, by the SDK's instruments: cumulative, and read from the state when they are sent."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

from lineage_core.base import clock
from lineage_core.model.task_parts import Status
from lineage_core.otel.mapping import WAIT
from lineage_core.otel.spans import Span
from lineage_core.rules.attention import attention
from lineage_core.rules.thresholds import Thresholds
from lineage_core.state.store import State

Look = Callable[[], Iterable[tuple[float, dict[str, str]]]]


class Metrics:
    """The metrics of a state. Labels have few values each: statuses, rules, types of tasks and workers.

    backlog, quarantined: give the present number of bytes that are not read, and of records that were set aside.
    """

    def __init__(
        self,
        sender: Any,
        state: State,
        limits: Thresholds,
        backlog: Callable[[], int],
        quarantined: Callable[[], int],
    ) -> None:
        self._state = state
        self._limits = limits
        reader = PeriodicExportingMetricReader(sender.metrics, export_interval_millis=math.inf)
        self._provider = MeterProvider([reader], sender.resource, shutdown_on_exit=False)
        meter = self._provider.get_meter("lineage")
        for name, unit, what, look in (
            ("cortex.tasks", "{task}", "tasks by status", self._tasks),
            ("cortex.runs.open", "{run}", "runs of workers that have not ended", self._runs),
            ("cortex.findings", "{finding}", "what needs a person, by rule", self._findings),
            ("cortex.feed.backlog", "By", "bytes of the journal that are not read yet", lambda: [(backlog(), {})]),
        ):
            meter.create_observable_gauge(name, [_reading(look)], unit, what)
        for name, unit, what, number in (
            ("cortex.events", "{event}", "distinct events", lambda: state.events),
            ("cortex.feed.quarantined", "{record}", "records that were set aside", quarantined),
        ):
            meter.create_observable_counter(name, [_reading(_one(number))], unit, what)
        self._durations = {
            name: meter.create_histogram(name, "s", what)
            for name, what in (
                ("cortex.attempt.duration", "how long attempts of tasks took"),
                ("cortex.run.duration", "how long runs of workers took"),
                ("cortex.wait.duration", "how long tasks waited"),
            )
        }

    def ended(self, span: Span) -> None:
        """A span has come to its end."""
        attributes = span.attributes
        if span.name == WAIT:
            name, labels = "cortex.wait.duration", {"cortex.wait.kind": attributes["cortex.wait.kind"]}
        elif "cortex.worker.id" in attributes:
            name, labels = "cortex.run.duration", _some(attributes, "cortex.worker.type", "cortex.worker.status")
        else:
            name, labels = "cortex.attempt.duration", _some(attributes, "cortex.task.type", "cortex.attempt.outcome")
        self._durations[name].record(((span.end or span.start) - span.start) / clock.SECOND, labels)

    def send(self) -> bool:
        """Send all; whether they were taken."""
        return bool(self._provider.force_flush())

    def _tasks(self) -> Iterable[tuple[float, dict[str, str]]]:
        counts = self._state.counts
        return [(counts[status], {"cortex.task.status": status.value}) for status in Status if counts[status]]

    def _runs(self) -> Iterable[tuple[float, dict[str, str]]]:
        rows = [row for row in list(self._state.rows.values()) if not row.status.ended]
        return [(sum(row.open_workers for row in rows), {})]

    def _findings(self) -> Iterable[tuple[float, dict[str, str]]]:
        found = attention(self._state, clock.now(), self._limits)
        counts = Counter((one.rule, one.severity.value) for one in found)
        return [(n, {"cortex.rule": rule, "cortex.severity": kind}) for (rule, kind), n in counts.items()]


def _one(number: Callable[[], int]) -> Look:
    return lambda: [(number(), {})]


def _reading(look: Look) -> Callable[[CallbackOptions], list[Observation]]:
    return lambda options: [Observation(value, labels) for value, labels in look()]


def _some(attributes: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: attributes[name] for name in names if name in attributes}
