"""Packed journal files: searched by their bytes, and records of them read again."""

import gzip
import json
import random
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_core.model import record as intact
from lineage_core.query import block_search as scan
from lineage_core.query import journal_search as hits
from lineage_core.query import record_reader as reread
from lineage_core.query.event_query import EventQuery
from lineage_core.query.search_terms import Search
from lineage_core.read import compression
from lineage_core.read.decoder import Decoder
from tests.build import compact, record, write
from tests.cli.searched import TASKS, decoded, found, journals, tangles


def test_a_packed_file_is_searched_like_a_plain_one(tmp_path: Path) -> None:
    content = b"".join(compact(record(number, task_id=f"task-{number % 3}")) for number in range(60))
    month = tmp_path / "archive" / "2026-11"
    month.mkdir(parents=True)
    half = content.index(b"\n", len(content) // 2) + 1
    packed = gzip.compress(content[:half]) + gzip.compress(content[half:])
    (month / "lineage-2026-11-22.jsonl.gz").write_bytes(packed)
    assert found(tmp_path, EventQuery(tasks=("task-1",)).search()) == decoded(
        content, lambda r: r["task_id"] == "task-1"
    )


def pack(directory: Path, name: str, content: bytes) -> Path:
    """An archived file of several gzip members."""
    month = directory / "archive" / "2026-11"
    month.mkdir(parents=True, exist_ok=True)
    half = len(content) // 2
    (month / name).write_bytes(gzip.compress(content[:half]) + gzip.compress(content[half:]))
    return month / name


@settings(max_examples=200, deadline=None)
@given(content=journals() | tangles(), task=st.sampled_from([*TASKS, None]))
def test_any_packed_file_is_searched_by_its_bytes_and_read_again(
    content: bytes, task: str | None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("lineage")
    pack(directory, "lineage-2026-11-22.jsonl.gz", content)
    decoder = Decoder()
    every = [*decoder.feed(content)[0], *decoder.flush()[0]]
    expected = sorted((one.offset, one.length) for one in every if task in (None, one.record["task_id"]))
    result = hits.find(directory, Search() if task is None else EventQuery(tasks=(task,)).search())
    assert sorted((hit.offset, hit.length) for hit in map(hits.hit_of, result.positions)) == expected
    assert all(raw == content[hit.offset :][: hit.length] for hit, raw in hits.records(result))


@pytest.mark.parametrize("portion", [300, 5000, 1 << 20])
def test_packed_records_in_any_order_and_of_many_files_at_once_are_read_again(
    portion: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reread, "_PORTION", portion)
    monkeypatch.setattr(reread, "_WINDOW", 700)
    monkeypatch.setattr(reread, "_UNPACKINGS", 2)
    values = [record(number) for number in range(200)]
    shuffled = random.Random(3).sample(values, 200)
    for day in range(5):
        content = b"".join(map(compact, shuffled[day::5]))
        pack(tmp_path, f"lineage-2026-11-{day + 1:02d}.jsonl.gz", content)
    result = hits.find(tmp_path, Search())
    assert [json.loads(raw) for _, raw in hits.records(result)] == values


def test_packed_files_cost_the_records_wanted_not_their_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the records wanted are decoded, each file is unpacked twice, and memory holds a few blocks."""
    size = 0
    for day in range(1, 11):
        values = (record(n, task_id=f"task-{n % 500}", timestamp=f"2026-11-{day:02d}T08:00:00Z") for n in range(5000))
        content = b"".join(map(compact, values))
        pack(tmp_path, f"lineage-2026-11-{day:02d}.jsonl.gz", content)
        size += len(content)
    unpacked, judged = [], []

    def unpack(fd: int, block: int) -> Any:
        for data in compression.unpack(fd, block):
            unpacked.append(len(data))
            yield data

    def read(raw: bytes) -> Any:
        judged.append(raw)
        return intact.read(raw)

    monkeypatch.setattr(scan, "unpack", unpack)
    monkeypatch.setattr(reread, "unpack", unpack)
    monkeypatch.setattr(scan, "read", read)
    tracemalloc.start()
    count = sum(1 for _ in hits.records(hits.find(tmp_path, EventQuery(tasks=("task-7",)).search())))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 100
    assert len(judged) == 100
    assert sum(unpacked) <= 2 * size
    assert peak < size / 4


def test_a_file_that_is_moved_into_the_archive_while_it_is_searched_is_found_there(tmp_path: Path) -> None:
    source = tmp_path / "lineage-2026-11-22.jsonl"
    source.write_bytes(compact(record(1, task_id="task-1")))
    write(tmp_path, record(2, task_id="task-1"), name="lineage-2026-11-23.jsonl")
    moved = tmp_path / "archive" / "2026-11" / "lineage-2026-11-22.jsonl.gz"

    def move(done: float) -> None:  # the newer file is searched first; then the older one goes
        if source.exists():
            moved.parent.mkdir(parents=True)
            moved.write_bytes(gzip.compress(source.read_bytes()))
            source.unlink()

    result = hits.find(tmp_path, EventQuery(tasks=("task-1",)).search(), move)
    assert [json.loads(raw)["task_id"] for _, raw in hits.records(result)] == ["task-1", "task-1"]
    assert result.problems == {}


def test_a_record_whose_file_was_packed_after_the_search_is_still_read(tmp_path: Path) -> None:
    source = tmp_path / "lineage-2026-11-22.jsonl"
    source.write_bytes(compact(record(1)) + compact(record(2)))
    result = hits.find(tmp_path, Search())
    source.with_name(source.name + ".gz").write_bytes(gzip.compress(source.read_bytes()))
    source.unlink()
    assert [json.loads(raw) for _, raw in hits.records(result)] == [record(1), record(2)]
