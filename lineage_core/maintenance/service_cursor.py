"""A file that says how far a service has come, for one process at a time.

It is replaced as a whole, and written through to the disk before it is: a process that is killed at any moment, or a
machine that loses power, leaves the old one or the new one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from glob import escape
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson

from lineage_core.base import user_files
from lineage_core.base.errors import JournalError
from lineage_core.maintenance.file_lock import locked

MAX_BYTES = 64 << 20
"""A larger file was not written by us."""


class CursorFile:
    """The JSON object in the file at `path`. Raises JournalError where it cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._saved = b""

    def load(self) -> dict[str, Any] | None:
        """What was saved last; None if there is nothing. Raises ValueError for a file that is no JSON object."""
        try:
            stored = orjson.loads(user_files.read_own(self.path, MAX_BYTES))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise JournalError(f"cannot read {self.path}: {error.strerror}") from error
        if not isinstance(stored, dict):
            raise ValueError(f"{self.path} is no cursor")
        return stored

    def store(self, document: Mapping[str, Any]) -> None:
        """Save an object, if it is another one. Raises JournalError where that cannot be done."""
        data = orjson.dumps(document)
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
    def alone(self, advice: str = "give this one its own --cursor") -> Iterator[None]:
        """Hold the cursor for this process. Raises JournalError if another one has it, with what to do."""
        lock = self.path.with_name(self.path.name + ".lock")
        try:
            with locked(lock, patience=0):
                for left in self.path.parent.glob(f"{escape(self.path.name)}.*.part"):
                    left.unlink(missing_ok=True)  # of a process that was killed while it wrote
                yield
        except JournalError as error:
            if "has held" not in str(error):
                raise
            raise JournalError(f"another process follows with {self.path}: {advice}") from error


def default_path(service: str, *parts: str | Path) -> Path:
    """Where the cursor of a service is kept, in the user's state directory. parts: what it is for; paths are resolved.

    Raises JournalError where there is no such directory.
    """
    folder = user_files.folder("state", service)
    if folder is None:
        raise JournalError("there is no directory for the cursor: give --cursor FILE")
    named = [os.fsdecode(os.path.realpath(part)) if isinstance(part, Path) else part for part in parts]
    return folder / f"{blake2b(orjson.dumps(named), digest_size=8).hexdigest()}.json"
