"""Every figure equals what plain Python computes from the folded state and the decoded records of the same files."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_core import stats
from lineage_core.base.clock import HOUR, MINUTE, SECOND
from lineage_core.dataframes.reader import read_frames
from lineage_core.integration.coverage import sightings
from lineage_core.meaning.cost import Cost, cost_by_owner
from lineage_core.meaning.money import Money, Prices
from lineage_core.model.task_parts import Status, Worker
from lineage_core.stats.throughput import edges
from tests.stats.strategies import directories
from tests.stats.told import (
    EPOCH,
    Told,
    assert_spreads_equal,
    data_of,
    error_of,
    ms,
    percentile,
    run_of,
    spread,
    text_of,
    told_of,
    wilson,
    wrong_in,
)

WINDOWS = st.sampled_from([None, 0, 3, 5, 30, 7200])


def check_durations(told: Told) -> None:
    """How long workers and tasks took."""
    ended = [w for w in told.workers if told.holds(w.ended_at)]
    assert_spreads_equal(stats.durations(told.cut, "worker_type"), spread((w.worker_type, run_of(w)) for w in ended))
    for by in ("master", "task_type", "session"):
        over = [t for t in told.tasks if told.holds(t.ended_at)]
        expected = spread((getattr(t, by), ms(t.ended_at, t.started_at)) for t in over)
        assert_spreads_equal(stats.durations(told.cut, by), expected)


def check_waits(told: Told) -> None:
    """How long was waited for a start, a handoff, the end of a block."""
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


def check_failure_rates(told: Told) -> None:
    """How many failed of those that ended."""
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


def check_reasons(told: Told) -> None:
    """What failed for which reason, and whether it is new."""
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
        (["cannot open /run/12/key.pem", "cannot open /run/7/key.pem"], "cannot open /run/#/key.pem"),
        (["zombie_timeout"], "zombie_timeout"),
    ],
)
def test_ids_and_numbers_do_not_split_a_reason(texts: list[str], pattern: str) -> None:
    told = pl.DataFrame({"text": texts}).select(stats.pattern_of(pl.col("text")))
    assert told["text"].to_list() == [pattern] * len(texts)


PRICES = [Prices("EUR", default, by_type) for default in (None, 2.5) for by_type in ({}, {"fix-worker": 40.0})]


def spent_of(item: Any, by: str) -> list[tuple[str, Cost, Any]]:
    """What a task or worker used by key: by master as the task pane splits it."""
    if item.tokens is None:
        return []
    if by == "master" and (costs := cost_by_owner(item, item.last_at)):
        return [(cost.master, cost, item) for cost in costs if cost.tokens is not None]
    whole = Cost(getattr(item, by) or stats.NOBODY)
    rest = item.tokens
    if by == "worker_type":
        whole.spend(item.tokens, item.worker_type)
        return [(whole.master, whole, item)]
    for run in item.runs:
        whole.spend(run.tokens or 0, run.worker_type)
        rest -= run.tokens or 0
    whole.spend(rest)
    return [(whole.master, whole, item)]


def check_tokens(told: Told, prices: Prices) -> None:
    """What was used and what it cost, against the budget."""

    def money_for(cost: Cost) -> Money:
        money = Money()
        for kind, used in cost.by_type.items():
            money = money.plus(used, prices.of(kind))
        return money

    recent = [t for t in told.tasks if told.holds(t.last_at)]
    crew = [(task, w) for task in told.tasks for w in task.workers.values() if told.holds(w.last_at)]
    for by in ("worker_type", "master", "task_type", "session"):
        of_workers = by == "worker_type"
        items: dict[str, list[Any]] = {}
        for item in [w for _, w in crew] if of_workers else recent:
            for key, cost, one in spent_of(item, by):
                items.setdefault(key, []).append((cost, one))
        budgets: dict[str, list[Worker]] = {}
        for task, worker in crew:
            if worker.tokens is not None and worker.token_budget is not None:
                key = getattr(worker if of_workers else task, by) or stats.NOBODY
                if by == "master":
                    key = worker.master if worker.master is not None else key
                budgets.setdefault(key, []).append(worker)
        total = sum(cost.tokens for found in items.values() for cost, _ in found)
        rows = {row["key"]: row for row in stats.tokens(told.cut._replace(prices=prices), by).to_dicts()}
        assert rows.keys() == items.keys()
        for key, found in items.items():
            row, count = rows[key], [cost.tokens for cost, _ in found]
            assert (row["items"], row["tokens"]) == (len(count), sum(count))
            assert row["mean"] == pytest.approx(sum(count) / len(count))
            assert row["share"] == pytest.approx(sum(count) / total) if total else True
            known = budgets.get(key, [])
            assert (row["budget"] or 0, row["used"] or 0, row["over"] or 0) == (
                sum(w.token_budget or 0 for w in known),
                sum(w.tokens or 0 for w in known),
                sum((w.tokens or 0) > (w.token_budget or 0) for w in known),
            )
            priced = [money_for(cost) for cost, _ in found]
            assert row["unpriced"] == sum(money.unpriced for money in priced)
            assert (row["cost"] or 0) == pytest.approx(sum(money.amount for money in priced))
            assert (row["cost"] is None) == (row["tokens"] == row["unpriced"])
            if not of_workers:
                done = [cost.tokens for cost, t in found if t.status is Status.COMPLETED]
                assert row["completed"] == len(done)
                assert row["per_completed"] == (pytest.approx(sum(done) / len(done)) if done else None)


def check_workers(told: Told, silence: int) -> None:
    """How workers ended, were silent and started."""
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


def check_course_over_time(told: Told) -> None:
    """Events and tasks by stretches of time."""
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


def check_health_of_the_lineage(told: Told) -> None:
    """Event types, actors, hours, and points that log nothing."""
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


@settings(max_examples=150, deadline=None)
@given(directories(), WINDOWS)
def test_values_of_a_wrong_type_are_counted_and_left_out(contents: dict[str, bytes], seconds: int | None) -> None:
    told = told_of(contents, seconds)
    expected = Counter(key for found in told.records if told.holds(found.at) for key in wrong_in(found.record))
    table = stats.wrong_values(told.cut)
    assert dict(zip(table["key"], table["count"], strict=True)) == expected


def check_groups(told: Told) -> None:
    """The groups say the same as the panes."""
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


@settings(max_examples=60, deadline=None)
@given(directories(), WINDOWS, st.sampled_from(PRICES), st.integers(0, 12))
def test_figures(contents: dict[str, bytes], seconds: int | None, prices: Prices, silence: int) -> None:
    """All of them over the same directories: to make and to read one takes longer than to check it."""
    told = told_of(contents, seconds)
    check_durations(told)
    check_waits(told)
    check_failure_rates(told)
    check_reasons(told)
    check_tokens(told, prices)
    check_workers(told, silence)
    check_course_over_time(told)
    check_health_of_the_lineage(told)
    check_groups(told)


def test_narrowing_leaves_the_chosen_tasks_only(tmp_path: Path) -> None:
    from lineage_core import demo

    demo.backfill(tmp_path, 2000, days=1)
    frames = read_frames(tmp_path).frames
    chosen = frames.tasks["task_id"].cast(pl.String).sort()[:20].to_list()
    cut = stats.Window(stats.narrowed(frames, chosen), None, EPOCH + 100 * MINUTE)
    everything = frames.events.filter(pl.col("task_id").is_in(chosen))
    assert stats.event_types(cut)["events"].sum() == everything.height
    assert set(cut.frames.workers["task_id"].cast(pl.String)) <= set(chosen)
