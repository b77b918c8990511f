"""The attention view: what needs a person, the most urgent first; acknowledged until it gets worse."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_core.base.clock import DAY, HOUR, MINUTE
from lineage_core.rules.attention import others_of
from lineage_core.rules.stuck_work import RULES, check
from lineage_core.rules.thresholds import Thresholds
from lineage_tui.models.attention import AttentionList
from lineage_tui.models.attention_item import Cause
from lineage_tui.settings.acknowledgements import MOST, Acknowledgements, Grade, acknowledged_path
from lineage_tui.views.attention import _LOOKS, AttentionView
from tests.build import NOW, Log
from tests.tui.alone import Clock, alone, styles, text_of, usual_of
from tests.tui.conftest import until

HOURS = 3600.0
DIRECTORY = Path("/somewhere/lineage")


def attention(log: Log, clock: Clock | None = None, directory: Path = DIRECTORY, **options: Any) -> AttentionView:
    view = AttentionView(
        styles(), log.state, clock or Clock(), Thresholds(), directory, usual_of(log.state).of, id="view", **options
    )
    view.arrived(set(log.state.rows))
    return view


def listed(view: AttentionView) -> list[tuple[str, str]]:
    return [view.key_at(line)[:2] for line in range(view.count())]


def troubles() -> Log:
    """One task in each kind of trouble."""
    log = Log()
    log.add("task_started", "task-fine", 100)
    log.worker("task-fine", "worker-fine", "scan-worker", [90, 80, 70])
    log.add("task_started", "task-failed", 2000)
    log.add("task_failed", "task-failed", 600, reason="no disk")
    log.add("task_started", "task-escalated", 900)
    log.add("task_escalated", "task-escalated", 500, reason="needs a person")
    log.add("task_started", "task-zombie", 4000)
    log.worker("task-zombie", "worker-zombie", "scan-worker", [3900, 3800, 3700])
    log.add("task_started", "task-silent", 900)
    log.worker("task-silent", "worker-silent", "scan-worker", [800, 700, 400])
    log.worker("task-unstarted", "worker-unstarted", "scan-worker", [450])
    log.worker("task-orphan", "worker-orphan", "scan-worker", [3000, 2900, 2800])
    log.add("task_completed", "task-orphan", 2700, completion_status="success")
    log.add("task_blocked", "task-blocked", 2 * HOURS, reason="waits", blocked_by=["task-fine"])
    log.add("task_blocked", "task-stuck", 1000, reason="waits", blocked_by=["task-orphan"])
    log.add("handoff_created", "task-handoff", 700, handoff_id="handoff-1", from_master="a", to_master="b")
    for n in range(3):
        log.add("task_reassigned", "task-pingpong", 300 - n, from_master="ab"[n % 2], to_master="ba"[n % 2])
    for n in range(3):
        log.worker("task-retries", f"worker-retry-{n}", "fix-worker", [300 - n * 9, 299 - n * 9, 295 - n * 9], "failed")
    log.worker("task-dead", "worker-dead", "scan-worker", [3000, 2900, 1200], "zombie")
    log.add("task_completed", "task-dead", 1100, completion_status="success")
    log.add("task_failed", "task-long-ago", 30 * HOURS, reason="old")
    return log


def test_everything_that_needs_a_person_is_listed_the_most_urgent_first() -> None:
    assert listed(attention(troubles())) == [
        ("escalated", "task-escalated"),
        ("silent", "task-zombie"),
        ("failed", "task-failed"),
        ("blocked", "task-blocked"),
        ("handoff-unaccepted", "task-handoff"),
        ("never-started", "task-unstarted"),
        ("blocked", "task-stuck"),
        ("retries-in-vain", "task-retries"),
        ("ping-pong", "task-pingpong"),
        ("silent", "task-silent"),
        ("orphaned", "task-orphan"),
        ("found-dead", "task-dead"),
        ("failed", "task-long-ago"),
    ]


async def test_of_equally_bad_things_those_of_urgent_tasks_come_first_and_say_so() -> None:
    log = Log()
    for number, priority in enumerate(("low", "critical", "medium", "high")):
        log.add("task_created", f"task-{priority}", 4000 - number, priority=priority)
        log.add("task_started", f"task-{priority}", 600)
        log.add("task_escalated", f"task-{priority}", 500 - number, reason="needs a person")
    view = attention(log)
    assert [task for _, task in listed(view)] == ["task-critical", "task-high", "task-medium", "task-low"]
    async with alone(view, (120, 12)):
        lines = text_of(view).splitlines()
        assert "critical needs a person" in lines[2]
        assert "high needs a person" in lines[3]
        assert "medium" not in lines[4].replace("task-medium", "")


def test_every_rule_has_a_look() -> None:
    assert set(RULES) <= set(_LOOKS)


async def test_a_line_tells_why_since_when_and_what() -> None:
    view = attention(troubles())
    async with alone(view, (180, 24)):
        lines = text_of(view).splitlines()
        assert lines[0].startswith("▲ 1 escalated  ☠ 1 zombie  ✗ 1 failed  ◍ 1 silent")
        assert lines[0].rstrip().endswith("2 older")
        assert lines[1].split() == ["why", "since", "task", "master", "what"]
        assert lines[2].split(maxsplit=5)[:4] == ["▲", "escalated", "8m20s", "task-escalated"]
        assert "needs a person" in lines[2]
        assert lines[3].split()[:4] == ["☠", "zombie", "1h01m", "task-zombie"]
        assert "worker-zombie has been silent for 1h01m" in lines[3]
        assert view.target() == ("task-escalated", None)
        view.move(1)
        assert view.target() == ("task-zombie", "worker-zombie")
        assert view.look_at(1) == "zombie"


async def test_time_alone_brings_things_up_makes_them_worse_and_lets_failures_pass() -> None:
    log, clock = Log(), Clock()
    log.add("task_started", "task-1", 70)
    log.worker("task-1", "worker-1", "scan-worker", [60, 50, 40])
    log.add("task_blocked", "task-2", 10, reason="waits")
    log.add("task_failed", "task-3", 5, reason="no disk")
    view = attention(log, clock)
    async with alone(view):

        def after(duration: int) -> list[tuple[str, str]]:
            clock.at = NOW + duration
            view.tick()
            return listed(view)

        assert after(0) == [("failed", "task-3")]
        assert after(5 * MINUTE) == [("failed", "task-3"), ("silent", "task-1")]
        assert "◍ silent" in text_of(view) and "5m40s" in text_of(view)
        assert after(29 * MINUTE + 30 * 1_000_000) == [("silent", "task-1"), ("failed", "task-3")]
        assert "☠ zombie" in text_of(view)
        assert after(31 * MINUTE) == [("silent", "task-1"), ("failed", "task-3"), ("blocked", "task-2")]
        assert after(DAY + HOUR) == [("silent", "task-1"), ("blocked", "task-2"), ("failed", "task-3")]
        assert view.count_line() == "1 zombie, 1 blocked, 1 older", "what is late stays so until somebody acts"


async def test_a_second_that_passes_looks_at_no_task_that_it_does_not_concern(monkeypatch: pytest.MonkeyPatch) -> None:
    log, clock = Log(), Clock()
    for n in range(200):
        log.worker(f"task-{n}", f"worker-{n}", "scan-worker", [20.0 + n, 10.0 + n, n])
    view = attention(log, clock)
    looked: list[str] = []
    look = view.model._look
    monkeypatch.setattr(view.model, "_look", lambda task_id, now: (looked.append(task_id), look(task_id, now)))
    async with alone(view):
        clock.at += 5 * MINUTE - 100 * 1_000_000
        view.tick()
        await until(lambda: not view.model.waits(clock()), "all that is due")
        numbers = {int(task_id.removeprefix("task-")) for task_id in looked}
        assert set(range(100, 200)) <= numbers <= set(range(80, 200)), "those silent for long, or spawned long ago"
        looked.clear()
        view.tick()
        assert looked == []


async def test_five_zombies_at_once_are_announced_above_the_list() -> None:
    log = Log()
    for n in range(4):
        log.worker(f"task-{n}", f"worker-{n}", "scan-worker", [9000, 8000, 7000])
    view = attention(log)
    async with alone(view, (100, 20)):
        assert "at once" not in text_of(view)
        view.arrived(log.worker("task-4", "worker-4", "scan-worker", [9000, 8000, 7000]))
        assert "☠ 5 zombie workers at once, in 5 tasks: look at the host first" in text_of(view).splitlines()[0]
        view.arrived(log.add("worker_completed", "task-4", 1, worker_id="worker-4", completion_status="success"))
        assert "at once" not in text_of(view)


async def test_the_end_of_a_task_concerns_those_that_it_blocks() -> None:
    log = Log()
    log.add("task_started", "task-1", 100)
    log.add("task_blocked", "task-2", 50, reason="waits", blocked_by=["task-1"])
    log.add("task_blocked", "task-3", 50, reason="waits", blocked_by=["task-4"])
    log.add("task_started", "task-4", 60)
    clock = Clock()
    view = attention(log, clock)
    async with alone(view):
        view.tick()
        assert listed(view) == []
        view.arrived(log.add("task_failed", "task-4", 10, reason="no disk"))
        view.arrived(log.add("task_completed", "task-1", 10, completion_status="success"))
        view.tick()
        assert listed(view) == [("failed", "task-4"), ("blocked", "task-3")], "at once: it waits in vain"
        assert "blocked by task-4, which failed 10s ago: no disk" in text_of(view)
        view.arrived(log.add("task_unblocked", "task-3", 9) | log.add("task_started", "task-4", 8))
        clock.at += 10 * MINUTE
        view.tick()
        assert ("blocked", "task-2") in listed(view), "its owner had time to unblock it"
        view.arrived(log.add("task_unblocked", "task-2", 5))
        assert "task-2" not in {task for _, task in listed(view)}


async def test_what_is_acknowledged_leaves_the_list_and_comes_back_when_it_gets_worse() -> None:
    log, clock = Log(), Clock()
    log.add("task_started", "task-1", 900)
    log.worker("task-1", "worker-1", "scan-worker", [800, 700, 400])
    log.add("task_failed", "task-2", 300, reason="no disk")
    view = attention(log, clock)
    async with alone(view):
        assert listed(view) == [("failed", "task-2"), ("silent", "task-1")]
        assert view.acknowledge() == "task-2: acknowledged; what gets worse comes back"
        view.acknowledge()
        assert listed(view) == [] and view.count_line() == "2 acknowledged"
        assert view.acknowledge() == "nothing to acknowledge"

        again = attention(log, clock)
        assert listed(again) == [], "the next run"
        assert len(listed(attention(log, clock, Path("/other")))) == 2, "another directory"

        clock.at += 25 * MINUTE
        view.tick()
        assert listed(view) == [("silent", "task-1")], "it is a zombie now"
        view.arrived(log.add("task_started", "task-2", 200))
        view.arrived(log.add("task_failed", "task-2", -60, reason="no disk again"))
        assert ("failed", "task-2") in listed(view), "a new event"


async def test_ping_pong_that_goes_on_comes_back() -> None:
    log = Log()
    for n in range(3):
        log.add("task_reassigned", "task-1", 300 - n, from_master="ab"[n % 2], to_master="ba"[n % 2])
    view = attention(log)
    async with alone(view):
        view.acknowledge()
        view.arrived(log.add("task_reassigned", "task-1", 100, from_master="c", to_master="d"))
        assert listed(view) == [("ping-pong", "task-1")]


async def test_acknowledged_things_can_be_listed_and_taken_back() -> None:
    log = troubles()
    view = attention(log)
    async with alone(view):
        count = view.count()
        view.acknowledge()
        assert view.count() == count - 1
        view.show_acknowledged()
        await until(lambda: view.count() == count, "all lines")
        view.edge(1)
        assert view.key_at(view.cursor) == ("escalated", "task-escalated", "task-escalated")
        assert "acknowledged: needs a person" in text_of(view)
        assert view.acknowledge() == "task-escalated: no longer acknowledged"
        assert listed(view)[0] == ("escalated", "task-escalated")
        assert not json.loads(acknowledged_path().read_text())


async def test_the_cursor_stays_with_its_line_when_others_come() -> None:
    log = troubles()
    view = attention(log)
    async with alone(view, (100, 12)):
        view.move(6)
        chosen, place = view.cursor_key, view.cursor - view.top
        for n in range(30):
            view.arrived(log.add("task_failed", f"task-new-{n}", 20 - n / 10, reason="no disk"))
        assert (view.cursor_key, view.cursor - view.top) == (chosen, place)
        assert view.fresh == 30
        view.follow()
        assert view.cursor == 0 and view.fresh == 0


async def test_a_filter_lists_the_tasks_that_match_also_those_that_come_later() -> None:
    log = troubles()
    view = attention(log)
    async with alone(view):
        view.set_filter(lambda row: "i" in row.task_id.removeprefix("task-"), "is:written somewhere")
        names = {task.removeprefix("task-") for _, task in listed(view)}
        assert names == {"failed", "zombie", "silent", "pingpong", "retries"}
        view.arrived(log.add("task_failed", "task-i", 1, reason="i") | log.add("task_failed", "task-u", 1, reason="u"))
        assert ("failed", "task-i") in listed(view) and ("failed", "task-u") not in listed(view)
        view.set_filter(None)
        assert ("failed", "task-u") in listed(view)


# What has the same cause.


def pushes(log: Log, numbers: Iterable[int], ago: float = 100) -> set[str]:
    """Failures that are alike, of these tasks, the higher number the newer."""
    changed: set[str] = set()
    for n in numbers:
        reason = f"push rejected: branch is {n} behind task-{n}"
        changed |= log.add("task_failed", f"task-{n}", ago - n, reason=reason)
    return changed


async def test_failures_of_alike_reason_are_one_line_that_opens_into_its_tasks() -> None:
    log = Log()
    pushes(log, range(3))
    log.add("task_failed", "task-other", 99.5, reason="no disk")
    log.add("task_failed", "task-last", 200, reason="no memory")
    view = attention(log)
    async with alone(view, (120, 20)) as pilot:
        assert listed(view) == [
            ("failed", "push rejected: branch is # behind #"),
            ("failed", "task-other"),
            ("failed", "task-last"),
        ], "it ranks as its most urgent"
        line = text_of(view).splitlines()[2]
        assert line.split()[:4] == ["✗", "3", "failed", "1m38s"] and "▸ push rejected: branch is # behind #" in line
        assert line.rstrip().endswith("newest 1m38s, first 1m40s")
        assert view.look_at(0) == "failed" and view.target() == ("task-2", None)
        cause = view.cursor_key
        for opens, closes in ((view.unfold, view.fold), (view.enter, view.enter), (view.toggle_fold, view.toggle_fold)):
            opens()
            await pilot.pause()
            assert [task for _, task in listed(view)[1:]] == ["task-2", "task-1", "task-0", "task-other", "task-last"]
            assert "▾ push rejected" in text_of(view) and "branch is 1 behind task-1" in text_of(view)
            assert view.cursor_key == cause
            closes()
            assert len(listed(view)) == 3
        view.unfold()
        view.unfold()
        view.move(1)
        assert view.target() == ("task-1", None), "l on an open one goes in"
        view.fold()
        assert view.cursor_key == cause and view.target() == ("task-1", None), "the pane goes on showing it"


async def test_the_selection_stays_when_lines_are_folded_together_and_come_apart() -> None:
    log = Log()
    long = 30_000.0  # seconds: a failure within 100 minutes before the only start could be one of a skewed clock
    pushes(log, [0], long)
    log.add("task_failed", "task-other", 99.5, reason="no disk")
    view = attention(log)
    moved: list[Any] = []
    view.on_moved = moved.append
    async with alone(view):
        view.move(1)
        assert view.target() == ("task-0", None)
        view.arrived(pushes(log, [1, 2], long))
        assert isinstance(view.cursor_key, Cause) and view.target() == ("task-0", None)
        assert moved[-1] == view.cursor_key
        view.arrived(log.add("task_started", "task-0", 1))
        assert view.target() == ("task-2", None) and moved[-2:] == [view.cursor_key] * 2, "the pane is told"
        view.arrived(log.add("task_started", "task-2", 1))
        assert view.cursor_key == ("failed", "task-1", "task-1") and view.target() == ("task-1", None)


async def test_what_is_folded_is_acknowledged_together_and_what_comes_later_is_not() -> None:
    log = Log()
    pushes(log, range(30))
    view = attention(log)
    async with alone(view):
        assert view.acknowledge() == "all 30: acknowledged; what gets worse comes back"
        await until(lambda: view.model.seen == 30, "all of them")
        assert listed(view) == [] and view.count_line() == "30 acknowledged"
        assert len(Acknowledgements(DIRECTORY)) == 30
        view.arrived(pushes(log, [40, 41]))
        assert listed(view) == [("failed", "push rejected: branch is # behind #")] and "2 failed" in text_of(view)
        assert view.show_acknowledged() == "30 acknowledged, at the end: a takes it back"
        await until(lambda: view.count() == 2, "both")
        assert "acknowledged: push rejected" in text_of(view)
        view.edge(1)
        assert view.acknowledge() == "all 30: no longer acknowledged"
        await until(lambda: view.model.seen == 0, "all of them")
        assert view.count() == 1 and "32 failed" in text_of(view)
        assert view.show_acknowledged() == "what was acknowledged is hidden"
        assert view.show_acknowledged() == "nothing is acknowledged"


def silent_beside_usual(kind: str) -> Log:
    """Ten workers of a type that ended, never silent for more than 10 s; and two that are silent."""
    log = Log()
    for n in range(10):
        log.worker("task-done", f"worker-{n}", kind, [100, 90, 80, 70], "success")
    for n in range(2):
        log.worker(f"task-a{n}", f"worker-a{n}", kind, [900, 800, 400 + n])
    return log


async def test_workers_of_no_type_are_told_what_is_usual_too() -> None:
    view = attention(silent_beside_usual(""))
    async with alone(view, (160, 20)):
        assert "untyped workers (usual ≤10s)" in text_of(view)


async def test_stuck_workers_of_one_type_are_folded_by_what_is_the_matter_with_them_and_told_what_is_usual() -> None:
    log, clock = silent_beside_usual("scan-worker"), Clock()
    for n in range(2):
        log.worker(f"task-b{n}", f"worker-b{n}", "fix-worker", [9000, 8000, 7000 + n])
    log.worker("task-c", "worker-c", "fix-worker", [900, 800, 400])
    log.worker("task-z", "worker-z", "fix-worker", [9000])
    view = attention(log, clock)
    async with alone(view, (160, 20)):
        view.tick()
        assert [key[:2] for key in listed(view)] == [
            ("zombie", "fix-worker"), ("silent", "scan-worker"), ("silent", "task-c"),
        ]  # fmt: skip
        lines = text_of(view).splitlines()
        assert "3 zombie" in lines[2] and "fix workers" in lines[2]
        assert "2 silent" in lines[3] and "scan workers (usual ≤10s)" in lines[3]
        view.select(1)
        view.unfold()
        assert "worker-a1 has been silent for 6m41s after 10% (usual ≤10s)" in text_of(view)
        assert view.target() == ("task-a0", "worker-a0")
        clock.at += 24 * MINUTE
        view.tick()
        assert listed(view) == [("zombie", "fix-worker"), ("zombie", "scan-worker")]
        assert view.cursor == 1 and view.target() == ("task-a0", "worker-a0"), "it became a zombie under the cursor"


async def test_a_change_in_a_long_list_looks_at_little_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log()
    pushes(log, range(2000), ago=3000)
    view = attention(log)
    async with alone(view):
        view.unfold()
        looked = 0
        rank = view.model._rank

        def counted(key: Any) -> Any:
            nonlocal looked
            looked += 1
            return rank(key)

        for lines in (*view.model.lines._members.values(), view.model.lines):
            monkeypatch.setattr(lines, "_rank" if lines is view.model.lines else "sort", counted)
        view.arrived(pushes(log, [2001], ago=3000))
        assert view.count() == 2002 and looked < 300


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_list_kept_up_to_date_equals_the_list_made_at_once(data: Any) -> None:
    log, clock = Log(), Clock()
    kept = Acknowledgements(DIRECTORY)
    attention = AttentionList(log.state, Thresholds(), kept)
    steps = (
        "task_started", "task_blocked", "task_unblocked", "task_escalated", "task_completed", "task_failed",
        "worker_spawned", "worker_started", "worker_progress", "worker_failed", "handoff_created", "handoff_accepted",
    )  # fmt: skip
    for _ in range(data.draw(st.integers(1, 25))):
        if data.draw(st.booleans()):
            clock.at += data.draw(st.sampled_from([1, 4 * MINUTE, 31 * MINUTE, 11 * HOUR]))
            for _done in attention.settle(clock.at):
                pass
        number = data.draw(st.integers(0, 3))
        changed = log.add(
            data.draw(st.sampled_from(steps)),
            f"task-{number}",
            (NOW - clock.at) / 1_000_000 + data.draw(st.sampled_from([0, 100, 900])),
            worker_id=f"worker-{number}",
            handoff_id=f"handoff-{number}",
            blocked_by=[f"task-{(number + 1) % 4}"],
            error_details=data.draw(st.sampled_from(["zombie_timeout", "no disk"])),
        )
        attention.update(changed, clock.at)
        for _done in attention.settle(clock.at):
            pass
    plain = AttentionList(log.state, Thresholds(), kept)
    plain.update(log.state.rows, clock.at)
    for _done in plain.settle(clock.at):
        pass
    assert list(attention.lines) == list(plain.lines) and attention.silent.keys() == plain.silent.keys()
    assert {key: item.grade for key, item in attention._items.items()} == {
        key: item.grade for key, item in plain._items.items()
    }
    assert attention.counts + plain.counts == plain.counts + plain.counts and attention.old == plain.old
    for task_id, row in log.state.rows.items():
        task = log.state.task(task_id)
        assert task is not None
        rules = {one.rule for one in check(task, others_of(log.state), clock.at)}
        mine = {key[0] for key in plain._items if key[1] == task_id}
        assert mine - {"failed"} >= rules - {"found-dead"}
        assert ("escalated" in mine) is row.escalated and ("failed" in mine) is (row.status.value == "failed")


@pytest.mark.parametrize("size", [(20, 5), (1, 1), (80, 24), (200, 50)])
@pytest.mark.parametrize("ascii_only", [False, True])
async def test_findings_of_every_kind_fit_any_size_and_hostile_text_is_harmless(
    size: tuple[int, int], ascii_only: bool
) -> None:
    log = troubles()
    for n in range(6):
        log.worker("task-\x1b]0;x\x07[/x]", f"worker-\x9b{n}\u202e", "scan-worker", [9000, 8000, 7000])
    log.add("task_escalated", "task-evil\n", 1, reason="\x1b[31m[@click=app.quit]x[/]")
    view = AttentionView(styles(ascii_only=ascii_only), log.state, Clock(), Thresholds(), DIRECTORY, id="view")
    async with alone(view, size):
        view.arrived(set(log.state.rows))
        for _ in range(view.count()):
            view.move(1)
            assert not set("\x1b\x07\x9b\u202e") & set(text_of(view))
        if size == (200, 50):
            assert "[@click=app.quit]x[/]" in text_of(view)


# What is kept.


def test_only_the_user_can_read_what_is_kept_and_no_lineage_directory_is_touched(tmp_path: Path) -> None:
    directory = tmp_path / "lineage"
    directory.mkdir()
    Acknowledgements(directory).put({("failed", "task-1", "task-1"): Grade(2, 5, 0)})
    path = acknowledged_path()
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(directory.iterdir()) == [] and [p.name for p in path.parent.iterdir()] == ["acknowledged.json"]


def test_two_screens_lose_nothing_of_each_other(tmp_path: Path) -> None:
    one, two = Acknowledgements(tmp_path), Acknowledgements(tmp_path / "other")
    one.put({("failed", "task-1", "task-1"): Grade(2, 5, 0)})
    two.put({("failed", "task-1", "task-1"): Grade(2, 7, 0)})
    one.put({("silent", "task-2", "worker-1"): Grade(1, 5, 0)})
    one.put({("failed", "task-1", "task-1"): None})
    assert len(Acknowledgements(tmp_path)) == 1
    assert Acknowledgements(tmp_path / "other").covers(("failed", "task-1", "task-1"), Grade(2, 7, 0))


@pytest.mark.parametrize(
    "content",
    [
        "", "[", "null", "{}", '[{"directory": 1}]', '[{"directory": "/", "key": ["a", "b"], "grade": [1, 2, 3]}]',
        '[{"directory": "/", "key": ["a", "b", "c"], "grade": [1, 2, true]}]', "[" * 100_000, "\udcff", "[1, [], {}]",
    ],
)  # fmt: skip
def test_a_file_that_makes_no_sense_counts_as_empty_and_is_replaced(content: str) -> None:
    path = acknowledged_path()
    path.parent.mkdir(parents=True)
    path.write_bytes(os.fsencode(content))
    kept = Acknowledgements(Path("/"))
    assert len(kept) == 0
    kept.put({("failed", "task-1", "task-1"): Grade(2, 5, 0)})
    assert len(Acknowledgements(Path("/"))) == 1


def test_of_too_many_the_oldest_are_dropped(tmp_path: Path) -> None:
    path = acknowledged_path()
    path.parent.mkdir(parents=True)
    entry = {"directory": os.path.realpath(tmp_path), "grade": [1, 2, 3]}
    path.write_text(json.dumps([entry | {"key": ["failed", f"task-{n}", ""]} for n in range(MOST)]))
    Acknowledgements(tmp_path).put({("failed", "task-new", ""): Grade(1, 2, 3)})
    kept = Acknowledgements(tmp_path)
    assert len(kept) == MOST
    assert kept.covers(("failed", "task-new", ""), Grade(1, 2, 3))
    assert not kept.covers(("failed", "task-0", ""), Grade(1, 2, 3))


async def test_where_nothing_can_be_kept_it_holds_for_this_run_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nowhere")
    view = attention(troubles())
    async with alone(view):
        count = view.count()
        assert "acknowledged until you quit: it cannot be kept" in view.acknowledge()
        assert view.count() == count - 1


def test_what_was_acknowledged_under_an_old_name_of_a_rule_stays_so() -> None:
    path = acknowledged_path()
    assert path is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    entry = {"directory": str(DIRECTORY), "key": ["never started", "task-1", "worker-1"], "grade": [1, 5, 0]}
    path.write_text(json.dumps([entry]))
    kept = Acknowledgements(DIRECTORY)
    assert kept.covers(("never-started", "task-1", "worker-1"), Grade(1, 5, 0))
    kept.put({("never-started", "task-1", "worker-1"): None})
    assert len(Acknowledgements(DIRECTORY)) == 0
