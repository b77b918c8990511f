"""Records found are read again truly while their files are renamed, made anew, truncated, archived or deleted."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lineage_core.base.errors import JournalError
from lineage_core.maintenance.archive import archive
from lineage_core.model.facts import fact_of
from lineage_core.query import journal_search
from lineage_core.query.newest_events import newest_events
from lineage_core.query.record_of_fact import raw_record
from lineage_core.query.search_terms import Search
from lineage_core.read.decoder import Decoder
from lineage_core.read.open_files import OpenFiles
from tests.build import compact, pretty, record
from tests.core.maintenance.closed_month import NOW

DAY = "lineage-2026-11-22.jsonl"
COUNT = 600


def fill(path: Path, numbers: range, form: Callable[[Any], bytes] = compact) -> list[dict[str, Any]]:
    """Put records into a file; gives them."""
    values = [record(number) for number in numbers]
    path.write_bytes(b"".join(map(form, values)))
    return values


def renamed_and_made_again(day: Path) -> None:
    day.rename(day.with_name(DAY + ".1"))
    fill(day, range(5000, 5400))


def deleted_and_made_again(day: Path) -> None:
    day.unlink()
    fill(day, range(5000, 5400))


def copied_and_truncated(day: Path) -> None:
    shutil.copy(day, day.with_name(DAY + ".1"))
    os.truncate(day, 0)


def copied_and_written_over(day: Path) -> None:
    shutil.copy(day, day.with_name(DAY + ".1"))
    with day.open("r+b") as file:
        file.write(b"".join(compact(record(number)) for number in range(7000, 7000 + 2 * COUNT)))


def archived(day: Path) -> None:
    assert not [step for step in archive(day.parent, NOW, 2) if step.word == "left"]


def archived_twice(day: Path) -> None:
    archived(day)
    fill(day, range(5000, 5400))
    archived(day)


def archived_behind_another(day: Path) -> None:
    """Its offsets in the archive are others than they were."""
    aside = day.rename(day.with_name("aside"))  # never nowhere: the reader looks again whenever it likes
    fill(day, range(5000, 5400))
    archived(day)
    aside.rename(day)
    archived(day)


def joined_with_another(day: Path) -> None:
    """Somebody puts two files together by hand."""
    both = b"".join(compact(record(number)) for number in range(5000, 5100)) + day.read_bytes()
    day.unlink()
    day.with_name(DAY + "-joined").write_bytes(both)


CHANGES = [
    renamed_and_made_again,
    deleted_and_made_again,
    copied_and_truncated,
    copied_and_written_over,
    archived,
    archived_twice,
    archived_behind_another,
    joined_with_another,
]

FEW_DESCRIPTORS = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40)); "
COMMAND = "import sys; from lineage_core.cli import main; sys.exit(main())"


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("form", [compact, pretty])
def test_a_slow_reader_gets_every_record_whatever_happens_to_the_file(
    tmp_path: Path, change: Callable[[Path], None], form: Callable[[Any], bytes]
) -> None:
    """The output stands still in a full pipe, as under `less`, while the file is changed."""
    values = fill(tmp_path / DAY, range(COUNT), form)
    words = ["events", "--format", "jsonl", "--dir", str(tmp_path)]
    command = [sys.executable, "-c", COMMAND, *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline()  # it has searched, and waits until somebody reads on
        change(tmp_path / DAY)
        out = first + process.stdout.read()
        err = process.stderr.read()
    assert (process.returncode, err) == (0, b"")
    assert [json.loads(line) for line in out.splitlines()] == values


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("limit", [None, 0])
@pytest.mark.parametrize("form", [compact, pretty])
def test_the_same_with_and_without_descriptors_that_are_kept(
    tmp_path: Path, change: Callable[[Path], None], limit: int | None, form: Callable[[Any], bytes]
) -> None:
    values = fill(tmp_path / DAY, range(COUNT), form)
    found = journal_search.find(tmp_path, Search())
    if limit == 0:
        found.opened.close()
    change(tmp_path / DAY)
    if limit == 0 and change is deleted_and_made_again:  # it is nowhere any more
        with pytest.raises(JournalError, match="nowhere any more"):
            list(journal_search.records(found))
        return
    assert [json.loads(raw) for _, raw in journal_search.records(found)] == values
    assert [json.loads(raw) for _, raw in journal_search.newest(found, 7)] == values[-7:]


def test_of_more_files_than_may_be_open_all_are_read(tmp_path: Path) -> None:
    expected = []
    for number in range(90):
        name = f"lineage-2026-{number // 28 + 1:02d}-{number % 28 + 1:02d}.jsonl"
        expected += fill(tmp_path / name, range(10 * number, 10 * number + 10))
    words = ["events", "--format", "jsonl", "--dir", str(tmp_path)]
    done = subprocess.run([sys.executable, "-c", FEW_DESCRIPTORS + COMMAND, *words], capture_output=True, check=True)
    assert [json.loads(line) for line in done.stdout.splitlines()] == expected


def test_what_is_nowhere_any_more_is_an_error_and_no_other_record(tmp_path: Path) -> None:
    fill(tmp_path / DAY, range(COUNT))
    found = journal_search.find(tmp_path, Search())
    with (tmp_path / DAY).open("r+b") as file:
        file.write(b"".join(compact(record(number)) for number in range(7000, 7000 + 2 * COUNT)))
    with pytest.raises(JournalError, match="nowhere any more"):
        list(journal_search.records(found))


def test_a_file_that_is_closed_and_replaced_is_not_taken_for_the_one_that_was_searched(tmp_path: Path) -> None:
    fill(tmp_path / DAY, range(3))
    found = journal_search.find(tmp_path, Search())
    opened = OpenFiles()
    (tmp_path / DAY).rename(tmp_path / "elsewhere")
    fill(tmp_path / DAY, range(3))
    with pytest.raises(JournalError, match="no such file"), opened.use(found.files[0]):
        pass


@pytest.mark.parametrize("change", [one for one in CHANGES if one is not deleted_and_made_again])
def test_the_record_of_a_fact_is_found_wherever_it_went(tmp_path: Path, change: Callable[[Path], None]) -> None:
    fill(tmp_path / DAY, range(COUNT))
    facts = [
        fact_of(DAY, one.offset, one.length, one.at, one.record)
        for one in Decoder().feed((tmp_path / DAY).read_bytes())[0]
    ]
    change(tmp_path / DAY)
    for fact in random.Random(1).sample(facts, 20):
        assert json.loads(raw_record(tmp_path, fact))["lineage_id"] == fact.lineage_id


def test_a_record_of_the_same_id_at_the_same_place_is_not_the_record_of_a_fact(tmp_path: Path) -> None:
    """Ids of the legacy library repeat."""
    (value,) = fill(tmp_path / DAY, range(1))
    (one,) = Decoder().feed((tmp_path / DAY).read_bytes())[0]
    fact = fact_of(DAY, one.offset, one.length, one.at, one.record)
    (tmp_path / DAY).write_bytes(compact({**value, "event_type": "worker_completes"}))
    with pytest.raises(JournalError, match="no longer"):
        raw_record(tmp_path, fact)
    (tmp_path / f"{DAY}.1").write_bytes(compact(value))
    assert json.loads(raw_record(tmp_path, fact)) == value


def test_events_of_one_time_at_one_offset_of_two_files_of_a_day_are_all_among_the_newest(tmp_path: Path) -> None:
    for name, task in ((DAY, "task-a"), (DAY + ".1", "task-b")):
        (tmp_path / name).write_bytes(compact(record(1, task_id=task)))
    raws, problems, _ = newest_events(tmp_path, 10)
    assert sorted(json.loads(raw)["task_id"] for raw in raws) == ["task-a", "task-b"]
    assert problems == {}


class ReadingWhileFilesMove(RuleBasedStateMachine):
    """Any order of changes between the records that a reader takes; only what is truly gone may be missing."""

    directory: Path

    @initialize(form=st.sampled_from([compact, pretty]), held=st.booleans())
    def begin(self, form: Callable[[Any], bytes], held: bool) -> None:
        import tempfile

        self.scratch = tempfile.TemporaryDirectory()
        self.directory = Path(self.scratch.name)
        self.values = fill(self.directory / DAY, range(40), form)
        self.next = 5000
        found = journal_search.find(self.directory, Search())
        if not held:
            found.opened.close()
        self.pairs: Iterator[Any] = journal_search.records(found)
        self.taken = 0

    @precondition(lambda self: self.taken < 40)
    @rule(count=st.integers(1, 15))
    def take(self, count: int) -> None:
        for _ in range(min(count, 40 - self.taken)):
            _, raw = next(self.pairs)
            assert json.loads(raw) == self.values[self.taken]
            self.taken += 1

    @rule()
    def write_more(self) -> None:
        with (self.directory / DAY).open("ab") as file:
            file.write(compact(record(self.next)))
        self.next += 1

    @precondition(lambda self: (self.directory / DAY).exists())
    @rule(number=st.integers(1, 3))
    def rename(self, number: int) -> None:
        target = self.directory / f"{DAY}.{number}"
        if not target.exists():
            (self.directory / DAY).rename(target)

    @precondition(lambda self: (self.directory / DAY).exists())
    @rule(number=st.integers(1, 3))
    def copy_and_truncate(self, number: int) -> None:
        target = self.directory / f"{DAY}.{number}"
        if not target.exists():
            shutil.copy(self.directory / DAY, target)
            os.truncate(self.directory / DAY, 0)

    @rule()
    def archive(self) -> None:
        list(archive(self.directory, NOW, 2))

    @invariant()
    def nothing_is_lost(self) -> None:
        if hasattr(self, "pairs"):
            every = [
                json.loads(raw) for _, raw in journal_search.records(journal_search.find(self.directory, Search()))
            ]
            assert every[:40] == self.values

    def teardown(self) -> None:
        if hasattr(self, "scratch"):
            self.scratch.cleanup()


TestReadingWhileFilesMove = ReadingWhileFilesMove.TestCase
TestReadingWhileFilesMove.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)
