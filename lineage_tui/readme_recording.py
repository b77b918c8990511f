"""The recording of the README: twenty seconds from an alarm to its cause, as an animated SVG.

    python -m lineage_tui.readme_recording            makes screenshots/alarm-to-cause.svg anew

The real app is shown, over the simulated cortex of the screenshots and one task that fails meanwhile. Keys are pressed
as SCENES has them, and each scene is drawn when the screen stands still. A line that stays the same is in the file
once. The test compares the file byte for byte.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from rich.segment import Segment
from textual.strip import Strip

from lineage_core.base.clock import MINUTE, SECOND, format_timestamp
from lineage_core.base.terminal_cells import cell_width
from lineage_core.write.journal import Journal
from lineage_tui.app import LineageApp
from lineage_tui.screenshots import HOME, NOW, ready, settled, stage
from lineage_tui.theme.palettes import PALETTES

WIDTH, HEIGHT = 120, 32
"""Cells of the terminal."""

CELL, LINE, SIZE = 8.4, 18, 14
"""Width and height of a cell, and size of the font, in units of the picture."""

BACKGROUND, TEXT, ACCENT = (PALETTES["dark"][role] for role in ("background", "text", "accent"))

TASK, WORKER, MASTER = "task-payout-run-0101", "worker-payout-0101-1", "development-master"


class Scene(NamedTuple):
    """seconds: how long it is seen. caption: what is said below. keys: what is pressed before it. fails: whether the
    task fails before it."""

    seconds: float
    caption: str
    keys: tuple[str, ...] = ()
    fails: bool = False


SCENES = (
    Scene(2.5, "three in the morning: everything at work is on one screen"),
    Scene(3.0, "a task fails: the line at the bottom counts it", fails=True),
    Scene(3.5, "3   what needs somebody, the most urgent first", ("3",)),
    Scene(2.5, "e   the next failure: a critical one, just now", ("e",)),
    Scene(3.0, "b   the event that caused it", ("b",)),
    Scene(3.5, "Enter   its record: the error, the trace, whose it is", ("enter",)),
    Scene(2.0, "Esc, Esc   and back to where one was", ("escape", "escape")),
)


def _record(number: int, event_type: str, actor: str, at: int, **data: Any) -> tuple[dict[str, Any], int]:
    """An event of the task and its time."""
    kinds = {"user-kim": "user", "coordinator-master": "coordinator", MASTER: "master"}
    whole = {
        "lineage_id": f"lineage-{at:016d}{number:010d}",
        "task_id": TASK,
        "event_type": event_type,
        "timestamp": format_timestamp(at),
        "actor": {"type": kinds.get(actor, "worker"), "id": actor},
        "event_data": data,
        "context": {"session_id": "session-20260314-pay"},
        "version": "1.0.0",
    }
    return whole, at


def begin(journal: Journal) -> None:
    """The task as it is before it fails."""
    worker = {"worker_id": WORKER, "worker_type": "implementation-worker"}
    steps: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("task_created", "user-kim", {"priority": "critical", "type": "development"}),
        ("task_assigned", "coordinator-master", {"master_id": MASTER}),
        ("task_started", MASTER, {}),
        ("worker_spawned", MASTER, worker),
        ("worker_started", WORKER, worker),
        ("worker_progress", WORKER, {**worker, "progress_percentage": 60, "current_step": "writing 14,210 payouts"}),
    )
    at = NOW - 4 * MINUTE
    journal.append_many(
        _record(n, event, who, at + n * 20 * SECOND, **data) for n, (event, who, data) in enumerate(steps)
    )


def fail(journal: Journal) -> None:
    """It fails: its worker first, then the task."""
    error = {
        "error_type": "OperationalError",
        "error_message": "database is locked",
        "stack_trace": 'File "payout.py", line 88, in write_all\n    cursor.executemany(INSERT, rows)',
    }
    reason = "no worker could finish: database is locked"
    journal.append_many(
        [
            _record(10, "worker_failed", WORKER, NOW - 2 * SECOND, worker_id=WORKER, error_details=error),
            _record(11, "task_failed", MASTER, NOW - SECOND, reason=reason),
        ]
    )


async def play(home: Path) -> list[list[Strip]]:
    """The lines of the screen in each scene. home: where the cortex is staged; it must be the present directory."""
    journal = Journal(home / HOME)
    app = LineageApp(HOME, clock=lambda: NOW)
    frames: list[list[Strip]] = []
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        await ready(app)
        for scene in SCENES:
            if scene.fails:
                fail(journal)
                while app.state.rows[TASK].ended_at is None:
                    await asyncio.sleep(0.01)
            for key in scene.keys:
                await pilot.press(key)
            await settled(app, pilot)
            frames.append(await _still(app))
    return frames


async def _still(app: LineageApp) -> list[Strip]:
    """The lines of the screen, once they have stayed the same for a moment."""
    seen: list[list[Strip]] = []
    while len(seen) < 3 or any(frame != seen[-1] for frame in seen[-3:]):
        await asyncio.sleep(0.1)
        seen.append([strip.simplify() for strip in app.screen._compositor.render_strips()[:HEIGHT]])
    return seen[-1]


def animation(frames: Sequence[Sequence[Strip]], scenes: Sequence[Scene]) -> str:
    """The frames as one SVG that plays by itself, again and again; nothing in it is loaded or run."""
    looks: dict[tuple[str, bool], str] = {}
    width, height = round(WIDTH * CELL + 20), (HEIGHT + 2) * LINE + 20
    rows: list[str] = []
    for y in range(HEIGHT):
        rows += _shown((_line(frame[y], y, looks) for frame in frames), scenes)
    rows += _shown((_caption(scene.caption) for scene in scenes), scenes)
    styles = "".join(f".{name}{{fill:{c}{';font-weight:bold' if bold else ''}}}" for (c, bold), name in looks.items())
    font = f"font:{SIZE}px 'DejaVu Sans Mono',monospace;white-space:pre"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">\n'
        "<title>lineage-tui: from an alarm to its cause</title>\n"
        f"<style>rect{{shape-rendering:crispEdges}}text{{{font}}}{styles}</style>\n"
        f'<rect width="{width}" height="{height}" rx="8" fill="{BACKGROUND}"/>\n' + "\n".join(rows) + "\n</svg>\n"
    )


def _shown(drawn: Iterator[str], scenes: Sequence[Scene]) -> list[str]:
    """What is drawn in each scene, each different one once, to be seen while its scenes last."""
    whole = sum(scene.seconds for scene in scenes)
    spans: dict[str, list[tuple[float, float]]] = {}
    at = 0.0
    for scene, text in zip(scenes, drawn, strict=True):
        spans.setdefault(text, []).append((at / whole, (at + scene.seconds) / whole))
        at += scene.seconds
    if len(spans) == 1:
        return [f"<g>{text}</g>" for text in spans if text]
    groups = []
    for text, seen in spans.items():
        times: dict[float, str] = {0.0: "hidden"}
        for start, end in seen:
            times[start] = "visible"
            times.setdefault(end, "hidden")
        times.pop(1.0, None)
        keys = ";".join(f"{time:.4g}" for time in sorted(times))
        values = ";".join(times[time] for time in sorted(times))
        play = f'<animate attributeName="visibility" dur="{whole:g}s" repeatCount="indefinite" calcMode="discrete"'
        groups.append(f'<g visibility="hidden">{text}{play} keyTimes="{keys}" values="{values}"/></g>' if text else "")
    return [group for group in groups if group]


def _line(strip: Strip, y: int, looks: dict[tuple[str, bool], str]) -> str:
    """A line of the screen: what stands behind it, then its text."""
    top, x = 10 + y * LINE, 0
    behind, text = [], []
    for segment in strip:
        cells = cell_width(segment.text)
        color, back, bold = _colors(segment)
        if back != BACKGROUND:
            box = f'x="{10 + x * CELL:g}" y="{top}" width="{cells * CELL:g}" height="{LINE}"'
            behind.append(f'<rect {box} fill="{back}"/>')
        look = looks.setdefault((color, bold), f"c{len(looks)}")
        at = x
        for blank, some in groupby(segment.text, lambda letter: letter == " "):
            word = "".join(some)
            if not blank:
                box = f'x="{10 + at * CELL:g}" y="{top + SIZE}" textLength="{cell_width(word) * CELL:g}"'
                text.append(f'<text class="{look}" {box}>{escape(word)}</text>')
            at += cell_width(word)
        x += cells
    return "".join(behind + text)


def _colors(segment: Segment) -> tuple[str, str, bool]:
    """The colours of a piece of text and of what is behind it, and whether it is bold."""
    style = segment.style
    front, back = TEXT, BACKGROUND
    if style is None:
        return front, back, False
    if style.color is not None and style.color.triplet:
        front = style.color.triplet.hex
    if style.bgcolor is not None and style.bgcolor.triplet:
        back = style.bgcolor.triplet.hex
    return (back, front, bool(style.bold)) if style.reverse else (front, back, bool(style.bold))


def _caption(text: str) -> str:
    """The line below the screen."""
    return (
        f'<text x="18" y="{10 + (HEIGHT + 1) * LINE + SIZE}" fill="{ACCENT}" font-weight="bold">{escape(text)}</text>'
    )


def record(home: Path) -> str:
    """The recording. home: an empty directory, which must be the present one."""
    stage(home / HOME)
    begin(Journal(home / HOME))
    return animation(asyncio.run(play(home)), SCENES)


def main() -> None:
    """Make the recording anew, in ./screenshots."""
    target = Path("screenshots").absolute() / "alarm-to-cause.svg"
    with tempfile.TemporaryDirectory() as home:
        os.chdir(home)
        picture = record(Path(home))
    target.write_text(picture, encoding="utf-8")
    print(f"{target.name}: {len(picture):,} characters", file=sys.stderr)


if __name__ == "__main__":
    main()
