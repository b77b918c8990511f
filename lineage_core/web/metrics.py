"""The journal as metrics, for Prometheus: what is open, late, failed, and how the journal itself is.

Labels have few values: statuses, rules, and at most MOST_MASTERS masters and MOST_HOSTS hosts, the others as `other`.
Names and units follow
https://prometheus.io/docs/practices/naming/.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from lineage_core.base.clock import SECOND
from lineage_core.base.escaping import visible
from lineage_core.meaning.cost import cost_by_owner
from lineage_core.model.entities import TaskRow
from lineage_core.model.lineage_id import made_at
from lineage_core.model.record import parse, time_of
from lineage_core.model.task_parts import Status
from lineage_core.query.newest_events import newest_events
from lineage_core.read.compact_record import one_line
from lineage_core.rules.attention import attention
from lineage_core.rules.feed_health import FeedHealth, feed_findings
from lineage_core.rules.thresholds import Thresholds
from lineage_core.state.load import Loaded
from lineage_core.state.store import State

MOST_MASTERS = 50
MOST_HOSTS = 200
OTHER = "other"
LONGEST_LABEL = 100

BUCKETS = (1, 5, 15, 60, 300, 900, 1800, 3600, 14_400, 86_400)
"""Upper bounds of durations, in seconds."""

RECENT = 1000
"""Newest events whose write times and lags are told."""

QUANTILES = (0.5, 0.9, 0.99)


Spent = tuple[tuple[str | None, int], ...]
"""The tokens of a task by master."""


class SpentTokens:
    """The tokens of tasks by master, as `lineage stats` has them (`meaning/cost.py`): derived once, and again for tasks
    that changed. Hold the lock of the state."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[TaskRow, Spent]] = {}

    def of(self, state: State, row: TaskRow) -> Spent:
        """Those of a task, by its row."""
        if not row.tokens:
            return ()
        known = self._known.get(row.task_id)
        if known is not None and known[0] is row:
            return known[1]
        task = state.task(row.task_id)
        costs = cost_by_owner(task, row.last_at) if task is not None else ()
        spent = tuple((cost.master, cost.tokens) for cost in costs if cost.tokens) or ((row.master, row.tokens),)
        self._known[row.task_id] = row, spent
        return spent


class Measured(NamedTuple):
    """What is measured. backlog: bytes that are known and not read yet; live: whether notifications come. spent: what
    an earlier measurement derived."""

    loaded: Loaded
    directory: Path
    limits: Thresholds
    now: int
    backlog: int = 0
    live: bool = True
    spent: SpentTokens | None = None


def text(measured: Measured) -> bytes:
    """The metrics in Prometheus' text format; hold the lock of the state."""

    class Journal(Collector):
        def collect(self) -> Iterator[Metric]:
            return families(measured)

    registry = CollectorRegistry()
    registry.register(Journal())
    encode, _ = choose_encoder("")  # of an empty Accept header: the plain text format
    return bytes(encode(registry))


def families(measured: Measured) -> Iterator[Metric]:
    """All metrics, as prometheus_client takes them: times in seconds."""
    rows = measured.loaded.state.rows.values()
    yield from _tasks(measured.loaded.state, measured.spent or SpentTokens())
    yield from _runs(rows)
    if measured.loaded.state.hosts:
        yield from _hosts(measured.loaded.state)
    yield _durations(rows)
    yield from _late(measured)
    yield from _journal(measured)
    yield from _recent(measured.directory)


def masters_of(rows: Iterable[TaskRow], others: Iterable[str | None] = ()) -> dict[str | None, str]:
    """The label of each master: those with the most tasks have their own, then others, as far as there is room."""
    counts = Counter(row.master for row in rows)
    counts.update(dict.fromkeys(others, 0))
    chosen = [name for name, _ in counts.most_common(MOST_MASTERS)]
    return {name: visible(name or "none", LONGEST_LABEL) for name in chosen}


def _tasks(state: State, by_task: SpentTokens) -> Iterator[Metric]:
    rows = state.rows.values()
    spent: Counter[str | None] = Counter()
    for row in rows:
        for name, number in by_task.of(state, row):
            spent[name] += number
    labels = masters_of(rows, spent)
    tasks = GaugeMetricFamily(
        "lineage_tasks", "Tasks by status and the master that has them.", labels=("status", "master")
    )
    counts = Counter((row.status, labels.get(row.master, OTHER)) for row in rows)
    for (status, master), number in sorted(counts.items()):
        tasks.add_metric((status.value, master), number)
    yield tasks
    failed = CounterMetricFamily(
        "lineage_attempts_failed", "Attempts of tasks that failed, retried or not.", labels=("master",)
    )
    used_by = CounterMetricFamily(
        "lineage_tokens",
        "Tokens by the master that had the task or spawned the run that used them.",
        labels=("master",),
    )
    failures: Counter[str] = Counter()
    used: Counter[str] = Counter()
    for row in rows:
        failures[labels.get(row.master, OTHER)] += row.failed_attempts
    for name, number in spent.items():
        used[labels.get(name, OTHER)] += number
    for master in sorted(failures.keys() | used.keys()):
        failed.add_metric((master,), failures[master])
        used_by.add_metric((master,), used[master])
    yield failed
    yield used_by
    attempts = CounterMetricFamily("lineage_attempts", "Attempts of tasks, those that go on included.")
    attempts.add_metric((), sum(row.attempts for row in rows))
    yield attempts
    escalated = GaugeMetricFamily("lineage_tasks_escalated", "Tasks for which a person was called and nobody answered.")
    escalated.add_metric((), sum(row.escalated for row in rows))
    yield escalated


def _runs(rows: Iterable[TaskRow]) -> Iterator[Metric]:
    for name, about, number in (
        ("lineage_runs", "Runs of workers, those that go on included.", sum(row.runs for row in rows)),
        ("lineage_runs_failed", "Runs that failed, zombies included.", sum(row.failed_workers for row in rows)),
        ("lineage_runs_retried", "Runs that took the place of a failed one.", sum(row.retries for row in rows)),
        ("lineage_handoffs", "Handoffs offered.", sum(row.handoffs for row in rows)),
    ):
        counter = CounterMetricFamily(name, about)
        counter.add_metric((), number)
        yield counter
    for name, about, number in (
        ("lineage_runs_open", "Runs whose end has not been seen.", sum(row.open_workers for row in rows)),
        (
            "lineage_tasks_waiting_for_handoff",
            "Tasks with a handoff that nobody accepted.",
            sum(row.handoff_since is not None for row in rows),
        ),
    ):
        gauge = GaugeMetricFamily(name, about)
        gauge.add_metric((), number)
        yield gauge


def _hosts(state: State) -> Iterator[Metric]:
    """Of several hosts: the tasks of each, that is those which it logged first, and its newest event."""
    counts = Counter(row.hosts[0] for row in state.rows.values())
    chosen = sorted(state.hosts, key=lambda host: (-counts[host], host))[:MOST_HOSTS]
    labels = {host: visible(host, LONGEST_LABEL) for host in chosen}
    tasks = GaugeMetricFamily(
        "lineage_host_tasks", "Tasks by status and the host that logged them first.", labels=("host", "status")
    )
    found = Counter((labels.get(row.hosts[0], OTHER), row.status.value) for row in state.rows.values())
    for (host, status), number in sorted(found.items()):
        tasks.add_metric((host, status), number)
    yield tasks
    heard = GaugeMetricFamily(
        "lineage_host_last_event_timestamp_seconds", "When the newest event of a host happened.", labels=("host",)
    )
    newest: dict[str, int] = {}
    for host, at in state.heard.items():
        label = labels.get(host, OTHER)
        newest[label] = max(at, newest.get(label, at))
    for label, at in sorted(newest.items()):
        heard.add_metric((label,), at / SECOND)
    yield heard


def _durations(rows: Iterable[TaskRow]) -> Metric:
    """Times from the start of a task to its end, by how it ended."""
    family = HistogramMetricFamily(
        "lineage_task_duration_seconds", "From the start of a task to its end.", labels=("status",)
    )
    taken: dict[Status, list[float]] = {}
    for row in rows:
        if row.status.ended and row.started_at is not None and row.ended_at is not None:
            taken.setdefault(row.status, []).append(max(0, row.ended_at - row.started_at) / SECOND)
    for status, durations in sorted(taken.items()):
        durations.sort()
        buckets, at = [], 0
        for bound in BUCKETS:
            while at < len(durations) and durations[at] <= bound:
                at += 1
            buckets.append((str(float(bound)), float(at)))
        buckets.append(("+Inf", float(len(durations))))
        family.add_metric((status.value,), buckets, sum(durations))
    return family


def _late(measured: Measured) -> Iterator[Metric]:
    loaded, now = measured.loaded, measured.now
    health = FeedHealth(measured.directory, "", loaded.problems, loaded.quarantined, measured.backlog)
    findings = [*feed_findings(health, now), *attention(loaded.state, now, measured.limits)]
    found = GaugeMetricFamily("lineage_findings", "What needs a person, or did.", labels=("rule", "severity"))
    for (rule, severity), number in sorted(Counter((one.rule, one.severity.value) for one in findings).items()):
        found.add_metric((rule, severity), number)
    yield found
    late = GaugeMetricFamily("lineage_expectations_late", "Things that should have happened by now.", labels=("rule",))
    for rule, number in sorted(Counter(one.rule for one in findings if one.late_since is not None).items()):
        late.add_metric((rule,), number)
    yield late


def _journal(measured: Measured) -> Iterator[Metric]:
    state = measured.loaded.state
    for name, about, number in (
        ("lineage_events", "Distinct events.", state.events),
        ("lineage_copies", "Records that were copies of an event.", state.copies),
        ("lineage_quarantined", "Pieces of files that are no whole record.", sum(measured.loaded.quarantined.values())),
    ):
        counter = CounterMetricFamily(name, about)
        counter.add_metric((), number)
        yield counter
    last = state.newest() or 0
    for name, about, value in (
        ("lineage_unreadable_files", "Files that cannot be read.", len(measured.loaded.problems)),
        ("lineage_backlog_bytes", "Bytes that are known and not read yet.", measured.backlog),
        ("lineage_notified", "1 while changes are told by the system, 0 while files are polled.", int(measured.live)),
        ("lineage_last_event_timestamp_seconds", "When the newest event happened.", last / SECOND),
    ):
        gauge = GaugeMetricFamily(name, about)
        gauge.add_metric((), value)
        yield gauge


def _recent(directory: Path) -> Iterator[Metric]:
    """How long the newest events took to be written, and how late they were, as far as writers told."""
    write: list[float] = []
    lag: list[float] = []
    for raw in newest_events(directory, RECENT).raws:
        record = parse(one_line(raw))
        data = record.get("event_data")
        metadata = data.get("metadata") if isinstance(data, dict) else None
        micros = metadata.get("log_us") if isinstance(metadata, dict) else None
        if isinstance(micros, int | float) and not isinstance(micros, bool) and 0 <= micros < 1e12:
            write.append(micros / SECOND)
        made, at = made_at(record["lineage_id"]), time_of(record["timestamp"])
        if made is not None and at is not None:
            lag.append((made - at) / SECOND)
    for name, about, values in (
        ("lineage_write_seconds", "What writers took for an event.", write),
        ("lineage_lag_seconds", "From the time of an event to the time at which it was logged.", lag),
    ):
        family = GaugeMetricFamily(name, f"{about} Of the newest {RECENT} events.", labels=("quantile",))
        values.sort()
        for quantile in QUANTILES if values else ():
            family.add_metric((str(quantile),), values[min(len(values) - 1, int(len(values) * quantile))])
        yield family
