"""The workers view: every worker of every task, sorted by any column, with silences beside what is usual."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.pilot import Pilot

from lineage_core import demo
from lineage_core.base.clock import MINUTE, SECOND
from lineage_core.meaning.lengths import BIG
from lineage_core.model.entities import Worker, WorkerEnd
from lineage_core.model.expectations import Severity
from lineage_core.query.filter_parser import parse
from lineage_core.query.filter_terms import FilterContext
from lineage_core.rules import usual as models_usual
from lineage_core.rules.attention import others_of
from lineage_core.rules.silence import STUCK, over, worker_look
from lineage_core.rules.stuck_work import check
from lineage_core.rules.thresholds import Thresholds
from lineage_core.rules.usual import Usual, UsualTimes, gaps_of
from lineage_core.state.load import load
from lineage_core.state.store import State
from lineage_tui.models.status_counts import StatusCounts
from lineage_tui.models.worker_columns import COLUMNS, columns_for
from lineage_tui.models.workers import WorkerIndex
from lineage_tui.theme.line import cut
from lineage_tui.views.workers import ENDED, WorkersView, compact
from tests.build import NOW, Log
from tests.tui.alone import Clock, alone, styles, text_of, usual_of
from tests.tui.conftest import until


def table(state: State, clock: Clock | None = None, **options: Any) -> WorkersView:
    usual = usual_of(state).of
    return WorkersView(styles(), state, clock or Clock(), Thresholds(), usual, id="view", **options)


def workers(view: WorkersView) -> list[str]:
    return [key[1] for line in range(view.count()) if (key := view.key_at(line)) != ENDED]


def history(directory: Path) -> State:
    demo.backfill(directory, 2000, days=1, clock=Clock())
    return load(directory).state


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_column_sorts_as_sorted_does_after_any_changes(data: Any) -> None:
    log = Log()
    roster = WorkerIndex(log.state)
    column = "silent"
    steps = ("worker_spawned", "worker_started", "worker_progress", "worker_completed", "worker_failed")
    for _ in range(data.draw(st.integers(1, 30))):
        match data.draw(st.sampled_from(["event", "event", "event", "resort", "filter"])):
            case "event":
                number = data.draw(st.integers(0, 7))
                roster.update(
                    log.add(
                        data.draw(st.sampled_from(steps)),
                        f"task-{number % 3}",
                        data.draw(st.integers(0, 300)),
                        worker_id=f"worker-{number}",
                        worker_type=f"type-{number % 2}",
                        progress_percentage=data.draw(st.integers(0, 100)),
                        token_usage=data.draw(st.integers(0, 9)),
                        current_step=data.draw(st.sampled_from(["", "reading", "writing"])),
                    )
                )
            case "resort":
                column = data.draw(st.sampled_from(sorted(roster.keys)))
                for _done in roster.resort(column, roster.matches):
                    roster.update(log.add("worker_progress", "task-0", 5, worker_id="worker-0"))
            case "filter":
                wanted = data.draw(st.none() | st.sampled_from(["task-0", "task-1"]))
                chosen = (lambda row, seat, w=wanted: row.task_id == w) if wanted else None
                for _done in roster.resort(column, chosen):
                    pass
    slots = [
        slot
        for slot in range(1, len(roster) + 1)
        if roster.matches is None or roster.matches(log.state.rows[roster.seat(slot).task_id], roster.seat(slot))
    ]
    assert list(roster.order) == sorted(slots, key=roster.keys[column])
    plain = {w.worker_id: w for t in log.state.rows for w in log.state.task(t).workers.values()}  # type: ignore[union-attr]
    seats = {seat.worker_id: seat for seat in map(roster.seat, range(1, len(roster) + 1))}
    assert {(w.worker_id, w.last_at, w.ended_at, w.percent, w.tokens) for w in plain.values()} == {
        (s.worker_id, s.last, s.ended, s.percent, s.tokens) for s in seats.values()
    }
    assert roster.open == sum(w.open for w in plain.values())
    assert roster.open_lines == sum(roster.seat(slot).open for slot in slots)
    now = NOW + 240 * SECOND
    words = Counter(worker_look(w, now, Thresholds(), None) for w in plain.values())
    assert roster.stuck(now) == Counter({word: words[word] for word in STUCK if words[word]})


def test_the_longest_silent_worker_stands_first_and_ended_ones_follow_newest_first() -> None:
    log = Log()
    log.worker("task-1", "worker-old", "scan-worker", [900, 890, 880], "success")
    log.worker("task-1", "worker-busy", "scan-worker", [100, 90, 5])
    log.worker("task-2", "worker-silent", "scan-worker", [2000, 1990, 700])
    log.worker("task-2", "worker-new", "scan-worker", [50, 40, 30], "failed")
    view = table(log.state)
    view.model.update(log.state.rows)
    assert workers(view) == ["worker-silent", "worker-busy", "worker-new", "worker-old"]


def test_silence_is_compared_with_the_silences_of_workers_of_the_type_that_ended_by_themselves() -> None:
    log = Log()
    assert usual_of(log.state).of("scan") is None
    for n in range(10):
        log.worker(f"task-{n}", f"worker-{n}", "scan", [100, 90, 80, 60, 30], "success")
    log.worker("task-open", "worker-open", "scan", [900, 890, 100])
    log.worker("task-zombie", "worker-zombie", "scan", [900, 890, 100], "zombie")
    log.worker("task-other", "worker-other", "fix", [900, 890, 100], "success")
    usual = usual_of(log.state)
    assert usual.of("scan") == Usual(20 * SECOND, 30 * SECOND)
    assert usual.of("fix") is None, "two gaps tell nothing"
    usual.heard(log.worker("task-more", "worker-more", "scan", [9000, *range(8000, 1000, -600), 0], "success"))
    assert usual.of("scan") == Usual(20 * SECOND, 30 * SECOND) and usual.behind
    assert list(usual.learn()) == [0] and not usual.behind
    assert usual.of("scan") == Usual(30 * SECOND, 600 * SECOND)


@given(order=st.permutations(range(60)), cuts=st.sets(st.integers(1, 59), max_size=4))
@settings(max_examples=30, deadline=None)
def test_what_is_usual_does_not_depend_on_the_order_of_reading(order: list[int], cuts: set[int]) -> None:
    """The newest tasks tell, and of their workers those that ended last, however many are read before or after."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models_usual, "LEARNED", 20)
        patch.setattr(models_usual, "RUNS_HELD", 30)
        log = Log()
        usual = UsualTimes(log.state)
        last = 0
        for n, number in enumerate(order):
            for worker, kind, end in (("w", f"type-{number % 2}", 9), ("x", "type-0", number % 7)):
                words = [90 * number + ago for ago in (80, 70, 30, end)]
                log.worker(f"task-{number}", worker, kind, words, "success")
            if n + 1 in cuts:
                usual.heard(f"task-{one}" for one in order[last : n + 1])
                last = n + 1
                assert list(usual.learn()) is not None
        usual.heard(f"task-{one}" for one in order[last:])
        for _ in usual.learn():
            pass
        once = usual_of(log.state)
        assert [usual.of(f"type-{n}") for n in range(3)] == [once.of(f"type-{n}") for n in range(3)]
        assert once.of("type-0") is not None and len(usual._learned) == 20


def test_what_is_usual_is_forgotten_with_what_tells_no_more_and_learned_though_a_lesson_was_given_up() -> None:
    log = Log()
    for n in range(12):
        log.worker(f"task-{n}", "w", f"type-{n % 2}", [100, 90, 80, 60, 30 - n], "success")
    usual = UsualTimes(log.state)
    usual.heard(log.state.rows)
    lesson = usual.learn()
    assert [next(lesson) for _ in range(3)] == [0, 1, 2]
    lesson.close()
    assert usual.behind and not usual.learning
    for _ in usual.learn():
        pass
    kinds = ("type-0", "type-1")
    assert [usual.of(kind) for kind in kinds] == [usual_of(log.state).of(kind) for kind in kinds] != [None, None]
    again = log.add("worker_spawned", "task-1", 5, worker_id="w", worker_type="type-1")
    many = [("task-2", log.fact("worker_progress", "task-2", 4, worker_id="w")) for _ in range(BIG)]
    usual.heard(again | log.state.merge_facts(many))
    for _ in usual.learn():
        pass
    assert [usual.of(kind) for kind in kinds] == [usual_of(log.state).of(kind) for kind in kinds]
    # The first run of task-1 has ended, and tells; task-2 has become too large to be learned from.
    assert set(usual._learned) == {f"task-{n}" for n in range(12)} - {"task-2"}


def test_the_cleanups_word_is_none_of_the_workers() -> None:
    worker = Worker("w", spawned_at=0, started_at=10, ended_at=100, progress=[(30, 1.0), (60, 2.0)])
    worker.end = WorkerEnd.FAILED
    assert gaps_of(worker) == (20, 30, 40)
    worker.end = WorkerEnd.ZOMBIE
    assert gaps_of(worker) == ()


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
        assert lines[1].split() == ["☠", "worker-zombie", "zombie", "scan", "2h30m", "10%", "2h00m", "≤10s", "━━┿━━━"]
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
        assert sorted(seen) == sorted(name for name in COLUMNS if COLUMNS[name].falls is not None)
        view.sort_by(-1)
        view.sort_by(-1)
        assert view.sorted_by == seen[-3]


async def settled(view: WorkersView, pilot: Pilot[None]) -> None:
    """The order that was asked for last is there."""
    await until(lambda: view.model.order.sort is view.model.keys[view.sorted_by], "the new order")
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
        view.sort_by(1)
        await settled(view, pilot)
        assert view.target() == chosen
        view.invert()
        assert view.target() == chosen
        assert view.fresh == 30
        view.follow()
        assert view.cursor == 0 and view.fresh == 0


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


async def test_every_count_of_stuck_workers_is_the_same() -> None:
    log = Log()
    log.worker("task-1", "worker-silent", "scan-worker", [900, 800, 400])
    log.worker("task-1", "worker-zombie", "scan-worker", [9000, 8000, 1800])
    log.worker("task-2", "worker-unstarted", "scan-worker", [300])
    log.worker("task-2", "worker-never", "scan-worker", [1800])
    log.worker("task-3", "worker-orphaned", "scan-worker", [9000, 8000, 7000])
    log.add("task_completed", "task-3", 4000, completion_status="success")
    log.worker("task-4", "worker-fine", "scan-worker", [100, 90, 60])
    expected = Counter(zombie=2, silent=1, orphaned=1) + Counter({"never-started": 1})
    status_counts, view = StatusCounts(log.state, Thresholds()), table(log.state)
    for row in log.state.rows.values():
        status_counts.take(None, row)
    assert status_counts.stuck(NOW) == expected
    async with alone(view):
        view.arrived(set(log.state.rows))
        assert view.model.stuck(NOW) == expected
        assert Counter(filter(STUCK.__contains__, map(view.look_at, range(view.count())))) == expected
    tasks = [task for name in log.state.rows if (task := log.state.task(name)) is not None]
    looks = (worker_look(w, NOW, Thresholds(), over(task)) for task in tasks for w in task.workers.values())
    assert Counter(filter(STUCK.__contains__, looks)) == expected
    found = (one for task in tasks for one in check(task, others_of(log.state), NOW))
    assert Counter("zombie" if one.severity is Severity.BAD else one.rule for one in found) == expected

    row = log.state.rows["task-1"]
    log.add("worker_completed", "task-1", 0, worker_id="worker-zombie", completion_status="success")
    status_counts.take(row, log.state.rows["task-1"])
    assert status_counts.stuck(NOW) == expected - Counter(zombie=1)


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
        assert workers(view) == ["worker-a", "worker-b", "worker-c"] and "ended" not in text_of(view)
        assert view.target() == ("task-1", "worker-b")


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
    fit = columns_for(width)
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
    assert cut("worker-scan-0058-1", "worker-", 14, looks) == "…scan-0058-1"
    assert cut("worker-implementation-0058-1", "worker-", 16, looks) == "implement…0058-1"
    assert len(cut("worker-implementation-0058-1", "worker-", 9, looks)) == 9


def test_counts_take_four_characters() -> None:
    assert [compact(n) for n in (0, 999, 1000, 9_949, 9_950, 123_456, 999_499, 999_500, 2_500_000_000)] == [
        "0", "999", "1.0k", "9.9k", "10k", "123k", "999k", "1.0M", "2.5G",
    ]  # fmt: skip
