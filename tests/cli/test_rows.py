"""JSON rows have exactly the keys that the help documents, with values of the documented kinds."""

import json
import re
from collections import Counter
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from lineage_core.cli.commands import tasks as tasks_command
from lineage_core.cli.progress import load_all
from lineage_core.forecast.forecast_rows import FORECAST_KEYS, TASK_FORECAST_KEYS, TOGETHER_KEYS
from lineage_core.model import answer_types, row_types
from lineage_core.present.rows import EVENT_KEYS, WORKER_KEYS
from lineage_core.present.task_rows import DETAIL_KEYS, FAILURE_KEYS, TASK_KEYS
from lineage_core.write.journal import Journal
from tests.build import write_config
from tests.cli.conftest import Ask

ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def keys_of(query: str) -> dict[str, str]:
    """The keys that a command documents."""
    if query in ("tasks", "workers"):
        return TASK_KEYS if query == "tasks" else WORKER_KEYS
    keys: dict[str, str] = import_module(f"lineage_core.cli.commands.{query}").KEYS
    return keys


def rows_of(query: str, answer: Any) -> list[dict[str, Any]]:
    if isinstance(answer, list):
        return answer
    for key in ("failures", "findings", "events", "parts"):
        if key in answer and query != "summary" and query != "task":
            rows: list[dict[str, Any]] = answer[key]
            return rows
    return [answer]


@pytest.mark.parametrize(
    "query", ["tasks", "workers", "failed", "attention", "timeline", "duration", "chain", "summary"]
)
def test_rows_have_the_documented_keys_and_kinds(query: str, demo_dir: Path, ask: Ask) -> None:
    words = [query]
    if query in ("timeline", "duration", "chain", "summary"):
        words.append(ask("tasks", "is:retried", "--limit", "1", "--json", demo_dir).json[0]["task_id"])
    rows = rows_of(query, ask(*words, "--json", demo_dir).json)
    assert rows
    for row in rows:
        assert list(row) == list(keys_of(query))
        for key, value in row.items():
            if key.endswith("_at") or key in ("at", "since", "start", "end"):
                assert value is None or ISO.fullmatch(value), key
            if key.endswith("_ms"):
                assert value is None or isinstance(value, int), key
    flat = [json.loads(line) for line in ask(*words, "--format", "jsonl", demo_dir).lines]
    assert flat == rows
    header = ask(*words, "--format", "csv", demo_dir).lines[0]
    assert header.split(",") == list(keys_of(query))


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("wait", ["task-a-deps-audit"]),
        ("task", ["task-a-deps-audit", "--forecast"]),
        ("explain", ["task-a-deps-audit"]),
    ],
)
def test_one_object_has_the_documented_keys(query: str, words: list[str], ask: Ask) -> None:
    write_config('[prices]\ncurrency = "EUR"\ndefault = 2.5\n')  # with which task has `money`
    assert list(ask(query, *words, "--json").json) == list(keys_of(query))


def test_events_as_csv_have_the_documented_columns(ask: Ask) -> None:
    assert ask("events", "--format", "csv").lines[0].split(",") == list(EVENT_KEYS)
    assert ask("recent", "--format", "csv").lines[0].split(",") == list(EVENT_KEYS)


@pytest.mark.parametrize("query", ["tasks", "workers", "task", "events", "timeline", "failed", "zombies", "chain"])
def test_the_help_documents_each_key_after_the_examples(query: str, ask: Ask) -> None:
    out = ask(query, "--help").out
    assert out.startswith("examples:\n  lineage ")
    keys = EVENT_KEYS if query == "events" else keys_of(query)
    for key, text in keys.items():
        assert re.search(rf"^  {key} +{re.escape(text[:40])}", out, re.MULTILINE), key


def test_tasks_sort_by_any_key_with_the_unknown_last(demo_dir: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks_command, "load_all", cache(load_all))  # 41 loads take longer than all that is sorted
    rows = ask("tasks", "--json", demo_dir).json
    for key in TASK_KEYS:
        got = [row[key] for row in ask("tasks", "--sort", key, "--json", demo_dir).json]
        assert len(got) == len(rows)
        known = [value for value in got if value is not None]
        assert got == known + [None] * (len(got) - len(known))
        assert known in (sorted(known), sorted(known, reverse=True))
    reverse = ask("tasks", "--sort", "task_id", "--reverse", "--json", demo_dir).json
    assert [row["task_id"] for row in reverse] == sorted((row["task_id"] for row in rows), reverse=True)


def test_tasks_take_the_filter_language(demo_dir: Path, ask: Ask) -> None:
    rows = ask("tasks", "--json", demo_dir).json
    failed = ask("tasks", "status:failed", "--json", demo_dir).json
    assert failed == [row for row in rows if row["status"] == "failed"]
    others = ask("tasks", "!status:failed", "--json", demo_dir).json
    assert len(failed) + len(others) == len(rows)
    assert (
        ask("tasks", "is:open", "--limit", "3", "--json", demo_dir).json
        == [row for row in rows if row["status"] in ("queued", "assigned", "running", "blocked", "unknown")][:3]
    )


def test_tasks_and_workers_of_a_period_had_events_in_it(demo_dir: Path, ask: Ask) -> None:
    rows = ask("tasks", "--json", demo_dir).json
    since = "2026-11-22T00:00:00.000000Z"
    today = ask("tasks", "--since", since, "--json", demo_dir).json
    assert today == [row for row in rows if row["last_at"] >= since]
    before = ask("tasks", "--until", since, "--json", demo_dir).json
    assert before == [row for row in rows if row["first_at"] < since]
    workers = ask("workers", "--since", since, "--json", demo_dir).json
    assert workers
    assert all(row["last_at"] >= since for row in workers)


def test_the_point_query_and_the_whole_fold_agree(demo_dir: Path, ask: Ask) -> None:
    rows = {row["task_id"]: row for row in ask("tasks", "--json", demo_dir).json}
    workers = ask("workers", "--json", demo_dir).json
    for task_id in list(rows)[::15]:
        told = ask("task", task_id, "--json", demo_dir).json
        assert told["task"] == rows[task_id]
        own = [row for row in workers if row["task_id"] == task_id]
        assert sorted(told["workers"], key=str) == sorted(own, key=str)
        assert ask("workers", task_id, "--json", demo_dir).json == told["workers"]
        assert ask("summary", task_id, "--json", demo_dir).json["tokens"] == rows[task_id]["tokens"]
        for link in told["links"]:
            if link["status"] is not None:
                assert link["status"] == rows[link["task_id"]]["status"]


def test_failures_are_newest_first_and_each_once(demo_dir: Path, ask: Ask) -> None:
    rows = ask("failed", "--json", demo_dir).json["failures"]
    assert [row["at"] for row in rows] == sorted((row["at"] for row in rows), reverse=True)
    tasks = [row["task_id"] for row in rows if row["what"] == "task"]
    counts = {row["task_id"]: row["failed_attempts"] for row in ask("tasks", "--json", demo_dir).json}
    assert Counter(tasks) == Counter(counts)
    failed = {row["task_id"] for row in ask("tasks", "status:failed", "--json", demo_dir).json}
    assert failed < set(tasks), "those that were started again are listed too"
    workers = [row for row in ask("workers", "--json", demo_dir).json if row["status"] in ("failed", "zombie")]
    assert len(rows) == len(tasks) + len(workers)
    assert ask("failed", "--tasks", "--json", demo_dir).json["workers"] == 0
    one = tasks[0]
    assert {row["task_id"] for row in ask("failed", "--task", one, "--json", demo_dir).json["failures"]} == {one}


def test_the_figures_above_failures_are_of_all_however_few_are_listed(demo_dir: Path, ask: Ask) -> None:
    names = ("tasks", "workers", "retried", "failed_tasks")
    every, few = (ask("failed", *limit, "--json", demo_dir).json for limit in ((), ("--limit", "3")))
    assert few["failures"] == every["failures"][:3]
    assert [few[name] for name in names] == [every[name] for name in names]
    whole, cut = (ask("failed", *limit, demo_dir).lines[0] for limit in ((), ("--limit", "3")))
    assert cut == f"{whole}; newest 3 shown"


@pytest.mark.parametrize("query", ["workers", "failed", "tasks"])
def test_a_limit_gives_the_beginning_of_the_whole_answer(query: str, demo_dir: Path, ask: Ask) -> None:
    rows = rows_of(query, ask(query, "--json", demo_dir).json)
    for limit in (0, 1, 7, 40, 5000):
        assert rows_of(query, ask(query, "--limit", str(limit), "--json", demo_dir).json) == rows[:limit]


def test_failures_and_findings_of_a_period_lie_in_it(demo_dir: Path, ask: Ask) -> None:
    since, until = "2026-11-21T12:00:00.000000Z", "2026-11-22T00:00:00.000000Z"
    period = ["--since", since, "--until", until, "--json"]
    for query, key, when in (("failed", "failures", "at"), ("zombies", "findings", "since")):
        everything = ask(query, "--json", demo_dir).json[key]
        inside = [row for row in everything if since <= row[when] < until]
        assert 0 < len(inside) < len(everything)
        assert [row[when] for row in ask(query, *period, demo_dir).json[key]] == [row[when] for row in inside]


def test_a_worker_heard_of_late_is_not_hidden_by_a_task_with_a_later_event(tmp_path: Path, ask: Ask) -> None:
    journal = Journal(tmp_path / "lineage")
    for number, heard, ended in ((1, "07:00", "08:09"), (2, "08:04", "08:05"), (3, "06:00", "06:00")):
        for event, time, *words in (
            ("worker_started", heard, f"worker-{number}", "scan"),
            ("task_failed", ended, "dev-master", "x"),
        ):
            journal.log(event, f"task-{number}", *words, timestamp=f"2026-11-22T{time}:00Z")
    for limit, expected in ((1, ["worker-2"]), (2, ["worker-2", "worker-1"])):
        asked = ask("workers", "--limit", str(limit), "--json", journal.directory)
        assert [row["worker_id"] for row in asked.json] == expected


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        (row_types.TaskJson, TASK_KEYS),
        (row_types.WorkerJson, WORKER_KEYS),
        (row_types.EventJson, EVENT_KEYS),
        (row_types.FailureJson, FAILURE_KEYS),
        (row_types.ForecastJson, FORECAST_KEYS),
        (row_types.TaskForecastJson, TASK_FORECAST_KEYS),
        (row_types.TogetherJson, TOGETHER_KEYS),
        (answer_types.TaskDetailsJson, DETAIL_KEYS),
        (answer_types.DurationPartJson, keys_of("duration")),
        (answer_types.TimelinePartJson, keys_of("timeline")),
        (answer_types.SummaryJson, keys_of("summary")),
        (answer_types.WaitAnswerJson, keys_of("wait")),
    ],
)
def test_the_types_of_rows_have_the_documented_keys(typed: type, keys: dict[str, str]) -> None:
    assert set(typed.__annotations__) - {"host", "hosts"} == set(keys)
