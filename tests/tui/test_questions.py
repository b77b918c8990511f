"""The operator's questions, and how many keys each answer takes from the opened app."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from lineage_tui.screenshots import NOW, stage
from tests.tui.conftest import opened, screen_of, text_of, until


@pytest.fixture(scope="module")
def cortex(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("cortex") / "lineage"
    stage(directory)
    return directory


@pytest.fixture
async def pilot(cortex: Path) -> AsyncIterator[Pilot[None]]:
    async with opened(cortex, clock=lambda: NOW) as pilot:
        yield pilot


def put_cursor_on(pilot: Pilot[None], task_id: str) -> None:
    screen_of(pilot).navigation.go_to_task(task_id)


def some_task(pilot: Pilot[None], status: str) -> str:
    rows = screen_of(pilot).app.state.rows
    return next(task_id for task_id, row in rows.items() if row.status == status)


async def test_what_is_running_under_which_master_and_how_far_takes_no_key(pilot: Pilot[None]) -> None:
    line = next(line for line in text_of(pilot).splitlines() if "task-edge-rollout-9008" in line)
    assert "running" in line and "cicd" in line and "0/1" in line


async def test_how_many_failed_blocked_escalated_zombies_and_the_feed_takes_no_key(pilot: Pilot[None]) -> None:
    await until(lambda: " late " in text_of(pilot).splitlines()[-2], "what is late")
    last = text_of(pilot).splitlines()[-2]
    for words in ("10 late", "23 running", "4 blocked", "4 failed", "2 zombie", "2 escalated", "ev/s", "live"):
        assert words in last


async def test_why_something_needs_somebody_takes_no_key_at_80x24(cortex: Path) -> None:
    async with opened(cortex, size=(80, 24), clock=lambda: NOW) as pilot:
        lines = text_of(pilot).splitlines()
        assert any("leaked" in line and "late 19m00s: unassigned" in line for line in lines), "in the list"
        assert any("late by 19m00s: an assignment, expected of the coordinator" in line for line in lines), "and below"
        handed = next(line for line in lines if "task-dataset" in line)
        assert "running" in handed and "late 33m34s: unaccepted" in handed, "nothing hides behind running"


async def test_a_session_counts_what_is_late_in_it(pilot: Pilot[None]) -> None:
    screen = screen_of(pilot)
    await pilot.press("g")
    model, rows = screen.attention.model, screen.app.state.rows
    for group in {row.group for row in rows.values()}:
        items = [model.item(key) for key in model.lines]
        late = sum(
            item is not None and item.finding.late_since is not None and rows[item.finding.task_id].group == group
            for item in items
        )
        assert model.counts.urgent_in.get(group, {}).get("late", 0) == late
    heading = next(line for line in text_of(pilot).splitlines() if line.startswith("▾ session"))
    assert re.search(r"◷ \d+ late", heading)
    for word, look in (("zombie", "☠"), ("escalated", "▲")):
        assert sum(numbers[word] for numbers in model.counts.urgent_in.values()) > 0
        number = model.counts.urgent_in[heading.split()[1]][word]
        assert f"{look} {number:,} {word}" in text_of(pilot) or word not in heading


async def test_why_a_task_failed_takes_one_key_from_the_task(pilot: Pilot[None]) -> None:
    put_cursor_on(pilot, some_task(pilot, "failed"))
    await pilot.press("b")
    screen = screen_of(pilot)
    fact = screen.detail.tabs.events.fact()
    assert screen.detail.tab == "events" and fact is not None
    assert fact.event_type in ("worker_failed", "task_failed")


async def test_what_a_task_waits_for_takes_no_key_from_the_task(pilot: Pilot[None]) -> None:
    task_id = some_task(pilot, "blocked")
    put_cursor_on(pilot, task_id)
    await pilot.pause()
    blocker = screen_of(pilot).app.state.rows[task_id].blocked_by[0]
    assert f"waits for {blocker}" in text_of(pilot)


async def test_where_its_time_went_takes_no_key_from_the_task(pilot: Pilot[None]) -> None:
    put_cursor_on(pilot, "task-dark-mode-settings-0002")
    await pilot.pause()
    assert "running 57m03s" in text_of(pilot)


async def test_which_workers_are_silent_and_since_when_takes_one_key(pilot: Pilot[None]) -> None:
    await pilot.press("2")
    await until(lambda: not screen_of(pilot).learning.usual.behind, "what is usual")
    await until(lambda: "worker-test-0002-1" in text_of(pilot) and "≤3" in text_of(pilot), "the workers")
    first = text_of(pilot).splitlines()[2]
    usual = re.search("≤[0-9a-z]+", first)  # silence, and what is usual for the type
    assert "zombie" in first and "54m55s" in first and usual
    assert text_of(pilot).count(f"usual {usual[0]}") == 1, "the detail pane says the same"
    await pilot.press("3")
    await until(lambda: f"(usual {usual[0]})" in text_of(pilot), "the attention view says the same")


async def test_who_handed_what_to_whom_takes_no_key_from_the_task(pilot: Pilot[None]) -> None:
    state = screen_of(pilot).app.state
    task_id = next(task_id for task_id, row in state.rows.items() if row.handoffs)
    put_cursor_on(pilot, task_id)
    await pilot.pause()
    task = state.task(task_id)
    assert task is not None
    handoff = list(task.handoffs.values())[-1]
    short = (handoff.from_master or "").removesuffix("-master"), (handoff.to_master or "").removesuffix("-master")
    assert f"{short[0]} → {short[1]}" in text_of(pilot)


async def test_the_raw_record_is_two_keys_from_an_event_and_a_third_copies_it(pilot: Pilot[None]) -> None:
    put_cursor_on(pilot, some_task(pilot, "failed"))
    await pilot.press("b", "enter")
    await until(lambda: '"lineage_id"' in text_of(pilot), "the record")
    await pilot.press("y")
    assert pilot.app.clipboard.startswith("{") and '"event_type"' in pilot.app.clipboard
    assert "sent to the terminal (OSC 52): the record" in text_of(pilot)


async def test_the_next_failure_takes_one_key_and_comes_round(pilot: Pilot[None]) -> None:
    tree = screen_of(pilot).tree_view
    seen = []
    for _ in range(12):
        await pilot.press("e")
        seen.append(tree.cursor_key)
        assert tree.look_at(tree.cursor) in ("failed", "zombie")
    assert len(set(seen)) >= 3


async def test_back_and_forward_return_to_where_one_was(pilot: Pilot[None]) -> None:
    screen = screen_of(pilot)
    await pilot.press("e")
    origin = screen.tree_view.cursor_key
    await pilot.press("2", "left_square_bracket")
    assert screen.views.shown == "tasks" and screen.tree_view.cursor_key == origin
    await pilot.press("right_square_bracket")
    assert screen.views.shown == "workers"


async def test_a_command_can_be_run_by_its_name(pilot: Pilot[None]) -> None:
    await pilot.press("colon", *"workers", "enter")
    await until(lambda: screen_of(pilot).views.shown == "workers", "the workers view")


async def test_the_timeline_zooms_and_pans(pilot: Pilot[None]) -> None:
    put_cursor_on(pilot, "task-dark-mode-settings-0002")
    await pilot.press("z", "z")
    assert "25%" in text_of(pilot)
    before = text_of(pilot)
    await pilot.press("H")
    assert text_of(pilot) != before
    await pilot.press("Z", "Z")
    assert "running 57m03s" in text_of(pilot)


async def test_marked_lines_can_be_visited(pilot: Pilot[None]) -> None:
    tree = screen_of(pilot).tree_view
    await pilot.press("g", "space", "G", "m")
    assert tree.cursor == 0


async def test_sorting_goes_through_the_orders_and_inverts(pilot: Pilot[None]) -> None:
    screen = screen_of(pilot)
    await pilot.press("greater_than_sign")
    assert "by last event" in text_of(pilot)
    await pilot.press("less_than_sign", "i")
    tree = screen.tree_view
    group = next(iter(tree.model.root.kids))
    firsts = [tree.model.rows[node.ident].first_at for node in group.kids if node.kind == "task"]
    assert firsts == sorted(firsts)


async def test_what_needs_me_first_takes_one_key(pilot: Pilot[None]) -> None:
    await pilot.press("3")
    await until(lambda: "critical" in text_of(pilot).splitlines()[3], "the most urgent first")
    assert screen_of(pilot).detail.task_id == "task-leaked-signing-key-9004"


async def test_only_failures_takes_a_filter_and_back_one_key(pilot: Pilot[None]) -> None:
    await pilot.press("slash", *"is:failed", "enter")
    tree = screen_of(pilot).tree_view
    await until(lambda: 0 < tree.count() < 20, "the failures alone")
    nodes = [node for node in map(tree.model.line, range(tree.count())) if node.kind == "task" and node.matches]
    kinds = {tree.rows.look_of_node(node) for node in nodes}
    assert kinds == {"failed"}
    await pilot.press("escape")
    await until(lambda: tree.count() > 60, "everything")


async def test_what_it_cost_by_master_and_worker_type_takes_two_keys(pilot: Pilot[None]) -> None:
    await pilot.press("4", "right")
    view = screen_of(pilot).views.views["stats"]
    await until(lambda: view.settled and view.count() > 5, "the durations")  # type: ignore[attr-defined]
    await pilot.pause()
    assert "test-worker" in text_of(pilot) and "development-master" in text_of(pilot) and "p95" in text_of(pilot)


async def test_a_figure_opens_the_tasks_behind_it(pilot: Pilot[None]) -> None:
    await pilot.press("4", "right")
    screen = screen_of(pilot)
    view = screen.views.views["stats"]
    await until(lambda: view.settled and view.count() > 5, "the durations")  # type: ignore[attr-defined]
    await pilot.press("down", "enter")
    assert screen.views.shown == "tasks"
    assert screen.filtering.text
    await until(lambda: 0 < screen.tree_view.count() < 70, "the tasks of that worker type")
