"""The simulated cortex: what it plans, and what it leaves on disk."""

import json
import os
import subprocess
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pytest

from lineage_core import demo
from lineage_core.base import clock
from lineage_core.base.clock import DAY, MINUTE, SECOND
from lineage_core.demo.simulation import history, plan
from lineage_core.demo.story import PlannedEvent
from lineage_core.demo.writer import record_of
from lineage_core.model.event_types import EVENTS
from lineage_core.write.batch import complete
from lineage_core.write.journal import Journal
from tests.wallclock import SHIFT, now, wait_until

LINEAGE = [sys.executable, "-m", "lineage_core.cli"]
START = 1_795_334_400_000_000
FIRST = list(islice(plan(1, START), 2_000))


def records(directory: Path) -> list[dict]:
    """What the whole lines hold; a line that is just being written is not looked at."""
    texts = [path.read_text().rpartition("\n")[0] for path in sorted(directory.iterdir())]
    return [json.loads(line) for text in texts for line in text.splitlines() if line]


def by_task(events: Iterable[PlannedEvent]) -> dict[str, list[PlannedEvent]]:
    tasks = defaultdict(list)
    for event in events:
        tasks[event.task_id].append(event)
    return tasks


def test_a_plan_tells_the_same_for_the_same_seed_and_start():
    assert list(islice(plan(7, START), 500)) == list(islice(plan(7, START), 500))


def test_another_seed_tells_another_story():
    assert [e.task_id for e in islice(plan(8, START), 50)] != [e.task_id for e in islice(plan(7, START), 50)]


def test_a_plan_is_sorted_by_time_and_repeats_no_id():
    assert [e.at for e in FIRST] == sorted(e.at for e in FIRST)
    assert len({e.lineage_id for e in FIRST}) == len(FIRST)


def test_the_ids_sort_by_time():
    assert [e.lineage_id for e in FIRST] == sorted(e.lineage_id for e in FIRST)


def test_all_event_types_occur_before_the_start():
    assert {e.event_type for e in FIRST if e.at <= START} == set(EVENTS)


def test_a_live_plan_keeps_to_its_rate():
    events = list(islice(plan(1, START, rate=50, speed=2.5), 10_000))
    live = [e for e in events if e.at > START]
    assert len(live) / ((live[-1].at - START) / SECOND) == pytest.approx(50, rel=0.05)


def test_every_parent_and_related_task_was_told_of_before():
    known, tasks = set(), {"task-schema-change-0006"}
    for event in islice(plan(1, START), 5_000):
        assert event.parent is None or event.parent in known
        if event.event_type == "task_created" and "schema-change" not in "".join(event.related):
            assert set(event.related) <= tasks
        known.add(event.lineage_id)
        tasks.add(event.task_id)


def test_every_record_has_the_fields_and_data_that_its_event_needs():
    for event in FIRST:
        record = record_of(event)
        whole, at = complete(json.loads(json.dumps(record)), {})
        assert (whole, at) == (record, event.at)


# What must be seen in a demo, told from the events of one task.
def types(events: list[PlannedEvent]) -> list[str]:
    return [e.event_type for e in events]


def workers(events: list[PlannedEvent], event_type: str) -> list[str]:
    place = {"worker_spawned": 1}.get(event_type, 0)
    return [e.args[place] for e in events if e.event_type == event_type]


def failed_and_repeated(events: list[PlannedEvent]) -> bool:
    kinds = {e.args[1]: e.args[2] for e in events if e.event_type == "worker_spawned"}
    failed = {kinds[worker] for worker in workers(events, "worker_failed")}
    done = {kinds[worker] for worker in workers(events, "worker_completed")}
    return bool(failed & done)


def silent(events: list[PlannedEvent]) -> bool:
    ended = {*workers(events, "worker_completed"), *workers(events, "worker_failed")}
    last = max(e.at for e in events)
    return last < START - 30 * MINUTE and bool(set(workers(events, "worker_progress")) - ended)


def never_started(events: list[PlannedEvent]) -> bool:
    begun = {*workers(events, "worker_started"), *workers(events, "worker_failed")}
    return events[-1].event_type == "worker_spawned" and not set(workers(events, "worker_spawned")) <= begun


def orphaned(events: list[PlannedEvent]) -> bool:
    left = set(workers(events, "worker_started")) - {
        *workers(events, "worker_completed"),
        *workers(events, "worker_failed"),
    }
    return "task_completed" in types(events) and bool(left)


def confirmed_zombie(events: list[PlannedEvent]) -> bool:
    return any(e.event_type == "worker_failed" and e.args[1] == "zombie_timeout" for e in events)


def handoff_waits(events: list[PlannedEvent]) -> list[float]:
    made = {e.args[0]: e.at for e in events if e.event_type == "handoff_created"}
    return [(e.at - made[e.args[0]]) / SECOND for e in events if e.event_type == "handoff_accepted"]


def ping_pong(events: list[PlannedEvent]) -> bool:
    ways = [e.args[1:] for e in events if e.event_type == "handoff_created"]
    return len(ways) >= 3 and ways[0] == ways[2] == ways[1][::-1]


FEATURES: dict[str, Callable[[list[PlannedEvent]], bool]] = {
    "a task that succeeds": lambda ev: types(ev)[-1] == "task_completed" and ev[-1].args[1] == "success",
    "a task that succeeds in part": lambda ev: types(ev)[-1] == "task_completed" and ev[-1].args[1] == "partial",
    "a task that fails": lambda ev: types(ev)[-1] == "task_failed",
    "a task that is cancelled": lambda ev: types(ev)[-1] == "task_cancelled",
    "a task that is begun again": lambda ev: types(ev).count("task_started") == 2,
    "workers of several types at once": lambda ev: types(ev).count("worker_spawned") >= 2,
    "a retry with a worker of the same type": failed_and_repeated,
    "a worker that goes silent": silent,
    "a worker that never started": never_started,
    "a worker left behind by its task": orphaned,
    "a confirmed zombie": confirmed_zombie,
    "a handoff that is accepted at once": lambda ev: any(wait < 10 for wait in handoff_waits(ev)),
    "a slow handoff": lambda ev: any(wait > 200 for wait in handoff_waits(ev)),
    "a handoff that nobody accepts": lambda ev: "handoff_created" in types(ev) and not handoff_waits(ev),
    "a handoff back and forth": ping_pong,
    "a block that ends": lambda ev: "task_unblocked" in types(ev),
    "a block that does not end": lambda ev: types(ev)[-1] == "task_blocked",
    "an escalation": lambda ev: "task_escalated" in types(ev),
    "a reassignment": lambda ev: "task_reassigned" in types(ev),
    "related tasks": lambda ev: bool(ev[0].related),
    "a subtask by its parent task": lambda ev: "parent_task_id" in ev[0].data,
    "tags": lambda ev: any(e.tags for e in ev),
    "tokens as an object": lambda ev: any(isinstance(e.data.get("token_usage"), dict) for e in ev),
    "tokens as a bare number": lambda ev: any(isinstance(e.data.get("token_usage"), int) for e in ev),
    "a stack trace": lambda ev: any("stack_trace" in e.data.get("error_details", {}) for e in ev),
    "no session": lambda ev: "session_id" not in ev[0].context,
}


@pytest.mark.parametrize("feature", FEATURES)
def test_the_default_plan_shows(feature: str):
    assert any(FEATURES[feature](events) for events in by_task(FIRST).values())


def test_the_default_plan_shows_a_subtask_by_its_parent_event():
    task_of = {e.lineage_id: e.task_id for e in FIRST}
    assert any(e.event_type == "task_created" and e.parent and task_of[e.parent] != e.task_id for e in FIRST)


def test_the_default_plan_shows_a_block_by_a_task_that_has_ended():
    ended = {e.task_id: e.at for e in FIRST if e.event_type in ("task_completed", "task_failed")}
    blocks = [e for e in FIRST if e.event_type == "task_blocked"]
    assert any(ended.get(e.data["blocked_by"][0], e.at) < e.at for e in blocks)


def test_several_masters_sessions_users_and_worker_types_take_part():
    made = [e for e in FIRST if e.event_type == "worker_spawned"]
    assert len({e.args[0] for e in made}) == 4
    assert len({e.args[2] for e in made}) == 8
    assert len({e.context.get("session_id") for e in FIRST}) >= 4
    creators = {e.args[0] for e in FIRST if e.event_type == "task_created"}
    assert {"user-kim", "nightly-scan-daemon", "development-master"} <= creators


def test_live_tasks_take_20_to_90_seconds_mostly():
    told = by_task(islice(plan(1, START), 6_000)).values()
    ended = [ev for ev in told if ev[0].at > START and ev[-1].event_type == "task_completed"]
    spans = [(ev[-1].at - ev[0].at) / SECOND for ev in ended]
    assert sum(20 <= span <= 90 for span in spans) > 0.8 * len(spans)


@pytest.mark.parametrize("count", [1, 10, 997, 20_000])
@pytest.mark.parametrize("span", [10 * MINUTE, DAY, 30 * DAY])
def test_a_history_has_exactly_as_many_events_within_its_span(count: int, span: int):
    told = list(history(3, START, count, span))
    assert len({e.lineage_id for e in told}) == len(told) == count
    assert [e.at for e in told] == sorted(e.at for e in told)
    assert START - span <= told[0].at
    assert told[-1].at == START


def test_a_history_ends_with_a_handful_of_tasks_still_running_and_leaves_no_older_one_open():
    tasks = by_task(history(3, START, 20_000, 10 * DAY)).values()
    open_ones = [ev for ev in tasks if not {"task_completed", "task_failed", "task_cancelled"} & set(types(ev))]
    assert 1 <= len(open_ones) <= 40
    assert all(events[0].at > START - 4 * 60 * MINUTE for events in open_ones)
    assert len(tasks) == pytest.approx(2_000, rel=0.2)


@pytest.mark.clock
def test_a_backfill_writes_each_event_into_the_file_of_its_date(tmp_path: Path):
    directory = tmp_path / "lineage"
    assert demo.backfill(directory, 3_000, days=4, clock=lambda: START) == 3_000
    assert 4 <= len(list(directory.iterdir())) <= 5
    for path in directory.iterdir():
        dates = {json.loads(line)["timestamp"][:10] for line in path.read_text().splitlines()}
        assert dates == {path.name.removeprefix("lineage-").removesuffix(".jsonl")}
    lines = [len(line) for path in directory.iterdir() for line in path.read_bytes().splitlines()]
    assert 300 <= sum(lines) / len(lines) <= 520


def test_two_backfills_into_one_directory_share_no_task_and_no_event(tmp_path: Path):
    demo.backfill(tmp_path, 500, days=2, clock=lambda: START)
    once = {r["task_id"] for r in records(tmp_path)}
    demo.backfill(tmp_path, 500, days=2, clock=lambda: START + SECOND)
    both = records(tmp_path)
    assert len({r["lineage_id"] for r in both}) == 1_000
    assert not once & {r["task_id"] for r in both[500:]} - once
    assert len({r["task_id"] for r in both}) > 1.9 * len(once)


def test_a_backfill_heals_a_torn_end(tmp_path: Path):
    torn = tmp_path / f"lineage-{clock.utc_date(START)}.jsonl"
    torn.write_text('{"lineage_id":"lineage-1","task_')
    demo.backfill(tmp_path, 20, days=0.01, clock=lambda: START)
    assert len(torn.read_text().splitlines()) == 21


@contextmanager
def running(directory: Path, **options) -> Iterator[threading.Event]:
    stop = threading.Event()
    thread = threading.Thread(target=demo.run, args=(directory,), kwargs={"stop": stop, **options}, daemon=True)
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(60)
        assert not thread.is_alive()


def lines(directory: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in directory.glob("*.jsonl"))


@pytest.mark.clock
def test_a_live_demo_begins_with_the_past_hour_and_goes_on(tmp_path: Path):
    directory = tmp_path / "lineage"
    begun = now()
    with running(directory, rate=100, shell_share=0):
        wait_until(lambda: directory.is_dir() and sum(r["timestamp"] > iso(begun) for r in records(directory)) > 50)
    past = [r for r in records(directory) if r["timestamp"] < iso(begun)]
    assert past[0]["timestamp"] < iso(begun - 55 * MINUTE)
    statuses = Counter(r["event_type"] for r in past)
    assert statuses["task_completed"] > 3 and statuses["task_failed"] > 0


def iso(at: int) -> str:
    return clock.format_timestamp(at)


def test_a_demo_told_to_stop_ends_though_the_next_event_is_far_away(tmp_path: Path):
    with running(tmp_path, rate=0.001, shell_share=0) as stop:
        wait_until(lambda: lines(tmp_path) > 100)
        stop.set()


@pytest.mark.clock
def test_a_live_demo_ends_after_its_duration(tmp_path: Path):
    begun = now()
    ticks = iter(range(begun, begun + 10**12, SECOND // 10))
    assert demo.run(tmp_path, rate=20, duration=2, shell_share=0, clock=lambda: next(ticks)) == lines(tmp_path)


def test_scripts_log_part_of_a_live_demo_and_the_rest_knows_their_events(
    tmp_path: Path, need_tool: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
):
    bash, noted, folder = need_tool("bash"), tmp_path / "noted", tmp_path / "bin"
    folder.mkdir()
    (folder / "bash").write_text(f'#!/bin/sh\necho "$3" >> "{noted}"\nexec {bash} "$@"\n')
    (folder / "bash").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    begun = iso(now())
    with running(tmp_path / "lineage", rate=40, speed=20, shell_share=0.5):
        wait_until(lambda: noted.exists() and len(set(noted.read_text().split())) > 10)
    told = records(tmp_path / "lineage")
    live = Counter(r["event_type"] for r in told if r["timestamp"] > begun)
    if not SHIFT:  # the scripts start without LD_PRELOAD, and have another clock then
        assert all(live[event] >= count for event, count in Counter(noted.read_text().split()).items())
    known = {r["lineage_id"] for r in told}
    assert len(known) == len(told)
    assert all(r["parent_lineage_id"] in known | {None} for r in told)
    assert not any("tags" in r and "invalid-data" in r["tags"] for r in told)


@pytest.mark.clock
def test_the_demo_command_writes_a_past_and_says_so(tmp_path: Path):
    done = subprocess.run(
        [*LINEAGE, "demo", "--dir", tmp_path, "--backfill", "50", "--days", "1"],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"50 events written to {tmp_path}\n"
    assert lines(tmp_path) == 50


@pytest.mark.parametrize(
    "words", [["--rate", "0"], ["--backfill", "-1"], ["--days", "nan"], ["--shell-share", "2"], ["--speed", "-3"]]
)
def test_the_demo_command_refuses_numbers_that_make_no_sense(tmp_path: Path, words: list[str]):
    done = subprocess.run(
        [*LINEAGE, "demo", "--dir", tmp_path / "d", *words],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert words[0] in done.stderr and len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "d").exists()


def test_the_demo_command_wants_a_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("LINEAGE_DIR", str(tmp_path / "real"))
    done = subprocess.run([*LINEAGE, "demo"], capture_output=True, text=True)
    assert done.returncode == 2 and "--dir" in done.stderr
    assert not (tmp_path / "real").exists()


def test_many_records_are_refused_as_one_is_where_the_directory_cannot_be_made(tmp_path: Path):
    from lineage_core.base.errors import JournalError

    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="cannot write"):
        Journal(tmp_path / "file" / "lineage").append_many((record_of(e), e.at) for e in FIRST[:2])
