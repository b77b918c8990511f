"""What is expected of every open thing, on the screen: each of the names of meaning.md's table is in the attention view
when it is late and not before, folds where it has to, and stands in the pane with its owner and its time."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from lineage_core.base.clock import MINUTE, format_timestamp
from lineage_tui.screens.main import MainScreen
from tests import build as e
from tests.build import Event
from tests.meaning_cases import NOW_AT
from tests.tui.conftest import opened, resized, screen_of, text_of, until

M = 60.0


class Open(NamedTuple):
    """rule: the name of the expectation. events: by task, in seconds before now. says: what the pane says when it is
    late. at_once: whether it is late as soon as it is there."""

    rule: str
    events: dict[str, list[Event]]
    says: str
    at_once: bool = False


def going(minutes: float, master: str = "dev-master") -> list[Event]:
    return [e.created(-minutes * M), e.assigned(-minutes * M, master), e.started(-minutes * M, master)]


RETRIED = (("P", 9, "w-first"), ("F", 8, "w-first"), ("P", 7, "w-second"), ("F", 6, "w-second"))


def _handed(*, accepted: bool) -> list[Event]:
    ago = 32 if accepted else 6
    taker = "t-master" if accepted else "b-master"
    taken = [e.handoff("accepted", -31 * M, taker)] if accepted else []
    word = e.worker("G", -0.5 * M, "w-b", progress_percentage=5)
    busy = [e.worker("P", -200 * M, "w-b"), e.worker("S", -199 * M, "w-b"), word]
    return [*going(210), *busy, e.handoff("created", -ago * M, "dev-master", to_master=taker), *taken]


def _child(parent: str, *more: Event) -> list[Event]:
    return [e.created(-100 * M, parent_task_id=parent), *more]


TABLE = {
    "unassigned": Open(
        "unassigned",
        {"task-a": [e.created(-31 * M)]},
        "waits for an assignment, expected of the coordinator by 08:09:00, late by 1m00s",
    ),
    "unassigned and critical": Open(
        "unassigned",
        {"task-b": [e.created(-6 * M, priority="critical")]},
        "expected of the coordinator by 08:09:00, late by 1m00s",
    ),
    "unstarted": Open(
        "unstarted",
        {"task-c": [e.created(-60 * M), e.assigned(-11 * M, "c-master")]},
        "waits for a start, expected of c-master by 08:09:00, late by 1m00s",
    ),
    "idle": Open("idle", {"task-d": going(31, "d-master")}, "expected of d-master by 08:09:00, late by 1m00s"),
    "never-started": Open(
        "never-started",
        {"task-e": [*going(60, "e-master"), e.worker("P", -6 * M, "w-e")]},
        "waits for a start, expected of w-e by 08:09:00, late by 1m00s",
    ),
    "silent": Open(
        "silent",
        {"task-f": [*going(60, "f-master"), e.worker("P", -32 * M, "w-f"), e.worker("S", -31 * M, "w-f")]},
        "waits for a report, expected of w-f by 08:09:00, late by 1m00s",
    ),
    "handoff-unaccepted": Open(
        "handoff-unaccepted",
        {"task-g": _handed(accepted=False)},
        "waits for the acceptance of handoff-1, expected of b-master by 08:09:00, late by 1m00s",
    ),
    "handoff-uncompleted": Open(
        "handoff-uncompleted",
        {"task-h": _handed(accepted=True)},
        "waits for the completion of handoff-1, expected of t-master by 08:09:00, late by 1m00s",
    ),
    "blocked": Open(
        "blocked",
        {"task-i": [*going(60), e.task("blocked", -31 * M, "i-master", reason="a licence")]},
        "waits for its unblocking, expected of dev-master by 08:09:00, late by 1m00s",
    ),
    "blocked by what failed": Open(
        "blocked",
        {
            "task-j": [*going(60), e.task("blocked", -20 * M, blocked_by=["task-k"])],
            "task-k": [*going(60), e.failed(-1 * M, reason="no disk")],
        },
        "waits for task-k: an end, since task-k failed by 08:09:00, late by 1m00s",
        at_once=True,
    ),
    "escalated": Open(
        "escalated",
        {"task-l": [*going(60, "l-master"), e.task("escalated", -1 * M, "l-master", reason="which key?")]},
        "waits for a person, escalated 08:09:00.000 (1m00s ago): which key?",
        at_once=True,
    ),
    "parent-waiting": Open(
        "parent-waiting",
        {
            "task-m": going(100, "m-master"),
            "task-n": _child("task-m", e.started(-90 * M), e.completed(-11 * M)),
        },
        "waits for an end, or more work, expected of m-master by 08:09:00, late by 1m00s",
    ),
}


def write(directory: Path, tasks: dict[str, list[Event]]) -> None:
    """Log events; their seconds are from now on."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lineage-2026-11-22.jsonl").open("a") as file:
        for name, events in tasks.items():
            for at, record in events:
                when = format_timestamp(NOW_AT + round(at * 1_000_000))
                file.write(json.dumps({"timestamp": when, "task_id": name, **record}) + "\n")


def listed(screen: MainScreen) -> set[tuple[str, str]]:
    """Rules and tasks of the attention view that are late."""
    model = screen.attention.model
    items = [model.item(key) for key in model._items]
    return {(item.finding.rule, item.finding.task_id) for item in items if item and item.finding.late_since is not None}


class Seen(NamedTuple):
    before: set[tuple[str, str]]
    late: set[tuple[str, str]]
    counted: str
    panes: dict[str, str]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """All rows of the table in one directory: two minutes before now, and now."""
    directory = tmp_path_factory.mktemp("expected") / "lineage"
    for row in TABLE.values():
        write(directory, row.events)
    return asyncio.run(look(directory))


async def look(directory: Path) -> Seen:
    now = [NOW_AT - 2 * MINUTE]
    async with opened(directory, size=(200, 60), clock=lambda: now[0]) as pilot:
        screen = screen_of(pilot)
        await pilot.press("3")
        await until(lambda: screen.views.is_whole("attention"), "the attention view")
        before = listed(screen)
        now[0] = NOW_AT
        screen.attention.tick()
        await until(lambda: not screen.attention.model.waits(NOW_AT), "what is due now")
        late = listed(screen)
        panes = {}
        for name, row in TABLE.items():
            screen.navigation.go_to_task(next(iter(row.events)))
            await pilot.pause()
            screen.detail.update()
            panes[name] = "\n".join("".join(text for text, _, _ in line) for line in screen.detail.heading.lines)
        screen.edges.show()
        await pilot.pause()
        return Seen(before, late, text_of(pilot).splitlines()[-2], panes)


@pytest.mark.parametrize("name", TABLE)
def test_it_is_in_the_attention_view_when_late_and_not_before(name: str, seen: Seen) -> None:
    row = TABLE[name]
    one = row.rule, next(iter(row.events))
    assert one in seen.late
    assert row.at_once or one not in seen.before


@pytest.mark.parametrize("name", TABLE)
def test_the_pane_says_what_is_waited_for_of_whom_until_when(name: str, seen: Seen) -> None:
    assert TABLE[name].says in seen.panes[name]


def test_the_status_line_counts_what_is_late(seen: Seen) -> None:
    assert f" {len(seen.late)} late " in seen.counted
    assert len(seen.late) == len(TABLE)


async def test_a_dead_master_is_one_line_that_opens_and_a_deadlock_names_its_members(lineage: Path) -> None:
    names = [f"task-of-{n:02}" for n in range(12)]
    write(lineage, {name: going(40 + 2.5 * n, "security-master") for n, name in enumerate(names)})
    waits = {"task-e": "task-f", "task-f": "task-e"}
    write(lineage, {a: [*going(20, "x-master"), e.task("blocked", -10 * M, blocked_by=[b])] for a, b in waits.items()})
    async with opened(lineage, size=(120, 36), clock=lambda: NOW_AT) as pilot:
        screen = screen_of(pilot)
        await pilot.press("3")
        await until(lambda: screen.views.is_whole("attention"), "the attention view")
        folded = "security-master: silent for 40m00s, 12 tasks wait for it"
        await until(lambda: folded in text_of(pilot), folded)
        text = text_of(pilot)
        assert text.count("of-") < 3, "its tasks are folded"
        assert "waits for task-f waits for task-e: none of them" in text and text.count("◫ deadlock") == 1
        assert " 2 late " in text.splitlines()[-2], "as many as lineage attention lists"
        assert "task-e waits for task-f waits for task-e: none of them can go on" in text, "the pane says so in full"
        line = next(n for n in range(screen.attention.count()) if folded in screen.attention.render_line(n + 2).text)
        screen.attention.select(line)
        await pilot.press("right")
        await until(lambda: text_of(pilot).count("running under security-master") > 5, "its tasks below it")
        await pilot.press("left")
        await until(lambda: "running under security-master" not in text_of(pilot).split("────")[0], "folded again")


async def test_nothing_needs_you_is_said_only_while_everything_is_inside_its_time(lineage: Path) -> None:
    write(lineage, {"task-a": going(29), "task-b": [*going(60), e.completed(-50 * M)]})
    now = [NOW_AT]
    async with opened(lineage, size=(80, 24), clock=lambda: now[0]) as pilot:
        screen = screen_of(pilot)
        await pilot.press("3")
        await until(lambda: "nothing needs you" in text_of(pilot), "that all is well")
        assert " late " not in text_of(pilot).splitlines()[-2]
        now[0] += 2 * MINUTE
        screen.attention.tick()
        await until(lambda: "idle" in text_of(pilot), "what is late now")
        screen.edges.show()
        await pilot.pause()
        assert "nothing needs you" not in text_of(pilot) and " 2 late " in text_of(pilot).splitlines()[-2], (
            "and the feed"
        )


async def test_the_reason_of_a_failed_retry_stands_before_what_it_retried(lineage: Path) -> None:
    word = {"error_message": "disk full"}
    more: dict[str, dict[str, Any]] = {"P": {"worker_type": "fix-worker"}, "F": {"error_details": word}}
    tried = [e.worker(kind, -ago * M, name, **more[kind]) for kind, ago, name in RETRIED]
    write(lineage, {"task-tried": [*going(20), *tried]})
    async with opened(lineage, size=(160, 50), clock=lambda: NOW_AT) as pilot:
        screen = screen_of(pilot)
        screen.navigation.go_to_task("task-tried")
        await until(lambda: "disk full, retry of w-first" in text_of(pilot), "the tree")
        screen.detail.open_tab("workers")
        await until(lambda: "disk full  retry of w-first" in text_of(pilot), "the pane")


async def test_tree_and_workers_tell_subtasks_runs_and_clocks(lineage: Path) -> None:
    run = [e.worker(kind, -ago * M, "w-again") for kind, ago in (("P", 9), ("S", 8), ("F", 7), ("P", 6), ("S", 5))]
    skewed = [e.worker("P", -10 * M, "w-skewed"), e.worker("S", -15 * M, "w-skewed"), e.worker("G", -6 * M, "w-skewed")]
    kids = {f"task-kid-{n}": _child("task-top", e.started(-90 * M), e.completed(-5 * M)) for n in range(5)}
    kids |= {"task-kid-5": _child("task-top", e.started(-90 * M), e.failed(-5 * M))}
    kids |= {f"task-kid-{n}": _child("task-top", e.started(-1 * M)) for n in (6, 7)}
    write(
        lineage, {"task-top": going(110), **kids, "task-again": [*going(20), *run], "task-skew": [*going(30), *skewed]}
    )
    async with opened(lineage, size=(160, 50), clock=lambda: NOW_AT) as pilot:
        screen = screen_of(pilot)
        for width, height in ((160, 50), (80, 24)):
            await resized(pilot, width, height)
            wide = width == 160
            shown = {
                "task-top": ["5/8 subtasks", "5 of 8 subtasks done (1 failed, 2 running)", *["1 failed"] * wide],
                "task-again": ["run 2 of 2"] * wide,
                "task-skew": ["clock of w-skewed: 5m00s behind", *["clock 5m00s behind"] * wide],
            }
            for task, texts in shown.items():
                screen.navigation.go_to_task(task)
                await pilot.pause()
                screen.detail.update()
                for text in texts:
                    await until(lambda text=text: text in text_of(pilot), f"{text!r} of {task}")  # type: ignore[misc]
        await resized(pilot, 160, 50)
        await pilot.press("2")
        await until(lambda: "run 2 of 2" in text_of(pilot) and "clock 5m00s behind" in text_of(pilot), "the workers")
