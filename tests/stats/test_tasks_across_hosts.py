"""The frames of several hosts: an id on two of them is one task or two, as the state has it, however they come."""

from __future__ import annotations

import re
import tempfile
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_core.cli import main
from lineage_core.dataframes.reader import WORTH_KEEPING, FrameReader, Frames, read_frames
from lineage_core.state.load import load
from tests.build import compact, record, write

LINKS: dict[str, Any] = {
    "session": {"context": {"session_id": "session-1"}},
    "trace": {"context": {"trace_id": "trace-1"}},
    "handoff": {"event_type": "handoff_created", "event_data": {"handoff_id": "handoff-1"}},
    "parent": {"event_data": {"parent_task_id": "task-parent"}},
    "cause": {"parent_lineage_id": "lineage-1"},
    "the same event": {"lineage_id": "lineage-1"},
    "nothing": {},
}


def figures(frames: Frames) -> list[tuple[str, int, str, str | None]]:
    rows = frames.tasks.select("task_id", "events", "status", "master").cast(
        {"task_id": pl.String, "status": pl.String}
    )
    return sorted(rows.rows(), key=str)


def agrees(directory: Path, frames: Frames) -> None:
    """The frames have the tasks of the state, and their events."""
    rows = load(directory).state.rows.values()
    expected = sorted(((row.task_id, row.events, row.status.value, row.master) for row in rows), key=str)
    assert figures(frames) == expected
    counts = frames.events.group_by(pl.col("task_id").cast(pl.String)).len().rows()
    assert sorted(counts) == sorted((name, events) for name, events, _, _ in expected)


@pytest.mark.parametrize("what", LINKS)
def test_an_id_on_two_hosts_is_one_task_where_they_share(tmp_path: Path, what: str) -> None:
    write(tmp_path / "a", record(1, task_id="task", **LINKS[what]))
    write(tmp_path / "b", record(2, task_id="task", **LINKS[what]))
    frames = read_frames(tmp_path).frames
    agrees(tmp_path, frames)
    assert frames.tasks.height == (2 if what == "nothing" else 1)


def test_the_command_counts_tasks_not_ids(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, host in enumerate("ab"):
        write(tmp_path / host, record(number, task_id="task"))
    assert main(["stats", "--by", "host", "--json", "--dir", str(tmp_path)]) == 0
    assert capsys.readouterr().out.count('"tasks":1') == 2


def of(group: int, number: int, task: int, more: dict[str, Any]) -> bytes:
    """A line of one of several groups of tasks that have no id in common."""
    line = compact(record(10 * group + number, task_id=f"task-{task}", **more))
    return re.sub(rb'((?:task|session|trace|handoff|lineage)-(?:parent|[0-9]))"', rb'\1.%d"' % group, line)


GROUPS = 8
MORE = [{}, {}, {}, *LINKS.values(), *({"context": {"session_id": f"session-{n}"}} for n in (1, 2, 3))]
PIECES = st.tuples(
    st.sampled_from("abc"),
    *(
        st.lists(st.builds(of, st.just(group), st.integers(1, 6), st.integers(1, 2), st.sampled_from(MORE)), max_size=4)
        for group in range(GROUPS)
    ),
)


@pytest.mark.first
@settings(max_examples=30, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=6))
def test_in_whatever_pieces_they_come_the_frames_have_the_tasks_of_the_state(
    pieces: list[tuple[str, *tuple[list[bytes], ...]]],
) -> None:
    """Several groups of tasks at once, as a reading takes as long for one of them."""
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder, "hosts")
        write(directory / "z", record(99, task_id="task-other"))
        reader = FrameReader(directory, cached=False)
        reader.refresh()
        for host, *groups in pieces:
            write(directory / host, *chain.from_iterable(groups))
            reader.refresh()
            agrees(directory, reader.frames)
        agrees(directory, read_frames(directory).frames)
        reader.close()


def test_what_was_kept_has_the_same_tasks(tmp_path: Path) -> None:
    directory = tmp_path / "hosts"
    half = WORTH_KEEPING // 2
    for start, host in enumerate("ab"):
        write(directory / host, *(record(start * half + n, task_id=f"task-{n}") for n in range(half)))
    first = read_frames(directory)
    first.keep()
    again = FrameReader(directory)
    write(directory / "a", record(-1, task_id="task-1", timestamp="2026-11-22T08:00:00Z"))
    again.refresh()
    agrees(directory, again.frames)
    assert again.frames.tasks.height == WORTH_KEEPING
