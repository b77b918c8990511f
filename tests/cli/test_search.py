"""The raw search finds exactly what decoding every byte finds, whatever the files look like."""

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_core.base import fork_pool
from lineage_core.base.regex import compiled
from lineage_core.model.facts import digest_of
from lineage_core.query import block_search as scan
from lineage_core.query import journal_search as hits
from lineage_core.query.event_query import EventQuery
from lineage_core.query.search_terms import Search
from lineage_core.read.compact_record import one_line
from lineage_core.read.decoder import Decoder
from tests.build import compact, pretty, record, write
from tests.cli.conftest import DATA, Ask
from tests.cli.searched import TASKS, decoded, escaped, found, journals, spaced, tangles


@settings(max_examples=400, deadline=None)
@given(content=journals(), task=st.sampled_from(TASKS))
def test_a_search_for_a_task_finds_what_the_decoder_finds(
    content: bytes, task: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("lineage")
    (directory / "lineage-2026-11-22.jsonl").write_bytes(content)
    expected = decoded(content, lambda value: value["task_id"] == task)
    assert found(directory, EventQuery(tasks=(task,)).search()) == expected


def strings(value: Any) -> set[str]:
    """All strings in a record, keys too."""
    if isinstance(value, str):
        return {value}
    parts = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
    return set[str]().union(*map(strings, parts))


@settings(max_examples=200, deadline=None)
@given(content=journals(), text=st.sampled_from([*TASKS, "worker-3", "task_created"]))
def test_a_search_for_a_text_finds_the_records_that_hold_it_and_no_other(
    content: bytes, text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("lineage")
    (directory / "lineage-2026-11-22.jsonl").write_bytes(content)
    assert found(directory, Search((text,))) == decoded(content, lambda value: text in strings(value))
    begun = decoded(content, lambda value: any(one.startswith(text[:-1]) for one in strings(value)))
    assert found(directory, Search((), (text[:-1],))) == begun


def test_a_task_is_named_by_those_alone_whose_events_name_it(tmp_path: Path, ask: Ask) -> None:
    other = record(1, task_id="other", event_type="task_created", event_data={"note": "café \x1b[31m"})
    names = record(2, task_id="names", event_type="task_created", event_data={"metadata": {"of": "it", "é": "\x1b"}})
    directory = write(tmp_path / "lineage", record(3, task_id="it", event_type="task_created"))
    (directory / "lineage-2026-11-21.jsonl").write_bytes(spaced(other) + escaped(other | {"task_id": "more"}))
    (directory / "task-lineage.jsonl").write_bytes(spaced(names))
    links = ask("task", "it", "--json", directory).json["links"]
    assert [(link["task_id"], link["relation"]) for link in links] == [("names", "named by")]
    assert "named by   names" in ask("task", "it", directory).out


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
        if pattern.found_in(one_line(content[one.offset :][: one.length]).decode())
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


def test_all_of_a_crew_work_and_what_a_child_dies_of_is_done_by_the_parent(tmp_path: Path) -> None:
    code = """
import os, sys, time
from lineage_core.base import fork_pool
parent = os.getpid()
def slow(unit):
    open(os.path.join(sys.argv[1], str(os.getpid())), "w").close()
    end = time.monotonic() + 120
    while len(os.listdir(sys.argv[1])) < 3 and time.monotonic() < end:
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
    assert alone(code, str(tmp_path)) == "good\n"


def test_an_error_in_the_work_comes_out() -> None:
    with pytest.raises(ZeroDivisionError):
        fork_pool.share(lambda unit: 1 // (unit - 3), 8, 2)


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
