"""The views show the host of what they list, where there are several."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineage_core import Journal
from tests.tui.conftest import opened, screen_text, until


def _log(directory: Path, session: str = "") -> None:
    journal = Journal(directory, environ={"CORTEX_SESSION_ID": session})
    error = "disk full" if "web" in directory.name else "out of memory"
    journal.log("task_created", "task-x", "kim", data={"priority": "high"})
    journal.log("worker_spawned", "task-x", "dev-master", f"worker-{directory.name}", "scan-worker")
    journal.log("worker_failed", "task-x", f"worker-{directory.name}", error)
    journal.log("task_failed", "task-x", "dev-master", error)


@pytest.mark.parametrize("key", ["1", "2", "3", "5"])
async def test_each_list_has_a_column_for_the_host_where_there_are_several(tmp_path: Path, key: str) -> None:
    _log(tmp_path / "web1")
    async with opened(tmp_path, (130, 36)) as pilot:
        await pilot.press(key)
        await until(lambda: "host" not in screen_text(pilot.app), "no column")  # type: ignore[arg-type]
        _log(tmp_path / "\x1b[31mdb")
        await until(lambda: "host" in screen_text(pilot.app), "the column")  # type: ignore[arg-type]
        await until(lambda: r"\x1b[31mdb" in screen_text(pilot.app), "the host")  # type: ignore[arg-type]
        assert "\x1b[31mdb" not in screen_text(pilot.app)  # type: ignore[arg-type]


async def test_two_tasks_that_turn_out_to_be_one_are_shown_as_one(tmp_path: Path) -> None:
    _log(tmp_path / "web1", session="night")
    _log(tmp_path / "web2")
    async with opened(tmp_path, (130, 36)) as pilot:
        await until(lambda: "x@web2" in screen_text(pilot.app), "two tasks")  # type: ignore[arg-type]
        _log(tmp_path / "web2", session="night")
        await until(lambda: "x@web2" not in screen_text(pilot.app), "one task")  # type: ignore[arg-type]
        app = pilot.app
        await until(lambda: "web1,web2" in screen_text(app), "both hosts")  # type: ignore[arg-type]
        assert app.state.rows.keys() == {"task-x"}  # type: ignore[attr-defined]
        await pilot.press("3")
        await until(lambda: "x@web2" not in screen_text(app), "one in the list")  # type: ignore[arg-type]


async def test_a_filter_by_host_is_completed_and_narrows(tmp_path: Path) -> None:
    for host in ("web1", "db"):
        Journal(tmp_path / host).log("task_created", f"task-on-{host}", "kim")
    async with opened(tmp_path, (130, 36)) as pilot:
        await pilot.press("slash", *"host:d", "tab", "enter")
        await until(lambda: "on-web1" not in screen_text(pilot.app), "the filter")  # type: ignore[arg-type]
        assert "on-db" in screen_text(pilot.app)  # type: ignore[arg-type]


@pytest.mark.parametrize("key", ["1", "3"])
async def test_of_more_hosts_than_there_is_room_for_the_first_is_shown_and_how_many_more(
    tmp_path: Path, key: str
) -> None:
    for number in range(1, 4):
        _log(tmp_path / f"cortex-{number}", session="night")
    async with opened(tmp_path, (130, 36)) as pilot:
        await pilot.press(key)
        await until(lambda: "cortex-1+2" in screen_text(pilot.app), "hosts")  # type: ignore[arg-type]
