"""What was acknowledged, as it is kept between runs."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from lineage_tui.settings.acknowledgements import MOST, Acknowledgements, Grade, acknowledged_path
from tests.tui.views.attention_lists import DIRECTORY


def test_only_the_user_can_read_what_is_kept_and_no_lineage_directory_is_touched(tmp_path: Path) -> None:
    directory = tmp_path / "lineage"
    directory.mkdir()
    Acknowledgements(directory).put({("failed", "task-1", "task-1"): Grade(2, 5, 0)})
    path = acknowledged_path()
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(directory.iterdir()) == [] and [p.name for p in path.parent.iterdir()] == ["acknowledged.json"]


def test_two_screens_lose_nothing_of_each_other(tmp_path: Path) -> None:
    one, two = Acknowledgements(tmp_path), Acknowledgements(tmp_path / "other")
    one.put({("failed", "task-1", "task-1"): Grade(2, 5, 0)})
    two.put({("failed", "task-1", "task-1"): Grade(2, 7, 0)})
    one.put({("silent", "task-2", "worker-1"): Grade(1, 5, 0)})
    one.put({("failed", "task-1", "task-1"): None})
    assert len(Acknowledgements(tmp_path)) == 1
    assert Acknowledgements(tmp_path / "other").covers(("failed", "task-1", "task-1"), Grade(2, 7, 0))


@pytest.mark.parametrize(
    "content",
    [
        "", "[", "null", "{}", '[{"directory": 1}]', '[{"directory": "/", "key": ["a", "b"], "grade": [1, 2, 3]}]',
        '[{"directory": "/", "key": ["a", "b", "c"], "grade": [1, 2, true]}]', "[" * 100_000, "\udcff", "[1, [], {}]",
    ],
)  # fmt: skip
def test_a_file_that_makes_no_sense_counts_as_empty_and_is_replaced(content: str) -> None:
    path = acknowledged_path()
    path.parent.mkdir(parents=True)
    path.write_bytes(os.fsencode(content))
    kept = Acknowledgements(Path("/"))
    assert len(kept) == 0
    kept.put({("failed", "task-1", "task-1"): Grade(2, 5, 0)})
    assert len(Acknowledgements(Path("/"))) == 1


def test_of_too_many_the_oldest_are_dropped(tmp_path: Path) -> None:
    path = acknowledged_path()
    path.parent.mkdir(parents=True)
    entry = {"directory": os.path.realpath(tmp_path), "grade": [1, 2, 3]}
    path.write_text(json.dumps([entry | {"key": ["failed", f"task-{n}", ""]} for n in range(MOST)]))
    Acknowledgements(tmp_path).put({("failed", "task-new", ""): Grade(1, 2, 3)})
    kept = Acknowledgements(tmp_path)
    assert len(kept) == MOST
    assert kept.covers(("failed", "task-new", ""), Grade(1, 2, 3))
    assert not kept.covers(("failed", "task-0", ""), Grade(1, 2, 3))


def test_what_was_acknowledged_under_an_old_name_of_a_rule_stays_so() -> None:
    path = acknowledged_path()
    assert path is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    entry = {"directory": str(DIRECTORY), "key": ["never started", "task-1", "worker-1"], "grade": [1, 5, 0]}
    path.write_text(json.dumps([entry]))
    kept = Acknowledgements(DIRECTORY)
    assert kept.covers(("never-started", "task-1", "worker-1"), Grade(1, 5, 0))
    kept.put({("never-started", "task-1", "worker-1"): None})
    assert len(Acknowledgements(DIRECTORY)) == 0
