"""The standard error of a command on its way to ours: copied through, its last lines kept, by a thread.

Only the standard library is used, as in all of `write`.
"""

from __future__ import annotations

import os
import selectors
import threading
from contextlib import suppress

TAIL_BYTES = 16_384
"""Bytes of the end of standard error that are kept; of these, the last TAIL_LINES lines are logged with a failure."""

TAIL_LINES = 20


class Stderr:
    """The command's standard error on its way to ours, and the lines that it writes to the FIFO; a thread does it.

    write_end: the descriptor that becomes the command's standard error.
    """

    def __init__(self, fifo: str | None) -> None:
        self._tail, self._eof = b"", False
        self._progress, self._partial = "", b""
        self._logged = ""
        self._stop_reader, self._stop_writer = os.pipe()
        self._read_end, self.write_end = _stderr_pair()
        self._fifo = os.open(fifo, os.O_RDWR | os.O_NONBLOCK) if fifo else -1  # O_RDWR: an open of it never waits
        self._thread = threading.Thread(target=self._copy, daemon=True)

    def start(self) -> None:
        """Copy from now on; the command has been started with `write_end`."""
        os.close(self.write_end)
        self._thread.start()

    def stop(self) -> None:
        """The command has ended: copy what it has left, and no more."""
        os.close(self._stop_writer)
        self._thread.join()

    def go_on_behind(self) -> None:
        """If processes that the command left behind still have its standard error, copy on in a process of its own."""
        if not self._eof and os.fork() == 0:
            nothing = os.open(os.devnull, os.O_RDWR)
            for fd in (0, 1):  # whoever reads our output is not to wait for what stays behind
                os.dup2(nothing, fd)
            with suppress(OSError):
                while chunk := os.read(self._read_end, 65536):
                    write_all(2, chunk)
            os._exit(0)

    def resize(self) -> None:
        """Give the pseudo-terminal the size that ours has now."""
        if os.isatty(self._read_end):
            import termios

            with suppress(OSError, termios.error):
                termios.tcsetwinsize(self._read_end, termios.tcgetwinsize(2))

    def progress(self) -> str:
        """The last line that came through the FIFO."""
        self._logged = self._progress
        return self._progress

    def has_news(self) -> bool:
        """Whether a line came that nobody has asked for."""
        return self._progress != self._logged

    def last_lines(self) -> list[str]:
        """The last lines, without what a carriage return wrote over."""
        lines = self._tail.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
        shown = [line.rstrip("\r").rpartition("\r")[2].rstrip() for line in lines]
        return [line for line in shown if line][-TAIL_LINES:]

    def _copy(self) -> None:
        with selectors.DefaultSelector() as selector:
            for fd in (self._read_end, self._fifo, self._stop_reader):
                if fd >= 0:
                    selector.register(fd, selectors.EVENT_READ)
            stopping = False
            while True:
                ready = {key.fd for key, _ in selector.select(0 if stopping else None)}
                if self._fifo in ready:
                    self._take_progress()
                if self._read_end in ready:
                    if not self._take_stderr():
                        selector.unregister(self._read_end)
                elif stopping:
                    return
                stopping = stopping or self._stop_reader in ready

    def _take_stderr(self) -> bool:
        try:
            chunk = os.read(self._read_end, 65536)
        except OSError:  # EIO: nobody has the pseudo-terminal open any more
            chunk = b""
        if not chunk:
            self._eof = True
            return False
        self._tail = (self._tail + chunk)[-TAIL_BYTES:]
        write_all(2, chunk)
        return True

    def _take_progress(self) -> None:
        with suppress(BlockingIOError):
            *whole, self._partial = (self._partial + os.read(self._fifo, 65536)).split(b"\n")
            self._partial = self._partial[-TAIL_BYTES:]
            said = [line for line in whole if line.strip()]
            if said:
                self._progress = said[-1].decode("utf-8", "replace").strip()


def _stderr_pair() -> tuple[int, int]:
    """Where to read what the command writes to standard error, and where it writes."""
    if not os.isatty(2):
        return os.pipe()
    import termios
    import tty

    master, slave = os.openpty()
    tty.setraw(slave)
    with suppress(OSError, termios.error):
        termios.tcsetwinsize(slave, termios.tcgetwinsize(2))
    return master, slave


def write_all(fd: int, chunk: bytes) -> None:
    """Write all of it; what nobody reads is lost."""
    with suppress(OSError):  # nobody reads our standard error: the command is not to suffer
        while chunk:
            chunk = chunk[os.write(fd, chunk) :]
