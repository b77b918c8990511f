"""The file that says how far a service has come."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineage_core.base.errors import JournalError
from lineage_core.maintenance.service_cursor import CursorFile


def test_what_was_stored_is_loaded(tmp_path: Path) -> None:
    assert CursorFile(tmp_path / "cursor.json").load() is None
    CursorFile(tmp_path / "cursor.json").store({"number": 7})
    assert CursorFile(tmp_path / "cursor.json").load() == {"number": 7}


def test_what_is_no_object_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cursor.json").write_text("[]")
    with pytest.raises(ValueError, match="is no cursor"):
        CursorFile(tmp_path / "cursor.json").load()


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path) -> None:
    cursor, left, other = CursorFile(tmp_path / "a.json"), tmp_path / "a.json.123.part", tmp_path / "b.json.123.part"
    left.touch()
    other.touch()
    with cursor.alone():
        assert not left.exists() and other.exists()
        with pytest.raises(JournalError, match="another process follows with"), CursorFile(tmp_path / "a.json").alone():
            pass
