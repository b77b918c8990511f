"""The feed: what is new in a directory, into the state of the screen."""

from __future__ import annotations

import gzip
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lineage_core.dataframes.reader import FrameReader
from lineage_core.state.feed import Feed
from lineage_core.state.store import State
from tests.build import compact, record

DAY = "lineage-2026-11-22.jsonl"


@contextmanager
def following(directory: Path) -> Iterator[tuple[Feed, Callable[[Callable[[], bool]], None]]]:
    """A feed that runs, and a way to wait until something is so."""
    feed = Feed(directory, State(), lambda: None)
    feed.start()

    def wait(so: Callable[[], bool]) -> None:
        end = time.monotonic() + 120
        while not so():
            assert time.monotonic() < end
            time.sleep(0.01)

    try:
        yield feed, wait
    finally:
        feed.stop()


def cut_and_written_again(day: Path, text: bytes) -> None:
    os.truncate(day, 40)
    day.write_bytes(text)


def packed(day: Path, text: bytes) -> None:
    (day.parent / "archive").mkdir(exist_ok=True)
    (day.parent / "archive" / f"{DAY}.gz").write_bytes(gzip.compress(day.read_bytes()))
    day.unlink()
    day.write_bytes(text)


def copied_by_hand(day: Path, text: bytes) -> None:
    shutil.copy(day, day.with_name(f"{DAY}.copy"))
    day.write_bytes(text)


def test_a_backlog_is_read_with_few_rows_made_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    publish = State.publish
    monkeypatch.setattr(State, "publish", lambda state, ids: made.append(len(ids)) or publish(state, ids))  # type: ignore[func-returns-value]
    lines = b"".join(compact(record(n, task_id=f"task-{n % 7}")) for n in range(20_000))
    (tmp_path / DAY).write_bytes(b"")
    with following(tmp_path) as (feed, wait):
        wait(lambda: feed.health.loaded)
        (tmp_path / DAY).write_bytes(lines)
        wait(lambda: feed.state.events == 20_000)
        assert made
        shown = {task_id for _ in range(50) for task_id in feed.take(10)}
    assert shown == {f"task-{n}" for n in range(7)}
    assert sum(row.events for row in feed.state.rows.values()) == 20_000


CHANGES = [cut_and_written_again, packed, copied_by_hand]


@pytest.mark.parametrize("change", CHANGES)
def test_a_quarantined_piece_is_counted_once_however_often_its_file_is_read(
    tmp_path: Path, change: Callable[[Path, bytes], None]
) -> None:
    text = compact(record(1))[:80] + b"\n" + compact(record(2)) + b"garbage\n"
    (tmp_path / DAY).write_bytes(text)
    frames = FrameReader(tmp_path, cached=False)
    with following(tmp_path) as (feed, wait):
        for number in range(3, 7):
            wait(lambda number=number: feed.state.events == number - 2)  # type: ignore[misc]
            frames.refresh()
            text += compact(record(number))
            change(tmp_path / DAY, text)
        wait(lambda: feed.state.events == 5)
        assert feed.health.rejected == 2
        frames.refresh()
        assert sum(frames.frames.rejected.values()) == 2
        with (tmp_path / DAY).open("ab") as file:
            file.write(b"garbage\n" + compact(record(9)))
        wait(lambda: feed.state.events == 6)
        assert feed.health.rejected == 3
    frames.close()


def test_the_last_record_of_a_file_that_does_not_grow_counts_and_counts_once_when_it_grows(tmp_path: Path) -> None:
    (tmp_path / DAY).write_bytes(compact(record(1)) + compact(record(2))[:-1])
    with following(tmp_path) as (feed, wait):
        wait(lambda: feed.state.events == 2)
        with (tmp_path / DAY).open("ab") as file:
            file.write(b"\n" + compact(record(3)))
        wait(lambda: feed.state.events == 3)
        assert (feed.state.copies, feed.health.rejected) == (0, 0)
