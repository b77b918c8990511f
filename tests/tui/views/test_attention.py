"""The attention view: what needs a person, the most urgent first; acknowledged until it gets worse."""

from __future__ import annotations

import re

import pytest

from lineage_core.base.clock import DAY, HOUR, MINUTE
from lineage_core.forecast.anomalies import ANOMALIES, Anomaly
from lineage_core.rules.stuck_work import RULES
from lineage_core.rules.thresholds import Thresholds
from lineage_tui.views.attention import AttentionView
from lineage_tui.views.attention_row import RULE_LOOKS
from tests.build import NOW, Log
from tests.tui.alone import Clock, alone, styles, text_of
from tests.tui.conftest import until
from tests.tui.views.attention_lists import DIRECTORY, attention, listed, troubles


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
        assert "critical: needs a person" in lines[2]
        assert "high: needs a person" in lines[3]
        assert "medium" not in lines[4].replace("task-medium", "")


def test_every_rule_has_a_look() -> None:
    assert {*RULES, *ANOMALIES} <= set(RULE_LOOKS)


ODD = Anomaly(
    "fails-more",
    "worker type scan-worker",
    NOW - HOUR,
    "scans fail more",
    "9 of 9",
    "1 of 99",
    1e-9,
    ("task-fine", "task-failed"),
)


QUIET = Anomaly("gone-quiet", "the feed", NOW - HOUR, "the feed says nothing", "0", "9", 1e-5, ())


async def test_what_is_not_normal_is_listed_too_until_it_is_over_or_acknowledged() -> None:
    view = attention(troubles())
    before = listed(view)
    async with alone(view, (120, 24)):
        view.show_anomalies([ODD, QUIET])
        found = [one for one in listed(view) if one not in before]
        assert found == [("gone-quiet", ""), ("fails-more", "")]
        assert listed(view)[0] == ("escalated", "task-escalated"), "of equals what waits for a person comes first"
        assert "☠ 1 zombie  ≈ 2 not normal  ✗ 1 failed" in text_of(view)
        assert re.search(r"≈ fails more +1h00m scans fail more", text_of(view))
        assert view.select_key(("fails-more", "", "worker type scan-worker"))
        assert view.target() == ("task-failed", None), "the newest in which it shows"
        assert "acknowledged" in view.acknowledge()
        assert ("fails-more", "") not in listed(view)
        view.show_acknowledged()
        await until(lambda: ("fails-more", "") in listed(view))
        assert re.search(r"≈ fails more +1h00m acknowledged: scans fail more", text_of(view))
        assert view.select_key(("gone-quiet", "", "the feed")) and view.target() is None
        view.set_filter(lambda row: row.task_id == "task-fine")
        await until(lambda: listed(view) == [("fails-more", "")])
        view.show_anomalies([])
        assert "✓ resolved" in text_of(view) and view.look_at(0) == "completed" and "match" not in text_of(view)
        view.follow()
        assert listed(view) == []


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
