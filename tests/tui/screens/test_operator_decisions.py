"""What the operator decides is logged once it was confirmed, as it was shown; nothing where that is not allowed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from lineage_core.model.host_file_names import HOSTS_MARK
from lineage_core.settings.config_file import problems
from lineage_core.write.journal import Journal
from lineage_tui.screens.main import MainScreen
from lineage_tui.screens.text_page import PageScreen
from lineage_tui.settings.config import OwnSettings, settings
from tests.cli.test_no_trace import look
from tests.tui.conftest import opened, screen_text, until

ON = OwnSettings(refusal="")


def shown(pilot: Pilot[None]) -> str:
    return screen_text(pilot.app)  # type: ignore[arg-type]


@pytest.fixture
def directory(lineage: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A blocked task that a master has."""
    journal = Journal(lineage)
    journal.log("task_created", "task-1", "user-kim")
    journal.log("task_assigned", "task-1", "coordinator-master", "dev-master")
    journal.log("task_started", "task-1", "dev-master")
    journal.log("task_blocked", "task-1", "dev-master", "waits for a review")
    monkeypatch.setenv("CORTEX_PRINCIPAL", "ops-sam")
    return lineage


def records(directory: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for file in directory.glob("*.jsonl") for line in file.read_text().splitlines()]


async def select(pilot: Pilot[None], task_id: str = "task-1") -> None:
    pilot.app.main_screen.navigation.go_to_task(task_id)  # type: ignore[attr-defined]
    await pilot.pause()


async def choose(pilot: Pilot[None], number: int, text: str) -> None:
    """Decide the thing of this number, from 0, and type what is asked for."""
    await select(pilot)
    await pilot.press("d", *["down"] * number, "enter")
    await pilot.pause()
    await pilot.press(*("space" if letter == " " else letter for letter in text), "enter")
    await pilot.pause()


@pytest.mark.parametrize(
    ("number", "typed", "event_type", "actor", "data", "status"),
    [
        (0, "not needed", "task_cancelled", "ops-sam", {"reason": "not needed"}, "cancelled"),
        (
            *(1, "sec-master too busy", "task_reassigned", "coordinator-master"),
            *({"from_master": "dev-master", "to_master": "sec-master", "reason": "too busy"}, "sec-master"),
        ),
        (2, "help", "task_escalated", "ops-sam", {"reason": "help"}, "escalated"),
        (3, "done by hand", "task_unblocked", "ops-sam", {"reason": "done by hand"}, "running"),
    ],
)
async def test_a_decision_is_shown_logged_and_seen(
    directory: Path, number: int, typed: str, event_type: str, actor: str, data: dict[str, str], status: str
) -> None:
    async with opened(directory, own=ON) as pilot:
        await choose(pilot, number, typed)
        assert "log this" in shown(pilot) and str(directory)[:20] in shown(pilot)
        assert len(records(directory)) == 4, "nothing before it is confirmed"
        page = pilot.app.screen
        assert isinstance(page, PageScreen)
        seen = json.loads("\n".join(row.parts[0][0] for row in page.view.rows).partition("\n{")[2].join(("{", "")))
        await pilot.press("enter")
        await until(lambda: len(records(directory)) == 5, "the record")
        logged = records(directory)[-1]
        assert {key: logged[key] for key in logged if key not in ("lineage_id", "timestamp")} == seen
        assert (logged["event_type"], logged["actor"]["id"], logged["event_data"]) == (event_type, actor, data)
        assert logged["actor"]["principal"] == "ops-sam"
        rows = pilot.app.state.rows  # type: ignore[attr-defined]
        await until(lambda: rows["task-1"].events == 5, "its arrival")
        row = rows["task-1"]
        assert status in (row.status.value, row.master, "escalated" if row.escalated else "")
        await until(lambda: f"logged: {event_type} of task-1" in shown(pilot), "that it was logged")
        assert isinstance(pilot.app.screen, MainScreen)


async def test_nothing_is_written_where_it_is_off_or_not_confirmed(directory: Path) -> None:
    before = look(directory)
    async with opened(directory) as pilot:
        await select(pilot)
        await pilot.press("d")
        assert "off: write = true in the config file" in shown(pilot)
    async with opened(directory, own=ON) as pilot:
        await choose(pilot, 0, "no")
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(pilot.app.screen, MainScreen)
        await choose(pilot, 0, "  ")
        assert "cancel: the reason is missing" in shown(pilot)
        await choose(pilot, 1, "dev-master because")
        assert "dev-master has it already" in shown(pilot)
        await pilot.press("d", "enter", "x", "escape")
        await pilot.pause()
    assert look(directory) == before


def test_it_is_the_config_file_that_allows_it() -> None:
    assert settings({}, {}, {}).own.refusal
    assert settings({}, {}, {"write": False}).own.refusal
    assert not settings({}, {}, {"write": True}).own.refusal
    assert [*problems({"write": "yes"})] == [(("write",), "write must be true or false")]


async def test_who_decides_has_to_be_known(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CORTEX_PRINCIPAL")
    async with opened(directory, own=ON) as pilot:
        await select(pilot)
        await pilot.press("d")
        assert "CORTEX_PRINCIPAL is not set" in shown(pilot)


async def test_a_task_that_is_over_or_of_several_hosts_and_another_time_are_refused(
    directory: Path, tmp_path: Path
) -> None:
    Journal(directory).log("task_failed", "task-1", "dev-master", "no")
    async with opened(directory, own=ON) as pilot:
        await select(pilot)
        await pilot.press("d")
        assert "task-1 is failed: there is nothing to decide" in shown(pilot)
        await pilot.press("left_curly_bracket")
        await until(lambda: pilot.app.travel.past is not None, "another time")  # type: ignore[attr-defined]
        await until(lambda: "as of" in shown(pilot), "its screen")
        await pilot.press("d")
        assert "this is another time" in shown(pilot)
    for host in ("web1", "db"):
        Journal(tmp_path / "hosts" / host).log("task_created", f"task-on-{host}", "kim")
    async with opened(tmp_path / "hosts", own=ON) as pilot:
        await select(pilot, "task-on-db")
        await pilot.press("d")
        assert "log it on db, by lineage log" in shown(pilot)
    (tmp_path / "hosts" / HOSTS_MARK).touch()  # as a mirror leaves it: what is below is copied, byte by byte
    async with opened(tmp_path / "hosts" / "db", own=ON) as pilot:
        await select(pilot, "task-on-db")
        await pilot.press("d")
        assert "this is the copy of a host's journal" in shown(pilot)


async def test_a_task_that_changed_meanwhile_is_left_alone_and_a_fault_is_said(directory: Path) -> None:
    async with opened(directory, own=ON) as pilot:
        await choose(pilot, 1, "sec-master busy")
        Journal(directory).log("task_reassigned", "task-1", "dev-master", "cicd-master", "busy")
        rows = pilot.app.state.rows  # type: ignore[attr-defined]
        await until(lambda: rows["task-1"].master == "cicd-master", "the other decision")
        await pilot.press("enter")
        await until(lambda: "task-1 is another one by now: nothing was logged" in shown(pilot), "the refusal")
        assert len(records(directory)) == 5
        await choose(pilot, 0, "x")
        (file,) = directory.glob("*.jsonl")
        file.rename(directory / "aside.txt")
        file.mkdir()
        await pilot.press("enter")
        await until(lambda: "cannot write" in shown(pilot), "what is wrong")


async def test_hostile_text_is_inert_and_written_as_it_is(directory: Path) -> None:
    hostile = "task-\x1b]0;x\x07 [b]$(touch pwned)"
    Journal(directory).log("task_created", hostile, "user-kim")
    async with opened(directory, own=ON) as pilot:
        await select(pilot, hostile)
        await pilot.press("d", "enter", *"[red]", "enter")
        await pilot.pause()
        assert "[red]" in shown(pilot) and "\x1b" not in shown(pilot)
        await pilot.press("enter")
        await until(lambda: len(records(directory)) == 6, "the record")
        assert (records(directory)[-1]["task_id"], records(directory)[-1]["event_data"]) == (
            hostile,
            {"reason": "[red]"},
        )
