"""Filters, hits and seeking on the screen: what is typed, what is said, and that no change of the lists hurts."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from lineage_core.base.clock import MINUTE, format_timestamp
from lineage_core.model.entities import TaskRow
from lineage_core.write.journal import Journal
from lineage_tui.app import LineageApp
from lineage_tui.models.filter_completion import FilterCompletion
from lineage_tui.screens.help import HelpScreen
from lineage_tui.views.events import EventsView
from tests.build import NOW, Log
from tests.tui.alone import Clock, alone, styles
from tests.tui.conftest import opened, screen_of, text_of, until


@pytest.fixture
def cortex(lineage: Path) -> Path:
    """Two sessions: of the older one's three tasks the second failed; a worker of task-new has been silent."""
    journal = Journal(lineage)

    def log(minutes_ago: float, event: str, task: str, *args: str, session: str = "session-old") -> None:
        at = format_timestamp(NOW - int(minutes_ago * MINUTE))
        journal.log(event, task, *args, timestamp=at, environ={"CORTEX_SESSION_ID": session})

    for n, task in enumerate(("task-a", "task-b", "task-c")):
        log(60 - n, "task_created", task, "user-kim")
        log(50 - n, "task_started", task, "security-master")
    log(40, "task_failed", "task-b", "security-master", "no disk")
    log(30, "task_created", "task-new", "user-kim", session="session-new")
    log(29, "task_started", "task-new", "development-master", session="session-new")
    log(4, "worker_started", "task-new", "worker-1", "scan-worker", session="session-new")
    return lineage


async def quiet(pilot: Pilot[None]) -> None:
    """Wait until no filter or search is under way."""
    await until(lambda: all(w.is_finished or w.group != "slices" for w in pilot.app.workers), "the lists")
    await pilot.pause()


@pytest.mark.parametrize("keys", [("filter", "seek"), ("seek", "filter"), ("seek", "seek"), ("seek", "invert")])
async def test_a_search_survives_whatever_happens_to_the_list_under_it(
    lineage: Path, keys: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lineage_tui.screens.next_match.SEEK_BUDGET", 0.0)  # a pause after each line
    log = Log()
    facts = [(f"task-{n:04}", log.fact("task_created", f"task-{n:04}", 10_000 - n)) for n in range(3000)]
    async with opened(lineage, clock=Clock()) as pilot:
        app, screen = pilot.app, screen_of(pilot)
        assert isinstance(app, LineageApp)
        screen.live.take_in(app.state.merge_facts(facts))
        for key in keys:
            match key:
                case "seek":
                    screen.handlers["next-failure"]()
                case "filter":
                    screen.filtering.set("task-2999")
                case "invert":
                    screen.display_options.operate("invert")
        screen.filtering.set("task-0001")
        await quiet(pilot)
        assert app.is_running and app.defect is None
        assert screen.tree_view.count() == 2


async def test_walking_a_list_ends_when_the_list_ends() -> None:
    log = Log()
    for n in range(50):
        log.add("task_created", f"task-{n}", 100 - n)
    view = EventsView(styles(), log.state, Clock(), id="view")
    async with alone(view):
        view.arrived(set(log.state.rows))
        lines = view.walk(1)
        next(lines)
        list(view.model.refilter(lambda event: event.task_id == "task-7"))
        assert len(list(lines)) <= 50
        list(view.model.refilter(lambda event: False))
        assert list(view.walk(1)) == []


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("1", "no task matches xyz (4 hidden); Esc shows all"),
        ("2", "no worker matches xyz; Esc shows all"),
        ("3", "nothing that needs you matches xyz; Esc shows all"),
        ("5", "no event matches xyz; Esc shows all"),
    ],
)
@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_a_filter_without_hits_says_so_in_every_view(
    cortex: Path, key: str, said: str, size: tuple[int, int]
) -> None:
    async with opened(cortex, size=size, clock=Clock()) as pilot:
        await pilot.press("slash", *"xyz", "enter", key)
        await until(lambda: said in text_of(pilot), said)
        top = text_of(pilot).splitlines()[0]
        assert "0 of 4 tasks match xyz" in top
        for wrong in ("No events yet", "nothing needs you", "no workers yet", "no events yet"):
            assert wrong not in text_of(pilot)
        await pilot.press("escape")
        await until(lambda: said not in text_of(pilot), "everything")
        await until(lambda: "match" not in text_of(pilot).splitlines()[0], "the heading")


async def test_while_a_filter_is_typed_the_hits_are_counted(cortex: Path) -> None:
    async with opened(cortex, size=(80, 24), clock=Clock()) as pilot:
        await pilot.press("slash", *"master:sec")
        await quiet(pilot)
        lines = text_of(pilot).splitlines()
        assert "3 of 4 tasks match master:sec" in lines[0] and "3 of 4 tasks" in lines[-1]
        await pilot.press(*" !task-a", "enter")
        await quiet(pilot)
        heading = next(line for line in text_of(pilot).splitlines() if "session-old" in line)
        assert "2 of 3 tasks" in heading and "session-new" not in text_of(pilot)


async def test_what_means_nothing_is_said_and_the_last_filter_stays(cortex: Path) -> None:
    async with opened(cortex, clock=Clock()) as pilot:
        await pilot.press("slash", *"is:failed", "enter", "slash", "end", *",zomby")
        await quiet(pilot)
        assert "did you mean zombie?" in text_of(pilot).splitlines()[-1]
        assert screen_of(pilot).tree_view.model.found == 1


async def test_keys_and_values_are_completed_also_when_typed_ahead(cortex: Path) -> None:
    async with opened(cortex, clock=Clock()) as pilot:
        field = screen_of(pilot).query_one("#field", Input)
        await pilot.press("slash", *"sta", "tab", *"fa", "tab")
        assert field.value == "status:failed" and pilot.app.focused is field
        await pilot.press("space", *"!master:dev", "tab", "tab", "shift+tab")
        assert field.value == "status:failed !master:development-master" and pilot.app.focused is field
        await pilot.press("f1")
        await until(lambda: isinstance(pilot.app.screen, HelpScreen), "the help")
        await until(lambda: "worker:scan/failed/24h" in text_of(pilot), "what a filter can ask")


async def test_the_next_failure_is_found_in_a_folded_group_and_shown(cortex: Path) -> None:
    async with opened(cortex, clock=Clock()) as pilot:
        tree = screen_of(pilot).tree_view
        tree.model.expand(tree.model.find(("group", "session-old", "")), False)  # type: ignore[arg-type]
        tree.sync()
        await pilot.press("g")
        assert "task-b" not in text_of(pilot)
        for key in ("e", "E"):
            await pilot.press("g", key)
            await until(lambda: tree.cursor_key == ("task", "task-b", ""), "the failure")
            assert "task-b" in text_of(pilot)
        await pilot.press("e")
        assert "no other failure here" in text_of(pilot)


async def test_headings_fold_while_a_filter_is_on_and_open_again_with_the_next(cortex: Path) -> None:
    async with opened(cortex, clock=Clock()) as pilot:
        tree = screen_of(pilot).tree_view
        await pilot.press("slash", *"master:sec", "enter")
        await quiet(pilot)
        for fold, unfold in (("h", "l"), ("o", "o"), ("enter", "enter")):
            await pilot.press("g", fold)
            assert tree.count() == 1
            await pilot.press(unfold)
            assert tree.count() == 4
        await pilot.press("g", "h", "slash", *"task-a", "enter")
        await quiet(pilot)
        assert tree.count() == 2
        await pilot.press("escape")
        await quiet(pilot)
        assert tree.count() > 5  # and the heading is as open as before


@pytest.mark.clock
async def test_a_filter_by_the_clock_follows_the_clock(cortex: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    async with opened(cortex, clock=clock) as pilot:
        screen = screen_of(pilot)
        await pilot.press("slash", *"is:silent", "enter")
        await quiet(pilot)
        assert screen.tree_view.model.found == 0
        clock.at += 2 * MINUTE
        screen.live.tick()
        assert screen.tree_view.model.found == 0  # not at every tick
        monkeypatch.setattr("lineage_tui.screens.filtering.REFILTER", 0.0)
        screen.filtering._took = 0.0
        screen.live.tick()
        await quiet(pilot)
        assert screen.tree_view.model.found == 1 and "task-new" in text_of(pilot)


def test_what_follows_is_told_from_what_occurs() -> None:
    completion = FilterCompletion()
    log = Log()
    log.add("task_created", "task-1", 9, type="build", priority="high")
    log.add("task_started", "task-1", 8, "inventory-master")
    row: TaskRow = log.state.rows["task-1"]
    completion.take(row)
    for typed, whole in {
        "ma": "master:",
        "x !pri": "x !priority:",
        "master:inv": "master:inventory-master",
        "owner:inv": "owner:inventory-master",
        "kind:": "kind:build",
        "is:op,zo": "is:op,zombie",
        "type:task_f": "type:task_failed",
        "worker:scan/fa": "worker:scan/failed",
        "worker:scan/failed/24": "worker:scan/failed/24h",
        "ended:fa": "ended:failed",
        "since:y": "since:yesterday",
    }.items():
        assert completion.complete(typed) == whole
    for typed in ("", "deploy", "master:inventory-master", "master:x", "!", "tag:a"):
        assert completion.complete(typed) is None


# In the detail pane.


async def test_in_the_pane_words_are_found_line_by_line(cortex: Path) -> None:
    async with opened(cortex, clock=Clock()) as pilot:
        screen = screen_of(pilot)
        screen.navigation.go_to_task("task-b")
        await pilot.press("enter", "enter")
        detail = screen.detail
        await until(lambda: detail.tab == "events" and detail.tabs.events.count() == 3, "the events")
        await pilot.press("g", "slash", *"no d.sk")
        assert screen.prompt.purpose == "search" and "Enter finds the next line" in text_of(pilot)
        assert detail.task_id == "task-b" and screen.filtering.text == "", "it is no filter"
        await pilot.press("enter")
        await until(lambda: detail.tabs.events.cursor == 2, "the failure")
        await pilot.press("n")
        await until(lambda: "no other line with no d.sk here" in text_of(pilot), "that there is no other")
        await pilot.press("slash", *"by (user|security)", "enter")
        await until(lambda: detail.tabs.events.cursor == 0, "the first of three")
        await pilot.press("n")
        await until(lambda: detail.tabs.events.cursor == 1, "the second")
        await pilot.press("n")
        await until(lambda: detail.tabs.events.cursor == 2, "the last")
        await pilot.press("N")
        await until(lambda: detail.tabs.events.cursor == 1, "and back")
        await pilot.press("N", "N")
        await until(lambda: detail.tabs.events.cursor == 2, "round to the last")


async def test_a_search_in_the_pane_is_left_by_escape_and_told_what_is_wrong_with_it(cortex: Path) -> None:
    async with opened(cortex, clock=Clock()) as pilot:
        screen = screen_of(pilot)
        screen.navigation.go_to_task("task-b")
        await pilot.press("enter", "enter", "enter")
        await until(lambda: screen.detail.tabs.record.count() > 5, "the record")
        await pilot.press("n")
        assert "nothing was looked for here: / finds" in text_of(pilot)
        await pilot.press("slash", *"(", "enter")
        await until(lambda: "bad regular expression '('" in text_of(pilot), "what is wrong")
        await pilot.press("slash", *"version", "escape")
        assert screen.panes.in_detail and screen.prompt.purpose != "search" and screen.detail.tab == "record"
        assert screen.detail.task_id == "task-b" and screen.detail.tabs.record.cursor == 0
        await pilot.press("slash", *"event_type", "enter")
        await until(
            lambda: "event_type" in screen.detail.tabs.record.words_at(screen.detail.tabs.record.cursor), "the line"
        )
        await pilot.press("escape", "slash")
        assert screen.prompt.purpose == "search", "still in the pane"
        await pilot.press("escape", "escape", "escape", "slash")
        await until(lambda: screen.prompt.purpose == "filter", "the filter of the list")


async def test_a_filter_that_is_not_understood_stays_in_the_field(cortex: Path) -> None:
    async with opened(cortex, size=(240, 36), clock=Clock()) as pilot:
        screen = screen_of(pilot)
        await pilot.press("slash", *"statsu:failed", "enter")
        assert screen.prompt.purpose == "filter" and "unknown filter key 'statsu'" in text_of(pilot)
        field = screen.query_one("#field", Input)
        field.value = "status:failed"
        await pilot.press("enter")
        await quiet(pilot)
        assert (
            screen.prompt.purpose != "filter"
            and screen.filtering.text == "status:failed"
            and "1 of 4 tasks" in text_of(pilot)
        )


async def test_what_is_half_typed_is_not_what_the_next_run_begins_with(cortex: Path) -> None:
    async with opened(cortex, clock=Clock()) as pilot:
        screen = screen_of(pilot)
        await pilot.press("slash", *"is:open", "enter", "slash", "end", *" status:bogus", "enter")
        assert "'bogus' is no status" in text_of(pilot) and screen.keep().filter == "is:open"
        await pilot.press("escape")
        assert screen.keep().filter == ""


async def test_under_a_filter_no_count_is_of_what_it_leaves_out(cortex: Path) -> None:
    async with opened(cortex, size=(240, 36), clock=Clock()) as pilot:
        screen = screen_of(pilot)
        screen.filtering.set("task-new")
        await quiet(pilot)
        heading = next(line for line in text_of(pilot).splitlines()[1:] if "session-new" in line)
        assert "1 of 1 task" in heading and "running" not in heading
        await pilot.press("2")
        await until(lambda: "1 of 1 worker, 1 of these open" in text_of(pilot), "the workers")
        await pilot.press("3")
        await until(lambda: "nothing that needs you matches" in text_of(pilot), "that nothing is listed")
        assert "1 failed" not in "".join(text_of(pilot).splitlines()[:3])
        screen.filtering.set("status:failed")
        await until(lambda: "1 of 3 match" in text_of(pilot), "the failure, of all that needs somebody")
