"""Programs that the operator runs on what is selected, and files that grow: both as lines, a page at a time."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

MOST_LINES = 5000
MOST_OF_LINE = 2000
TAIL = 256 << 10
"""Bytes at the end of a file that are read, and at most at a time when it grows."""

CHUNK = 1 << 16


class Lines:
    """The newest lines of a stream of bytes: no more of them, and none longer, than a page can show."""

    def __init__(self) -> None:
        self._whole: deque[str] = deque(maxlen=MOST_LINES)
        self._open = b""

    def feed(self, data: bytes) -> None:
        """Add bytes."""
        *ended, self._open = (self._open + data).split(b"\n")
        self._open = self._open[-MOST_OF_LINE * 4 :]
        self._whole.extend(_text(line) for line in ended)

    def text(self) -> list[str]:
        """The lines, the one that has not ended too."""
        return [*self._whole, *([_text(self._open)] if self._open else [])]


def _text(line: bytes) -> str:
    return line[: 4 * MOST_OF_LINE].decode("utf-8", "replace")[:MOST_OF_LINE].rstrip("\r")


async def run(argv: Sequence[str], cwd: Path, lines: Lines, heard: Callable[[], None]) -> str:
    """Run a program to its end; how it ended, in words. heard: called when it has said something.

    It reads nothing and belongs to a session of its own; when this is cancelled, all of it is ended.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            cwd=cwd if cwd.is_dir() else None,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return f"cannot be run: {getattr(error, 'strerror', None) or error}"
    assert process.stdout is not None
    try:
        while data := await process.stdout.read(CHUNK):
            lines.feed(data)
            heard()
            await asyncio.sleep(0)  # a program that says much does not keep the screen
        code = await process.wait()
    except asyncio.CancelledError:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        raise
    return "ended well" if code == 0 else f"ended by signal {-code}" if code < 0 else f"ended with exit code {code}"


class GrowingFile:
    """The end of a file that may grow, be replaced, or not be there yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines = Lines()
        self._known: tuple[int, int] | None = None
        self._offset = 0

    def read(self) -> bool:
        """Read what is new; whether there was anything. Of a long file only the end is read. Raises OSError."""
        fd = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode):
                raise OSError(0, "it is no regular file")
            if self._known != (status.st_dev, status.st_ino) or status.st_size < self._offset:
                self._known, self.lines, self._offset = (status.st_dev, status.st_ino), Lines(), 0
            if status.st_size == self._offset:
                return False
            start = max(self._offset, status.st_size - TAIL)
            data = os.pread(fd, status.st_size - start, start)
            if start > self._offset:  # the line in whose middle it begins is not shown
                data = data[data.find(b"\n") + 1 :]
            self._offset = status.st_size
            self.lines.feed(data)
            return True
        finally:
            os.close(fd)
