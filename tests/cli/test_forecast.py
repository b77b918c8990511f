"""`lineage forecast` and `is:slow`: over real journals, through the commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineage_core import Journal
from lineage_core.base.clock import MINUTE, SECOND, format_timestamp, parse_timestamp
from lineage_core.cli.commands.forecast import CHECK_KEYS
from lineage_core.forecast.forecast_rows import FORECAST_KEYS, TASK_FORECAST_KEYS, TOGETHER_KEYS
from tests.cli.conftest import NOW, Ask

now_at = parse_timestamp(NOW)
assert now_at is not None
END = now_at


def task(journal: Journal, name: str, age: int, length: int | None, *, start_after: int | None = 10 * SECOND) -> None:
    """A build that was created `age` before now, and took `length` from its start to its end; None: it is open."""
    begun = END - age

    def log(event_type: str, actor: str, *words: str, at: int, **data: object) -> None:
        journal.log(event_type, name, actor, *words, data=data, timestamp=format_timestamp(at))

    log("task_created", "user-kim", at=begun, priority="high", type="build")
    log("task_assigned", "coordinator-master", "development-master", at=begun + SECOND)
    if start_after is None:
        return
    started = begun + start_after
    log("task_started", "development-master", at=started)
    log("worker_spawned", "development-master", f"{name}-w", "build-worker", at=started)
    log("worker_started", f"{name}-w", "build-worker", at=started)
    if length is not None:
        log("worker_completed", f"{name}-w", "success", at=started + length)
        log("task_completed", "development-master", "success", at=started + length)


@pytest.fixture(scope="session")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """100 builds that took 1 to 100 minutes, one that has run for 20 minutes, one that hangs, one that waits."""
    directory = tmp_path_factory.mktemp("builds") / "lineage"
    journal = Journal(directory)
    for number in range(1, 101):
        task(journal, f"build-{number}", (2000 + 3 * (number * 37 % 101)) * MINUTE, number * MINUTE)
    task(journal, "running", 20 * MINUTE + 10 * SECOND, None)
    task(journal, "hanging", 300 * MINUTE, None)
    task(journal, "waiting", 5 * SECOND, None, start_after=None)
    return directory


def test_what_runs_what_waits_and_what_hangs(builds: Path, ask: Ask) -> None:
    told = ask("forecast", "--json", builds)
    rows = {row["task_id"]: row for row in told.json["tasks"]}
    assert list(rows) == ["running", "waiting", "hanging"], "by expected end"
    assert set(rows["running"]) == set(FORECAST_KEYS)
    running = rows["running"]
    assert abs(running["left_ms"] - 40 * 60_000) < 6 * 60_000, "the middle of 21 to 100 minutes is 60"
    assert running["left_low_ms"] < 10 * 60_000 and 70 * 60_000 < running["left_high_ms"] <= 80 * 60_000
    assert (running["later_than"], running["slow"], running["known"]) == (19, False, 100)
    assert running["group"] == "tasks of type build, owner development-master, priority high, worker type build-worker"
    assert rows["hanging"]["slow"] and rows["hanging"]["left_ms"] is None
    assert rows["hanging"]["sentence"] == "longer than 99 of 100 like it"
    assert rows["waiting"]["status"] == "assigned" and rows["waiting"]["left_ms"] > 45 * 60_000
    queue, session = told.json["queues"], told.json["sessions"]
    assert [set(one) for one in queue] == [set(TOGETHER_KEYS)] and not session
    assert queue[0]["open"] == 3 and queue[0]["known"] == 2
    assert queue[0]["left_ms"] > max(running["left_ms"], rows["waiting"]["left_ms"])


def test_one_task_with_its_workers(builds: Path, ask: Ask) -> None:
    told = ask("forecast", "running", builds)
    assert "about 44m left (9m to 1h10m)" in told.out and "running-w" in told.out
    assert "hanging" not in told.out
    unknown = ask("forecast", "runing", builds)
    assert unknown.code == 1 and "did you mean running" in unknown.err


def test_what_is_over_or_too_rare_has_no_number(builds: Path, tmp_path: Path, ask: Ask) -> None:
    assert "nothing is open" in ask("forecast", "build-7", builds).out
    few = tmp_path / "few"
    for number in range(29):
        task(Journal(few), f"build-{number}", 100 * MINUTE, 10 * MINUTE)
    task(Journal(few), "running", MINUTE, None)
    told = ask("forecast", few)
    assert "too few like it have ended to tell" in told.out and "left" not in told.out
    task(Journal(few), "build-30", 100 * MINUTE, 10 * MINUTE)
    assert "about 9m left" in ask("forecast", few).out


def test_slow_tasks_can_be_filtered(builds: Path, ask: Ask) -> None:
    assert [row["task_id"] for row in ask("tasks", "is:slow", "--json", builds).json] == ["hanging"]
    assert len(ask("tasks", "!is:slow", "--json", builds).json) == 102


def test_the_check_tells_how_often_forecasts_were_right(demo_dir: Path, tmp_path: Path, ask: Ask) -> None:
    told = ask("forecast", "--check", "--json", demo_dir)
    assert told.code == 0
    rows = told.json["checks"]
    assert set(rows[0]) == set(CHECK_KEYS)
    at_start = next(row for row in rows if row["group"] == "task" and row["made"] == "at start")
    assert 0.7 < at_start["coverage_80"] < 0.9 and at_start["forecasts"] > 100
    ever_shorter = tmp_path / "shorter"
    for number in range(1, 101):
        task(Journal(ever_shorter), f"build-{number}", (2000 + 3 * number) * MINUTE, number * MINUTE)
    wrong = ask("forecast", "--check", ever_shorter)
    assert wrong.code == 1 and " no" in wrong.out


def test_tasks_have_forecasts_where_these_are_asked_for(builds: Path, ask: Ask) -> None:
    forecasts = {row["task_id"]: row for row in ask("forecast", "--json", builds).json["tasks"]}
    rows = ask("tasks", "--forecast", "--json", builds).json
    assert len(rows) == 103 and all(set(TASK_FORECAST_KEYS) <= set(row) for row in rows)
    for row in rows:
        same = forecasts.get(row["task_id"])
        for key in TASK_FORECAST_KEYS:
            assert row[key] == (same[key] if same else False if key == "slow" else None), (row["task_id"], key)
    by_end = ask("tasks", "is:open", "--sort", "end_at", "--json", builds).json
    assert [row["task_id"] for row in by_end] == ["running", "waiting", "hanging"]
    assert "left_ms" not in ask("tasks", "--json", builds).json[0], "it takes time: only where it is asked for"
    told = ask("tasks", "is:open", "--forecast", builds).out
    assert "LEFT" in told and "of 100" in told


def test_a_task_has_its_forecast_where_that_is_asked_for(builds: Path, ask: Ask) -> None:
    told = ask("task", "running", "--forecast", "--json", builds).json["forecast"]
    assert told == ask("forecast", "running", "--json", builds).json["tasks"] and len(told) == 2
    assert told[1]["sentence"] in ask("task", "running", "--forecast", builds).out
    assert ask("task", "build-1", "--forecast", "--json", builds).json["forecast"] == []
    assert "forecast" not in ask("task", "running", "--json", builds).json
