"""What the tests of the app share: an app over a directory, ready when everything in it is drawn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from lineage_tui.app import LineageApp
from lineage_tui.screenshots import ready

DEADLINE = 15.0


async def until(condition: Callable[[], Any], what: str = "the condition") -> None:
    """Wait until a condition holds; fails after DEADLINE seconds."""
    end = asyncio.get_running_loop().time() + DEADLINE
    while not condition():
        if asyncio.get_running_loop().time() > end:
            raise AssertionError(f"waited {DEADLINE} s for {what}")
        await asyncio.sleep(0.01)


def screen_text(app: LineageApp) -> str:
    """What the screen shows, as text."""
    width, height = app.size
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip)[:width] for strip in lines[:height])


@asynccontextmanager
async def opened(directory: Path, size: tuple[int, int] = (120, 36), **options: Any) -> AsyncIterator[Pilot[None]]:
    """A pilot of an app over the directory, when everything that is there has been drawn."""
    app = LineageApp(directory, **options)
    async with app.run_test(size=size) as pilot:
        await asyncio.wait_for(ready(app), DEADLINE)
        yield pilot


@pytest.fixture
def lineage(tmp_path: Path) -> Path:
    """A lineage directory that does not exist yet."""
    return tmp_path / "coordination" / "lineage"
