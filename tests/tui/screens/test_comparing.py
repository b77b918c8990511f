"""Two marked tasks, compared over the screen."""

from __future__ import annotations

from pathlib import Path

from tests.cli.test_diff import a_run, logged, the_same_with_a_retry_and_another_owner
from tests.tui.conftest import opened, screen_text, until


async def test_two_marked_tasks_are_compared_differences_first(lineage: Path) -> None:
    logged(lineage, good=a_run(), bad=the_same_with_a_retry_and_another_owner())
    async with opened(lineage) as pilot:
        screen = pilot.app.main_screen  # type: ignore[attr-defined]
        for name in ("task-good", "task-bad"):
            screen.navigation.go_to_task(name)
            await pilot.press("space")
        await pilot.press("D")
        await until(lambda: "2 differences: retries, owners" in screen_text(pilot.app))  # type: ignore[arg-type]
        lines = [line.strip(" │").split() for line in screen_text(pilot.app).splitlines()]  # type: ignore[arg-type]
        start = next(at for at, line in enumerate(lines) if line[:2] == ["DIFFERS", "IN"])
        assert lines[start + 1] == ["retries", "-", "scan-worker", "failed:", "no", "disk"]
        await pilot.press("escape")
        assert pilot.app.screen is screen


async def test_what_is_missing_is_said(lineage: Path) -> None:
    logged(lineage, good=a_run(), bad=a_run())
    async with opened(lineage) as pilot:
        await pilot.press("D")
        await until(lambda: "two tasks are compared: mark them first (Space)" in screen_text(pilot.app))  # type: ignore[arg-type]
