"""When tasks will end, on the screen: in the tree, in the pane, as a filter, as an order."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineage_core.base.clock import MINUTE, format_timestamp
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
        await until(lambda: screen.ends.learned, "what is learned")
        screen.resume()
        await until(lambda: "about 5m left" in screen_text(app), "the forecast")
        assert screen.ends.text("long") == "later than 99 of 100" and screen.ends.text("done-1") == ""
        assert screen.ends.text("short") == "about 5m left (0s to 5m)"
        await pilot.press("/", *"is:slow", "enter")
        await until(lambda: "short" not in screen_text(app), "the slow one alone")
        assert "long" in screen_text(app)
