"""The Python writer: one event, one line, one `write` on an O_APPEND descriptor.

>>> from lineage_core import Journal
>>> journal = Journal("/srv/cortex/coordination/lineage")
>>> event_id = journal.log("task_created", "task-1", "user-kim", data={"priority": "high"})
>>> journal.log("task_assigned", "task-1", "coordinator-master", "development-master", parent=event_id)

Safe across threads, forks and processes: nothing is buffered, no descriptor is kept, no lock is taken. A line torn
by somebody else's crash is healed by starting the next one on a line of its own.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lineage_core import clock, codec, compose, paths
from lineage_core.errors import BadInputError, JournalError

_id_lock = threading.Lock()
_last_id = (0, 0)
os.register_at_fork(after_in_child=lambda: globals().__setitem__("_id_lock", threading.Lock()))


def new_id() -> str:
    """A fresh `lineage_id`: 16 digits of microseconds, 7 of process id, 3 of a counter.

    Compared as strings, ids of one process never go backward, even when the clock does.
    """
    global _last_id
    with _id_lock:
        at, count = _last_id
        present = time.time_ns() // 1000
        if present > at:
            at, count = present, 0
        elif count < 999:
            count += 1
        else:
            at, count = at + 1, 0
        _last_id = at, count
    return f"lineage-{at:016d}{os.getpid():07d}{count:03d}"


def append_line(path: Path, line: bytes) -> None:
    """Append one line (newline included) to a file by one `write`; makes missing directories, for the owner only.

    Raises JournalError that names the file. After a short write (a full disk, a size limit) part of the line is on
    disk and the caller is told; the next append starts a new line, so that only this event is lost.
    """
    try:
        fd, readable = _open(path)
        try:
            size = os.fstat(fd).st_size
            if size and (not readable or os.pread(fd, 1, size - 1) != b"\n"):
                line = b"\n" + line  # heals a torn end; where we cannot look, a blank line does no harm
            written = os.write(fd, line)
        finally:
            os.close(fd)
    except OSError as error:
        raise JournalError(f"cannot write {path}: {error.strerror}") from error
    if written != len(line):
        raise JournalError(f"cannot write {path}: only {written} of {len(line)} bytes fitted (disk full?)")


def _open(path: Path) -> tuple[int, bool]:
    """A descriptor that appends to the file, and whether it can also read it."""
    flags = os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
    try:
        return os.open(path, flags | os.O_RDWR, 0o666), True
    except FileNotFoundError:
        _make_directory(path.parent)
        return os.open(path, flags | os.O_RDWR, 0o666), True
    except PermissionError:
        return os.open(path, flags | os.O_WRONLY, 0o666), False


def _make_directory(directory: Path) -> None:
    """Like `mkdir -p`, but each directory made is for its owner only (0700), the parents too."""
    missing = [directory, *directory.parents]
    for folder in reversed([f for f in missing if not f.exists()]):
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            continue


class Journal:
    """A lineage directory to write to.

    directory: as `paths.lineage_dir` takes it; it is made when the first event is written.
    combined: also write each line to `task-lineage.jsonl`; default: LINEAGE_WRITE_COMBINED=1.
    environ: where CORTEX_SESSION_ID, CORTEX_TRACE_ID and CORTEX_PRINCIPAL are read, at each call.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str] | None = None,
        *,
        combined: bool | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self.directory = paths.lineage_dir(directory)
        self._combined = combined
        self._environ = environ

    def log(
        self,
        event_type: str,
        task_id: str,
        *args: str,
        data: str | Mapping[str, Any] | None = None,
        parent: str | None = None,
        related: Sequence[str] = (),
        tags: Sequence[str] = (),
        timestamp: str | None = None,
        environ: Mapping[str, str] | None = None,
        lenient: bool = False,
    ) -> str:
        """Log one event, with the arguments of the shell function of that name; returns its lineage_id.

        timestamp: ISO-8601, when it happened if that is not now. environ: in place of the journal's own.
        Raises BadInputError when the arguments are wrong and JournalError when it cannot be written; then nothing
        has been written (but see `append_line` for a disk that fills up in the middle of a line).
        """
        at = clock.now() if timestamp is None else clock.parse_timestamp(timestamp)
        if at is None:
            raise BadInputError(f"timestamp {timestamp!r} is not ISO-8601, like 2026-11-22T08:03:48Z")
        record = compose.compose(
            event_type,
            task_id,
            args,
            lineage_id=new_id(),
            timestamp=clock.format_timestamp(at),
            environ=self._environ if environ is None else environ,
            data=data,
            parent=parent,
            related=related,
            tags=tags,
            lenient=lenient,
        )
        self.append(record, at)
        return str(record["lineage_id"])

    def append(self, record: dict[str, Any], at: int) -> None:
        """Append a complete record to the daily file of `at`, its own time in microseconds since the epoch."""
        line = codec.encode(record)
        append_line(self.directory / paths.daily_name(clock.utc_date(at)), line)
        combined = self._combined
        if combined is None:
            combined = self._environ.get("LINEAGE_WRITE_COMBINED") == "1"
        if combined:
            append_line(self.directory / paths.COMBINED_NAME, line)

    def append_many(self, records: Iterable[tuple[dict[str, Any], int]]) -> int:
        """Append complete records, each with its time as `append` takes it; gives how many.

        One line and one write each, but the daily file is opened once for records of one day in a row.
        """
        count, date, fd, path = 0, "", -1, self.directory
        try:
            for record, at in records:
                line = codec.encode(record)
                day = clock.utc_date(at)
                if day != date:
                    if fd >= 0:
                        os.close(fd)
                        fd = -1
                    path = self.directory / paths.daily_name(day)
                    append_line(path, line)  # makes what is missing, heals a torn end
                    fd, date = _open(path)[0], day
                elif (written := os.write(fd, line)) != len(line):
                    raise JournalError(f"cannot write {path}: only {written} of {len(line)} bytes fitted")
                count += 1
        except OSError as error:
            raise JournalError(f"cannot write {path}: {error.strerror}") from error
        finally:
            if fd >= 0:
                os.close(fd)
        return count
