"""The operator's own commands, logs and filters on the screen."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from lineage_core.settings.user_commands import OwnCommand
from lineage_tui.screens.main import MainScreen
from lineage_tui.screens.text_page import PageScreen
from lineage_tui.settings.config import OwnSettings
from lineage_tui.user_program_output import GrowingFile
from tests.build import record, write
from tests.tui.conftest import opened, screen_text, until

HOSTILE = "worker $(touch pwned) ; `touch pwned` --x \x1b[31m"
PRINT = (sys.executable, "-c", "import sys; print('got', ascii(sys.argv[1:]))")


def shown(pilot: Pilot[None]) -> str:
    return screen_text(pilot.app)  # type: ignore[arg-type]


def started(name: str) -> dict[str, Any]:
    """The start of a worker of task-1."""
    actor = {"type": "worker", "id": name, "principal": "p"}
    return record(2, task_id="task-1", event_type="worker_started", actor=actor, event_data={"worker_id": name})


@pytest.fixture
def directory(lineage: Path) -> Path:
    return write(lineage, record(1, task_id="task-1", event_type="task_created"), started(HOSTILE))


def own(*commands: OwnCommand, **options: Any) -> OwnSettings:
    return OwnSettings(commands, **options)


async def to_worker(pilot: Pilot[None]) -> None:
    pilot.app.main_screen.navigation.go_to_task("task-1", HOSTILE)  # type: ignore[attr-defined]
    await pilot.pause()


async def test_a_command_gets_a_hostile_id_as_one_argument_and_its_output_is_shown(directory: Path) -> None:
    command = OwnCommand("show", "f6", "worker", (*PRINT, "{worker_id}", "{task_id}"))
    async with opened(directory, own=own(command)) as pilot:
        await to_worker(pilot)
        await pilot.press("f6")
        await until(lambda: "show ended well" in shown(pilot), "the end")
        assert f"got {[HOSTILE, 'task-1']!a}" in shown(pilot)
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, MainScreen)
    assert not list(directory.parent.parent.rglob("pwned"))


async def test_it_is_asked_for_where_it_says_so(directory: Path, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    command = OwnCommand("touch", "f6", "any", ("touch", str(mark)), confirm=True, background=True)
    async with opened(directory, own=own(command)) as pilot:
        await pilot.press("f6")
        assert "run touch? Enter runs it" in shown(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert not mark.exists()
        await pilot.press("f6", "enter")
        await until(mark.exists, "the program")
        await until(lambda: "touch ended well" in shown(pilot), "its end")


async def test_a_program_that_hangs_does_not_keep_the_screen_and_ends_with_its_page(directory: Path) -> None:
    command = OwnCommand("hang", "f6", "any", ("sh", "-c", "echo $$; exec sleep 1000"))
    async with opened(directory, own=own(command)) as pilot:
        await pilot.press("f6")
        page = pilot.app.screen
        assert isinstance(page, PageScreen)
        await until(lambda: page.view.rows and page.view.rows[0].parts[0][0].isdigit(), "its number")
        number = int(page.view.rows[0].parts[0][0])
        await pilot.press("down", "up", "escape")
        assert isinstance(pilot.app.screen, MainScreen)

        def ended() -> bool:
            try:
                os.kill(number, 0)
            except ProcessLookupError:
                return True
            return False

        await until(ended, "its end")


async def test_a_program_that_floods_is_shown_by_its_newest_lines(directory: Path) -> None:
    command = OwnCommand("flood", "f6", "any", ("seq", "1", "300000"))
    async with opened(directory, own=own(command)) as pilot:
        await pilot.press("f6")
        await until(lambda: "flood ended well" in shown(pilot), "the end")
        assert "300000" in shown(pilot)
        assert len(pilot.app.screen.view.rows) <= 5000  # type: ignore[attr-defined]


async def test_what_is_not_selected_or_not_there_is_said(directory: Path) -> None:
    commands = own(
        OwnCommand("show", "f6", "worker", ("true", "{worker_id}")), OwnCommand("none", "f7", "any", ("/nowhere/x",))
    )
    async with opened(directory, own=commands) as pilot:
        pilot.app.main_screen.navigation.go_to_task("task-1")  # type: ignore[attr-defined]
        await pilot.press("f6")
        assert "it is for a worker, and none is selected" in shown(pilot)
        await pilot.press("f7")
        await until(lambda: "none cannot be run: No such file" in shown(pilot), "the reason")


async def test_an_own_command_is_in_the_help_and_runs_by_its_name(directory: Path) -> None:
    async with opened(directory, own=own(OwnCommand("show", "f6", "any", ("echo", "hello")))) as pilot:
        await pilot.press("question_mark")
        assert "show: echo" in shown(pilot)
        await pilot.press("escape", "colon", *"show", "enter")
        await until(lambda: "hello" in shown(pilot), "its output")


async def test_a_log_is_shown_live_and_its_text_is_inert(lineage: Path) -> None:
    write(lineage, started("worker-1"))
    log = lineage.parents[1] / "logs" / "worker-1.log"
    log.parent.mkdir()
    log.write_bytes(b"first \x1b]0;owned\x07 line\n")
    async with opened(lineage, own=own(log="logs/{worker_id}.log")) as pilot:
        pilot.app.main_screen.navigation.go_to_task("task-1")  # type: ignore[attr-defined]
        await pilot.press("u")
        await until(lambda: "first \\x1b]0;owned\\x07 line" in shown(pilot), "the log")
        with log.open("ab") as file:
            file.write(b"second line\n")
        await until(lambda: "second line" in shown(pilot), "what is new")
        log.unlink()
        await until(lambda: "cannot be read: no such file" in shown(pilot), "that it is gone")


def test_a_log_of_a_gigabyte_is_read_at_its_end_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "big.log"
    with path.open("wb") as file:
        file.truncate(1 << 30)
        file.seek(0, 2)
        file.write(b"\nthe end\n")
    read = []
    pread = os.pread
    monkeypatch.setattr(os, "pread", lambda fd, size, offset: read.append(size) or pread(fd, size, offset))
    log = GrowingFile(path)
    assert log.read()
    assert log.lines.text()[-1] == "the end"
    assert sum(read) <= 256 << 10


async def test_a_filter_is_chosen_by_its_name(directory: Path) -> None:
    async with opened(directory, own=own(filters={"failures": "status:failed", "all": "task:"})) as pilot:
        await pilot.press("B")
        assert "failures  status:failed" in shown(pilot)
        await pilot.press("enter")
        await until(lambda: "no task matches status:failed" in shown(pilot), "the filter")
