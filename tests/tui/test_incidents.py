"""Ten incidents, opened: so many keys, and the answer is on the screen. One app answers all questions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest
import pytest_asyncio
from textual.pilot import Pilot

from lineage_tui.app import LineageApp
from lineage_tui.screens.main import MainScreen
from tests.incidents import INCIDENTS, LONG, NOW, WIDE, stage
from tests.tui.conftest import opened, resized, screen_text, until


class Question(NamedTuple):
    """incident: by its name in `tests/incidents.py`. asked: what an operator wants to know. task: the one under the
    cursor. keys: what is pressed from there. answer: texts that are on the screen then."""

    incident: str
    asked: str
    task: str
    keys: tuple[str, ...]
    answer: tuple[str, ...]


SOUTH = LONG.format("south")
QUESTIONS = (
    Question("dead_master", "what needs me first", "", ("3",), ("security-master: silent for 56m59s, 5 tasks wait",)),
    Question(
        "dead_master",
        "what it waits for, of whom, until when",
        "task-audit-3",
        (),
        (
            "assigned to security-master for 1h20m: not started yet",
            "expected of security-master by 01:50:00, late by 1h10",
        ),
    ),
    Question("dead_master", "what runs under which master", "", ("/", *"owner:security", "enter"), ("task-audit-4",)),
    Question(
        "skew",
        "where its time went",
        "task-edge-rollout",
        (),
        ("clock of worker-edge: 4m35s behind", "worker-edge ±", "± clock off", "running 40% 10m00s"),
    ),
    Question("skew", "which workers are silent since when", "", ("2",), ("worker-edge", "6m35s", "clock 4m35s behind")),
    Question(
        "retry_storm",
        "why it does not get on",
        "task-flaky-import",
        ("b",),
        ("worker-import-5 failed: connection reset by 10.0.0.7",),
    ),
    Question("retry_storm", "how often it was tried", "task-flaky-import", (), ("6 retries", "6 failures, 6 retried")),
    Question("retry_storm", "what needs somebody", "", ("3",), ("6 retries of import-worker and none has succeeded",)),
    Question(
        "mass_zombies",
        "what happened to them all",
        "",
        ("3",),
        ("12 zombie workers at once, in 12 tasks: look at the host first", "▸ render workers"),
    ),
    Question("mass_zombies", "who is silent, since when", "", ("2",), ("☠ worker-render-11 ", "50m11s", "12 zombie")),
    Question(
        "ping_pong",
        "who handed what to whom",
        "task-hot-potato",
        (),
        (
            "cicd → development",
            "owners",
            "development 10m00s",
            "(… development 5m00s → cicd 5m00s → development 10m00s)",
        ),
    ),
    Question("ping_pong", "what needs somebody", "", ("3",), ("6 times between cicd-master and development-master",)),
    Question(
        "deadlock",
        "what it waits for",
        "task-schema",
        (),
        ("task-schema waits for task-loader waits for task-index waits for task-schema: none of them can go on",),
    ),
    Question("deadlock", "what needs me", "", ("3",), ("deadlock",)),
    Question(
        "many_tasks", "the one that failed", "", ("/", *"is:failed batch", "enter"), ("row 7 is no UTF-8", "1234")
    ),
    Question("many_tasks", "why", "task-batch-1234", ("b",), ("task_failed", "row 7 is no UTF-8")),
    Question("many_tasks", "how many there are", "", (), ("2,031 tasks", "☠ 1 silent master")),
    Question("strange_ids", "which one failed, whole", WIDE.format("south"), (), (f"✗ failed {WIDE.format('south')}",)),
    Question(
        "strange_ids", "why, and its record", SOUTH, ("b", "enter"), ('"task_id": "task-reconcile', "no such ledger")
    ),
    Question("days_and_seconds", "where its time went", "task-census", (), ("running 3d00h", "72 reports", "+1d00h")),
    Question("days_and_seconds", "and of the other", "task-blink", (), ("completed after 3s", "running 2s")),
    Question(
        "costly_handoff",
        "what it cost, and whom",
        "task-checkout",
        (),
        (
            "cost 79,000 tokens (development 31,000, cicd 48,000)",
            "development → cicd",
            "▏development 34m00s",
            "▏cicd 25m",
        ),
    ),
    Question(
        "costly_handoff", "what it cost by worker type", "", ("4", "right", "right", "right"), ("cicd-worker", "48,000")
    ),
    Question(
        "dead_master", "how many are late, failed, hang; the feed", "", (), ("15 late", "12 zombie", "3 failed", "live")
    ),
)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def pilot(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pilot[None]]:
    directory = tmp_path_factory.mktemp("incidents") / "lineage"
    stage(directory)
    async with opened(directory, size=(140, 44), clock=lambda: NOW) as pilot:
        yield pilot


def parts(pilot: Pilot[None]) -> tuple[LineageApp, MainScreen]:
    app = pilot.app
    assert isinstance(app, LineageApp) and app.main_screen is not None
    return app, app.main_screen


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: f"{q.incident}: {q.asked}")
async def test_opened_so_many_keys_and_the_answer_is_on_the_screen(question: Question, pilot: Pilot[None]) -> None:
    app, screen = parts(pilot)
    screen.filtering.set("")
    await pilot.press("escape", "escape", "1")
    await until(lambda: screen.tree_view.count() > 1000, "the whole tree")
    if question.task:
        screen.navigation.go_to_task(question.task)
        screen.detail.open_tab("timeline")
        if question.asked == "where its time went":
            screen.detail.tabs.timeline.select_key(("worker", "worker-census"))
    await pilot.press(*("slash" if key == "/" else key for key in question.keys))
    for text in question.answer:
        await until(lambda text=text: text in screen_text(app), f"{text!r} in\n{screen_text(app)}")  # type: ignore[misc]


@pytest.mark.asyncio(loop_scope="module")
async def test_an_id_of_120_characters_is_whole_in_the_pane(pilot: Pilot[None]) -> None:
    app, screen = parts(pilot)
    await pilot.press("escape", "escape", "1")
    await resized(pilot, 80, 40)
    for name in (SOUTH, LONG.format("north")):
        screen.navigation.go_to_task(name)
        await until(lambda name=name: name in screen_text(app).replace("\n", "").replace(" ", ""), "the id")  # type: ignore[misc]
    await resized(pilot, 140, 44)


def test_every_incident_is_asked_about() -> None:
    assert {question.incident for question in QUESTIONS} == {incident.__name__ for incident in INCIDENTS}
