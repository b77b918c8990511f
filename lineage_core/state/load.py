"""A whole lineage directory into a state, once: for queries, and for the screen's history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from lineage_core.base.errors import no_directory
from lineage_core.read.checkpoint import SavedCheckpoint, path_of
from lineage_core.read.decoder import Found, Rejected
from lineage_core.read.tailer import Tailer
from lineage_core.state.snapshot import Snapshot
from lineage_core.state.snapshot_cache import SnapshotCache, Unfolded, uncollected
from lineage_core.state.store import State


class Loaded(NamedTuple):
    """rejected: what was quarantined, with the path of its file. problems: files that cannot be read, and why.
    counted: what was quarantined as counts by canonical name, where a feed keeps no more than these."""

    state: State
    rejected: list[tuple[Path, Rejected]]
    problems: dict[str, str]
    counted: dict[str, int] | None = None

    @property
    def quarantined(self) -> dict[str, int]:
        """How many pieces of which files, by canonical name, were quarantined."""
        if self.counted is not None:
            return self.counted
        return dict(Counter(path.name[: path.name.find(".jsonl") + len(".jsonl")] for path, _ in self.rejected))


@uncollected()
def load(directory: Path, *, since: int | None = None, progress: Callable[[int, int], None] | None = None) -> Loaded:
    """The state of everything in the directory (of events from `since` on, in microseconds since the epoch).

    progress: called with bytes done and bytes in all, now and then. Raises JournalError when the directory does not
    exist.
    """
    state = State()
    rejected: list[tuple[Path, Rejected]] = []
    unfolded: list[Unfolded] = []
    checkpoints: list[SavedCheckpoint] = []
    try:
        history = SnapshotCache(directory) if since is None else None
    except FileNotFoundError:
        raise no_directory(directory) from None
    if history is not None:
        checkpoints = history.checkpoints
        for part in history:
            if isinstance(part, Snapshot):
                for _ in state.adopt(part):
                    pass
                for saved, bad in zip(part.parts, part.rejected, strict=True):
                    rejected += [(path_of(saved.end["path"]), item) for item in bad]
                    checkpoints.append(saved.end)
            else:
                unfolded.append(part)
            if progress is not None:
                progress(history.done, history.total)
    tailer = Tailer(directory, since=since, checkpoints=checkpoints)

    def batches() -> Iterator[tuple[str, list[Found]]]:
        for part in unfolded:
            for found, bad in part.batches():
                rejected.extend((part.checkpoint.path, item) for item in bad)
                yield part.checkpoint.name, found
        for batch in tailer.scan():
            rejected.extend((batch.path, item) for item in batch.rejected)
            yield batch.file, batch.found
            if progress is not None and history is None:
                progress(batch.end, batch.end + tailer.backlog)

    state.fold(batches())
    tailer.close()
    if tailer.missing:
        raise no_directory(directory)
    return Loaded(state, rejected, tailer.problems | state.problems)
