"""The workers view: every worker of every task, sorted by any column, with silences beside what is usual."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from lineage_core.base.clock import MINUTE
from lineage_core.query.filter_parser import parse
from lineage_core.query.filter_terms import FilterContext
from lineage_tui.models.worker_columns import COLUMNS, WorkerColumns
from lineage_tui.theme.styled_line import compact, cut
from lineage_tui.views.workers import ENDED, WorkersView
from tests.build import NOW, Log
from tests.tui.alone import Clock, alone, styles, text_of
from tests.tui.conftest import until
from tests.tui.views.worker_tables import history, table, workers


async def test_a_line_tells_the_state_how_long_it_is_silent_and_what_is_usual() -> None:
    log = Log()
    for n in range(10):
        log.worker("task-1", f"worker-{n}", "scan-worker", [100, 90, 80, 70], "success")
    log.worker("task-2", "worker-zombie", "scan-worker", [9000, 8000, 7200])
    log.worker("task-2", "worker-silent", "scan-worker", [900, 800, 400])
    log.worker("task-2", "worker-slow", "scan-worker", [100, 90, 60])
    log.worker("task-2", "worker-fine", "scan-worker", [10, 9, 8])
    view = table(log.state)
    async with alone(view, (80, 24)):
        view.arrived(set(log.state.rows))
        view.tick()
        lines = text_of(view).splitlines()
        assert lines[0].split() == [
            "worker", "status", "type", "time", "%", "silent▼", "usual", "1s", "1m", "1h",
        ]  # fmt: skip
        assert lines[1].split() == ["☠", "worker-zombie", "zombie", "scan", "2h30m", "10%", "2h00m", "≤10s",
                                    "━━┿━━━"]  # fmt: skip
        assert lines[2].split()[1:3] == ["worker-silent", "silent"] and "6m40s" in lines[2]
        assert lines[3].split()[1:3] == ["worker-slow", "running"]
        roles = {
            worker: [segment.style.color for segment in view.render_line(y) if ago in segment.text]  # type: ignore[union-attr]
            for y, worker, ago in ((3, "slow", "1m00s"), (4, "fine", "8s"))
        }
        assert roles["slow"] != roles["fine"]
        assert view.count_line() == "14 workers, 4 open, 1 zombie, 1 silent"


async def test_silence_grows_with_the_clock_without_an_event() -> None:
    log, clock = Log(), Clock()
    log.worker("task-1", "worker-1", "scan-worker", [30, 20, 10])
    view = table(log.state, clock)
    async with alone(view):
        view.arrived({"task-1"})
        assert "running" in text_of(view) and view.count_line() == "1 worker, 1 open"
        clock.at += 6 * MINUTE
        view.tick()
        assert "6m10s" in text_of(view) and view.count_line() == "1 worker, 1 open, 1 silent"
        clock.at += 30 * MINUTE
        view.tick()
        assert view.look_at(0) == "zombie" and view.count_line() == "1 worker, 1 open, 1 zombie"


async def test_the_sort_column_is_marked_and_goes_round_and_inverts(tmp_path: Path) -> None:
    view = table(history(tmp_path))
    async with alone(view, (160, 30)) as pilot:
        view.arrived(set(view.model.state.rows))
        seen = []
        for _ in range(11):
            view.sort_by(1)
            await settled(view, pilot)
            seen.append(view.sorted_by)
            title = text_of(view).splitlines()[0]
            assert ("▼" in title) is bool(COLUMNS[view.sorted_by].falls)
            order, opened = workers(view), view.model.open_lines
            assert 0 < opened < len(order) and view.key_at(opened) == ENDED
            view.invert()
            assert workers(view) == [*order[:opened][::-1], *order[opened:][::-1]]
            assert all(view.line_of(view.key_at(line)) == line for line in range(view.count()))
            assert text_of(view).splitlines()[0] != title
            view.invert()
        assert sorted(seen) == sorted(name for name in COLUMNS if COLUMNS[name].falls is not None and name != "host")
        view.sort_by(-1)
        view.sort_by(-1)
        assert view.sorted_by == seen[-3]


async def settled(view: WorkersView, pilot: Pilot[None]) -> None:
    """The order that was asked for last is there."""
    await until(lambda: view.model.sorting.sort is view.model.keys[view.sorted_by], "the new order")
    await pilot.pause()


async def test_the_cursor_stays_with_its_worker_when_others_come_and_the_order_changes(tmp_path: Path) -> None:
    state = history(tmp_path)
    log = Log(state)
    view = table(state)
    async with alone(view, (100, 20)) as pilot:
        view.arrived(set(state.rows))
        assert view.cursor == 0
        view.arrived(log.worker("task-x", "worker-x", "scan-worker", [9_000_000]))
        assert view.cursor == 0 and view.target() == ("task-x", "worker-x")
        view.move(8)
        chosen, place = view.target(), view.cursor - view.top
        for n in range(30):
            view.arrived(log.worker("task-y", f"worker-y{n}", "scan-worker", [8_000_000 - n]))
        assert (view.target(), view.cursor - view.top) == (chosen, place)
        assert view.waiting() == ["30 new above"]
        view.sort_by(1)
        await settled(view, pilot)
        assert view.target() == chosen
        view.invert()
        assert view.target() == chosen
        view.follow()
        assert view.cursor == 0 and not view.waiting()


async def test_lines_keep_their_order_while_one_reads_until_the_operator_asks() -> None:
    log = Log()
    for n in range(6):
        log.worker(f"task-{n}", f"worker-{n}", "scan-worker", [900, 800, 700 - 10 * n])
    log.worker("task-9", "worker-9", "scan-worker", [900, 800, 790], "success")
    view = table(log.state)
    async with alone(view, (120, 30)) as pilot:
        view.arrived(set(log.state.rows))
        view.move(2)
        stood = [f"worker-{n}" for n in (0, 1, 2, 3, 4, 5, 9)]
        assert workers(view) == stood and view.target() == ("task-2", "worker-2")
        for name, event in (("0", "worker_progress"), ("1", "worker_completed"), ("2", "worker_progress")):
            data = {"worker_id": f"worker-{name}", "completion_status": "success"}
            view.arrived(log.add(event, f"task-{name}", 5, **data))
            view.tick()
        assert workers(view) == stood and view.target() == ("task-2", "worker-2") and view.cursor == 2
        assert all(view.line_of(view.key_at(line)) == line for line in range(view.count()))
        assert view.waiting() == ["3 to move"]
        assert "── 2 ended ──" in text_of(view) and "6 open" not in view.count_line()
        view.arrived(log.worker("task-new", "worker-new", "scan-worker", [100, 50, 20]))
        assert workers(view) == [*stood[:6], "worker-new", "worker-9"]
        view.follow()
        await settled(view, pilot)
        moved = ["worker-3", "worker-4", "worker-5", "worker-new", "worker-0", "worker-2", "worker-1", "worker-9"]
        assert workers(view) == moved and not view.waiting()
        view.arrived(log.add("worker_progress", "task-3", 1, worker_id="worker-3"))
        assert workers(view)[:6] == ["worker-4", "worker-5", "worker-new", "worker-0", "worker-2", "worker-3"]
        view.move(1)
        view.arrived(log.add("worker_progress", "task-4", 0, worker_id="worker-4"))
        assert workers(view)[0] == "worker-4" and view.waiting() == ["1 to move"]
        view.sort("worker")
        await settled(view, pilot)
        assert workers(view)[:3] == ["worker-0", "worker-2", "worker-3"] and not view.waiting()


async def test_a_filter_asks_the_worker_for_its_words_and_the_task_for_the_rest() -> None:
    log = Log()
    log.worker("task-1", "worker-1", "scan-worker", [40, 30, 20], "failed")
    log.worker("task-1", "worker-2", "fix-worker", [40, 30, 20])
    log.add("task_created", "task-2", 90, session="session-b")
    log.worker("task-2", "worker-3", "scan-worker", [40, 30, 20])
    view = table(log.state)

    def chosen(text: str) -> list[str]:
        view.set_filter(parse(text, FilterContext(log.state, NOW)).matches, text)
        return sorted(workers(view))

    async with alone(view):
        view.arrived(set(log.state.rows))
        assert chosen("worker:scan") == ["worker-1", "worker-3"]
        assert chosen("status:failed") == ["worker-1"]
        assert chosen("failed") == ["worker-1"]
        assert chosen("!failed") == ["worker-2", "worker-3"]
        assert chosen("session:session-b") == ["worker-3"]
        assert chosen("!worker:scan") == ["worker-2"]
        assert chosen("disk") == ["worker-1"]
        assert view.count_line() == "1 of 3 workers, 0 of these open"
        view.arrived(log.worker("task-1", "worker-4", "fix-worker", [9, 8, 7], "failed"))
        assert sorted(workers(view)) == ["worker-1", "worker-4"]
        view.set_filter(lambda row: row.task_id == "task-2")
        assert workers(view) == ["worker-3"]
        view.set_filter(None)
        assert len(workers(view)) == 4


async def test_the_filter_goes_by_what_is_shown_and_time_brings_lines_in_and_out() -> None:
    log, clock = Log(), Clock()
    log.worker("task-1", "worker-zombie", "scan-worker", [9000, 8000, 7200])
    log.worker("task-2", "worker-fine", "scan-worker", [100, 90, 60])
    log.worker("task-3", "worker-dead", "scan-worker", [900, 800, 700], "zombie")
    view = table(log.state, clock)

    def chosen(text: str) -> list[str]:
        view.set_filter(parse(text, FilterContext(log.state, clock())).matches, text)
        return workers(view)

    async with alone(view):
        view.arrived(set(log.state.rows))
        view.tick()
        assert chosen("is:running") == ["worker-fine"]
        assert chosen("is:zombie") == ["worker-zombie", "worker-dead"]
        clock.at += 10 * MINUTE
        view.tick()
        assert workers(view) == ["worker-zombie", "worker-dead"]
        clock.at += 20 * MINUTE
        view.tick()
        assert workers(view) == ["worker-zombie", "worker-fine", "worker-dead"]
        assert chosen("!is:zombie") == []


async def test_ended_workers_stand_below_a_heading_that_the_cursor_steps_over() -> None:
    log = Log()
    log.worker("task-1", "worker-a", "scan-worker", [100, 90, 80], "success")
    log.worker("task-1", "worker-b", "scan-worker", [100, 90, 60])
    log.worker("task-2", "worker-c", "scan-worker", [100, 90, 50], "failed")
    view = table(log.state)
    async with alone(view):
        view.arrived(set(log.state.rows))
        view.sort("worker")
        assert "── 2 ended ──" in text_of(view).splitlines()[2]
        for step, expected in ((1, "worker-a"), (1, "worker-c"), (-1, "worker-a"), (-1, "worker-b")):
            view.move(step)
            assert view.target() is not None and view.target()[1] == expected  # type: ignore[index]
        view.arrived(log.add("worker_completed", "task-1", 1, worker_id="worker-b", completion_status="success"))
        assert workers(view) == ["worker-b", "worker-a", "worker-c"] and "── 3 ended ──" in text_of(view)
        assert view.target() == ("task-1", "worker-b")
        view.follow()
        assert workers(view) == ["worker-a", "worker-b", "worker-c"] and "ended" not in text_of(view)


@pytest.mark.parametrize(("silence", "gauge"), [(3, "━ │"), (15, "━━┿ "), (600, "━━┿━━")])
async def test_a_gauge_shows_silence_against_what_is_usual_and_is_loud_only_past_that(
    silence: float, gauge: str
) -> None:
    log = Log()
    for n in range(10):
        log.worker("task-1", f"worker-{n}", "scan-worker", [100, 90, 80, 70], "success")
    log.worker("task-2", "worker-x", "scan-worker", [900, 800, silence])
    view = table(log.state)
    async with alone(view, (120, 20)):
        view.arrived(set(log.state.rows))
        view.tick()
        assert gauge in text_of(view).splitlines()[1]
        muted = styles()("muted", "cursor").color
        loud = [seg.text for seg in view.render_line(1) if "┿" in seg.text and seg.style and seg.style.color != muted]
        assert bool(loud) is ("┿" in gauge)


async def test_very_many_workers_are_sorted_in_slices_while_changes_wait() -> None:
    log = Log()
    log.state.merge_facts(
        (f"task-{n % 700}", log.fact("worker_spawned", f"task-{n % 700}", n, worker_id=f"worker-{n:05}"))
        for n in range(20_000)
    )
    view = table(log.state)
    async with alone(view):
        view.arrived(set(log.state.rows))
        view.sort("worker")
        assert workers(view)[0] == "worker-19999", "the old order stays for now"
        view.arrived(log.add("worker_spawned", "task-1", 0, worker_id="worker-"))
        await until(lambda: view.count() == 20_001, "the new order")
        assert workers(view) == sorted(workers(view))
        assert view.target() == ("task-1", "worker-")


@pytest.mark.parametrize("width", range(1, 200, 7))
def test_the_columns_fit_into_any_width(width: int) -> None:
    fit = WorkerColumns().fit(width, {})
    assert "worker" in fit
    if width >= 20:
        assert 2 + sum(columns + 1 for columns in fit.values()) <= width + 1


@pytest.mark.parametrize("size", [(20, 5), (1, 1), (80, 24), (200, 50)])
@pytest.mark.parametrize("ascii_only", [False, True])
async def test_workers_of_every_kind_fit_any_size_and_hostile_text_is_harmless(
    size: tuple[int, int], ascii_only: bool
) -> None:
    log = Log()
    evil = "worker-\x1b]0;x\x07[/x]\u202e" + "w" * 50
    for end in (None, "success", "partial", "failed", "zombie"):
        log.worker("task-\x1b[31m", f"{evil}{end}", "scan\x9b-worker", [90, 80, 70, 60], end)
    log.add("worker_progress", "task-2", 50, worker_id="工作者", current_step="[b]\x1b[0m", token_usage=9_999_999)
    log.add("worker_progress", "task-2", -500, worker_id="worker-future", token_budget=10)
    view = WorkersView(styles(ascii_only=ascii_only), log.state, Clock(), id="view", empty="no workers")
    async with alone(view, size):
        view.arrived(set(log.state.rows))
        for _ in range(12):
            view.sort_by(1)
            view.move(1)
            text = text_of(view)
            assert not set("\x1b\x07\x9b\u202e") & set(text)
        view.tick()


def test_ids_are_cut_so_that_their_ends_stay() -> None:
    looks = styles()
    assert cut("worker-scan-1", "worker-", 20, looks) == "worker-scan-1"
    for cells in (9, 14, 16):
        text = cut("worker-implementation-0058-1", "worker-", cells, looks)
        assert len(text) <= cells and "…" in text and text.endswith("-1")


def test_counts_take_four_characters() -> None:
    assert [compact(n) for n in (0, 999, 1000, 9_949, 9_950, 123_456, 999_499, 999_500, 2_500_000_000)] == [
        "0", "999", "1.0k", "9.9k", "10k", "123k", "999k", "1.0M", "2.5G",
    ]  # fmt: skip
