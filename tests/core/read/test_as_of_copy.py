"""As of a time, a directory holds what was written until then: no more, no less, and where it stood."""

from __future__ import annotations

import gzip
import os
import random
from pathlib import Path
from typing import Any

import pytest

from lineage_core.base.clock import SECOND, format_timestamp, parse_timestamp
from lineage_core.model.event_types import EVENTS
from lineage_core.model.host_file_names import host_of
from lineage_core.read.as_of_copy import cut
from lineage_core.read.journal_files import JournalFile
from lineage_core.state.load import load
from tests.build import COMBINED, DAILY, compact, pretty, record, write
from tests.core.read.decoded import tangled_original
from tests.wallclock import now

START = parse_timestamp("2026-11-22T08:00:00Z") or 0
SPAN = 1000
"""Seconds in which the events of a random journal are written."""


def random_records(chance: random.Random) -> list[tuple[int, dict[str, Any]]]:
    """Records with the second in which each was written, in this order. Some carry ids of the older library, which do
    not tell, so that their timestamps count; some happened long before they were written, or seem to happen later."""
    made = []
    for number, second in enumerate(sorted(chance.choices(range(SPAN), k=chance.randint(5, 60)))):
        ours = chance.random() < 0.8
        happened = second + (chance.choice([0, 0, 0, -300, 50]) if ours else 0)
        one = record(
            number + 1,
            lineage_id=f"lineage-{START + second * SECOND:016d}{number:010d}" if ours else f"lineage-17953{number}",
            task_id=f"task-{chance.randint(1, 5)}",
            event_type=chance.choice(list(EVENTS)),
            timestamp=format_timestamp(START + happened * SECOND),
            event_data={"worker_id": f"worker-{chance.randint(1, 3)}", "reason": f"reason {number}"},
        )
        made.append((second, one))
    return made


def laid(chance: random.Random, one: dict[str, Any]) -> bytes:
    """A record as some writer leaves it."""
    if chance.random() < 0.2:
        return pretty(one)
    return compact(one)


def file_of(number: int) -> str:
    """In which file a record stands: in any of a day's, of another day's, or in the combined one."""
    return (DAILY, "lineage-2026-11-20.jsonl", COMBINED, "archive/2026-10/lineage-2026-10-03.jsonl")[number % 4]


def written(directory: Path, pieces: list[tuple[str, bytes]]) -> Path:
    directory.mkdir()
    for name, raw in pieces:
        write((directory / name).parent, raw, name=Path(name).name)
    return directory


def picture(directory: Path) -> dict[str, Any]:
    """All that is known of the tasks, but for the offsets of their events."""
    state = load(directory).state
    return {
        "tasks": {task_id: state.task(task_id) for task_id in sorted(state.rows)},
        "rows": {task_id: state.rows[task_id] for task_id in sorted(state.rows)},
        "facts": {
            task_id: [one._replace(offset=0, length=0) for one in state.facts(task_id)] for task_id in state.rows
        },
        "copies": state.copies,
    }


@pytest.mark.parametrize("seed", range(60))
def test_a_cut_directory_holds_what_was_written_until_then(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    made = [(second, file_of(chance.randrange(4)), laid(chance, one)) for second, one in random_records(chance)]
    made += [(second, COMBINED, raw) for second, _, raw in made if chance.random() < 0.2]  # copies
    made.sort(key=lambda one: one[0])
    whole = written(tmp_path / "whole", [(name, raw) for _, name, raw in made])
    if seed % 3 == 0:
        pack(whole)
    second = chance.randrange(-1, SPAN + 1)
    known = written(tmp_path / "known", [(name, raw) for at, name, raw in made if at <= second])
    assert cut(whole, START + second * SECOND, tmp_path / "then") == {}
    assert picture(tmp_path / "then") == picture(known)


def pack(directory: Path) -> None:
    for path in (directory / "archive").rglob("*.jsonl"):
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()


def at(second: int) -> int:
    return START + second * SECOND


def ours(second: int, **fields: Any) -> dict[str, Any]:
    """A record that was written in a second."""
    moment = START + second * SECOND
    fields = {"timestamp": format_timestamp(moment), **fields}
    return record(lineage_id=f"lineage-{moment:016d}{0:010d}", task_id=f"task-{second}", **fields)


def test_records_stay_where_they_stood(tmp_path: Path) -> None:
    lines = [compact(ours(1)), compact(ours(9)), compact(ours(2)), compact(ours(8))]
    write(tmp_path / "whole", *lines)
    cut(tmp_path / "whole", at(5), tmp_path / "then")
    expected = lines[0] + b"\n" * len(lines[1]) + lines[2]
    assert (tmp_path / "then" / DAILY).read_bytes() == expected


def test_what_was_logged_late_is_not_known_before_it_was_written(tmp_path: Path) -> None:
    late = ours(100, timestamp=format_timestamp(at(3)))
    write(tmp_path / "whole", ours(1), late)
    cut(tmp_path / "whole", at(50), tmp_path / "then")
    assert list(load(tmp_path / "then").state.rows) == ["task-1"]
    cut(tmp_path / "whole", at(100), tmp_path / "now")
    assert list(load(tmp_path / "now").state.rows) == ["task-1", "task-100"]


@pytest.mark.parametrize("outer_is_later", [False, True])
def test_of_records_between_the_lines_of_one_another_the_known_is_left(tmp_path: Path, outer_is_later: bool) -> None:
    known, later = tangled_original("a", 1, 1), tangled_original("b", 2, 9)
    outer, inner = (later, known) if outer_is_later else (known, later)
    lines = pretty(outer).splitlines(keepends=True)
    write(tmp_path / "whole", *lines[:5], pretty(inner), *lines[5:])
    assert set(load(tmp_path / "whole").state.rows) == {known["task_id"], later["task_id"]}
    between = (parse_timestamp(known["timestamp"]) or 0) + SECOND
    cut(tmp_path / "whole", between, tmp_path / "then")
    assert set(load(tmp_path / "then").state.rows) == {known["task_id"]}
    assert b"tangle-b" not in (tmp_path / "then" / DAILY).read_bytes()


def test_bytes_that_are_no_event_count_with_the_record_before_them(tmp_path: Path) -> None:
    write(tmp_path / "whole", ours(1), b'{"torn\n', ours(9), b'{"torn, too\n')
    cut(tmp_path / "whole", at(5), tmp_path / "then")
    loaded = load(tmp_path / "then")
    assert [rejected.excerpt for _, rejected in loaded.rejected] == ['{"torn']


def test_a_damaged_file_is_told_and_its_good_beginning_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "whole" / "archive"
    write(folder, b"")
    (folder / f"{DAILY}.gz").write_bytes(gzip.compress(compact(ours(1)) * 1)[:-6])
    problems = cut(tmp_path / "whole", at(5), tmp_path / "then")
    assert problems == {f"archive/{DAILY}.gz": "cut short"}
    assert list(load(tmp_path / "then").state.rows) == ["task-1"]


def test_a_file_of_later_events_only_is_not_there(tmp_path: Path) -> None:
    write(tmp_path / "whole", ours(9))
    cut(tmp_path / "whole", at(5), tmp_path / "then")
    assert list((tmp_path / "then").iterdir()) == []


def test_hosts_stay_hosts_however_few_of_them_were_heard_of(tmp_path: Path) -> None:
    write(tmp_path / "whole" / "web1", ours(1))
    write(tmp_path / "whole" / "web2", ours(9))
    assert cut(tmp_path / "whole", at(5), tmp_path / "then") == {}
    state = load(tmp_path / "then").state
    assert [host_of(one.file) for one in state.facts("task-1")] == ["web1"]
    assert list(state.rows) == ["task-1"]


def settled(directory: Path) -> None:
    """As if the files of a directory had been written a while ago."""
    for path in directory.rglob("lineage-*"):
        os.utime(path, (1, 1))


def test_files_of_which_all_was_known_are_linked_and_those_that_came_later_are_not_read(tmp_path: Path) -> None:
    days = ("lineage-2026-11-20.jsonl", "lineage-2026-11-21.jsonl", DAILY)
    for name, seconds in zip(days, ((1, 2), (4, 6), (8, 9)), strict=True):
        write(tmp_path / "whole", *(compact(ours(second)) for second in seconds), name=name)
    write(tmp_path / "whole" / "archive" / "2026-10", b"")
    packed = tmp_path / "whole" / "archive" / "2026-10" / "lineage-2026-10-01.jsonl.gz"
    packed.write_bytes(gzip.compress(compact(ours(3))))
    settled(tmp_path / "whole")
    linked: list[JournalFile] = []
    assert cut(tmp_path / "whole", at(5), tmp_path / "then", linked) == {}
    assert sorted(file.path.name for file in linked) == [packed.name, days[0]]
    assert (tmp_path / "then" / days[0]).is_symlink()
    assert not (tmp_path / "then" / days[1]).is_symlink()
    assert not (tmp_path / "then" / DAILY).exists()
    assert sorted(load(tmp_path / "then").state.rows) == ["task-1", "task-2", "task-3", "task-4"]


@pytest.mark.parametrize(
    "odd",
    [
        record(lineage_id="lineage-1795-older-library", timestamp=format_timestamp(at(9))),
        ours(9, event_data={"lineage_id": "lineage-" + "1" * 26}),
        ours(1, event_data={"lineage_id": "no id of ours"}),
        pretty(ours(9)),
        compact(ours(9)).rstrip(b"\n"),
    ],
)
def test_a_file_of_which_the_ids_alone_do_not_tell_is_read(tmp_path: Path, odd: Any) -> None:
    write(tmp_path / "whole", ours(1), ours(2), odd)
    settled(tmp_path / "whole")
    cut(tmp_path / "whole", at(5), tmp_path / "then")
    assert not (tmp_path / "then" / DAILY).is_symlink()
    assert b"2026-11-22T08:00:09" not in (tmp_path / "then" / DAILY).read_bytes()


@pytest.mark.clock
def test_what_was_just_written_to_is_copied(tmp_path: Path) -> None:
    write(tmp_path / "whole", ours(1))
    os.utime(tmp_path / "whole" / DAILY, ns=(now() * 1000, now() * 1000))  # libfaketime does not shift the kernel's
    cut(tmp_path / "whole", at(5), tmp_path / "then")
    assert (tmp_path / "then" / DAILY).is_file()
    assert not (tmp_path / "then" / DAILY).is_symlink()
