"""A key comes first: until its frame is drawn, work that nobody waits for holds off, but not for long."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.app import App

from lineage_core.state.feed import Feed
from lineage_core.state.store import State
from lineage_tui.app import LineageApp
from lineage_tui.screens.feed_intake import FeedIntake
from lineage_tui.widgets.background_work import in_slices
from lineage_tui.widgets.pending_key import LONGEST, PendingKey, pending_key


class Clock:
    """Seconds that stand until the test moves them on."""

    at = 100.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def key(clock: Clock) -> PendingKey:
    return PendingKey(clock)


def test_no_key_waits_before_one_was_pressed(key: PendingKey) -> None:
    key.drawn()
    key.done()
    assert not key.waits


def test_a_key_waits_until_the_frame_that_shows_what_it_did(key: PendingKey) -> None:
    key.pressed()
    assert key.waits
    key.drawn()  # of something else, that was due before
    assert key.waits
    key.done()
    assert key.waits
    key.drawn()
    assert not key.waits


def test_the_frame_of_a_key_is_not_that_of_the_next(key: PendingKey) -> None:
    key.pressed()
    key.done()
    key.pressed()
    key.drawn()
    assert key.waits
    key.done()
    key.drawn()
    assert not key.waits


def test_a_key_that_changes_nothing_holds_nothing_up_for_long(key: PendingKey, clock: Clock) -> None:
    key.pressed()
    key.done()
    clock.at += LONGEST / 2
    key.pressed()  # held down: it repeats
    assert key.waits
    clock.at += LONGEST
    assert not key.waits
    key.pressed()
    assert key.waits


async def test_the_app_tells_when_a_key_was_done(tmp_path: Path) -> None:
    app = LineageApp(tmp_path)
    async with app.run_test() as pilot:
        key = pending_key(app)
        key._clock = Clock()
        for name in ("j", "full_stop", "slash", "x"):  # moves, is refused, opens the field, is typed into it
            key.pressed()
            key.drawn()
            assert key.waits, name
            await pilot.press(name)
            key.drawn()
            assert not key.waits, name


async def test_the_first_slice_goes_on_since_it_may_be_what_the_key_asks_for() -> None:
    app: App[None] = App()
    async with app.run_test():
        key = pending_key(app)
        key._clock = Clock()
        key.pressed()
        ends: list[bool] = []
        in_slices(app, iter(range(5)), "test", ends.append)
        assert ends == [True]


async def test_a_later_slice_ends_when_a_key_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lineage_tui.widgets.background_work.BUDGET", -1.0)  # ends the first slice …
    app: App[None] = App()
    async with app.run_test() as pilot:
        key = pending_key(app)
        key._clock = Clock()
        steps: list[str] = []
        ends: list[int] = []

        def work() -> Iterator[None]:
            steps.append("first")
            monkeypatch.setattr("lineage_tui.widgets.background_work.BUDGET", 60.0)  # … and no other
            yield
            for number in range(3):
                steps.append(f"before the key {number}")
                yield
            key.pressed()
            steps.append("key")
            yield
            key.done()
            key.drawn()
            for number in range(3):
                steps.append(f"after its frame {number}")
                yield

        in_slices(app, work(), "test", lambda done: ends.append(len(steps)))
        while len(steps) < 8:
            await pilot.pause(0.001)
        await pilot.pause(0.001)
        assert [steps[count - 1] for count in ends] == ["first", "key", "after its frame 2"]


async def test_changes_are_taken_after_the_frame_of_a_key(tmp_path: Path) -> None:
    feed = Feed(tmp_path, State(), lambda: None)
    feed._changed.announce({"task-a"})
    waits, taken = True, asyncio.Event()
    loop = asyncio.get_running_loop()

    def took(_ids: set[str]) -> bool:
        assert not waits
        taken.set()
        return True

    intake = FeedIntake(lambda: feed, loop.call_soon, lambda ids: None, took, lambda: waits)
    intake.plan()
    for _ in range(10):
        await asyncio.sleep(0)
    assert not taken.is_set()
    waits = False
    await taken.wait()
