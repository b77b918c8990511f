"""How far a follower has come, on disk: what stood before it in the journal has been sent."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from lineage_core.maintenance import service_cursor
from lineage_core.read.checkpoint import SavedCheckpoint

FORMAT = 1


class Progress(NamedTuple):
    """checkpoints: as `Tailer.checkpoints` gives them. open_sent: whether all that was open at first was sent."""

    checkpoints: list[SavedCheckpoint]
    open_sent: bool


class Cursor(service_cursor.CursorFile):
    """The file at `path`. Raises JournalError where it cannot be read or written."""

    def read(self) -> Progress | None:
        """Where the last follower stopped; None if there was none. Raises ValueError for a file that is not ours."""
        stored = self.load()
        if stored is None:
            return None
        if stored.get("format") != FORMAT or not isinstance(stored.get("files"), list):
            raise ValueError(f"{self.path} is no cursor of this version")
        return Progress(stored["files"], stored.get("open_told") is True)

    def save(self, progress: Progress) -> None:
        """Save how far it is, if that is another one."""
        self.store({"format": FORMAT, "files": progress.checkpoints, "open_told": progress.open_sent})


def default_path(directory: Path, endpoint: str) -> Path:
    """Where the cursor of a directory and an endpoint is kept: in the user's state directory. Raises JournalError."""
    return service_cursor.default_path("otel", directory, endpoint)
