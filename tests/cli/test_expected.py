"""What is expected of tasks, what is late of that, and where its time comes from: in filters, rows and explanations."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.build import completed, created, started
from tests.cli.conftest import Ask
from tests.late_cases import LATE, late_case
from tests.meaning_cases import NOW, TASK, Case, write

OF_TASKS = [name for name, one in LATE.items() if one.rule not in ("master-silent", "feed-silent")]


def directory_of(tmp_path: Path, name: str, seconds: float) -> Path:
    directory = tmp_path / f"{seconds}"
    write(directory, late_case(LATE[name], seconds))
    return directory


@pytest.mark.parametrize("name", OF_TASKS)
def test_is_late_and_the_rows_say_when_and_of_whom(name: str, tmp_path: Path, ask: Ask) -> None:
    before, after = (directory_of(tmp_path, name, seconds) for seconds in (-1, 60))
    assert [row["task_id"] for row in ask("tasks", "is:late", f"task:^{TASK}$", "--json", before).json] == []
    (row,) = ask("tasks", "is:late", f"task:^{TASK}$", "--json", after).json
    late = [one for one in row["expects"] if one["late"]]
    assert (LATE[name].rule, LATE[name].of) in [(one["name"], one["of"]) for one in late]
    assert row["late_since"] == "2026-11-22T08:09:00.000000Z"
    assert row["urgency"] in ("bad", "warning")
    assert ask("task", TASK, "--json", after).json["task"] == row
    assert f"expected of {LATE[name].of}" in ask("task", TASK, after).out


def test_an_explanation_names_the_default_the_setting_and_the_pauses_that_a_time_comes_from(
    tmp_path: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = directory_of(tmp_path, "idle", 60)
    assert "30m00s, the default; too few alike are known" in ask("explain", TASK, directory).out
    assert "40m00s, as --late idle says" in ask("explain", TASK, "--late", "idle=40m", directory).out
    monkeypatch.setenv("LINEAGE_IDLE_AFTER", "20m")
    assert "20m00s, as LINEAGE_IDLE_AFTER says" in ask("explain", TASK, directory).out


def test_what_is_usual_of_those_alike_is_told_with_their_number(tmp_path: Path, ask: Ask) -> None:
    directory = directory_of(tmp_path, "unstarted", 60)
    from tests.build import assigned

    for number in range(30):
        slow = [created(-9000), assigned(-8000), started(-8000 + 45 * 60), completed(-100)]
        write(directory, Case(slow, {}, now=60), f"task-slow-{number}")
    (row,) = ask("tasks", f"task:^{TASK}$", "--json", directory).json
    assert row["expects"][0]["why"] == "45m00s, for 99 of 100 of 30 alike took 45m00s at most; the default is 10m00s"
    assert row["late_since"] is None
    assert ask("task", TASK, "--json", directory).json["task"] == row


@pytest.mark.parametrize("children", [20, 60])
def test_all_subtasks_are_counted_however_many_there_are(children: int, tmp_path: Path, ask: Ask) -> None:
    directory = tmp_path / "lineage"
    kids = {
        f"task-kid-{n}": [created(1, parent_task_id=TASK), started(2), *([completed(9, token_usage=10)] if n else [])]
        for n in range(children)
    }
    write(directory, Case([started(0)], {}, others=kids))
    (row,) = ask("tasks", f"task:^{TASK}$", "--json", directory).json
    assert (row["subtasks"], row["subtasks_done"], row["subtasks_worst"]) == (children, children - 1, "running")
    assert row["tokens_with_subtasks"] == 10 * (children - 1)
    assert ask("task", TASK, "--json", directory).json["task"] == row
    assert f"{children - 1} of {children} completed, worst running" in ask("task", TASK, directory).out


def test_a_task_created_by_a_clock_that_is_far_ahead_is_found_by_that_time(tmp_path: Path, ask: Ask) -> None:
    directory = tmp_path / "lineage"
    write(directory, Case([created(4 * 3600, "coord"), started(-40 * 60)], {}, now=0))
    for words in (("since:2026-11-22T11:00:00Z",), ("--since", "2026-11-22T11:00:00Z"), ("type:created/2026-11-22",)):
        assert [row["task_id"] for row in ask("tasks", *words, "--json", directory).json] == [TASK]
    assert NOW == "2026-11-22T08:10:00Z"
