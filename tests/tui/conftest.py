"""What the tests of the app share: an app over a directory, ready when everything in it is drawn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from lineage_tui.app import LineageApp
from lineage_tui.screens.main import MainScreen
from lineage_tui.screenshots import ready

DEADLINE = 120.0


async def until(condition: Callable[[], Any], what: str = "the condition") -> None:
    """Wait until a condition holds; fails after DEADLINE seconds."""
    end = asyncio.get_running_loop().time() + DEADLINE
    while not condition():
        if asyncio.get_running_loop().time() > end:
            raise AssertionError(f"waited {DEADLINE} s for {what}")
        await asyncio.sleep(0.01)


def under_way(pilot: Pilot[None]) -> bool:
    """Whether a message waits for its turn, or something to be laid out."""
    app = pilot.app
    laid_out = not any(screen._layout_required for screen in app._screen_stack[-1:])  # there is none after the end
    return not laid_out or any(one.message_queue_size for one in (app, *app._registry))


def patient(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method of a pilot, after which what is under way has its turns; but a hundred, as a feed may never rest.

    Textual waits for a second at most, and takes a process that a loaded machine does not run for one that is idle.
    """

    async def waited(pilot: Pilot[None], *args: Any, **options: Any) -> Any:
        result = await method(pilot, *args, **options)
        looks = 0
        for _ in range(100):
            looks = 0 if under_way(pilot) else looks + 1
            if looks == 3:
                break
            await asyncio.sleep(0.001)
        return result

    return waited


@pytest.fixture(autouse=True, scope="session")
def _patient_pilots() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("press", "pause"):
            patch.setattr(Pilot, name, patient(getattr(Pilot, name)))
        yield


async def resized(pilot: Pilot[None], width: int, height: int) -> None:
    """Resize the terminal, and wait until that is laid out."""
    await pilot.resize_terminal(width, height)
    looks = 0  # in each of them all that is ready has its turn

    def at_rest() -> bool:
        nonlocal looks
        looks = 0 if under_way(pilot) else looks + 1
        return looks == 3

    await until(at_rest, "the new size")


def screen_text(app: LineageApp) -> str:
    """What the screen shows, as text."""
    width, height = app.size
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip)[:width] for strip in lines[:height])


def screen_of(pilot: Pilot[None]) -> MainScreen:
    """The main screen of the app."""
    app = pilot.app
    assert isinstance(app, LineageApp) and app.main_screen is not None
    return app.main_screen


def text_of(pilot: Pilot[None]) -> str:
    """What the screen of the app shows, as text."""
    assert isinstance(pilot.app, LineageApp)
    return screen_text(pilot.app)


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
