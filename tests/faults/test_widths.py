"""Columns stand under each other whatever the texts in them are: wide, combining, joined, right to left."""

from __future__ import annotations

import json
import re
import sys
from itertools import dropwhile
from pathlib import Path

import pytest
from wcwidth import wcwidth

from tests import forked
from tests.build import compact, record
from tests.core.base.test_terminal_cells import TEXTS
from tests.tui.conftest import opened, until

LINEAGE = [sys.executable, "-m", "lineage_core.cli"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory in which every text stands everywhere: ids, masters, types, steps, errors."""
    home = tmp_path_factory.mktemp("widths") / "lineage"
    home.mkdir()
    lines = []
    for n, text in enumerate(["plain", *TEXTS]):
        task, master, worker = f"{n:02} {text}", f"{text}-master", f"w{n:02} {text}"
        of_worker = {"worker_id": worker, "worker_type": text}
        for event_type, actor, data in (
            ("task_created", text, {"priority": text, "type": text}),
            ("task_assigned", master, {"master_id": master}),
            ("worker_spawned", master, of_worker),
            ("worker_started", worker, of_worker),
            ("worker_progress", worker, {**of_worker, "progress_percentage": 10, "current_step": text * 9}),
            ("handoff_created", master, {"handoff_id": f"h{n} {text}", "from_master": master, "to_master": text}),
            ("worker_failed", worker, {**of_worker, "error_details": {"error_message": text * 9}}),
            ("task_failed", master, {"reason": text * 9}),
        ):
            kind = "worker" if actor == worker else "master"
            actor_of = {"type": kind, "id": actor, "principal": "system"}
            made = record(len(lines), task_id=task, event_type=event_type, actor=actor_of, event_data=data)
            lines.append(compact(made))
    (home / "lineage-2026-11-22.jsonl").write_bytes(b"".join(lines))
    return home


def cells_before(line: str, word: str) -> int:
    """Where a word begins in a line, in the cells of a terminal."""
    return sum(map(wcwidth, line.partition(word)[0]))


@pytest.mark.parametrize(
    ("words", "column"),
    [
        ("tasks", " failed "),
        ("failed", " failed "),
        ("workers", " failed "),
    ],
)
def test_the_columns_of_a_table_stand_under_each_other(words: str, column: str, home: Path) -> None:
    done = forked.run([*LINEAGE, *words.split(), "--dir", home])
    table = dropwhile(lambda line: not line.isupper(), done.stdout.splitlines())  # what stands above it sums it up
    lines = [line for line in table if column in line]
    assert len(lines) > len(TEXTS) // 2, done.stderr
    assert len({cells_before(line, column) for line in lines}) == 1, "\n".join(lines)


@pytest.mark.parametrize("plain", [[], ["--ascii"]], ids=["unicode", "ascii"])
def test_the_lanes_of_a_timeline_begin_under_each_other(plain: list[str], home: Path) -> None:
    for n, text in enumerate(["plain", *TEXTS]):
        words = [*LINEAGE, "timeline", *plain, "--dir", str(home), "--", f"{n:02} {text}"]
        done = forked.run(words)
        assert done.returncode == 0, done.stderr
        lanes = done.stdout.split("\n\n")[1].splitlines()[1:]
        ends = {sum(map(wcwidth, re.sub(r" \d[\w.]*$", "", line))) for line in lanes}
        assert len(lanes) == 3 and len(ends) == 1, done.stdout


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (160, 50)])
@pytest.mark.parametrize("ascii_only", [False, True])
async def test_every_line_of_every_view_is_as_wide_as_the_screen(
    size: tuple[int, int], ascii_only: bool, home: Path
) -> None:
    async with opened(home, size=size, ascii_only=ascii_only) as pilot:
        for view, column in (("1", " failed "), ("2", " failed "), ("3", None), ("4", None), ("5", " task_")):
            await pilot.press(view)
            await until(lambda: not pilot.app.screen.views.behind)  # type: ignore[attr-defined]
            for tab in range(5 if view in "13" else 1):
                await pilot.pause()
                strips = pilot.app.screen._compositor.render_strips()
                texts = ["".join(segment.text for segment in strip) for strip in strips]
                assert [sum(map(wcwidth, text)) for text in texts] == [size[0]] * size[1], json.dumps(texts)
                listed = [text for text in texts[2:-2] if column and column in text and "master" in text]
                places = {cells_before(text, column) for text in listed if column} if size[0] < 140 else set()
                assert tab or len(places) <= 1, "\n".join(listed)
                await pilot.press("tab" if tab == 0 else "right")
            await pilot.press("escape", "escape")
