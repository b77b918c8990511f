"""The tab of related tasks: who has to do with the selected one, and a way there."""

from __future__ import annotations

from pathlib import Path

from lineage_core import Journal
from tests.tui.conftest import opened, screen_text, until


async def test_related_tasks_are_listed_with_the_reason_and_enter_goes_there(lineage: Path) -> None:
    journal = Journal(lineage)
    journal.log("task_created", "task-b", "user-kim")
    journal.log("task_created", "task-c", "user-kim")
    journal.log("task_created", "task-a", "user-kim")
    journal.log("task_blocked", "task-a", "dev-master", "needs it", data={"blocked_by": ["task-b"]})
    async with opened(lineage, (160, 40)) as pilot:
        screen = pilot.app.main_screen  # type: ignore[attr-defined]
        screen.tree_view.select_key(("task", "task-a", ""))
        await until(lambda: screen.detail.task_id == "task-a", "task-a in the pane")
        screen.detail.open_tab("related")
        await until(lambda: "blocks it" in screen_text(pilot.app), "the reason")
        assert screen.detail.tabs.related.count() == 1
        screen.set_focus(screen.detail.tabs.related)
        await pilot.press("enter")
        await until(lambda: screen.detail.task_id == "task-b", "task-b in the pane")
