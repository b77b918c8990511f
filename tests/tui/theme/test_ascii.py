"""`--ascii`: where the data are ASCII, so is every character on the screen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from lineage_tui.app import LineageApp
from lineage_tui.screenshots import NOW, stage
from lineage_tui.stats import PAGES
from tests.tui.conftest import opened, screen_text, until

SIZES = ((80, 24), (120, 36), (160, 50))


@pytest.fixture(scope="module")
def cortex(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("cortex") / "lineage"
    stage(directory)
    return directory


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def pilot(cortex: Path, request: pytest.FixtureRequest) -> AsyncIterator[Pilot[None]]:
    async with opened(cortex, size=request.param, clock=lambda: NOW, ascii_only=True) as pilot:
        yield pilot


async def drawn(pilot: Pilot[None], *keys: str) -> None:
    """Press keys; all that is on the screen then is ASCII."""
    app = pilot.app
    assert isinstance(app, LineageApp) and app.main_screen is not None
    await pilot.press(*keys)
    await pilot.pause()
    views = app.main_screen.views
    await until(lambda: not views.behind, "the view to catch up")
    if views.shown == "stats":
        await until(lambda: views.view.settled, "the figures")  # type: ignore[attr-defined]
    await pilot.pause()
    text = screen_text(app)
    assert {char for char in text if ord(char) > 127} == set(), (keys, text)


async def test_the_tree_and_every_tab_are_ascii(pilot: Pilot[None]) -> None:
    await drawn(pilot)
    await drawn(pilot, "greater_than_sign", "e", "b")
    await drawn(pilot, "enter")
    await drawn(pilot, "escape", "escape", "z", "z")
    await drawn(pilot, "right", "right")
    await drawn(pilot, "y")
    await drawn(pilot, "t")


async def test_every_other_view_is_ascii(pilot: Pilot[None]) -> None:
    await drawn(pilot, "2")
    await drawn(pilot, "space", "greater_than_sign")
    await drawn(pilot, "3")
    await drawn(pilot, "5", "k")
    await drawn(pilot, "J")
    await drawn(pilot, "escape", "4")
    for _ in PAGES:
        await drawn(pilot, "right")


async def test_help_field_and_palette_are_ascii(pilot: Pilot[None]) -> None:
    await drawn(pilot, "question_mark")
    await drawn(pilot, "escape", "slash")
    await drawn(pilot, *"xyz")
    await drawn(pilot, "escape", "colon")
    await drawn(pilot, "escape", "ctrl+p")
    await drawn(pilot, *"wor")


async def test_handoffs_in_the_tree_are_ascii(pilot: Pilot[None]) -> None:
    app = pilot.app
    assert isinstance(app, LineageApp) and app.main_screen is not None
    task_id, row = next((task_id, row) for task_id, row in app.state.rows.items() if row.handoffs)
    app.main_screen.navigation.go_to_task(task_id)
    await drawn(pilot, "right")
    assert row.handoffs
