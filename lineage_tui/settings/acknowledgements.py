"""What the operator has acknowledged: kept per user, outside the lineage directory, safe to delete.

The file is a JSON list of entries, the newest last. An entry that makes no sense is left out; a file that is none
counts as empty. Of what other screens of the user write meanwhile nothing is lost: the file is read again before it
is replaced.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from lineage_core.base import user_files
from lineage_core.rules.stuck_work import OLD_RULES

NAME = "acknowledged.json"

MOST = 5000
"""Entries kept, of all lineage directories; the oldest are dropped."""

MOST_BYTES = 8 << 20
"""A file that is larger was not written by us."""

Key = tuple[str, str, str]
"""What a finding is about: (rule, task id, subject)."""


class Grade(NamedTuple):
    """How bad a finding is. It is worse than another when any of its parts is greater.

    severity: 0 for what is past, 1 for a warning, 2 for what is bad. since: the event that it counts from, as its
    time in microseconds. times: how often it happened, for what happens again and again.
    """

    severity: int
    since: int
    times: int

    def worse_than(self, other: Grade) -> bool:
        """Whether this needs a look again after `other` was acknowledged."""
        return any(mine > theirs for mine, theirs in zip(self, other, strict=True))


def acknowledged_path() -> Path | None:
    """Where the entries of this user are kept; None if there is no such place."""
    folder = user_files.location("state")
    return folder and folder / NAME


class Acknowledgements:
    """The acknowledgements of one lineage directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = os.path.realpath(directory)
        self._grades = {
            key: grade for directory_, key, grade in map(_parts, self._read()) if directory_ == self._directory
        }

    def __len__(self) -> int:
        return len(self._grades)

    def covers(self, key: Key, grade: Grade) -> bool:
        """Whether a finding was acknowledged when it was as bad as it is now."""
        known = self._grades.get(key)
        return known is not None and not grade.worse_than(known)

    def put(self, grades: Mapping[Key, Grade | None]) -> None:
        """Acknowledge findings as bad as this; None takes it back. Raises OSError when it cannot be kept; it holds for
        this run all the same."""
        self._grades |= {key: grade for key, grade in grades.items() if grade is not None}
        for key in [key for key, grade in grades.items() if grade is None]:
            self._grades.pop(key, None)
        self._write(grades)

    def _read(self) -> list[dict[str, Any]]:
        """The entries of the file, those that make sense."""
        path = acknowledged_path()
        try:
            entries = json.loads(user_files.read_own(path, MOST_BYTES)) if path else []
        except (OSError, ValueError, RecursionError):
            return []
        return [entry for entry in entries if _sound(entry)] if isinstance(entries, list) else []

    def _write(self, grades: Mapping[Key, Grade | None]) -> None:
        """Replace what the file says of these findings."""
        others = []
        for entry in self._read():
            directory, key, _ = _parts(entry)
            if directory != self._directory or key not in grades:
                others.append(entry)
        for key, grade in grades.items():
            if grade is not None:
                others.append({"directory": self._directory, "key": list(key), "grade": list(grade)})
        with user_files.replacing(user_files.need("state") / NAME) as file:
            file.write(json.dumps(others[-MOST:]).encode())


def _sound(entry: Any) -> bool:
    if not isinstance(entry, dict) or not isinstance(entry.get("directory"), str):
        return False
    key, grade = entry.get("key"), entry.get("grade")
    return (
        isinstance(key, list)
        and [type(part) for part in key] == [str] * 3
        and isinstance(grade, list)
        and [type(part) for part in grade] == [int] * 3
    )


def _parts(entry: dict[str, Any]) -> tuple[str, Key, Grade]:
    """Of which directory, what and how bad; a rule by the name that it has now."""
    rule, task_id, subject = entry["key"]
    return entry["directory"], (OLD_RULES.get(rule, rule), task_id, subject), Grade(*entry["grade"])
