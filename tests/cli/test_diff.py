"""`lineage diff`: in what two tasks differ, that first and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineage_core.base.clock import SECOND, format_timestamp, parse_timestamp
from tests import build as e
from tests.build import Event, write
from tests.cli.conftest import NOW, Ask

START = (parse_timestamp(NOW) or 0) - 3600 * SECOND


def logged(directory: Path, **tasks: list[Event]) -> Path:
    """Tasks with the events of each."""
    for name, events in tasks.items():
        for at, made in events:
            moment = format_timestamp(START + round(at * SECOND))
            write(directory, {**e.record(), **made, "task_id": f"task-{name}", "timestamp": moment})
    return directory


def begun() -> list[Event]:
    return [e.created(0, type="security", priority="high"), e.assigned(10), e.started(20)]


def a_run(**data: object) -> list[Event]:
    return [
        *begun(),
        e.worker("P", 30, "worker-a", worker_type="scan-worker"),
        e.worker("S", 31, "worker-a"),
        e.worker("C", 90, "worker-a", completion_status="success"),
        e.completed(100, deliverables=["report.json"], **data),
    ]


def the_same_with_a_retry_and_another_owner() -> list[Event]:
    return [
        *begun(),
        e.worker("P", 30, "worker-x", worker_type="scan-worker"),
        e.worker("S", 31, "worker-x"),
        e.worker("F", 90, "worker-x", reason="no disk"),
        e.reassigned(95, "dev-master", "security-master"),
        e.worker("P", 100, "worker-y", worker_type="scan-worker"),
        e.worker("S", 101, "worker-y"),
        e.worker("C", 190, "worker-y", completion_status="success"),
        e.completed(200, actor="security-master", deliverables=["report.json"]),
    ]


@pytest.fixture
def two(tmp_path: Path) -> Path:
    return logged(tmp_path / "lineage", good=a_run(), bad=the_same_with_a_retry_and_another_owner())


def test_two_tasks_that_differ_in_one_retry_and_one_owner_differ_in_just_that(ask: Ask, two: Path) -> None:
    found = ask("diff", "task-good", "task-bad", "--json", two).json
    assert [(one["topic"], one["a"], one["b"]) for one in found["differences"]] == [
        ("retries", [], ["scan-worker failed: no disk"]),
        ("owners", ["dev-master"], ["dev-master", "security-master"]),
    ]
    lines = ask("diff", "task-good", "task-bad", two).lines
    assert lines[0] == "2 differences: retries, owners"
    assert [line.split() for line in lines[2:6]] == [
        ["DIFFERS", "IN", "task-good", "task-bad"],
        ["retries", "-", "scan-worker", "failed:", "no", "disk"],
        ["owners", "dev-master", "dev-master"],
        ["security-master"],
    ]


def test_what_was_spent_is_told_with_how_many_times_as_much(ask: Ask, tmp_path: Path) -> None:
    directory = logged(tmp_path / "lineage", one=a_run(token_usage=1000), two=a_run(token_usage=3000))
    code, out, _ = ask("diff", "task-one", "task-two", directory)
    assert code == 0
    assert out.startswith("no difference but in what was spent\n")
    assert ["tokens", "1,000", "3,000", "×3.0"] in [line.split() for line in out.splitlines()]


def test_ids_and_numbers_in_errors_are_no_difference(ask: Ask, tmp_path: Path) -> None:
    one = [e.created(0), e.started(1), e.failed(2, reason="disk 7 is full")]
    two = [e.created(0), e.started(1), e.failed(2, reason="disk 12 is full")]
    directory = logged(tmp_path / "lineage", one=one, two=two)
    assert ask("diff", "task-one", "task-two", "--json", directory).json["differences"] == []


def test_of_a_task_and_itself_nothing_differs(ask: Ask, demo_dir: Path) -> None:
    for row in ask("tasks", "--limit", "40", "--json", demo_dir).json:
        found = ask("diff", row["task_id"], row["task_id"], "--json", demo_dir).json
        assert found["differences"] == []
        assert all(one["a"] == one["b"] for one in found["spent"])


def test_an_unknown_task_is_named(ask: Ask, two: Path) -> None:
    code, out, err = ask("diff", "task-good", "task-worse", two)
    assert (code, out) == (1, "")
    assert err.startswith("lineage diff: no task task-worse in ")


def test_rows_are_the_document_flat(ask: Ask, two: Path) -> None:
    assert ask("diff", "task-good", "task-bad", "--format", "csv", two).lines[0] == "topic,differs,unit,a,b"


def test_with_prices_it_tells_what_both_cost(ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = {"token_usage": {"total_tokens": 250_000}}
    directory = logged(tmp_path / "lineage", good=a_run(**tokens), bad=a_run(token_usage={"total_tokens": 1_000_000}))
    topics = [row["topic"] for row in ask("diff", "task-good", "task-bad", "--json", directory).json["spent"]]
    assert not any("cost" in topic for topic in topics)
    config = tmp_path / "config" / "lineage-tui"
    config.mkdir(parents=True)
    (config / "config.toml").write_text('[prices]\ncurrency = "USD"\ndefault = 3.0\n')
    monkeypatch.setenv("XDG_CONFIG_HOME", str(config.parent))
    rows = {row["topic"]: row for row in ask("diff", "task-good", "task-bad", "--json", directory).json["spent"]}
    assert rows["cost"] == {"topic": "cost", "differs": True, "unit": "USD", "a": 0.75, "b": 3.0}
    out = ask("diff", "task-good", "task-bad", directory).out
    assert next(line.split() for line in out.splitlines() if line.startswith("cost")) == [
        *("cost", "0.75", "USD", "3.00", "USD", "×4.0")
    ]
