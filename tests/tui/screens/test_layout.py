"""How the list and the pane share the screen: the operator says, and more room never shows less."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.geometry import Offset, Region
from textual.pilot import Pilot
from textual.selection import Selection

from lineage_core import Journal
from lineage_tui.app import LineageApp
from lineage_tui.screens.layout import MOST
from tests.tui.conftest import opened, screen_text, until


@pytest.fixture
def one_task(lineage: Path) -> Path:
    Journal(lineage).log("task_created", "task-alpha", "user-kim")
    return lineage


def regions(pilot: Pilot[None]) -> tuple[Region, Region]:
    """Where the list and the pane are, the pane with its border."""
    app = pilot.app
    assert isinstance(app, LineageApp) and app.main_screen is not None
    return app.main_screen.views.region, app.main_screen.detail.region


async def pressed(pilot: Pilot[None], *keys: str) -> tuple[Region, Region]:
    await pilot.press(*keys)
    await pilot.pause()
    return regions(pilot)


@pytest.mark.parametrize("width", [80, 160, 250])
async def test_the_pane_is_below_at_any_width_until_the_operator_says_otherwise(one_task: Path, width: int) -> None:
    async with opened(one_task, size=(width, 40)) as pilot:
        views, detail = regions(pilot)
        assert views.bottom == detail.y and views.width == detail.width == width


async def test_v_goes_through_all_places_and_round(one_task: Path) -> None:
    async with opened(one_task, size=(120, 40)) as pilot:
        below = regions(pilot)
        assert below[0].bottom == below[1].y
        views, detail = await pressed(pilot, "v")
        assert views.right == detail.x and views.height == detail.height
        views, detail = await pressed(pilot, "v")
        assert views.width == 120 and detail.area == 0
        views, detail = await pressed(pilot, "v")
        assert views.area == 0 and detail.width == 120
        assert "[timeline]" in screen_text(pilot.app)  # type: ignore[arg-type]
        assert (await pressed(pilot, "v", "tab"))[0] == below[0]


async def test_keys_go_to_what_is_hidden_and_show_it(one_task: Path) -> None:
    async with opened(one_task, size=(120, 40)) as pilot:
        await pressed(pilot, "v", "v")
        assert (await pressed(pilot, "enter"))[1].area > 0
        views, detail = await pressed(pilot, "escape")
        assert views.area > 0 and detail.area == 0


@pytest.mark.parametrize("way", [(), ("v",)])
async def test_the_border_moves_by_keys_and_stops_at_its_ends(one_task: Path, way: tuple[str, ...]) -> None:
    async with opened(one_task, size=(120, 40)) as pilot:
        before = (await pressed(pilot, *way))[1].area
        larger = (await pressed(pilot, "+"))[1].area
        assert larger > before
        assert (await pressed(pilot, "-"))[1].area < larger
        most = (await pressed(pilot, *"+" * 20))[1]
        whole = 120 * 37
        assert abs(most.area / whole - MOST / 100) < 0.03
        assert (await pressed(pilot, "+"))[1] == most


async def test_the_border_moves_with_the_mouse(one_task: Path) -> None:
    async with opened(one_task, size=(120, 40)) as pilot:
        border = regions(pilot)[1].y
        await pilot.mouse_down(offset=(30, border))
        await pilot.hover(offset=(30, 12))
        await pilot.mouse_up(offset=(30, 12))
        await until(lambda: regions(pilot)[1].y == 12, "the border to be where the mouse is")
        await pilot.hover(offset=(30, 20))
        assert regions(pilot)[1].y == 12


async def test_it_is_remembered(one_task: Path) -> None:
    async with opened(one_task, size=(120, 40)) as pilot:
        await pressed(pilot, "v", "+", "+")
        chosen = regions(pilot)
        assert isinstance(pilot.app, LineageApp) and pilot.app.main_screen is not None
        saved = pilot.app.main_screen.keep()
    async with opened(one_task, size=(120, 40), saved=saved) as pilot:
        await until(lambda: regions(pilot) == chosen, "what was chosen")


async def test_a_selection_that_begins_below_what_is_left_of_a_view_selects_nothing(one_task: Path) -> None:
    async with opened(one_task, size=(120, 40)) as pilot:
        assert isinstance(pilot.app, LineageApp) and pilot.app.main_screen is not None
        tree = pilot.app.main_screen.tree_view
        low = Selection(Offset(3, tree.size.height - 1), None)
        assert tree.get_selection(low) == ("", "\n")  # the last line, which is empty
        assert tree.get_selection(Selection(Offset(3, tree.size.height), None)) is None
        assert tree.get_selection(Selection(None, None)) is not None
