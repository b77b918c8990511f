"""The Python writer beside other writers: a torn end is healed, whoever left it and whenever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lineage_core.read.decoder import Decoder
from lineage_core.write.journal import Journal
from tests.build import compact, record

DAY = "lineage-2026-11-22.jsonl"
AT = 1_795_334_400_000_000  # on that day


def tear(directory: Path) -> None:
    """Another writer dies in the middle of a line."""
    with (directory / DAY).open("ab") as file:
        file.write(compact(record(99))[:77])


def many(journal: Journal, torn: Callable[[], None]) -> None:
    def records() -> Iterator[tuple[dict[str, Any], int]]:
        for number in range(4):
            yield record(number), AT
            torn()

    journal.append_many(records())


def one_by_one(journal: Journal, torn: Callable[[], None]) -> None:
    for number in range(4):
        journal.append(record(number), AT)
        torn()


@pytest.mark.parametrize("write", [many, one_by_one])
def test_a_torn_end_is_healed_by_a_writer_that_has_written_there_before(
    tmp_path: Path, write: Callable[[Journal, Callable[[], None]], None]
) -> None:
    write(Journal(tmp_path), lambda: tear(tmp_path))
    found, rejected = Decoder().feed((tmp_path / DAY).read_bytes() + b"\n")
    assert [one.record["task_id"] for one in found] == [f"task-{number}" for number in range(4)]
    assert len(rejected) == 4
    lines = (tmp_path / DAY).read_bytes().split(b"\n")
    assert [compact(record(number))[:-1] in lines for number in range(4)] == [True] * 4
