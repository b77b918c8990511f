"""More room shows more, never less, in every view: over a grid of sizes from 60x15 to 250x70."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from operator import ge
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytest_asyncio
from textual.pilot import Pilot

from lineage_core.base.terminal_cells import cell_width
from lineage_tui.detail.events_tab import _COLUMNS
from lineage_tui.theme.styled_line import Line, cut
from lineage_tui.views.stats_title import PANES
from lineage_tui.widgets.line_list import LineList
from tests.incidents import NOW, stage
from tests.tui.conftest import opened, resized, screen_of, until

pytestmark = pytest.mark.first

WIDTHS = (60, 66, 72, 80, 90, 100, 120, 140, 160, 190, 220, 250)
HEIGHTS = (15, 24, 36, 50, 70)
"""60 sizes. The pane is below at each of them: a line is as wide as the terminal, and says the same at any height."""


class Names(NamedTuple):
    """Where the names of a view stand: keys to get there, the column, the prefix of its kind, the name in a line."""

    keys: tuple[str, ...]
    column: str
    prefix: str
    name: Callable[[Any, int], str | None]


def _in_tree(view: Any, line: int) -> str | None:
    node = view.model.line(line)
    return node.ident if node.kind == "task" else None


def _in_attention(view: Any, line: int) -> str | None:
    item, _ = view.model.lines.at(line)
    return item[1] if item is not None and view.model.lines.group(item) is None else None


VIEWS = {
    "tasks": Names((), "name", "task-", _in_tree),
    "workers": Names(("2",), "worker", "worker-", lambda view, line: view.key_at(line)[1]),
    "attention": Names(("3",), "task", "task-", _in_attention),
    "events": Names(("5",), "task", "task-", lambda view, line: view.model.shown[line].task_id),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pilot(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pilot[None]]:
    directory: Path = tmp_path_factory.mktemp("incidents") / "lineage"
    stage(directory)
    async with opened(directory, size=(120, 36), clock=lambda: NOW) as pilot:
        yield pilot


def drawn(view: LineList, line: int, width: int) -> str:
    """A line as it is drawn in a list of this width."""
    out = Line(width, view.looks)
    view.draw(line, out)
    return out.strip().text


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", VIEWS)
async def test_columns_and_names_never_shrink_as_the_terminal_grows(pilot: Pilot[None], name: str) -> None:
    where, screen = VIEWS[name], screen_of(pilot)
    await pilot.press("1", *where.keys)
    await until(lambda: not screen.views.behind, "the view")
    view: Any = screen.views.view
    for narrow, wide in pairwise(range(WIDTHS[0], WIDTHS[-1] + 1)):
        less, more = view.columns(narrow), view.columns(wide)
        assert all(more.get(column, 0) >= width for column, width in less.items()), (narrow, wide)
    known = [(line, ident) for line in range(view.count()) if (ident := where.name(view, line))]
    lengths = [cell_width(ident) for _, ident in known]
    assert len(known) > 4 and min(lengths) < 20
    assert name in ("workers", "attention") or max(lengths) > 100
    for line, ident in known[:: max(1, len(known) // 150)]:
        shown = [""]
        for width in WIDTHS:
            text = drawn(view, line, width)
            room = view.columns(width)[where.column]
            cuts = (cut(ident, where.prefix, room - lead, view.looks) for lead in range(30))  # lead: an indentation
            part = next((one for one in cuts if one in text), None)
            assert part is not None, (width, text)
            assert cell_width(part) >= cell_width(shown[-1])
            shown.append(part)
        if cell_width(ident) < 100:
            assert shown[-1] == ident, "whole where there is room"


@pytest.mark.asyncio(loop_scope="module")
async def test_list_and_pane_never_shrink_as_the_terminal_grows(pilot: Pilot[None]) -> None:
    screen = screen_of(pilot)
    await pilot.press("1")
    for keys, back in (((), ()), (("v",), ("v", "v", "v")), (("+", "+"), ())):  # below, beside, moved by the operator
        await pilot.press(*keys)
        before: dict[int, tuple[int, ...]] = {}
        for width in (60, 120, 250):
            last = (0, 0, 0, 0)
            for height in (*range(8, 30), *HEIGHTS[2:]):
                await resized(pilot, width, height)
                await pilot.pause()
                view, pane = screen.views.view.size, screen.detail.outer_size
                shown = screen.detail.display and pane.height > 0
                here = view.height, view.width, pane.height if shown else 0, pane.width if shown else 0
                assert all(map(ge, here, last)) and all(map(ge, here, before.get(height, (0,) * 4)))
                last = before[height] = here
            assert min(last) > 9
        await pilot.press(*back)
    screen.arrangement.share = 0
    await resized(pilot, 120, 36)


@pytest.mark.asyncio(loop_scope="module")
async def test_tables_of_figures_never_shrink_as_the_terminal_grows(pilot: Pilot[None]) -> None:
    screen = screen_of(pilot)
    await pilot.press("4")
    seen = 0
    for _ in PANES:
        figures: Any = screen.views.view
        await until(lambda: figures.settled, "the figures")  # noqa: B023
        for row in figures.rows:
            if row.widths is None:
                continue
            seen += 1
            for narrow, wide in pairwise(range(30, WIDTHS[-1] + 1)):
                less, more = row.widths(narrow), row.widths(wide)
                assert all(more.get(column, 0) >= width for column, width in less.items()), (row.key, narrow, wide)
                assert sum(width + 1 for width in more.values()) <= wide
            for width in WIDTHS if row.key[2] == "row" else ():
                whole, room = row.key[1], row.widths(width)[""]
                names = (whole[: room - 1].rstrip(), cut(whole, "", room, figures.looks))  # a sentence; a name
                out = Line(width, figures.looks)
                row.draw(out)
                assert any(name in out.strip().text for name in names), (row.key, width)
        await pilot.press("right")
    assert seen > 40
    await pilot.press("1")


def _columns_of(tab: str, view: Any, width: int) -> dict[str, int]:
    """The columns of a tab of the pane, with their widths, in so many cells."""
    if tab == "timeline":
        return dict(zip(("name", "bars"), view._widths(width), strict=True))
    return dict(view.columns(width) if tab == "workers" else _COLUMNS.fit(width, {}))


@pytest.mark.asyncio(loop_scope="module")
async def test_the_tabs_of_the_pane_never_shrink_as_the_terminal_grows(pilot: Pilot[None]) -> None:
    screen = screen_of(pilot)
    await pilot.press("1")
    for tab in ("timeline", "events", "workers", "related"):
        name = "task-loader" if tab == "related" else "task-flaky-import"
        assert screen.tree_view.reveal(("task", name, ""))
        await until(lambda: screen.detail.task_id == name)  # noqa: B023
        screen.detail.open_tab(tab)
        view: Any = screen.detail.tabs.view
        await until(lambda: view.count() > 0, tab)  # noqa: B023
        for width in range(WIDTHS[0], WIDTHS[-1]):
            less, more = (_columns_of(tab, view, room) for room in (width, width + 1))
            assert all(more.get(column, 0) >= size for column, size in less.items()), (tab, width)
        for line in range(min(12, view.count())) if tab != "timeline" else ():
            lengths = [len(drawn(view, line, width).rstrip("… ")) for width in WIDTHS]
            assert lengths == sorted(lengths), (tab, line)
    screen.detail.open_tab("timeline")


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("tab", ["explain", "record"])
async def test_the_texts_of_the_pane_never_shrink_as_the_terminal_grows(pilot: Pilot[None], tab: str) -> None:
    """They are broken into lines: all that is shown of them, but the blanks."""
    screen = screen_of(pilot)
    await pilot.press("1")
    assert screen.tree_view.reveal(("task", "task-flaky-import", ""))
    await until(lambda: screen.detail.task_id == "task-flaky-import")
    screen.detail.open_tab("events")
    screen.detail.open_tab(tab)
    view: Any = screen.detail.tabs.view
    await until(lambda: view.count() > 4)
    shown = []
    for width in range(WIDTHS[0], WIDTHS[-1] + 1):
        view._width = width
        lines = [drawn(view, line, width).rstrip("… ") for line in range(view.count())]
        shown.append((sum(len("".join(line.split())) for line in lines), width))
    assert shown == sorted(shown)
    screen.detail.open_tab("timeline")


@pytest.mark.asyncio(loop_scope="module")
async def test_the_names_of_the_top_line_are_cut_as_all_names_are(pilot: Pilot[None]) -> None:
    screen = screen_of(pilot)
    await pilot.press("1")
    row = max(screen.tree_view.model.rows.values(), key=lambda row: len(row.task_id))
    assert screen.tree_view.reveal(("task", row.task_id, ""))
    last = ""
    for width in WIDTHS:
        await resized(pilot, width, 36)
        await pilot.pause()
        name = "".join(text for text, _ in screen.edges.top.left).rpartition(" › ")[2].strip()
        assert cell_width(name) >= cell_width(last) and (name == row.task_id or "…" in name)
        assert name in {cut(row.task_id, "task-", cells, screen.context.looks) for cells in range(8, 200)}
        last = name
    await resized(pilot, 120, 36)
