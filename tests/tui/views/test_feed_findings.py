"""What is wrong with the feed stands first in the attention view, which then does not say that nothing needs you."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineage_core.write.journal import Journal
from tests.tui.conftest import opened, screen_text, until


@pytest.mark.parametrize("bad", ["missing", "a torn record", "a directory", "nothing"])
async def test_an_unsound_feed_is_the_first_finding(bad: str, lineage: Path) -> None:
    if bad != "missing":
        Journal(lineage).log("task_created", "task-1", "user-kim")
        (day,) = lineage.glob("lineage-*.jsonl")
    if bad == "a torn record":
        with day.open("a") as file:
            file.write('{"lineage_id": "torn\n')
    if bad == "a directory":
        (lineage / "lineage-2020-01-01.jsonl").mkdir()
    said = {
        "missing": "does not exist",
        "a torn record": f"{day.name}: 1 piece is no whole record" if bad == "a torn record" else "",
        "a directory": "lineage-2020-01-01.jsonl cannot be read",
        "nothing": "nothing needs you",
    }[bad]
    async with opened(lineage) as pilot:
        await pilot.press("3")
        await until(lambda: said in screen_text(pilot.app), said)  # type: ignore[arg-type]
        text = screen_text(pilot.app)  # type: ignore[arg-type]
        assert ("nothing needs you" in text) == (bad == "nothing")
