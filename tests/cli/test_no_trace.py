"""A query leaves no trace in the directory it asks."""

import os
from pathlib import Path

from tests.cli.conftest import Ask
from tests.cli.test_hostile_text import questions


def look(directory: Path) -> list[tuple[str, int, int, int, int]]:
    """All that a change would show in."""
    found = []
    for folder, _, names in os.walk(directory):
        for name in [".", *names]:
            path = os.path.join(folder, name)
            status = os.stat(path)
            found.append((path, status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino))
    return found


def test_no_query_changes_anything(legacy: Path, ask: Ask) -> None:
    before = look(legacy)
    for words in questions("task-a-rollout"):
        ask(*words, legacy)
    assert look(legacy) == before


def test_a_read_only_directory_can_be_asked(legacy: Path, ask: Ask) -> None:
    os.chmod(legacy, 0o555)
    try:
        assert ask("tasks", legacy).code == 0
        assert ask("task", "task-a-rollout", legacy).code == 0
    finally:
        os.chmod(legacy, 0o755)
