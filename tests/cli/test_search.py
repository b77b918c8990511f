"""The raw search finds exactly what decoding every byte finds, whatever the files look like."""

import gzip
import json
import random
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_core.base import fork_pool
from lineage_core.base.regex import compiled
from lineage_core.model import record as intact
from lineage_core.model.facts import digest_of
from lineage_core.query import block_search as scan
from lineage_core.query import journal_search as hits
from lineage_core.query import record_reader as reread
from lineage_core.query.block_search import Search
from lineage_core.query.event_query import EventQuery
from lineage_core.read import compression
from lineage_core.read.decoder import Decoder
from tests.build import compact, pretty, record, write
from tests.cli.conftest import DATA

Rec = dict[str, Any]


def escaped(value: Rec) -> bytes:
    """A record with every letter of its task id as a `\\u` escape, as some JSON writers have it."""
    task = "".join(f"\\u{ord(letter):04x}" for letter in value["task_id"])
    return compact(value).replace(json.dumps(value["task_id"]).encode(), f'"{task}"'.encode())


def spaced(value: Rec) -> bytes:
    return json.dumps(value).encode() + b"\n"


def torn(value: Rec) -> bytes:
    """The beginning of a record, to which the next one is glued."""
    return compact(value)[:90]


def crlf(value: Rec) -> bytes:
    return compact(value)[:-1] + b"\r\n"


PIECES: list[Callable[[Rec], bytes]] = [
    compact,
    compact,
    compact,
    pretty,
    escaped,
    spaced,
    torn,
    crlf,
    lambda value: b"\0\0\0" + compact(value),
    lambda value: b"\n  \n",
    lambda value: b"garbage task-1\n",
    lambda value: b"\xef\xbb\xbf" + compact(value),
    lambda value: b"  " + compact(value),
    lambda value: pretty(value)[:150] + b"\n" + compact({**value, "event_type": "task_created"}),
]

TASKS = ["task-1", "task-2", 'task "quoted"', "task/slash", "täsk-é", "task\\back"]


@st.composite
def journals(draw: st.DrawFn) -> bytes:
    """The bytes of a file made of records of a few tasks, written in many ways."""
    content = b""
    for number in range(draw(st.integers(0, 14))):
        value = record(number, task_id=draw(st.sampled_from(TASKS)))
        content += draw(st.sampled_from(PIECES))(value)
    return content if draw(st.booleans()) else content.rstrip(b"\n")


def decoded(content: bytes, wanted: Callable[[Rec], bool]) -> list[tuple[int, int]]:
    """Offset and length of each record wanted, by decoding every byte."""
    decoder = Decoder()
    every = decoder.feed(content)[0] + decoder.take_last()[0]
    return sorted((one.offset, one.length) for one in every if wanted(one.record))


def found(directory: Path, sought: Search) -> list[tuple[int, int]]:
    """Offset and length of each hit, in order of the file."""
    places = [hits.hit_of(place) for place in hits.find(directory, sought).positions]
    return sorted((hit.offset, hit.length) for hit in places)


@settings(max_examples=400, deadline=None)
@given(content=journals(), task=st.sampled_from(TASKS))
def test_a_search_for_a_task_finds_what_the_decoder_finds(
    content: bytes, task: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("lineage")
    (directory / "lineage-2026-11-22.jsonl").write_bytes(content)
    expected = decoded(content, lambda value: value["task_id"] == task)
    assert found(directory, EventQuery(tasks=(task,)).search()) == expected


@st.composite
def tangles(draw: st.DrawFn) -> bytes:
    """Pretty-printed records of several writers, whose lines are mixed up here and there; blank lines, compact ones."""
    writers = []
    for number in range(draw(st.integers(1, 4))):
        form = draw(st.sampled_from([pretty, pretty, pretty, compact]))
        value = record(number, task_id=draw(st.sampled_from(TASKS[:2])))
        writers.append(form(value).splitlines(keepends=True) * draw(st.integers(1, 2)))
    lines: list[bytes] = []
    while any(writers):
        some = draw(st.sampled_from([lines_ for lines_ in writers if lines_]))
        run = draw(st.integers(1, 30))
        lines += some[:run]
        del some[:run]
    return b"".join(lines)


@settings(max_examples=400, deadline=None)
@given(content=tangles())
def test_a_search_in_a_tangle_finds_what_the_decoder_finds(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("lineage")
    (directory / "lineage-2026-11-22.jsonl").write_bytes(content)
    for task in TASKS[:2]:
        expected = decoded(content, lambda value, task=task: value["task_id"] == task)  # type: ignore[misc]
        assert found(directory, EventQuery(tasks=(task,)).search()) == expected


@settings(max_examples=200, deadline=None)
@given(content=journals())
def test_a_search_for_everything_finds_what_the_decoder_finds(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("lineage")
    (directory / "lineage-2026-11-22.jsonl").write_bytes(content)
    assert found(directory, Search()) == decoded(content, lambda value: True)


@settings(max_examples=200, deadline=None)
@given(content=journals(), number=st.integers(0, 13))
def test_a_grep_finds_what_it_finds_in_the_decoded_records(
    content: bytes, number: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("lineage")
    (directory / "lineage-2026-11-22.jsonl").write_bytes(content)
    pattern = compiled(f"worker-{number}[^0-9].*1[.]0[.]0", ignore_case=False)
    decoder = Decoder()
    expected = sorted(
        (one.offset, one.length)
        for one in decoder.feed(content)[0] + decoder.take_last()[0]
        if pattern.found_in(scan.one_line(content[one.offset :][: one.length]).decode())
    )
    assert found(directory, Search(grep=pattern)) == expected


def test_the_tangled_legacy_sample_is_searched_as_well_as_it_is_decoded(tmp_path: Path) -> None:
    content = (DATA / "legacy-tangled.jsonl").read_bytes()
    (tmp_path / "lineage-2026-11-22.jsonl").write_bytes(content)
    tasks = {one.record["task_id"] for one in Decoder().feed(content)[0]}
    for task in tasks:
        expected = decoded(content, lambda value, task=task: value["task_id"] == task)  # type: ignore[misc]
        assert found(tmp_path, EventQuery(tasks=(task,)).search()) == expected


@pytest.mark.parametrize("block", [64, 100, 4096])
def test_records_across_the_borders_of_blocks_and_ranges_are_found_once(
    block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "BLOCK", block)
    monkeypatch.setattr(hits, "RANGE", 1000)
    content = b"".join(compact(record(number, task_id=f"task-{number % 3}")) for number in range(60))
    (tmp_path / "lineage-2026-11-22.jsonl").write_bytes(content)
    assert found(tmp_path, EventQuery(tasks=("task-1",)).search()) == decoded(
        content, lambda r: r["task_id"] == "task-1"
    )
    assert found(tmp_path, Search()) == decoded(content, lambda value: True)


def test_a_line_longer_than_any_record_may_be_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "LONGEST", 1 << 20)
    long = compact(record(1, task_id="task-1", tags=["x" * (17 << 20)]))
    content = long + compact(record(2, task_id="task-1"))
    (tmp_path / "lineage-2026-11-22.jsonl").write_bytes(content)
    assert found(tmp_path, EventQuery(tasks=("task-1",)).search()) == [(len(long), len(content) - len(long) - 1)]


def alone(code: str, *words: str) -> str:
    """What a program prints that has one thread, so that it may fork; a test runner may have more."""
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout


SEARCH = """
import os, sys
from pathlib import Path
from lineage_core.query import journal_search as hits
from lineage_core.query.event_query import EventQuery
hits.ENOUGH, hits.RANGE = 0, int(sys.argv[2])
os.cpu_count = lambda: int(sys.argv[3])
found = hits.find(Path(sys.argv[1]), EventQuery(tasks=("task-3",)).search())
print(*(hits.hit_of(place)[:4] for place in found.positions), sep="\\n")
"""


def test_processes_share_the_work_and_agree_with_one_alone(tmp_path: Path) -> None:
    for day in range(1, 9):
        events = (record(100 * day + n, task_id=f"task-{n % 5}") for n in range(50))
        write(tmp_path, *events, name=f"lineage-2026-11-{day:02d}.jsonl")
    places = alone(SEARCH, str(tmp_path), "100000", "1")
    assert places.count("\n") == 80
    assert alone(SEARCH, str(tmp_path), "4000", "2") == places
    assert alone(SEARCH, str(tmp_path), "500", "4") == places


def test_all_of_a_crew_work_and_what_a_child_dies_of_is_done_by_the_parent() -> None:
    code = """
import os, time
from lineage_core.base import fork_pool
parent = os.getpid()
def slow(unit):
    time.sleep(0.01)
    return os.getpid()
assert len(set(fork_pool.share(slow, 60, 3))) == 3
def deadly(unit):
    if os.getpid() != parent:
        os._exit(9)
    return unit * unit
assert fork_pool.share(deadly, 20, 3) == [unit * unit for unit in range(20)]
assert fork_pool.share(lambda unit: unit, 40_000, 2) == list(range(40_000))
print("good")
"""
    assert alone(code) == "good\n"


def test_an_error_in_the_work_comes_out() -> None:
    with pytest.raises(ZeroDivisionError):
        fork_pool.share(lambda unit: 1 // (unit - 3), 8, 2)


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


def test_records_are_read_again_as_they_were_written_and_copies_left_out(tmp_path: Path) -> None:
    rng = random.Random(1)
    values = [record(number, task_id="task-1") for number in range(40)]
    (tmp_path / "task-lineage.jsonl").write_bytes(b"".join(pretty(value) for value in values))
    rng.shuffle(values)
    lines = [compact(value) for value in values]
    (tmp_path / "lineage-2026-11-22.jsonl").write_bytes(b"".join(lines))
    result = hits.find(tmp_path, Search())
    assert len(result.positions) == 80
    assert sorted(raw for _, raw in hits.records(result)) == sorted(line[:-1] for line in lines)


def test_events_of_one_time_and_id_but_other_content_are_both_kept(tmp_path: Path) -> None:
    one, other = record(1, tags=["a"]), record(1, tags=["b"])
    write(tmp_path, one, other, one)
    kept = [json.loads(raw) for _, raw in hits.records(hits.find(tmp_path, Search()))]
    assert [digest_of(value) for value in kept] == [digest_of(one), digest_of(other)]


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
