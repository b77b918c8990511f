"""When tasks will end, on the screen: in the tree, in the pane, as a filter, as an order."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineage_core.base.clock import MINUTE, format_timestamp
from lineage_core.forecast.phrases import TOO_FEW
from lineage_core.write.journal import Journal
from lineage_tui.views.stats import StatsView
from tests.build import NOW, record, write
from tests.tui.conftest import opened, screen_text, until


@pytest.fixture
def builds(lineage: Path) -> Path:
    """A hundred and twenty builds of ten minutes, one that began five minutes ago, one that has run for hours."""
    made = []

    def log(task: str, event_type: str, at: int) -> None:
        made.append(
            record(
                len(made), lineage_id=f"lineage-{at:016d}{len(made):010d}", task_id=task, event_type=event_type,
                timestamp=format_timestamp(at), actor={"type": "master", "id": "dev"},
                event_data={"type": "build"} if event_type == "task_created" else {"completion_status": "success"},
            )
        )  # fmt: skip

    starts = {f"done-{n}": NOW - (300 + n) * MINUTE for n in range(120)}
    starts |= {"short": NOW - 5 * MINUTE, "long": NOW - 290 * MINUTE}
    for name, start in starts.items():
        log(name, "task_created", start)
        log(name, "task_started", start)
        if name.startswith("done"):
            log(name, "task_completed", start + 10 * MINUTE)
    return write(lineage, *made)


async def test_the_screen_tells_when_tasks_will_end(builds: Path) -> None:
    async with opened(builds, (160, 40), clock=lambda: NOW) as pilot:
        app = pilot.app
        screen = app.main_screen  # type: ignore[attr-defined]
        await until(lambda: screen.learning.ends.learned, "what is learned")
        screen.resume()
        await until(lambda: "about 5m left" in screen_text(app), "the forecast")
        assert (
            screen.learning.ends.text("long") == "longer than 99 of 100 like it"
            and screen.learning.ends.text("done-1") == ""
        )
        assert screen.learning.ends.text("short") == "about 5m left (0s to 5m)"
        await pilot.press("/", *"is:slow", "enter")
        await until(lambda: "short" not in screen_text(app), "the slow one alone")
        assert "long" in screen_text(app)


async def test_the_outlook_tells_when_a_queue_is_done_and_what_is_slow(builds: Path) -> None:
    async with opened(builds, (130, 40), clock=lambda: NOW) as pilot:
        view = pilot.app.screen.query_one(StatsView)
        await pilot.press("4", "left")
        await until(lambda: view.settled and "long" in screen_text(pilot.app), "the outlook")
        lines = [line.split() for line in view.text_lines()]
        queue = next(line for line in lines if line[:1] == ["dev"])
        assert queue[:5] == ["dev", "2", "1", "5m", "5m"], "two are open, of one nothing can be told"
        slow = next(line for line in lines if line[:1] == ["long"])
        assert slow[1:6] == ["4h50m", "99", "of", "100", "dev"]
        assert view.select_key(("slow", "long", "row"))
        view.enter()
        await until(lambda: "short" not in screen_text(pilot.app), "the slow one alone")
        assert pilot.app.main_screen.filtering.text == "task:^long$"  # type: ignore[attr-defined]


async def test_the_outlook_follows_what_happens(builds: Path) -> None:
    async with opened(builds, (130, 40), clock=lambda: NOW) as pilot:
        view = pilot.app.screen.query_one(StatsView)
        await pilot.press("4", "left")
        await until(lambda: view.settled and "long" in screen_text(pilot.app), "the outlook")
        Journal(builds).log("task_cancelled", "long", "kim", "not needed", timestamp=format_timestamp(NOW))
        await until(lambda: "nothing takes longer than it should" in screen_text(pilot.app), "the new outlook")


async def test_where_nothing_is_open_or_too_little_known_the_outlook_says_so(lineage: Path) -> None:
    journal = Journal(lineage)
    journal.log("task_created", "task-1", "kim")
    async with opened(lineage, (130, 40)) as pilot:
        await pilot.press("4", "left")
        await until(lambda: TOO_FEW in screen_text(pilot.app), "that too little is known")
        journal.log("task_cancelled", "task-1", "kim", "not needed")
        await until(lambda: "nothing is open" in screen_text(pilot.app), "that nothing is open")
