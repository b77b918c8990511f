"""How far a follower has come, on disk: what stood before it in the journal has been sent.

The file is replaced as a whole, and written through to the disk before it is: a process that is killed at any moment,
or a machine that loses power, leaves the old one or the new one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from lineage_core.base import user_files
from lineage_core.base.errors import JournalError
from lineage_core.maintenance.file_lock import locked

FORMAT = 1
MAX_BYTES = 64 << 20
"""A larger file was not written by us."""


class Progress(NamedTuple):
    """checkpoints: as `Tailer.checkpoints` gives them. open_told: whether all that was open at first was sent."""

    checkpoints: list[dict[str, Any]]
    open_sent: bool


class Cursor:
    """The file at `path`. Raises JournalError where it cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._saved = b""

    def read(self) -> Progress | None:
        """Where the last follower stopped; None if there was none. Raises ValueError for a file that is not ours."""
        try:
            stored = orjson.loads(user_files.read_own(self.path, MAX_BYTES))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise JournalError(f"cannot read {self.path}: {error.strerror}") from error
        if not isinstance(stored, dict) or stored.get("format") != FORMAT or not isinstance(stored.get("files"), list):
            raise ValueError(f"{self.path} is no cursor of this version")
        return Progress(stored["files"], stored.get("open_told") is True)

    def save(self, progress: Progress) -> None:
        """Keep a place, if it is another one."""
        data = orjson.dumps({"format": FORMAT, "files": progress.checkpoints, "open_told": progress.open_sent})
        if data == self._saved:
            return
        try:
            with user_files.replacing(self.path) as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise JournalError(f"cannot write {self.path}: {error.strerror}") from error
        self._saved = data

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the cursor for this process. Raises JournalError if another one has it."""
        lock = self.path.with_name(self.path.name + ".lock")
        try:
            with locked(lock, patience=0):
                yield
        except JournalError as error:
            if "has held" not in str(error):
                raise
            raise JournalError(f"another process follows with {self.path}: give this one its own --cursor") from error


def default_path(directory: Path, endpoint: str) -> Path:
    """Where the cursor of a directory and an endpoint is kept: in the user's state directory. Raises JournalError."""
    folder = user_files.folder("state", "otel")
    if folder is None:
        raise JournalError("there is no place for the cursor: give --cursor FILE")
    name = blake2b(orjson.dumps([os.fsdecode(os.path.realpath(directory)), endpoint]), digest_size=8).hexdigest()
    return folder / f"{name}.json"
