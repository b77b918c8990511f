"""`lineage attention`: what needs a person, the most urgent first; a feed that is not sound before all else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lineage_core.base.clock import MINUTE, format_timestamp, parse_timestamp
from lineage_core.write.journal import Journal
from tests.cli.conftest import NOW, Ask

NOW_AT = parse_timestamp(NOW) or 0


def log(directory: Path, minutes_ago: float, event: str, task: str, *args: str, **data: Any) -> None:
    at = format_timestamp(NOW_AT - int(minutes_ago * MINUTE))
    Journal(directory).log(event, task, *args, data=data or None, timestamp=at)


@pytest.fixture
def calm(tmp_path: Path) -> Path:
    """A directory in which all is well."""
    directory = tmp_path / "lineage"
    log(directory, 3, "task_started", "task-1", "dev-master")
    log(directory, 2, "worker_started", "task-1", "worker-1", "scan")
    log(directory, 1, "worker_progress", "task-1", "worker-1", "40")
    return directory


def test_nothing_needs_you_is_said_of_a_sound_feed_in_which_nothing_is_late(calm: Path, ask: Ask) -> None:
    assert ask("attention", "--check", calm) == (0, "nothing needs you\n", "")
    assert ask("attention", "--json", calm).json["sound"] is True


def test_a_directory_that_does_not_exist_is_the_first_finding(tmp_path: Path, ask: Ask) -> None:
    for command in ("attention", "zombies"):
        told = ask(command, tmp_path / "nowhere")
        assert told.code == 3
        assert "does not exist" in told.out
        assert "nothing" not in told.out
    (finding,) = ask("attention", "--json", tmp_path / "nowhere").json["findings"]
    assert (finding["rule"], finding["severity"], finding["late"]) == ("feed", "bad", True)


@pytest.mark.parametrize("bad", ["a directory", "no gzip", "a torn record"])
def test_what_cannot_be_read_is_the_first_finding(bad: str, calm: Path, ask: Ask) -> None:
    log(calm, 60, "task_started", "task-2", "dev-master")
    log(calm, 59, "worker_started", "task-2", "worker-2", "scan")
    if bad == "a directory":
        (calm / "lineage-2026-11-21.jsonl").mkdir()
    elif bad == "no gzip":
        (calm / "lineage-2026-11-21.jsonl.gz").write_bytes(b"\x1f\x8bno gzip at all")
    else:
        with (calm / "lineage-2026-11-22.jsonl").open("a") as file:
            file.write('{"lineage_id": "torn\n')
    told = ask("attention", "--json", calm).json
    assert told["sound"] is False
    assert [row["rule"] for row in told["findings"]] == ["feed", "silent"]
    assert "lineage-2026-11-2" in told["findings"][0]["sentence"]
    assert ask("attention", "--rule", "retries", "--check", calm).code != 0 or bad == "a torn record"
    assert "nothing needs you" not in ask("attention", "--rule", "retries", calm).out
    assert ask("attention", "--check", calm).code in (1, 3)


def test_a_record_that_was_torn_long_ago_is_past(calm: Path, ask: Ask) -> None:
    (calm / "lineage-2026-10-01.jsonl").write_text('{"lineage_id": "torn\n')
    told = ask("attention", "--check", "--json", calm)
    assert (told.code, told.json["sound"]) == (0, True)
    assert [row["severity"] for row in told.json["findings"]] == ["past"]


def test_check_fails_if_anything_is_late(calm: Path, ask: Ask) -> None:
    log(calm, 10, "handoff_created", "task-1", "handoff-1", "dev-master", "cicd-master")
    assert ask("attention", "--check", calm).code == 1
    assert ask("attention", calm).code == 0
    assert ask("attention", "--check", "--handoff-after", "15m", calm).code == 0
    assert ask("zombies", calm).out == "nothing needs you\n"
    assert ask("zombies", "--all", "--json", calm).json == ask("attention", "--json", calm).json


def test_a_warning_is_listed_and_not_late(calm: Path, ask: Ask) -> None:
    log(calm, 20, "worker_started", "task-1", "worker-2", "scan")
    told = ask("attention", "--check", "--json", calm)
    assert (told.code, [(row["severity"], row["late"]) for row in told.json["findings"]]) == (0, [("warning", False)])


@pytest.mark.parametrize(
    ("rule", "end"),
    [
        ("failed", ("task_failed", "task-2", "dev-master", "full")),
        ("orphaned", ("task_completed", "task-2", "dev-master", "success")),
    ],
)
def test_check_fails_for_what_is_wrong_without_being_late(
    rule: str, end: tuple[str, ...], calm: Path, ask: Ask
) -> None:
    log(calm, 60, "task_started", "task-2", "dev-master")
    if rule == "orphaned":
        log(calm, 59, "worker_started", "task-2", "worker-2", "scan")
    log(calm, 50, *end)
    told = ask("attention", "--check", "--json", calm)
    assert [(row["rule"], row["late"]) for row in told.json["findings"] if row["severity"] != "past"] == [(rule, False)]
    assert told.code == 1


def test_of_equally_bad_things_those_of_urgent_tasks_come_first(calm: Path, ask: Ask) -> None:
    for number, priority in enumerate(("low", "critical", "", "high", "medium")):
        task, words = f"task-of-{priority or 'none'}", {"priority": priority} if priority else {}
        log(calm, 300 - number, "task_created", task, "user-kim", **words)
        log(calm, 200 - number, "worker_started", task, f"worker-{number}", "scan")
    rows = ask("attention", "--rule", "silent", "--json", calm).json["findings"]
    assert [row["priority"] for row in rows] == ["critical", "high", "medium", None, "low"]
    assert ask("attention", calm).out.splitlines()[0].startswith("5 zombie workers at once")
