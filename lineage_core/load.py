"""A whole lineage directory into a state, once: for queries, and for the screen's history."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from lineage_core.decode import Rejected
from lineage_core.errors import JournalError
from lineage_core.merge import State
from lineage_core.tail import Tailer


class Loaded(NamedTuple):
    """rejected: what was quarantined, with the path of its file. problems: files that cannot be read, and why."""

    state: State
    rejected: list[tuple[Path, Rejected]]
    problems: dict[str, str]


def load(directory: Path, *, since: int | None = None) -> Loaded:
    """The state of everything in the directory (of events from `since` on, in microseconds since the epoch).

    Raises JournalError when the directory does not exist.
    """
    state = State()
    rejected: list[tuple[Path, Rejected]] = []
    tailer = Tailer(directory, since=since)
    for batch in tailer.scan():
        state.merge(batch.file, batch.found)
        rejected += [(batch.path, item) for item in batch.rejected]
    if tailer.missing:
        raise JournalError(f"{directory} does not exist; `lineage log` makes it with the first event")
    return Loaded(state, rejected, tailer.problems)
