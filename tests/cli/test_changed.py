"""`lineage changed`: which tasks are others now than at a time, and how."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Ask
from tests.cli.test_at import failing_later


def test_what_changed_is_told_with_what_it_was(ask: Ask, tmp_path: Path) -> None:
    directory = failing_later(tmp_path / "lineage")
    [row] = ask("changed", "--since", "45m", "--json", directory).json
    assert (row["status_then"], row["status"], row["events_then"], row["events"]) == ("running", "failed", 2, 3)
    assert row["changes"] == ["running → failed", "1 failed attempt more", "1 event more"]


def test_what_was_not_known_then_is_new(ask: Ask, tmp_path: Path) -> None:
    [row] = ask("changed", "--since", "3h", "--json", failing_later(tmp_path / "lineage")).json
    assert (row["status_then"], row["changes"][0]) == (None, "new, failed")


def test_nothing_changed(ask: Ask, tmp_path: Path) -> None:
    assert ask("changed", "--since", "5m", failing_later(tmp_path / "lineage")).out == "nothing changed\n"


def test_between_two_times(ask: Ask, tmp_path: Path) -> None:
    directory = failing_later(tmp_path / "lineage")
    [row] = ask("changed", "--since", "30m", "--at", "45m", "--json", directory).json
    assert row["changes"][0] == "queued → running"


def test_what_is_no_time_is_one_line(ask: Ask, tmp_path: Path) -> None:
    code, out, err = ask("changed", "--since", "soon", failing_later(tmp_path / "lineage"))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("lineage changed: --since: 'soon' is no time")
