"""A whole lineage directory into a state, once: for queries, and for the screen's history."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from lineage_core.decode import Rejected
from lineage_core.errors import no_directory
from lineage_core.history import History, uncollected
from lineage_core.merge import State
from lineage_core.tail import Tailer


class Loaded(NamedTuple):
    """rejected: what was quarantined, with the path of its file. problems: files that cannot be read, and why."""

    state: State
    rejected: list[tuple[Path, Rejected]]
    problems: dict[str, str]


@uncollected()
def load(
    directory: Path, *, since: int | None = None, progress: Callable[[int, int], None] | None = None
) -> Loaded:
    """The state of everything in the directory (of events from `since` on, in microseconds since the epoch).

    progress: called with bytes done and bytes in all, now and then. Raises JournalError when the directory does not
    exist.
    """
    state = State()
    rejected: list[tuple[Path, Rejected]] = []
    positions: list[dict[str, Any]] = []
    try:
        history = History(directory) if since is None else None
    except FileNotFoundError:
        raise no_directory(directory) from None
    if history is not None:
        positions = history.positions
        for segment in history:
            state.adopt(segment)
            rejected += [(Path(segment.position["path"]), item) for item in segment.rejected]
            positions.append(segment.position)
            if progress is not None:
                progress(history.done, history.total)
        state.settle()
    tailer = Tailer(directory, since=since, positions={"places": positions})
    for batch in tailer.scan():
        state.merge(batch.file, batch.found)
        rejected += [(batch.path, item) for item in batch.rejected]
        if progress is not None and history is None:
            progress(batch.end, batch.end + tailer.backlog)
    tailer.close()
    if tailer.missing:
        raise no_directory(directory)
    return Loaded(state, rejected, tailer.problems)
