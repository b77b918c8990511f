"""Journal files that are kept open, so that what was found in them can be read again wherever they are moved.

A file that is renamed, archived or deleted stays readable by its descriptor. As many are kept as the process may have;
of more, those used last. One that had to be closed is opened again by its path, and only taken if it is still the same
file.
"""

from __future__ import annotations

import os
import resource
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lineage_core.base.errors import JournalError
from lineage_core.read.journal_files import JournalFile, open_file

GONE = "no such file or directory"
"""What is said of a file that is not at its path any more, as `journal_files.why` has it."""

_SPARE = 128
"""Descriptors that are left for everything else."""

_FEWEST, _MOST = 16, 8192

_Key = tuple[int, int]


class OpenFiles:
    """Descriptors of journal files, closed when this object is gone.

    limit: how many are kept; None: as many as the process may have.
    """

    def __init__(self, limit: int | None = None) -> None:
        allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0] - _SPARE
        self._limit = max(_FEWEST, min(allowed, _MOST)) if limit is None else limit
        self._open: OrderedDict[_Key, int] = OrderedDict()

    def prepare(self, file: JournalFile) -> None:
        """Open a file, if there is room for it; what goes wrong is told when it is used."""
        if len(self._open) < self._limit and _key(file) not in self._open:
            try:
                self._open[_key(file)] = _opened(file)
            except JournalError:
                return

    @contextmanager
    def use(self, file: JournalFile) -> Iterator[int]:
        """A descriptor to read a file by, whose position means nothing; not to be kept.

        Raises JournalError when the file cannot be opened, or is another one by now.
        """
        fd = self._open.get(_key(file))
        if fd is None:
            fd = _opened(file)
            while len(self._open) >= self._limit:
                os.close(self._open.popitem(last=False)[1])
            self._open[_key(file)] = fd
        self._open.move_to_end(_key(file))
        yield fd

    def forget(self, file: JournalFile) -> None:
        """Close a file that is not needed any more."""
        if (fd := self._open.pop(_key(file), None)) is not None:
            os.close(fd)

    def close(self) -> None:
        """Close all of them."""
        while self._open:
            os.close(self._open.popitem()[1])

    def __del__(self, close: Callable[[int], None] = os.close) -> None:  # at the very end, `os` is empty
        for fd in self._open.values():
            close(fd)


def _key(file: JournalFile) -> _Key:
    return file.status.st_dev, file.status.st_ino


def _opened(file: JournalFile) -> int:
    fd = open_file(file.path)
    status = os.fstat(fd)
    if (status.st_dev, status.st_ino) != _key(file):
        os.close(fd)
        raise JournalError(GONE)  # another one has its name now
    return fd
