"""A list view alone in a small app, over a state that the test fills: what the tests of the views share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.app import App, ComposeResult
from textual.pilot import Pilot

from lineage_core.rules.usual_durations import UsualTimes
from lineage_core.state.store import State
from lineage_tui.theme.styles import Styles
from lineage_tui.widgets.following_list import FollowingList
from tests.build import NOW


class Clock:
    """A clock that stands until the test moves it on."""

    def __init__(self, at: int = NOW) -> None:
        self.at = at

    def __call__(self) -> int:
        return self.at


class Alone(App[None]):
    """One view and nothing else; `view` may be put on the screen before or after it has lines."""

    CSS = "Screen { layout: vertical; } #view { height: 1fr; }"

    def __init__(self, view: FollowingList) -> None:
        super().__init__()
        self.view = view

    def compose(self) -> ComposeResult:
        yield self.view

    def on_mount(self) -> None:
        self.view.focus()


@asynccontextmanager
async def alone(view: FollowingList, size: tuple[int, int] = (120, 30)) -> AsyncIterator[Pilot[None]]:
    """A pilot of an app that shows this view."""
    async with Alone(view).run_test(size=size) as pilot:
        await pilot.pause()
        yield pilot


def text_of(view: FollowingList) -> str:
    """What the view shows, as text."""
    return "\n".join(view.render_line(y).text for y in range(view.size.height))


def usual_of(state: State) -> UsualTimes:
    """What silence is usual in a state, all of it learned."""
    usual = UsualTimes(state)
    usual.heard(state.rows)
    for _ in usual.learn():
        pass
    return usual


def styles(*, ascii_only: bool = False) -> Styles:
    return Styles("dark", ascii_only=ascii_only)
