"""Counts of the legacy sample equal what jq computes from the same file."""

import json
import subprocess
from collections.abc import Callable

import pytest

from tests.cli.conftest import LEGACY, Ask

DAILY = LEGACY / "lineage-2026-11-22.jsonl"

Tool = Callable[[str], str]


def jq(tool: str, program: str) -> object:
    """What a jq program gives for the array of all records of the daily file."""
    done = subprocess.run([tool, "-s", "-c", program, str(DAILY)], capture_output=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("key", ["event_type", "task_id", "actor.id", "actor.type"])
def test_events_by_a_key_are_as_many_as_jq_counts(key: str, ask: Ask, need_tool: Tool) -> None:
    counted = jq(need_tool("jq"), f"group_by(.{key}) | map({{key: .[0].{key}, value: length}}) | from_entries")
    ours: dict[str, int] = {}
    for record in ask("events", "--json").json:
        value = record
        for part in key.split("."):
            value = value[part]
        ours[value] = ours.get(value, 0) + 1
    assert ours == counted


def test_events_are_the_records_that_jq_reads(ask: Ask, need_tool: Tool) -> None:
    expected = jq(need_tool("jq"), "sort_by(.timestamp)")
    assert ask("events", "--json").json == expected


@pytest.mark.parametrize(
    ("option", "program"),
    [
        (["--type", "worker_spawned"], 'map(select(.event_type == "worker_spawned"))'),
        (["--task", "task-a-rollout"], 'map(select(.task_id == "task-a-rollout"))'),
        (["--actor", "cicd-master"], 'map(select(.actor.id == "cicd-master"))'),
        (["--session", "session-a"], 'map(select(.context.session_id == "session-a"))'),
        (["--trace", "trace-a"], 'map(select(.context.trace_id == "trace-a"))'),
        (["--worker", "worker-a-scan-01"], 'map(select(.event_data.worker_id == "worker-a-scan-01"))'),
        (["--since", "2026-11-22T08:03:52Z"], 'map(select(.timestamp >= "2026-11-22T08:03:52Z"))'),
        (["--until", "2026-11-22T08:03:52Z"], 'map(select(.timestamp < "2026-11-22T08:03:52Z"))'),
        (["--date", "2026-11-22"], "."),
        (["--date", "2026-11-21"], "[]"),
        (["--grep", "manual review|zombie"], 'map(select(tostring | test("manual review|zombie")))'),
        (["--type", "task_*", "--actor", "user-kim"], 'map(select(.event_type == "task_created"))'),
    ],
)
def test_a_filter_leaves_what_jq_selects(option: list[str], program: str, ask: Ask, need_tool: Tool) -> None:
    assert ask("events", *option, "--json").json == jq(need_tool("jq"), f"{program} | sort_by(.timestamp)")


def test_tasks_workers_failures_and_handoffs_are_as_many_as_jq_counts(ask: Ask, need_tool: Tool) -> None:
    tool = need_tool("jq")
    assert len(ask("tasks", "--json").json) == jq(tool, "map(.task_id) | unique | length")
    workers = jq(tool, "map(.event_data.worker_id // empty) | unique")
    assert sorted(row["worker_id"] for row in ask("workers", "--json").json) == workers
    failed = ask("failed", "--json").json
    assert failed["tasks"] == jq(tool, 'map(select(.event_type == "task_failed")) | length')
    assert failed["workers"] == jq(tool, 'map(select(.event_type == "worker_failed")) | length')
    died = '[.event_data.reason, .event_data.error_details.error_message?] | index("zombie_timeout")'
    expected = jq(tool, f'map(select(.event_type == "worker_failed" and ({died}))) | length')
    assert len(ask("zombies", "--json").json["findings"]) == expected


def test_a_task_has_the_events_that_jq_selects(ask: Ask, need_tool: Tool) -> None:
    tool = need_tool("jq")
    for task in ("task-a-rollout", "task-a-deps-audit"):
        own = jq(tool, f'map(select(.task_id == "{task}"))')
        told = ask("task", task, "--json").json
        assert told["events"] == own
        assert told["task"]["events"] == len(own)  # type: ignore[arg-type]
        assert ask("summary", task, "--json").json["by_type"] == jq(
            tool,
            f'map(select(.task_id == "{task}")) | group_by(.event_type) '
            "| map({key: .[0].event_type, value: length}) | from_entries",
        )


def test_a_task_took_as_long_as_jq_says(ask: Ask, need_tool: Tool) -> None:
    times = 'map(select(.task_id == "task-a-rollout") | .timestamp | fromdate) | (max - min) * 1000'
    assert ask("duration", "task-a-rollout", "--json").json["elapsed_ms"] == jq(need_tool("jq"), times)


def test_the_newest_events_are_the_last_that_jq_reads(ask: Ask, need_tool: Tool) -> None:
    assert ask("recent", "7", "--json").json == jq(need_tool("jq"), "sort_by(.timestamp)[-7:]")
