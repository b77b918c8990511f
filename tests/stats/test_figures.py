"""Every figure equals what plain Python computes from the folded state and the decoded records of the same files."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_core import stats
from lineage_core.base.clock import HOUR, MINUTE, SECOND, parse_timestamp
from lineage_core.dataframes.reader import read_frames
from lineage_core.integration.survey import sightings
from lineage_core.model.entities import Status, Task, Worker
from lineage_core.model.event_data import tokens_of
from lineage_core.model.facts import digest_of
from lineage_core.read.decoder import Found
from lineage_core.read.tailer import Tailer
from lineage_core.state.load import load
from lineage_core.stats.throughput import edges
from tests.build import write
from tests.stats.strategies import directories

EPOCH = parse_timestamp("2026-11-22T08:00:00Z") or 0
WINDOWS = st.sampled_from([None, 0, 3, 5, 30, 7200])


class Told(NamedTuple):
    """A directory, read both ways. cut: the frames; tasks: the fold's; records: distinct ones with their times."""

    cut: stats.Window
    tasks: list[Task]
    records: list[Found]

    def holds(self, at: int | None) -> bool:
        return at is not None and (self.cut.since is None or at >= self.cut.since)

    @property
    def workers(self) -> list[Worker]:
        return [worker for task in self.tasks for worker in task.workers.values()]


def tell(directory: Path, seconds: int | None) -> Told:
    now = EPOCH + 10 * SECOND
    records: dict[int, Found] = {}
    tailer = Tailer(directory)
    for batch in tailer.scan():
        for found in batch.found:
            records.setdefault(digest_of(found.record), found)
    tailer.close()
    state = load(directory).state
    tasks = [task for task_id in state.rows if (task := state.task(task_id)) is not None]
    cut = stats.Window(read_frames(directory).frames, None if seconds is None else now - seconds * SECOND, now)
    return Told(cut, tasks, list(records.values()))


def told_of(contents: dict[str, bytes], seconds: int | None) -> Told:
    with tempfile.TemporaryDirectory() as folder:
        for name, content in contents.items():
            write(Path(folder), content, name=name)
        return tell(Path(folder), seconds)


def percentile(values: list[float], part: float) -> float:
    """Interpolated linearly between the two nearest."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * part
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def spread(values: Iterable[tuple[str | None, float | None]]) -> dict[str, tuple[Any, ...]]:
    """By key: count, p50, p95, p99, max, and how many are left out."""
    by: dict[str, list[float]] = {}
    for key, value in values:
        if value is not None:
            by.setdefault(key or stats.NOBODY, []).append(value)
    result = {}
    for key, found in by.items():
        fine = [value for value in found if value >= 0]
        points = [percentile(fine, part) for part in (0.5, 0.95, 0.99)] if fine else [None] * 3
        result[key] = (len(fine), *points, max(fine, default=None), len(found) - len(fine))
    return result


def spread_of(table: pl.DataFrame) -> dict[str, tuple[Any, ...]]:
    rows = {}
    for row in table.iter_rows(named=True):
        assert row["count"] == sum(row["histogram"] or [])
        rows[row["key"]] = tuple(row[name] for name in ("count", "p50", "p95", "p99", "max", "left_out"))
    return rows


def assert_spreads_equal(table: pl.DataFrame, expected: dict[str, tuple[Any, ...]]) -> None:
    told = spread_of(table)
    assert told.keys() == expected.keys()
    for key, values in expected.items():
        assert told[key] == pytest.approx(values), key


def ms(later: int | None, earlier: int | None) -> float | None:
    return None if later is None or earlier is None else (later - earlier) / 1000


def run_of(worker: Worker) -> float | None:
    return None if worker.length is None else worker.length / 1000


@settings(max_examples=60, deadline=None)
@given(directories(), WINDOWS)
def test_durations(contents: dict[str, bytes], seconds: int | None) -> None:
    told = told_of(contents, seconds)
    ended = [w for w in told.workers if told.holds(w.ended_at)]
    assert_spreads_equal(stats.durations(told.cut, "worker_type"), spread((w.worker_type, run_of(w)) for w in ended))
    for by in ("master", "task_type", "session"):
        over = [t for t in told.tasks if told.holds(t.ended_at)]
        expected = spread((getattr(t, by), ms(t.ended_at, t.started_at)) for t in over)
        assert_spreads_equal(stats.durations(told.cut, by), expected)


@settings(max_examples=60, deadline=None)
@given(directories(), WINDOWS)
def test_waits(contents: dict[str, bytes], seconds: int | None) -> None:
    told = told_of(contents, seconds)
    values: list[tuple[str, float | None]] = []
    for task in told.tasks:
        if told.holds(task.started_at):
            values.append(("queue", ms(task.started_at, task.created_at)))
        values += [
            ("block", ms(phase.end, phase.start))
            for phase in task.phases
            if phase.status is Status.BLOCKED and told.holds(phase.end)
        ]
        accepted = [h for h in task.handoffs.values() if told.holds(h.accepted_at)]
        values += [("handoff", ms(h.accepted_at, h.created_at)) for h in accepted]
    values += [("start", ms(w.started_at, w.spawned_at)) for w in told.workers if told.holds(w.started_at)]
    assert_spreads_equal(stats.waits(told.cut), spread(values))


def wilson(failed: int, ended: int) -> tuple[float, float, float]:
    z, p = 1.959964, failed / ended
    middle = (p + z * z / (2 * ended)) / (1 + z * z / ended)
    half = z * (p * (1 - p) / ended + z * z / (4 * ended * ended)) ** 0.5 / (1 + z * z / ended)
    return p, max(0.0, middle - half), min(1.0, middle + half)


@settings(max_examples=60, deadline=None)
@given(directories(), WINDOWS)
def test_failure_rates(contents: dict[str, bytes], seconds: int | None) -> None:
    told = told_of(contents, seconds)
    for by in ("master", "task_type", "worker_type"):
        ends: dict[str, list[bool]] = {}
        if by == "worker_type":
            for worker in told.workers:
                if told.holds(worker.ended_at):
                    ends.setdefault(worker.worker_type or stats.NOBODY, []).append(worker.failed)
        else:
            for task in told.tasks:
                if told.holds(task.ended_at) and task.status is not Status.CANCELLED:
                    ends.setdefault(getattr(task, by) or stats.NOBODY, []).append(task.status is Status.FAILED)
        rows = {row["key"]: row for row in stats.failures(told.cut, by).to_dicts()}
        assert {key: (row["ended"], row["failed"]) for key, row in rows.items()} == {
            key: (len(values), sum(values)) for key, values in ends.items()
        }
        for key, row in rows.items():
            assert (row["rate"], row["rate_low"], row["rate_high"]) == pytest.approx(
                wilson(sum(ends[key]), len(ends[key]))
            )


def text_of(value: Any) -> str | None:
    return value[:300] if isinstance(value, str) and value else None


def error_of(data: dict[str, Any]) -> str | None:
    details = data.get("error_details")
    if isinstance(details, dict):
        return text_of(details.get("error_message")) or text_of(details.get("error_type"))
    return text_of(details)


def data_of(record: dict[str, Any]) -> dict[str, Any]:
    data = record.get("event_data")
    return data if isinstance(data, dict) else {}


@settings(max_examples=60, deadline=None)
@given(directories(), WINDOWS)
def test_reasons(contents: dict[str, bytes], seconds: int | None) -> None:
    told = told_of(contents, seconds)
    groups: dict[tuple[str, str], list[tuple[int, str, str]]] = {}
    for found in told.records:
        record, data = found.record, data_of(found.record)
        kind, _, what = record["event_type"].partition("_")
        if what == "failed" or (what == "completed" and data.get("completion_status") == "failed"):
            reason, error = text_of(data.get("reason")), error_of(data)
            if kind in ("task", "worker"):
                text = (reason or error if kind == "task" else error or reason) or "(no reason given)"
                pattern = pl.select(stats.pattern_of(pl.lit(text))).item()
                groups.setdefault((kind, pattern), []).append((found.at, text, record["task_id"]))
    expected = {}
    for key, seen in groups.items():
        recent = [one for one in seen if told.holds(one[0])]
        if recent:
            first, last = min(at for at, _, _ in seen), max(at for at, _, _ in seen)
            new = told.cut.since is not None and first >= told.cut.since
            expected[key] = (len(recent), len({task for _, _, task in recent}), max(seen)[1], first, last, new)
    rows = {
        (row["kind"], row["reason"]): (
            row["count"],
            row["tasks"],
            row["example"],
            round(row["first_at"].timestamp() * SECOND),
            round(row["last_at"].timestamp() * SECOND),
            row["new"],
        )
        for row in stats.reasons(told.cut).to_dicts()
    }
    assert rows == expected


@pytest.mark.parametrize(
    ("texts", "pattern"),
    [
        (["exit 3", "exit 137"], "exit #"),
        (["worker-scan-0012 hung for 600 s", "worker-scan-7 hung for 4 s"], "# hung for # s"),
        (["no such file '/tmp/a b/x'", "no such file '/var/y'"], "no such file #"),
        (["id 6f1c0a9e-11aa-4b7e-9d52-0242ac120002 lost", "id deadbeefcafe lost"], "id # lost"),
        (["cannot open /etc/cortex/key.pem", "cannot open /home/kim/key"], "cannot open #"),
        (["zombie_timeout"], "zombie_timeout"),
    ],
)
def test_ids_and_numbers_do_not_split_a_reason(texts: list[str], pattern: str) -> None:
    told = pl.DataFrame({"text": texts}).select(stats.pattern_of(pl.col("text")))
    assert told["text"].to_list() == [pattern] * len(texts)


@settings(max_examples=60, deadline=None)
@given(directories(), WINDOWS)
def test_tokens(contents: dict[str, bytes], seconds: int | None) -> None:
    told = told_of(contents, seconds)
    recent = [t for t in told.tasks if told.holds(t.last_at)]
    crew = [(task, w) for task in told.tasks for w in task.workers.values() if told.holds(w.last_at)]
    for by in ("worker_type", "master", "task_type", "session"):
        of_workers = by == "worker_type"
        items: dict[str, list[Any]] = {}
        for item in [w for _, w in crew] if of_workers else recent:
            if item.tokens is not None:
                items.setdefault(getattr(item, by) or stats.NOBODY, []).append(item)
        budgets: dict[str, list[Worker]] = {}
        for task, worker in crew:
            if worker.tokens is not None and worker.token_budget is not None:
                key = getattr(worker if of_workers else task, by) or stats.NOBODY
                budgets.setdefault(key, []).append(worker)
        total = sum(item.tokens for found in items.values() for item in found)
        rows = {row["key"]: row for row in stats.tokens(told.cut, by).to_dicts()}
        assert rows.keys() == items.keys()
        for key, found in items.items():
            row, count = rows[key], [item.tokens for item in found]
            assert (row["items"], row["tokens"]) == (len(count), sum(count))
            assert row["mean"] == pytest.approx(sum(count) / len(count))
            assert row["share"] == pytest.approx(sum(count) / total) if total else True
            known = budgets.get(key, [])
            assert (row["budget"] or 0, row["used"] or 0, row["over"] or 0) == (
                sum(w.token_budget or 0 for w in known),
                sum(w.tokens or 0 for w in known),
                sum((w.tokens or 0) > (w.token_budget or 0) for w in known),
            )
            if not of_workers:
                done = [t.tokens for t in found if t.status is Status.COMPLETED]
                assert row["completed"] == len(done)
                assert row["per_completed"] == (pytest.approx(sum(done) / len(done)) if done else None)


@settings(max_examples=60, deadline=None)
@given(directories(), WINDOWS, st.integers(0, 12))
def test_workers(contents: dict[str, bytes], seconds: int | None, silence: int) -> None:
    told = told_of(contents, seconds)
    expected: dict[str, Counter[str]] = {}
    starts: dict[str, list[float]] = {}
    for worker in told.workers:
        if not told.holds(worker.last_at):
            continue
        key = worker.worker_type or stats.NOBODY
        count = expected.setdefault(key, Counter())
        count["workers"] += 1
        count["open"] += worker.open
        count["failed"] += worker.failed
        count["zombies"] += worker.end == "zombie"
        count["success"] += worker.end == "success"
        count["partial"] += worker.end == "partial"
        count["retries"] += worker.retry_of is not None
        count["silent"] += worker.open and told.cut.now - worker.last_at > silence * SECOND
        start = ms(worker.started_at, worker.spawned_at)
        starts.setdefault(key, []).extend([start] if start is not None and start >= 0 else [])
    rows = {row["key"]: row for row in stats.workers(told.cut, silence * SECOND).to_dicts()}
    assert rows.keys() == expected.keys()
    for key, row in rows.items():
        assert {name: row[name] for name in expected[key]} == dict(expected[key])
        assert row["start_p95"] == (pytest.approx(percentile(starts[key], 0.95)) if starts[key] else None)
        assert row["start_max"] == max(starts[key], default=None)


@settings(max_examples=60, deadline=None)
@given(directories(), WINDOWS)
def test_the_course_over_time(contents: dict[str, bytes], seconds: int | None) -> None:
    told = told_of(contents, seconds)
    begin, step, count = edges(told.cut)
    table = stats.flow(told.cut).to_dicts()
    assert len(table) == count <= 61
    since = begin if told.cut.since is None else told.cut.since
    for n, row in enumerate(table):
        start, stop = max(since, begin + n * step), begin + (n + 1) * step

        def inside(at: int | None, start: int = start, stop: int = stop) -> bool:
            return at is not None and start <= at < stop

        moment = min(begin + (n + 1) * step - 1, max(told.cut.now, begin))
        assert row["start"] == datetime.fromtimestamp((begin + n * step) / SECOND, UTC)
        assert row["events"] == sum(inside(found.at) for found in told.records)
        assert row["created"] == sum(inside(task.created_at) for task in told.tasks)
        for name, statuses in (("running", "running"), ("queued", "queued assigned"), ("blocked", "blocked")):
            assert row[name] == sum(
                phase.status.value in statuses.split() and phase.start <= moment < (phase.end or 1 << 62)
                for task in told.tasks
                for phase in task.phases
            )


@settings(max_examples=60, deadline=None)
@given(directories(), WINDOWS)
def test_the_health_of_the_lineage(contents: dict[str, bytes], seconds: int | None) -> None:
    told = told_of(contents, seconds)
    recent = [found for found in told.records if told.holds(found.at)]
    types, actors = stats.event_types(told.cut), stats.actors(told.cut)
    of_types = Counter(found.record["event_type"] for found in recent)
    assert dict(zip(types["key"], types["events"], strict=True)) == of_types
    of_actors = Counter(found.record["actor"]["id"] for found in recent)
    assert dict(zip(actors["key"], actors["events"], strict=True)) == of_actors
    heat = {(row["day"].isoformat(), row["hour"]): row["events"] for row in stats.heat(told.cut).to_dicts()}
    hours = Counter(found.at // HOUR for found in recent)
    at = {hour: datetime.fromtimestamp(hour * 3600, UTC) for hour in hours}
    assert {key: n for key, n in heat.items() if n} == {
        (at[hour].date().isoformat(), at[hour].hour): n for hour, n in hours.items()
    }
    seen = sightings((f.record["event_type"], f.record["actor"]["id"], data_of(f.record)) for f in recent)
    assert {point.id for point in stats.silent_points(told.cut)} == {name for name, n in seen.items() if not n}


def is_number(value: Any, most: float = 2**53 - 1) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most


def wrong_in(record: dict[str, Any]) -> list[str]:
    """The keys whose values are of a wrong type: written down a second time, from the record format."""
    wrong = [key for key in ("event_data", "context") if not isinstance(record.get(key), dict | None)]
    data = data_of(record)
    texts = "type priority master_id from_master to_master worker_id worker_type handoff_id completion_status reason"
    wrong += [key for key in texts.split() if not isinstance(data.get(key), str | None)]
    for key in ("token_budget", "duration_ms"):
        wrong += [key] if data.get(key) is not None and not is_number(data[key]) else []
    percent = data.get("progress_percentage")
    wrong += ["progress_percentage"] if percent is not None and not is_number(percent, 100) else []
    context = record.get("context")
    if isinstance(context, dict) and not isinstance(context.get("session_id"), str | None):
        wrong.append("session_id")
    usage = data.get("token_usage")
    parts = [usage.get(f"{kind}_tokens") for kind in ("total", "input", "output")] if isinstance(usage, dict) else []
    if usage is not None and (tokens_of(usage) is None or not all(p is None or is_number(p) for p in parts)):
        wrong.append("token_usage")
    details = data.get("error_details")
    if isinstance(details, dict):
        fine = all(isinstance(details.get(key), str | None) for key in ("error_message", "error_type"))
    else:
        fine = isinstance(details, str | None)
    wrong += [] if fine else ["error_details"]
    metadata = data.get("metadata")
    took = metadata.get("log_us") if isinstance(metadata, dict) else None
    return wrong + (["log_us"] if took is not None and not is_number(took) else [])


@settings(max_examples=150, deadline=None)
@given(directories(), WINDOWS)
def test_values_of_a_wrong_type_are_counted_and_left_out(contents: dict[str, bytes], seconds: int | None) -> None:
    told = told_of(contents, seconds)
    expected = Counter(key for found in told.records if told.holds(found.at) for key in wrong_in(found.record))
    table = stats.wrong_values(told.cut)
    assert dict(zip(table["key"], table["count"], strict=True)) == expected


@settings(max_examples=40, deadline=None)
@given(directories(), WINDOWS)
def test_groups_say_the_same_as_the_panes(contents: dict[str, bytes], seconds: int | None) -> None:
    told = told_of(contents, seconds)
    for by in stats.BY:
        rows = stats.groups(told.cut, by).to_dicts()
        if by in ("hour", "day"):
            assert sum(row["events"] for row in rows) == sum(told.holds(found.at) for found in told.records)
            ended = [t for t in told.tasks if told.holds(t.ended_at)]
            assert sum(row["failed"] for row in rows) == sum(t.status is Status.FAILED for t in ended)
        elif by == "worker_type":
            assert sum(row["workers"] for row in rows) == sum(told.holds(w.last_at) for w in told.workers)
        else:
            assert sum(row["tasks"] for row in rows) == sum(told.holds(t.last_at) for t in told.tasks)


def test_narrowing_leaves_the_chosen_tasks_only(tmp_path: Path) -> None:
    from lineage_core import demo

    demo.backfill(tmp_path, 2000, days=1)
    frames = read_frames(tmp_path).frames
    chosen = frames.tasks["task_id"].cast(pl.String).sort()[:20].to_list()
    cut = stats.Window(stats.narrowed(frames, chosen), None, EPOCH + 100 * MINUTE)
    everything = frames.events.filter(pl.col("task_id").is_in(chosen))
    assert stats.event_types(cut)["events"].sum() == everything.height
    assert set(cut.frames.workers["task_id"].cast(pl.String)) <= set(chosen)
