"""A journal of a month that is over, and what every query would say of it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from lineage_core import demo
from lineage_core.base.clock import DAY, parse_timestamp
from lineage_core.maintenance.archive import Step, archive
from lineage_core.state.load import load
from lineage_core.write.journal import Journal
from tests.conftest import DATA

LEGACY = DATA / "legacy"

NOW = parse_timestamp("2026-12-03T04:00:00Z") or 0
"""When these tests take place: November is over."""

LINEAGE = f"{sys.executable} -c 'import sys; from lineage_core.cli import main; sys.exit(main())'"
"""The command, for a shell."""


def november(directory: Path, count: int = 300) -> Path:
    """Two days of the demo in November, a legacy day whose file has its events pretty-printed and twice, and today."""
    demo.backfill(directory, count, days=1.5, clock=lambda: NOW - 20 * DAY)
    for path in LEGACY.iterdir():
        shutil.copy(path, directory)
        (directory / path.name).chmod(0o644)
    Journal(directory).log("task_created", "task-today", "user-kim", timestamp="2026-12-03T03:00:00Z")
    return directory


def late(directory: Path, task: str, at: str = "2026-11-13T12:00:00.123456Z") -> str:
    """An event of a day in November that is logged only now; its id."""
    return Journal(directory).log("task_created", task, "user-kim", timestamp=at)


def answers(directory: Path) -> dict[str, Any]:
    """Everything that queries are made of: rows, facts with their places, what is quarantined."""
    loaded = load(directory)
    state = loaded.state
    return {
        "rows": dict(state.rows),
        "events": state.events,
        "facts": {task: [fact[:6] for fact in state.facts(task)] for task in state.rows},
        "rejected": {(item.offset, item.length, item.reason) for _, item in loaded.rejected},
        "problems": loaded.problems,
    }


def without_offsets(said: dict[str, Any]) -> dict[str, Any]:
    """The same for events that come late: their offsets begin anew in a second file until they are archived too."""
    facts = {task: [(f[0], f[1], *f[3:]) for f in facts] for task, facts in said["facts"].items()}
    return {**said, "facts": facts}


def archive_all(directory: Path, **options: Any) -> list[Step]:
    """One whole run; nothing is left undone."""
    steps = list(archive(directory, NOW, 2, **options))
    assert [step for step in steps if step.word == "left"] == []
    return steps


def listing(directory: Path) -> dict[str, bytes]:
    """Every file below the directory but the lock, with its content."""
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }
