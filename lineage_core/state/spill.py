"""Packed facts of tasks that nobody has looked at and nothing has happened to for long: on disk instead of in memory.

An unnamed file in the user's cache, gone with the process however that ends. Where it cannot be had or written, the
facts stay in memory.
"""

from __future__ import annotations

import os
import zlib
from array import array

from lineage_core.base.user_files import folder

_LEVEL = 1  # facts of a task are much alike: it makes them five times smaller in 30 us


class Spill:
    """Facts by number, as `Snapshot` gives those of its tasks."""

    def __init__(self) -> None:
        self._fd = -1
        self._full = False
        self._ends = array("q", [0])

    def put(self, packed: bytes | bytearray) -> int | None:
        """Put away the packed facts of a task: the number to get them back by. None if that cannot be done (the disk is
        full): nothing more is taken then.
        """
        if self._full:
            return None
        data = zlib.compress(packed, _LEVEL)
        try:
            if self._fd < 0:
                self._fd = _unnamed()
            if os.pwrite(self._fd, data, self._ends[-1]) != len(data):
                raise OSError("short write")
        except OSError:
            self._full = True  # what was put stays readable
            return None
        self._ends.append(self._ends[-1] + len(data))
        return len(self._ends) - 2

    def packed(self, number: int) -> bytes:
        """The facts that have a number."""
        begin, end = self._ends[number], self._ends[number + 1]
        return zlib.decompress(os.pread(self._fd, end - begin, begin))

    def __del__(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)


def _unnamed() -> int:
    import tempfile  # only where there are so many tasks: point queries start without it

    with tempfile.TemporaryFile(dir=folder("cache")) as file:
        return os.dup(file.fileno())
