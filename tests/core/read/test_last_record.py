"""The last record of a file whose newline is missing: whoever reads counts it, and once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lineage_core.dataframes.reader import FrameReader
from lineage_core.maintenance.doctor import Surroundings
from lineage_core.maintenance.validate import Validation
from lineage_core.query import journal_search
from lineage_core.query.newest_events import newest_events
from lineage_core.query.search_terms import Search
from lineage_core.read.decoder import Decoder
from lineage_core.read.tailer import Tailer
from lineage_core.state.load import load
from tests.build import compact, pretty, record

DAY = "lineage-2026-11-22.jsonl"


def validated(directory: Path) -> int:
    validation = Validation(directory, now=1 << 62)
    list(validation)
    return validation.records


def framed(directory: Path) -> int:
    reader = FrameReader(directory, cached=False)
    reader.refresh()
    reader.close()
    return reader.frames.events.height


READERS: dict[str, Callable[[Path], int]] = {
    "screen and tasks": lambda directory: load(directory).state.events,
    "follow and wait": lambda directory: sum(len(batch.found) for batch in Tailer(directory).scan()),
    "events": lambda directory: len(list(journal_search.records(journal_search.find(directory, Search())))),
    "task": lambda directory: len(journal_search.find(directory, Search(("worker-1", "worker-2"))).positions),
    "recent": lambda directory: len(newest_events(directory, 9)[0]),
    "stats": framed,
    "validate": validated,
    "doctor": lambda directory: Surroundings(directory, None, 1 << 62).reading.records,
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@pytest.mark.parametrize("form", [compact, pretty])
def test_every_reader_counts_a_whole_record_at_the_end_and_no_torn_one(
    tmp_path: Path, reader: Callable[[Path], int], form: Callable[[Any], bytes]
) -> None:
    whole = form(record(1)) + form(record(2))[:-1]
    for ending, count in ((b"", 2), (b" \r", 2), (b"\n", 2)):
        (tmp_path / DAY).write_bytes(whole + ending)
        assert reader(tmp_path) == count, ending
    (tmp_path / DAY).write_bytes(whole[:-1])
    assert reader(tmp_path) == 1


ENDINGS = [b"\n", b"\r\n", b"\n\n", b"", b"garbage\n"]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("form", [compact, pretty])
def test_what_is_appended_to_it_later_is_read_and_it_is_not_read_twice(
    tmp_path: Path, form: Callable[[Any], bytes], ending: bytes
) -> None:
    day = tmp_path / DAY
    day.write_bytes(compact(record(1)) + form(record(2))[:-1])
    tailer, told = Tailer(tmp_path), []
    for addition in (b"", ending, compact(record(3)), form(record(4))[:-1], b"\n" + compact(record(5))):
        with day.open("ab") as file:
            file.write(addition)
        told += [found.record["task_id"] for batch in tailer.scan() for found in batch.found]
        restarted = Tailer(tmp_path, checkpoints=tailer.checkpoints())
        assert [found for batch in restarted.scan() for found in batch.found] == []
        restarted.close()
    assert told == [f"task-{number}" for number in range(1, 6)]
    tailer.close()


def test_byte_by_byte_each_record_is_given_once_whenever_the_end_is_asked_for() -> None:
    text = compact(record(1)) + pretty(record(2)) + compact(record(3)) + compact(record(4))[:50] + compact(record(5))
    decoder, ids = Decoder(), []
    for at in range(len(text)):
        for found in decoder.feed(text[at : at + 1])[0] + decoder.take_last()[0]:
            ids.append(found.record["task_id"])
            assert text[found.offset :][: found.length].strip()[-1:] == b"}"
    assert ids == ["task-1", "task-2", "task-3", "task-5"]
