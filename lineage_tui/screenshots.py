"""The screenshots: scenarios over a simulated cortex with a frozen clock, drawn to SVG and, for the README, to PNG.

    python -m lineage_tui.screenshots            makes screenshots/*.svg anew (and *.png where there is rsvg-convert)

The SVGs are compared byte for byte in the tests, so whoever changes the screen regenerates and looks at them.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import unescape
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from rich.cells import cell_len
from textual.pilot import Pilot

from lineage_core.base.clock import MINUTE, SECOND, parse_timestamp
from lineage_core.demo.simulation import plan
from lineage_core.demo.writer import record_of
from lineage_core.write.journal import Journal
from lineage_tui.app import LineageApp
from lineage_tui.views.stats import StatsView

NOW = parse_timestamp("2026-03-14T03:00:00Z") or 0
"""Three in the morning: the time on every screenshot."""

HOME = Path("coordination") / "lineage"
"""The lineage directory as the screenshots show it, relative to where they are made."""


class Scenario(NamedTuple):
    """One screenshot. keys: what the operator presses before it; task: what is under the cursor before that, if not the
    first; readme: whether the README shows it, as a PNG."""

    name: str
    width: int
    height: int
    keys: tuple[str, ...] = ()
    theme: str = "dark"
    ascii_only: bool = False
    readme: bool = False
    task: str = ""


def _sizes(name: str, *keys: str, readme: bool = False) -> Iterator[Scenario]:
    for width, height in ((80, 24), (120, 36)):
        for theme in ("dark", "light"):
            shown = readme and (width, theme) == (120, "dark")
            yield Scenario(f"{name}-{width}x{height}-{theme}", width, height, keys, theme, readme=shown)


SCENARIOS: tuple[Scenario, ...] = (
    *_sizes("tasks", readme=True),
    *_sizes("events", "j", "j", "enter", "enter"),
    *_sizes("failure", "e", "e", "e", "b"),
    Scenario("story-120x36-dark", 120, 36, ("tab",), task="task-flaky-test-hunt-0019", readme=True),
    Scenario("family-120x36-dark", 120, 36, ("tab",), task="task-monolith-split-9007"),
    *_sizes("workers", "2", readme=True),
    *_sizes("attention", "3", readme=True),
    *_sizes("stats", "4"),
    Scenario("stats-durations-120x36-dark", 120, 36, ("4", "right"), readme=True),
    Scenario("stats-failures-120x36-dark", 120, 36, ("4", "right", "right")),
    Scenario("stats-tokens-120x36-dark", 120, 36, ("4", "right", "right", "right")),
    Scenario("stats-workers-120x36-dark", 120, 36, ("4", "left", "left", "left")),
    Scenario("stats-health-120x36-dark", 120, 36, ("4", "left", "left")),
    *_sizes("stream", "5"),
    *_sizes("help", "question_mark"),
    Scenario("tasks-160x50-dark", 160, 50, readme=True),
    Scenario("tasks-120x36-ascii", 120, 36, theme="ansi", ascii_only=True),
    Scenario("tasks-120x36-clear", 120, 36, theme="clear"),
)


def stage(directory: Path) -> None:
    """Write the simulated cortex of the screenshots into a directory: what a demo has written after a minute."""
    journal = Journal(directory)
    events = plan(7, NOW - MINUTE, rate=4)
    journal.append_many((record_of(event), event.at) for event in takewhile(lambda e: e.at <= NOW - SECOND, events))


async def ready(app: LineageApp) -> None:
    """Wait until the app has read and drawn everything that is in its directory."""
    while not app.feed.health.loaded or app.feed.waiting or app.feed.health.mode == "starting":
        await asyncio.sleep(0.01)
    while app.main_screen is None or (app.state.rows and not app.main_screen.live.opening.done):
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)


async def draw(scenario: Scenario) -> str:
    """The SVG of a scenario; the present directory must hold what `stage` wrote below HOME."""
    app = LineageApp(HOME, theme=scenario.theme, ascii_only=scenario.ascii_only, clock=lambda: NOW)
    async with app.run_test(size=(scenario.width, scenario.height)) as pilot:
        await ready(app)
        if scenario.task:
            assert app.main_screen is not None
            app.main_screen.navigation.go_to_task(scenario.task)
        await pilot.press(*scenario.keys)
        await settled(app, pilot)
        return await still(app)


async def settled(app: LineageApp, pilot: Pilot[None]) -> None:
    """Wait until all that works in the background is done, and nothing on the screen depends on how long it took."""
    await pilot.pause()
    assert app.main_screen is not None
    while app.main_screen.views.behind or not app.main_screen.views.is_whole("attention"):
        await asyncio.sleep(0.01)
    app.main_screen.resume()
    learning = app.main_screen.learning
    while learning.usual.behind or not learning.ends.learned or not learning.odd.looked:
        await asyncio.sleep(0.01)
    await pilot.pause()
    if app.main_screen.views.shown == "stats":
        figures = app.main_screen.views.view
        assert isinstance(figures, StatsView)
        while not figures.settled:
            await asyncio.sleep(0.01)
        figures.took = 0.012  # the one thing that differs from run to run
        figures.refresh()
        await pilot.pause()


async def still(app: LineageApp) -> str:
    """The picture, once nothing is worked on and it has stayed the same for a moment: what is read and computed in
    threads may take longer than that."""
    pictures: list[str] = []
    while len(pictures) < 3 or len(set(pictures[-3:])) > 1:
        await asyncio.sleep(0.1)
        if not all(worker.is_finished for worker in app.workers):
            pictures.clear()
            continue
        pictures.append(plain(app.export_screenshot(title="lineage-tui")))
    return pictures[-1]


def plain(svg: str) -> str:
    """The SVG without the fonts that it would load from the network, and with names that do not change."""
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code", "DejaVu Sans Mono")
    svg = re.sub(r"terminal-\d+", "terminal", svg)
    return _INDENTED.sub(_shift, svg)


_INDENTED = re.compile(r'x="([\d.]+)" y="([\d.]+)" textLength="([\d.]+)"([^>]*)>((?:&#160;)+)([^<]+)<')


def _shift(match: re.Match[str]) -> str:
    """Text that begins with blanks, moved right in their place: some viewers drop them."""
    x, y, length, rest, blanks, text = match.groups()
    lead = len(blanks) // len("&#160;")
    cell = float(length) / (lead + cell_len(unescape(text)))
    return f'x="{float(x) + lead * cell:.1f}" y="{y}" textLength="{float(length) - lead * cell:.1f}"{rest}>{text}<'


@contextmanager
def staged() -> Iterator[None]:
    """A temporary working directory with the simulated cortex in it."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as home:
        os.chdir(home)
        try:
            stage(HOME)
            yield
        finally:
            os.chdir(before)


def main(names: Sequence[str]) -> int:
    """Draw the named scenarios (all without names) into ./screenshots."""
    folder = Path("screenshots").absolute()
    folder.mkdir(exist_ok=True)
    converter = shutil.which("rsvg-convert")
    with staged():
        for scenario in SCENARIOS:
            if names and not any(scenario.name.startswith(name) for name in names):
                continue
            target = folder / f"{scenario.name}.svg"
            target.write_text(asyncio.run(draw(scenario)), encoding="utf-8")
            print(target.name)
            if scenario.readme and converter:
                subprocess.run([converter, "-o", target.with_suffix(".png"), target], check=True)  # noqa: S603
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
