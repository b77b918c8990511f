"""A file that is shipped: what it is known by, how far it is, and what a cursor holds of that."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from lineage_core.base import clock
from lineage_core.read.checkpoint import Checkpoint, SavedCheckpoint


class Shipped(NamedTuple):
    """How far a file was shipped: what a cursor holds of it.

    inode: its device and inode. hashed: time of change and size of a packed file when its identity was taken.
    """

    identity: str
    inode: tuple[int, int]
    hashed: tuple[int, int]
    checkpoint: SavedCheckpoint


class OutgoingFile:
    """A file that is shipped. was: the name to say that it had before."""

    def __init__(self, name: str, path: Path, identity: str = "", was: str = "") -> None:
        self.name = name
        self.identity = identity
        self.was = was
        self.checkpoint = Checkpoint(name, (0, 0), path)
        self.hashed = (0, 0)  # of a packed file: time of change and size of what its identity was taken from

    @property
    def unsent(self) -> int:
        """Bytes that were not shipped yet."""
        return max(0, self.checkpoint.size - self.checkpoint.offset)

    def saved(self) -> Shipped:
        """For the cursor."""
        return Shipped(self.identity, self.checkpoint.key, self.hashed, self.checkpoint.to_json())


def other_than(identity: str) -> str:
    """Another identity for a file that begins with the same line."""
    return f"{identity[:16]}-{clock.now():x}"
