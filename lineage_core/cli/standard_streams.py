"""Standard output and standard error as commands use them: what cannot be written is one clear error.

Data that does not reach its reader is a failure to tell, with the exit code of one (a full disk, a closed descriptor);
a reader that has gone is none. Messages that cannot be written are dropped: there is nobody to tell.
"""

from __future__ import annotations

import io
import os
import select
import sys
from contextlib import suppress
from typing import Any

from lineage_core.base.errors import ExitCode, LineageError


class OutputError(LineageError):
    """Standard output cannot be written."""

    exit_code = ExitCode.JOURNAL


class _Data(io.BufferedWriter):
    # What is written is counted below this class, in C: there no signal comes between a write and its counting.

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        done = 0
        while True:
            try:
                return done + super().write(view[done:])
            except BlockingIOError as error:
                done += error.characters_written
                self._wait()
            except OSError as error:
                raise _named(error) from error

    def flush(self) -> None:
        while True:
            try:
                return super().flush()
            except BlockingIOError:
                self._wait()
            except OSError as error:
                raise _named(error) from error

    def _wait(self) -> None:
        """Somebody who shares the terminal or the pipe made it non-blocking: until it takes more."""
        select.select([], [self.fileno()], [])


def _named(error: OSError) -> Exception:
    if isinstance(error, BrokenPipeError):
        return error
    return OutputError(f"cannot write to standard output: {error.strerror}")


class _Messages(io.BufferedWriter):
    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError:
            return len(data)

    def flush(self) -> None:
        with suppress(OSError):
            super().flush()


def guard() -> None:
    """Let `sys.stdout` raise OutputError and `sys.stderr` nothing; streams that were replaced stay as they are.

    The three standard descriptors are open afterwards, so that no file that is opened takes the place of one.
    """
    closed = [fd for fd in range(3) if not _is_open(fd)]
    for _ in closed:  # the lowest that is free is taken; opened for reading, so that writing there is an error
        os.set_inheritable(os.open(os.devnull, os.O_RDONLY), True)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    if sys.stdout is sys.__stdout__:
        sys.stdout = _text(_Data(io.FileIO(1, "w", closefd=False)), sys.stdout)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _text(_Messages(io.FileIO(2, "w", closefd=False)), sys.stderr)


def silence() -> None:
    """Let nothing more be written to standard output: what is left in its buffer goes nowhere."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def _text(stream: io.BufferedWriter, before: io.TextIOWrapper | None) -> io.TextIOWrapper:
    encoding, errors = (before.encoding, before.errors) if before is not None else ("utf-8", "replace")
    at_once = stream.fileno() == 2 or stream.isatty()
    return io.TextIOWrapper(stream, encoding, errors, line_buffering=at_once)
