"""`lineage otel follow`: nothing lost and nothing there twice, whoever dies or is away."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lineage_core import Journal
from lineage_core.base.clock import format_timestamp
from lineage_core.otel.cursor import Cursor
from lineage_core.otel.delivery import Answer, Delivery
from lineage_core.otel.export import finished
from lineage_core.otel.follow import Follower
from lineage_core.otel.spans import Span
from lineage_core.state.load import load
from tests.core.otel.receiver import HANG_UP, TAKEN, Receiver, value_of, values
from tests.core.otel.test_export import unused_port
from tests.meaning_cases import NOW_AT
from tests.wallclock import wait_until

PROGRAM = [sys.executable, "-m", "lineage_core.cli", "otel", "follow"]
LIFE = (
    ("task_created", "kim"),
    ("task_assigned", "coordinator-master", "dev-master"),
    ("task_started", "dev-master"),
    ("worker_spawned", "dev-master", "w1", "scan-worker"),
    ("worker_completed", "w1", "success"),
    ("task_completed", "dev-master", "success"),
)
SPANS = 4  # of such a life: the attempt, the run, queued, assigned


class Cortex:
    """Tasks that are logged one after the other."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.journal = Journal(directory, environ={})
        self.seconds = 0

    def log(self, task_id: str, *events: tuple[str, ...]) -> None:
        for name, *args in events:
            self.seconds += 1
            self.journal.log(name, task_id, *args, timestamp=format_timestamp(NOW_AT + self.seconds * 1_000_000))

    def live(self, *task_ids: str) -> None:
        for task_id in task_ids:
            self.log(task_id, *LIFE)

    def spans(self) -> dict[tuple[str, str], Span]:
        """All that is over, as it stands in the journal in the end."""
        state = load(self.directory).state
        return {(one.trace_id, one.span_id): one for one in finished(state, state.rows)}


@pytest.fixture
def journal(tmp_path: Path) -> Cortex:
    return Cortex(tmp_path / "lineage")


@contextmanager
def following(journal: Cortex, url: str, *words: str, **environ: str) -> Iterator[subprocess.Popen[str]]:
    """`lineage otel follow` as a process."""
    program = [*PROGRAM, *words, "--endpoint", url, "--dir", str(journal.directory)]
    process = subprocess.Popen(program, stderr=subprocess.PIPE, text=True, env=os.environ | environ)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def agree(receiver: Receiver, journal: Cortex) -> None:
    """Everything that is over is there, as it is."""
    expected = journal.spans()
    assert receiver.spans.keys() == expected.keys()
    for key, span in receiver.spans.items():
        one = expected[key]
        assert (span.name, span.start_time_unix_nano, span.end_time_unix_nano) == (
            one.name,
            one.start * 1000,
            (one.end or 0) * 1000,
        )
        assert span.parent_span_id.hex() == (one.parent_id or "")


def test_what_ends_is_sent_once_and_what_is_open_is_logged(journal: Cortex, receiver: Receiver) -> None:
    journal.live("task-0")
    journal.log("task-1", *LIFE[:4])
    with following(journal, receiver.url) as process:
        receiver.wait(lambda: len(receiver.logs) == 2)
        opened = {values(one.attributes)["cortex.task.id"] for one in receiver.logs.values()}
        assert opened == {"task-1"}  # task-0 is history
        journal.log("task-1", *LIFE[4:])
        journal.live("task-2")
        receiver.wait(lambda: len(receiver.spans) == 2 * SPANS)
        process.send_signal(signal.SIGTERM)
        assert process.wait() == -signal.SIGTERM
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert {values(one.attributes)["cortex.task.id"] for one in receiver.spans.values()} == {"task-1", "task-2"}
    assert set(receiver.sent.values()) == {1}
    every = receiver.spans.keys()
    for uid, line in receiver.logs.items():
        assert (line.trace_id.hex(), line.span_id.hex()) in every
        assert uid == f"{line.span_id.hex()}-opened"
        assert line.event_name == "cortex.opened"
    texts = {value_of(one.body) for one in receiver.logs.values()}
    assert {"task-1: w1 is at work", "task-1: attempt 1 is under way"} <= texts


def test_a_backend_that_takes_only_traces_gets_them(journal: Cortex, receiver: Receiver) -> None:
    receiver.only_traces = True
    journal.log("task-1", *LIFE[:4])
    with following(journal, receiver.url, OTEL_METRIC_EXPORT_INTERVAL="100") as process:
        receiver.wait(lambda: len(receiver.spans) == 2)
        assert process.stderr is not None
        url = f"{receiver.url}/v1/logs"
        told = f"lineage otel: {url} answers 405 Method Not Allowed; it takes no logs: what is open is not told\n"
        assert process.stderr.readline() == told
        journal.log("task-1", *LIFE[4:])
        receiver.wait(lambda: len(receiver.spans) == SPANS)
    agree(receiver, journal)


def test_logs_and_metrics_can_be_switched_off(journal: Cortex, receiver: Receiver) -> None:
    journal.log("task-1", *LIFE[:4])
    off = {"OTEL_LOGS_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none", "OTEL_METRIC_EXPORT_INTERVAL": "1"}
    with following(journal, receiver.url, **off):
        receiver.wait(lambda: len(receiver.spans) == 2)
        journal.log("task-1", *LIFE[4:])
        receiver.wait(lambda: len(receiver.spans) == SPANS)
    assert not receiver.logs
    assert not receiver.metrics


def test_from_start_sends_all_history(journal: Cortex, receiver: Receiver) -> None:
    journal.live("task-0", "task-1")
    with following(journal, receiver.url, "--from-start"):
        receiver.wait(lambda: len(receiver.spans) == 2 * SPANS)
    agree(receiver, journal)


def test_a_directory_that_does_not_exist_yet_is_waited_for(journal: Cortex, receiver: Receiver) -> None:
    with following(journal, receiver.url) as process:
        wait_until(lambda: list(Path(os.environ["XDG_STATE_HOME"]).glob("*/otel/*.json")) or process.poll() is not None)
        journal.live("task-0")
        receiver.wait(lambda: len(receiver.spans) == SPANS)
    agree(receiver, journal)


def test_a_collector_that_is_away_and_then_unwell_loses_nothing(journal: Cortex) -> None:
    journal.directory.mkdir()
    port = unused_port()
    url = f"http://127.0.0.1:{port}"
    with following(journal, url, "--from-start", OTEL_EXPORTER_OTLP_TIMEOUT="0.2") as process:
        journal.live("task-0", "task-1")
        assert process.stderr is not None
        told = process.stderr.readline()
        assert told == f"lineage otel: no answer from {url}: Connection refused; trying again until it is taken\n"
        journal.live("task-2")
        with Receiver(port) as receiver:
            receiver.replies = [(429, {"Retry-After": "0"}), (503, {}), HANG_UP, (500, {})]
            receiver.wait(lambda: len(receiver.spans) == 3 * SPANS)
            journal.live("task-3")
            receiver.wait(lambda: len(receiver.spans) == 4 * SPANS)
            assert process.stderr.readline() == "lineage otel: the other side takes again\n"
            assert receiver.replies == []
            agree(receiver, journal)
            assert set(receiver.sent.values()) == {1}


def test_a_collector_that_is_killed_in_the_middle_gets_the_rest_when_it_is_back(journal: Cortex) -> None:
    """It takes some requests and dies; what it had not answered is sent to the next one."""
    journal.live(*(f"task-{n}" for n in range(400)))
    kept: dict[Any, Any] = {}
    with Receiver() as first:
        port = first.port
        first.judge = lambda spans: (200, {}) if first.requests == 0 else HANG_UP
        with following(journal, first.url, "--from-start", OTEL_EXPORTER_OTLP_TIMEOUT="0.2"):
            first.wait(lambda: first.refused)
            kept |= first.spans
            first.__exit__()
            with Receiver(port) as second:
                second.wait(lambda: len(kept | second.spans) == 400 * SPANS)
                second.spans = kept | second.spans
                agree(second, journal)
        first._server.socket.close()
        first._thread = threading.Thread(target=lambda: None)
        first._thread.start()


@pytest.mark.timeout(300)  # twenty-one programs are started
def test_killed_twenty_times_nothing_is_lost_and_nothing_is_there_twice(journal: Cortex, receiver: Receiver) -> None:
    """kill -9 at any moment: while it starts, sends, or writes its cursor; a writer appends all the while."""
    rng = random.Random(17)
    journal.directory.mkdir()
    count = 0
    for _ in range(20):
        with following(journal, receiver.url, "--from-start") as process:
            for _ in range(rng.randrange(1, 4)):
                journal.live(f"task-{count}")
                count += 1
            moment = rng.choice([0, 1, 1, 2])
            had = receiver.requests
            if moment == 1:  # in the middle of a request: before the answer
                killed = threading.Event()

                reply = rng.choice([TAKEN, HANG_UP])  # whether it had taken it is not known to who was killed

                def judge(spans: list[Any], process: Any = process, killed: Any = killed, reply: Any = reply) -> Any:
                    if not killed.is_set():
                        process.kill()
                        process.wait()
                        killed.set()
                    return reply

                receiver.judge = judge
                receiver.wait(killed.is_set)
            elif moment == 2:  # right after an answer
                receiver.wait(lambda had=had: receiver.requests > had)
            else:  # while it starts
                pass
            process.kill()
            receiver.judge = None
    with following(journal, receiver.url, "--from-start"):
        journal.live("task-last")
        receiver.wait(lambda: len(receiver.spans) == (count + 1) * SPANS)
    agree(receiver, journal)


def test_two_followers_with_one_cursor_are_refused(journal: Cortex, receiver: Receiver, tmp_path: Path) -> None:
    journal.live("task-0")
    words = ["--from-start", "--cursor", str(tmp_path / "cursor.json")]
    with following(journal, receiver.url, *words):
        receiver.wait(lambda: receiver.spans)
        with following(journal, receiver.url, *words) as second:
            assert second.stderr is not None
            told = f"another process follows with {tmp_path / 'cursor.json'}: give this one its own --cursor"
            assert second.stderr.read() == f"lineage otel: {told}\n"
            assert second.wait() == 3


def test_a_cursor_that_is_none_is_told(journal: Cortex, receiver: Receiver, tmp_path: Path) -> None:
    journal.live("task-0")
    (tmp_path / "cursor.json").write_text("{")
    with following(journal, receiver.url, "--cursor", str(tmp_path / "cursor.json")) as process:
        assert process.wait() == 3
        assert process.stderr is not None
        assert "remove it, and begin with --from-start; ids stay the same" in process.stderr.read()


def test_metrics_are_sent_beside(journal: Cortex, receiver: Receiver) -> None:
    journal.log("task-1", *LIFE[:4])
    with following(journal, receiver.url, OTEL_METRIC_EXPORT_INTERVAL="100"):
        receiver.wait(lambda: receiver.metrics)
        journal.live("task-2")
        receiver.wait(lambda: "cortex.run.duration" in receiver.metrics)
        receiver.wait(
            lambda: (
                {
                    values(point.attributes)["cortex.task.status"]: point.as_int
                    for point in receiver.metrics["cortex.tasks"].gauge.data_points
                }
                == {"completed": 1, "running": 1}
            )
        )
    assert receiver.metrics["cortex.events"].sum.is_monotonic
    assert receiver.metrics["cortex.runs.open"].gauge.data_points[0].as_int == 1
    (point,) = receiver.metrics["cortex.run.duration"].histogram.data_points
    assert (point.count, values(point.attributes)["cortex.worker.type"]) == (1, "scan-worker")


class Quiet:
    """Takes everything, and remembers what it was sent."""

    def __init__(self) -> None:
        self.taken: list[Span] = []
        self.stop = threading.Event()

    def spans(self, batch: Any) -> Answer:
        self.taken += batch
        return Answer(True)

    def logs(self, batch: Any) -> Answer:
        return Answer(True)


def follow_once(journal: Cortex, cursor: Path) -> list[Span]:
    """What a follower sends that is stopped as soon as it has caught up."""
    quiet = Quiet()

    class Once(Follower):
        def _measure(self) -> None:
            quiet.stop.set()

    delivery = Delivery(print, lambda seconds: False)
    Once(journal.directory, Cursor(cursor), delivery, quiet.spans, quiet.logs, quiet.stop, print, from_start=True).run()
    return quiet.taken


def test_a_restart_sends_only_what_is_new(journal: Cortex, tmp_path: Path) -> None:
    journal.live("task-0", "task-1")
    assert len(follow_once(journal, tmp_path / "cursor")) == 2 * SPANS
    assert follow_once(journal, tmp_path / "cursor") == []
    journal.live("task-2")
    again = follow_once(journal, tmp_path / "cursor")
    assert {one.attributes["cortex.task.id"] for one in again} == {"task-2"}


def test_an_end_that_says_otherwise_later_is_sent_again_under_its_id(journal: Cortex, tmp_path: Path) -> None:
    journal.live("task-0")
    first = follow_once(journal, tmp_path / "cursor")
    journal.log("task-0", ("task_failed", "dev-master", "found a fault"))
    again = follow_once(journal, tmp_path / "cursor")
    (one,), (other,) = ([s for s in found if "workflow" in s.name] for found in (first, again))
    assert (one.span_id, one.outcome, other.span_id, other.outcome) == (one.span_id, "OK", one.span_id, "ERROR")


def resident(process: subprocess.Popen[str]) -> int:
    """Memory of a process in MB."""
    text = Path(f"/proc/{process.pid}/status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0]) // 1024


def test_memory_does_not_grow_while_the_collector_takes_nothing(journal: Cortex, receiver: Receiver) -> None:
    """What cannot be sent is not read: 9,000 events wait where they are, in the journal."""
    journal.live("task-x")
    (file,) = journal.directory.iterdir()
    life = file.read_text()
    receiver.judge = lambda spans: (503, {"Retry-After": "0"})
    with following(journal, receiver.url, "--from-start") as process:
        receiver.wait(lambda: receiver.refused >= 6)
        before = resident(process)
        with file.open("a") as journal_file:
            for n in range(1500):
                journal_file.write(
                    re.sub(r'("lineage_id":"lineage-)[0-9]{7}', rf"\g<1>{n:07}", life).replace("-x", f"-{n}")
                )
        receiver.wait(lambda: receiver.refused >= 24)
        assert resident(process) - before < 10
        receiver.judge = None
        receiver.wait(lambda: len(receiver.spans) == 1501 * SPANS)
        assert set(receiver.sent.values()) == {1}
