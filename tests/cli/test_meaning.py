"""Each case of meaning.md, logged into a real directory, as `lineage task` and `lineage tasks` tell it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import NOW, Ask
from tests.late_cases import ALONE, LATE, Late, late_case
from tests.meaning_cases import CASES, TASK, Case, write


def holds(told: Any, expected: Any) -> bool:
    """Whether an answer has what is expected, and perhaps more keys."""
    if isinstance(expected, dict):
        return isinstance(told, dict) and all(key in told and holds(told[key], expected[key]) for key in expected)
    if isinstance(expected, list):
        return len(told) == len(expected) and all(map(holds, told, expected))
    return bool(told == expected)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_each_case_is_told_by_the_commands(case: Case, tmp_path: Path, ask: Ask) -> None:
    directory = tmp_path / "lineage"
    write(directory, case)
    whole = ask("task", TASK, "--json", directory).json
    (row,) = (row for row in ask("tasks", "--json", directory).json if row["task_id"] == TASK)
    assert whole["task"] == row
    assert {key: row[key] for key in case.row} == case.row
    for key, expected in case.details.items():
        assert holds(whole[key], expected), (key, whole[key])
    assert [(one["what"], one["number"]) for one in whole["failures"]] == [
        (one["what"], one["number"])
        for one in reversed(ask("failed", "--task", TASK, "--json", directory).json["failures"])
    ]
    assert row["failed_attempts"] + row["failed_workers"] == len(whole["failures"])
    text = ask("task", TASK, directory)
    assert text.code == 0
    for skew in whole["skews"]:
        assert f"clock of {skew['actor']}" in text.out


NEEDING = {name: case for name, case in CASES.items() if case.needs is not None}


@pytest.mark.parametrize("case", NEEDING.values(), ids=NEEDING.keys())
def test_what_needs_somebody_is_told_and_nothing_else(case: Case, tmp_path: Path, ask: Ask) -> None:
    directory = tmp_path / "lineage"
    write(directory, case)
    told = ask("attention", "--json", directory).json["findings"]
    assert tuple((one["rule"], one["subject"]) for one in told if one["rule"] != "feed-silent") == case.needs


@pytest.mark.parametrize("one", LATE.values(), ids=LATE.keys())
def test_each_row_of_the_table_is_silent_before_and_fires_when_late(one: Late, tmp_path: Path, ask: Ask) -> None:
    def late(seconds: float) -> list[dict[str, Any]]:
        directory = tmp_path / f"{seconds}"
        write(directory, late_case(one, seconds))
        found = ask("attention", "--json", directory).json["findings"]
        return [each for each in found if (each["rule"], each["subject"]) == (one.rule, one.subject) and each["late"]]

    assert late(-1) == []
    (found,) = late(0)
    assert (found["of"], found["late_since"]) == (one.of, NOW.replace("Z", ".000000Z"))


@pytest.mark.parametrize("name", LATE)
def test_several_of_one_kind_are_one_line_unless_each_wants_somebody(name: str, tmp_path: Path, ask: Ask) -> None:
    directory, names = tmp_path / "lineage", [f"task-{number}" for number in range(3)]
    for task_id in names:
        write(directory, late_case(LATE[name], 60), task_id)
    document = ask("attention", "--json", directory).json
    rule = LATE[name].rule
    lines = [line for line in document["lines"] if line["rule"] in (rule, "master-silent", "zombie")]
    assert [one for one in lines if set(names) <= set(one["tasks"])] or name in ALONE
    text = ask("attention", directory).out
    assert len(text.splitlines()) <= len(ask("attention", "--each", directory).out.splitlines())
    for one in lines:
        assert one["sentence"] in text
