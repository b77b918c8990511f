"""`lineage follow`, as a process: new events once each, as they land, safely, until nobody wants them any more."""

import gzip
import json
import os
import pty
import queue
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

import pytest

from tests.build import compact, pretty, record, write

DAY = "lineage-2026-11-22.jsonl"


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def lines(*numbers: int) -> bytes:
    return b"".join(compact(record(number)) for number in numbers)


class Follow:
    """A running `lineage follow`."""

    def __init__(
        self, directory: Path, *options: str, stdout: int = subprocess.PIPE, environ: dict[str, str] | None = None
    ) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lineage_core.cli", "follow", "--dir", str(directory), *options],
            stdout=stdout,
            stderr=subprocess.PIPE,
            env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"} | (environ or {}),
        )
        self.out = _lines(self.process.stdout)
        self.err = _lines(self.process.stderr)

    def line(self) -> bytes:
        """The next line of output, waited for."""
        return self.out.get(timeout=120)

    def task(self) -> str:
        """The task of the next record printed."""
        return str(json.loads(self.line())["task_id"])

    def started(self, day: Path) -> None:
        """Wait until it follows, by events that are not counted."""
        beats = 0
        while self.out.empty():
            beats += 1
            append(day, compact(record(0, lineage_id=f"lineage-{beats}")))
            time.sleep(0.05)
        while json.loads(self.line())["lineage_id"] != f"lineage-{beats}":
            pass

    def end(self) -> tuple[int, bytes]:
        """The exit code and what else is on stderr."""
        code = self.process.wait(120)
        if code == -signal.SIGINT:
            code = 130  # as a shell has it: Python kills itself so when the signal came while it ran generated code
        return code, b"".join(iter(lambda: self.err.get(timeout=120), b""))


def _lines(stream: IO[bytes] | None) -> "queue.Queue[bytes]":
    """The lines of a stream, read by a thread; an empty one is its end."""
    lines: queue.Queue[bytes] = queue.Queue()

    def read() -> None:
        with suppress(ValueError):  # closed by the test
            for line in stream or ():
                lines.put(line)
        lines.put(b"")

    threading.Thread(target=read, daemon=True).start()
    return lines


Start = Callable[..., Follow]


@pytest.fixture
def follow() -> Iterator[Start]:
    running: list[Follow] = []

    def start(*args: object, **options: object) -> Follow:
        running.append(Follow(*args, **options))  # type: ignore[arg-type]
        return running[-1]

    yield start
    for one in running:
        one.process.kill()
        one.process.wait()
        for stream in (one.process.stdout, one.process.stderr):
            if stream:
                stream.close()


@pytest.mark.clock
def test_new_events_are_printed_as_they_land_and_old_ones_are_not(tmp_path: Path, follow: Start) -> None:
    append(tmp_path / DAY, lines(1, 2))
    running = follow(tmp_path, "--json")
    running.started(tmp_path / DAY)
    append(tmp_path / DAY, lines(3))
    assert running.task() == "task-3"
    append(tmp_path / "lineage-2026-11-23.jsonl", lines(4))
    assert running.task() == "task-4"
    append(tmp_path / DAY, pretty(record(5)))
    assert running.task() == "task-5"


def test_records_are_printed_in_the_spelling_they_were_written_in(tmp_path: Path, follow: Start) -> None:
    line = compact(record(1)).replace(b"12.5", b"1.250e1").replace("é".encode(), b"\\u00e9")
    append(tmp_path / DAY, line + pretty(record(2)).replace(b"12.5", b"12.50"))
    running = follow(tmp_path, "--from-start", "--format", "json")
    assert running.line() == line
    assert running.line() == compact(record(2)).replace(b"12.5", b"12.50")


def test_an_event_that_stands_in_the_combined_file_too_is_printed_once(tmp_path: Path, follow: Start) -> None:
    append(tmp_path / DAY, lines(1, 2, 1))
    append(tmp_path / "task-lineage.jsonl", pretty(record(1)) + pretty(record(2)))
    running = follow(tmp_path, "--from-start", "--json")
    assert [running.task(), running.task()] == ["task-1", "task-2"]
    append(tmp_path / "task-lineage.jsonl", pretty(record(3)) + lines(2))
    append(tmp_path / DAY, lines(3, 4))
    assert {running.task(), running.task()} == {"task-3", "task-4"}


@pytest.mark.clock
def test_an_archive_that_appears_is_nothing_new(tmp_path: Path, follow: Start) -> None:
    running = follow(tmp_path, "--json")
    running.started(tmp_path / DAY)
    (tmp_path / "lineage-2026-10-01.jsonl.gz").write_bytes(gzip.compress(lines(1)))
    append(tmp_path / DAY, lines(2))
    assert running.task() == "task-2"
    append(tmp_path / DAY, lines(3))
    assert running.task() == "task-3"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--task", "task-2"], ["task-2"]),
        (["--task", "task-2", "--task", "task-4"], ["task-2", "task-4"]),
        (["--task", "*-3"], ["task-3"]),
        (["--actor", "worker-4"], ["task-4"]),
        (["--type", "task_*"], ["task-1"]),
        (["--type", "worker_progress", "--task", "task-[12]", "--task", "task-*3"], ["task-3"]),
        (["--worker", "worker-3"], ["task-3"]),
        (["--grep", '"task-2"'], ["task-2"]),
        (["--since", "2026-11-22T08:00:03Z"], ["task-3", "task-4"]),
    ],
)
def test_filters_choose(tmp_path: Path, follow: Start, options: list[str], expected: list[str]) -> None:
    append(tmp_path / DAY, compact(record(1, event_type="task_failed")) + lines(2, 3, 4))
    running = follow(tmp_path, "--json", "--from-start", *options)
    assert [running.task() for _ in expected] == expected
    running.process.send_signal(signal.SIGINT)
    assert running.end() == (130, b"")
    assert running.line() == b"", "nothing else was printed"


def test_text_is_for_people(tmp_path: Path, follow: Start) -> None:
    append(tmp_path / DAY, lines(1))
    running = follow(tmp_path, "--from-start")
    assert running.line() == b"2026-11-22 08:00:01.001Z  task-1  worker_progress    worker-1 12.5%\n"


def test_hostile_text_is_made_visible(tmp_path: Path, follow: Start) -> None:
    hostile = "\x1b]0;x\x07\x9b2J\u202e\x7f"
    append(tmp_path / DAY, compact(record(1, task_id=hostile, event_type=hostile)))
    for options in ((), ("--json",)):
        printed = follow(tmp_path, "--from-start", *options).line().decode()
        assert printed[:-1].isprintable()
    assert json.loads(printed)["task_id"] == hostile


def test_colours_are_for_terminals_and_no_color_wins(tmp_path: Path, follow: Start) -> None:
    append(tmp_path / DAY, compact(record(1, event_type="worker_failed")))
    for environ, coloured in (({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False)):
        master, slave = pty.openpty()
        try:
            follow(tmp_path, "--from-start", stdout=slave, environ=environ)
            text = b""
            while not text.endswith(b"\n"):
                assert select.select([master], [], [], 120)[0]
                text += os.read(master, 1000)
            assert (b"\x1b[31m" in text) == coloured
        finally:
            os.close(master)
            os.close(slave)


def test_it_waits_for_a_directory_that_does_not_exist_yet_and_says_so_once(tmp_path: Path, follow: Start) -> None:
    directory = tmp_path / "not" / "yet"
    running = follow(directory, "--json")
    assert b"does not exist yet; waiting for it" in running.err.get(timeout=120)
    directory.mkdir(parents=True)
    append(directory / DAY, lines(1))
    assert running.task() == "task-1"
    running.process.send_signal(signal.SIGINT)
    assert running.end() == (130, b"")


def test_a_file_that_cannot_be_read_is_named_once(tmp_path: Path, follow: Start) -> None:
    (tmp_path / "lineage-2026-11-01.jsonl").mkdir()
    running = follow(tmp_path, "--json")
    told = b"lineage follow: cannot read lineage-2026-11-01.jsonl: not a file but a directory\n"
    assert running.err.get(timeout=120) == told
    running.started(tmp_path / DAY)
    running.process.send_signal(signal.SIGINT)
    assert running.end() == (130, b"")


def test_a_closed_pipe_ends_it_in_silence(tmp_path: Path, follow: Start) -> None:
    reader, writer = os.pipe()
    running = follow(tmp_path, "--from-start", stdout=writer)
    os.close(writer)
    append(tmp_path / DAY, lines(1))
    assert os.read(reader, 1000)
    os.close(reader)
    append(tmp_path / DAY, lines(2))
    assert running.end() == (0, b"")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_signals_end_it_quietly(tmp_path: Path, follow: Start, number: signal.Signals, code: int) -> None:
    for directory in (tmp_path, tmp_path / "missing"):
        running = follow(directory, "--json")
        if directory == tmp_path:
            running.started(tmp_path / DAY)
        else:
            running.err.get(timeout=120)
        running.process.send_signal(number)
        assert running.end() == (code, b"")


def test_in_a_burst_of_50_000_events_none_is_lost(tmp_path: Path, follow: Start) -> None:
    running = follow(tmp_path, "--json")
    running.started(tmp_path / DAY)
    written = [compact(record(number, lineage_id=f"lineage-9{number:06}")) for number in range(50_000)]
    for start in range(0, 50_000, 1000):
        append(tmp_path / DAY, b"".join(written[start : start + 1000]))
    assert [running.line() for _ in written] == written


def test_wrong_words_are_one_line_and_exit_2(tmp_path: Path, follow: Start) -> None:
    for options in (("--since", "soon"), ("--format", "xml"), ("--no-such-option",), ("--grep", "(")):
        code, err = follow(tmp_path, *options).end()
        assert code == 2
        assert err.startswith(b"lineage follow: ") and err.count(b"\n") == 1


@pytest.mark.parametrize("options", [(), ("--from-start",)])
def test_a_task_of_one_host_is_followed_by_its_name(tmp_path: Path, follow: Start, options: tuple[str, ...]) -> None:
    for number, host in enumerate(("db", "web")):
        write(tmp_path / host, record(number, task_id="task"))
    running = follow(tmp_path, "--json", "--task", "task@web", "--task", "beat", *options)
    beats = 0
    while running.out.empty():  # until it follows
        beats += 1
        write(tmp_path / "db", record(100 + beats, task_id="beat"))
        time.sleep(0.05)
    write(tmp_path / "db", record(2, task_id="task"), name=DAY)
    write(tmp_path / "new", record(3, task_id="task", context={"session_id": "s"}))  # is task@new until web says so too
    write(tmp_path / "web", record(4, task_id="task"), record(5, task_id="end"), name=DAY)
    found: list[dict[str, str]] = []
    while not found or found[-1]["lineage_id"] != record(4)["lineage_id"]:
        found.append(json.loads(running.line()))
    told = [one["host"] for one in found if one["task_id"] == "task"]
    assert told == ["web"] * (2 if options else 1)
