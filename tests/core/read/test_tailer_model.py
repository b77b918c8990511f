"""Any sequence of writes, rotations, truncations, deletions, reads and restarts equals a simple model (case 13, 20)."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from lineage_core.read.tailer import Tailer
from tests.build import compact, pretty, record

NAMES = ("lineage-2026-11-22.jsonl", "lineage-2026-11-23.jsonl", "task-lineage.jsonl")
name = st.sampled_from(NAMES)


class Directory(RuleBasedStateMachine):
    """The model: which whole events stand in which file, and which of them were cut off and written again."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="lineage-model-"))
        self.tailer = Tailer(self.directory, block=700)
        self.standing: dict[str, list[int]] = {}  # file -> numbers of its whole events
        self.torn: dict[str, tuple[int, bytes]] = {}  # file -> number of its last event, and what completes it
        self.repeatable: set[int] = set()
        self.seen: Counter[int] = Counter()
        self.written = 0
        self.rotations = 0

    def teardown(self) -> None:
        self.tailer.close()
        shutil.rmtree(self.directory)

    def append(self, file: str, data: bytes) -> None:
        with (self.directory / file).open("ab") as out:
            out.write(data)

    @rule(file=name, count=st.integers(1, 4), layout=st.sampled_from([compact, compact, compact, pretty]))
    def write(self, file: str, count: int, layout: object) -> None:
        if file in self.torn:
            self.finish(file)
        for _ in range(count):
            self.written += 1
            event = record(self.written)
            self.append(file, pretty(event) if layout is pretty else compact(event))
            self.standing.setdefault(file, []).append(self.written)

    @rule(file=name, cut=st.integers(1, 250), layout=st.sampled_from([compact, pretty]))
    def write_half(self, file: str, cut: int, layout: object) -> None:
        if file in self.torn:
            self.finish(file)
        self.written += 1
        event = record(self.written)
        text = pretty(event) if layout is pretty else compact(event)
        self.append(file, text[:cut])
        self.standing.setdefault(file, [])
        self.torn[file] = (self.written, text[cut:])

    def finish(self, file: str) -> None:
        number, rest = self.torn.pop(file)
        self.append(file, rest)
        self.standing[file].append(number)

    @precondition(lambda self: self.torn)
    @rule()
    def finish_one(self) -> None:
        self.finish(next(iter(self.torn)))

    @precondition(lambda self: self.standing)
    @rule(data=st.data())
    def rotate_by_renaming(self, data: st.DataObject) -> None:
        file = data.draw(st.sampled_from(sorted(self.standing)))
        self.rotations += 1
        new = f"{file.partition('.jsonl')[0]}.jsonl.{self.rotations}"
        (self.directory / file).rename(self.directory / new)
        self.standing[new] = self.standing.pop(file)
        if file in self.torn:
            self.torn[new] = self.torn.pop(file)

    @precondition(lambda self: self.standing)
    @rule(data=st.data())
    def rotate_by_copying_and_truncating(self, data: st.DataObject) -> None:
        file = data.draw(st.sampled_from(sorted(self.standing)))
        if file in self.torn:
            self.finish(file)
        self.rotations += 1
        new = f"{file.partition('.jsonl')[0]}.jsonl.{self.rotations}"
        shutil.copy(self.directory / file, self.directory / new)
        os.truncate(self.directory / file, 0)
        self.standing[new] = self.standing[file]
        self.standing[file] = []

    @precondition(lambda self: self.standing)
    @rule(data=st.data(), keep=st.integers(0, 2000))
    def truncate(self, data: st.DataObject, keep: int) -> None:
        file = data.draw(st.sampled_from(sorted(self.standing)))
        if file in self.torn:
            self.finish(file)
        path = self.directory / file
        text = path.read_bytes()[:keep]
        path.write_bytes(text[: text.rfind(b"\n{") + 1])  # in place, at the start of a record
        kept = (self.directory / file).read_bytes().count(b'"lineage_id"')
        self.standing[file] = self.standing[file][:kept]
        self.repeatable |= set(self.standing[file])

    @precondition(lambda self: self.standing)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        file = data.draw(st.sampled_from(sorted(self.standing)))
        (self.directory / file).unlink()
        del self.standing[file]
        self.torn.pop(file, None)

    @rule()
    def remove_and_make_the_directory(self) -> None:
        shutil.rmtree(self.directory)
        self.directory.mkdir()
        self.standing.clear()
        self.torn.clear()

    @rule(passes=st.integers(1, 2))
    def read(self, passes: int) -> None:
        for _ in range(passes):
            for batch in self.tailer.scan():
                self.seen.update(int(found.record["task_id"][5:]) for found in batch.found)
        standing = {number for numbers in self.standing.values() for number in numbers}
        assert standing <= set(self.seen)

    @rule(batches=st.integers(0, 5))
    def read_a_part(self, batches: int) -> None:
        for _, batch in zip(range(batches), self.tailer.scan(), strict=False):
            self.seen.update(int(found.record["task_id"][5:]) for found in batch.found)

    @rule()
    def restart(self) -> None:
        checkpoints = json.loads(json.dumps(self.tailer.checkpoints()))
        self.tailer.close()
        self.tailer = Tailer(self.directory, block=700, checkpoints=checkpoints)

    @invariant()
    def each_event_comes_once_and_none_is_invented(self) -> None:
        assert all(1 <= number <= self.written for number in self.seen)
        assert all(count == 1 for number, count in self.seen.items() if number not in self.repeatable)


Directory.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestDirectory = Directory.TestCase


READER = r"""
import json, os, sys, time
from pathlib import Path
from lineage_core.read.tailer import Tailer
from tests.core.read.test_tailer_model import told_lines
directory, log = Path(sys.argv[1]), Path(sys.argv[2])
told = told_lines(log)
tailer = Tailer(directory, checkpoints=told[-1]["checkpoints"] if told else (), block=1000)
out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
while True:
    for batch in tailer.scan():
        ids = [found.record["task_id"] for found in batch.found]
        os.write(out, b"\n" + json.dumps({"ids": ids, "checkpoints": tailer.checkpoints()}).encode() + b"\n")
    time.sleep(0.001)
"""


def told_lines(log: Path) -> list[dict[str, Any]]:
    """What the readers told, without a line that was torn when one of them was killed."""
    lines = log.read_bytes().split(b"\n") if log.exists() else []
    return [json.loads(line) for line in lines[:-1] if line.endswith(b"]}")]


def test_a_reader_killed_at_random_and_started_again_loses_nothing_and_tells_nothing_twice(tmp_path: Path) -> None:
    """Case 20: what was told and the positions are one write, as a reader who must not repeat itself does it."""
    directory, log = tmp_path / "lineage", tmp_path / "told"
    directory.mkdir()
    day = directory / NAMES[0]
    rng = random.Random(20)
    written = 0
    for turn in range(10):
        reader = subprocess.Popen([sys.executable, "-c", READER, str(directory), str(log)])
        try:
            size = log.stat().st_size if log.exists() else 0
            enough = size + rng.randrange(1, 20_000)
            deadline = time.monotonic() + 120
            while size < enough and time.monotonic() < deadline:
                if size == (size := log.stat().st_size if log.exists() else 0) and written % 50:
                    time.sleep(0.001)  # the reader is to keep up
                written += 1
                text = pretty(record(written)) if written % 7 == 0 else compact(record(written))
                cut = rng.randrange(len(text))
                with day.open("ab", buffering=0) as out:
                    out.write(text[:cut])
                    out.write(text[cut:])
            day.rename(directory / f"{NAMES[0]}.{turn}")
        finally:
            reader.send_signal(signal.SIGKILL)
            reader.wait()
    told = told_lines(log)
    last = Tailer(directory, checkpoints=told[-1]["checkpoints"])
    ids = [one for line in told for one in line["ids"]]
    ids += [found.record["task_id"] for batch in last.scan() for found in batch.found]
    assert Counter(ids) == Counter(f"task-{number}" for number in range(1, written + 1))
