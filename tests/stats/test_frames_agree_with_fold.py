"""The frames say the same as the fold: every task, worker, handoff and phase, for any lineage directory."""

from __future__ import annotations

import tempfile
from itertools import chain
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_core.dataframes.reader import read_frames
from lineage_core.state.load import load
from tests.build import record, write
from tests.stats.agreement import assert_frames_equal_state
from tests.stats.strategies import TYPES, WORKERS, directories


@settings(max_examples=150, deadline=None)
@given(directories())
def test_frames_of_any_directory_equal_the_fold(contents: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        for name, content in contents.items():
            write(directory, content, name=name)
        loaded = load(directory)
        reader = read_frames(directory)
        assert_frames_equal_state(reader.frames, loaded.state)
        assert reader.frames.records == loaded.state.records
        assert sum(reader.frames.rejected.values()) == len(loaded.rejected)


WORKER_EVENTS = ["worker_spawned", "worker_started", "worker_completed", "worker_failed"]
HANDOFF_EVENTS = ["handoff_created", "handoff_accepted", "handoff_completed"]


@st.composite
def comings(draw: Any, group: int = 0) -> dict[str, Any]:
    """A record of a worker or handoff, of few, so that they end and come again; groups have no id in common."""
    kind = draw(st.sampled_from([*WORKER_EVENTS, *HANDOFF_EVENTS]))
    named = {"worker_id": WORKERS} if kind in WORKER_EVENTS else {"handoff_id": st.sampled_from(["h-1", "h-2"])}
    return record(
        100 * group + draw(st.integers(0, 99)),
        task_id=draw(st.sampled_from([f"task-{group}a", f"task-{group}b"])),
        event_type=kind,
        timestamp=f"2026-11-22T08:00:0{draw(st.integers(0, 9))}Z",
        event_data=draw(st.fixed_dictionaries(named, optional={"worker_type": TYPES})),
    )


@settings(max_examples=50, deadline=None)
@given(st.tuples(*(st.lists(comings(group), max_size=30) for group in range(4))))
def test_frames_equal_the_fold_where_workers_and_handoffs_come_again(groups: tuple[list[dict[str, Any]], ...]) -> None:
    """Several groups of tasks at once, as a reading takes as long for one of them."""
    with tempfile.TemporaryDirectory() as folder:
        directory = write(Path(folder), *chain.from_iterable(groups))
        assert_frames_equal_state(read_frames(directory).frames, load(directory).state)
