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
import stat
import time
from _thread import allocate_lock  # what threading.Lock is, without its import
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from lineage_core.base import clock
from lineage_core.base.errors import BadInputError, JournalError
from lineage_core.write import json_encoder as codec
from lineage_core.write import locations as paths
from lineage_core.write import record_builder as compose

if TYPE_CHECKING:
    from pathlib import Path

    from lineage_core.model.record import Record

_LINKS = 8
"""How many symbolic links in a row may lead to a file."""

_id_lock = allocate_lock()
_last_id = (0, 0)
os.register_at_fork(after_in_child=lambda: globals().__setitem__("_id_lock", allocate_lock()))


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


def append_line(path: str | os.PathLike[str], line: bytes) -> None:
    """Append one line (newline included) to a file by one `write`; makes missing directories, for the owner only.

    Raises JournalError that names the file. After a short write (a full disk, a size limit) part of the line is on
    disk and the caller is told; the next append starts a new line, so that only this event is lost.
    """
    path = os.fspath(path)
    try:
        fd, readable = _open(path)
        try:
            line = _heal(fd, readable) + line
            written = os.write(fd, line)
        finally:
            os.close(fd)
    except OSError as error:
        raise JournalError(f"cannot write {path}: {error.strerror}") from error
    if written != len(line):
        raise JournalError(f"cannot write {path}: only {written} of {len(line)} bytes fitted (disk full?)")


def _heal(fd: int, readable: bool) -> bytes:
    """What has to stand before a line: a newline if another writer left a torn end, or where we cannot look."""
    size = os.fstat(fd).st_size
    return b"\n" if size and (not readable or os.pread(fd, 1, size - 1) != b"\n") else b""


def _open(path: str) -> tuple[int, bool]:
    """A descriptor that appends to the file, and whether it can also read it.

    A file that is not there is made, but not through a symbolic link. Raises JournalError for what is no regular
    file, and for a link that another user has made.
    """
    flags = os.O_APPEND | os.O_NOCTTY | os.O_NONBLOCK | os.O_NOFOLLOW  # Python adds O_CLOEXEC
    named = path
    for attempt in (0, os.O_CREAT, os.O_CREAT):
        try:
            path = _linked_file(named)
            fd, readable = _open_either(path, flags | (attempt if path == named else 0))
            break
        except FileNotFoundError:
            if attempt and path == named:
                _make_directory(os.path.dirname(path))
    else:
        if os.path.islink(named):
            problem = f"it is a symbolic link to {path}, which is not there: make that file, or remove the link"
            raise JournalError(f"cannot write {named}: {problem}")
        raise JournalError(f"cannot write {named}: its directory goes away as soon as it is made")
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise JournalError(f"cannot write {named}: it is not a regular file")
    return fd, readable


def _linked_file(path: str) -> str:
    """The file that a path names, links followed that we or root have made: others could have us write anywhere.

    (The kernel's own rule, `fs.protected_symlinks`, is for sticky directories only.) Raises JournalError.
    """
    named = path
    for _ in range(_LINKS):
        try:
            found = os.lstat(path)
        except OSError:
            return path  # opening it tells what is wrong
        if not stat.S_ISLNK(found.st_mode):
            return path
        if found.st_uid not in (0, os.geteuid()):
            raise JournalError(f"cannot write {named}: {path} is a symbolic link that another user made")
        path = os.path.join(os.path.dirname(path), os.readlink(path))
    raise JournalError(f"cannot write {named}: too many symbolic links")


def _open_either(path: str, flags: int) -> tuple[int, bool]:
    try:
        return os.open(path, flags | os.O_RDWR, 0o666), True
    except PermissionError:
        return os.open(path, flags | os.O_WRONLY, 0o666), False


def _make_directory(directory: str) -> None:
    """Like `mkdir -p`, but each directory made is for its owner only (0700), the parents too."""
    missing = []
    while directory and not os.path.exists(directory):
        missing.append(directory)
        directory = os.path.dirname(directory)
    for folder in reversed(missing):
        try:
            os.mkdir(folder, 0o700)
        except FileExistsError:
            continue


class Journal:
    """A lineage directory to write to.

    directory: as `paths.lineage_dir` takes it; it is made when the first event is written.
    combined: also write each line to `task-lineage.jsonl`; default: LINEAGE_WRITE_COMBINED=1.
    environ: where CORTEX_SESSION_ID, CORTEX_TRACE_ID, CORTEX_PRINCIPAL and the LINEAGE_* settings of the writer
    (LINEAGE_TIMING, LINEAGE_REDACT…, LINEAGE_WRITE_COMBINED) are read, at each call.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str] | None = None,
        *,
        combined: bool | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._folder = paths.resolve(directory)
        self._combined = combined
        self._environ = environ

    @property
    def directory(self) -> Path:
        """The lineage directory."""
        from pathlib import Path

        return Path(self._folder)

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
        began: int | None = None,
        lineage_id: str | None = None,
    ) -> str:
        """Log one event, with the arguments of the shell function of that name; returns its lineage_id.

        data: a JSON object, as text or as a mapping. parent: the id of the event that caused it. related: ids of other
        tasks. tags: free words.
        timestamp: ISO-8601, when it happened if that is not now. environ: in place of the journal's own. lenient:
        keep the event even if its data is wrong (see `compose`). began: when the call began, in microseconds since
        the epoch, if that was before now, and lineage_id: its id, if it has one already.
        Raises BadInputError when the arguments are wrong and JournalError when it cannot be written; then nothing
        has been written (but see `append_line` for a disk that fills up in the middle of a line).
        """
        environ = self._environ if environ is None else environ
        present = clock.now()
        if began is None or os.environ.get("LINEAGE_NOW"):
            began = present
        at = began if timestamp is None else clock.parse_timestamp(timestamp)
        if at is None:
            raise BadInputError(f"timestamp {timestamp!r} is not ISO-8601, like 2026-11-22T08:03:48Z")
        record = compose.compose(
            event_type,
            task_id,
            args,
            lineage_id=lineage_id or new_id(),
            timestamp=clock.format_timestamp(at),
            environ=environ,
            data=data,
            parent=parent,
            related=related,
            tags=tags,
            lenient=lenient,
        )
        if environ.get("LINEAGE_TIMING") == "1":
            metadata = record["event_data"].setdefault("metadata", {})
            if isinstance(metadata, dict):
                metadata["log_us"] = max(0, clock.now() - began)
        self.append(record, at, environ)
        return str(record["lineage_id"])

    def append(self, record: Record, at: int, environ: Mapping[str, str] | None = None) -> None:
        """Append a complete record to the daily file of `at`, its own time in microseconds since the epoch."""
        line = codec.encode(record)
        append_line(self._daily_file(clock.utc_date(at)), line)
        combined = self._combined
        if combined is None:
            combined = (self._environ if environ is None else environ).get("LINEAGE_WRITE_COMBINED") == "1"
        if combined:
            append_line(os.path.join(self._folder, paths.COMBINED_NAME), line)

    def append_many(self, records: Iterable[tuple[Record, int]]) -> int:
        """Append complete records, each with its time as `append` takes it; gives how many.

        One line and one write each, but the daily file is opened once for records of one day in a row. What another
        writer leaves torn meanwhile is healed all the same. Raises JournalError for the first that cannot be written.
        """
        count = 0
        for day, group in groupby(records, lambda one: clock.utc_date(one[1])):
            path = self._daily_file(day)
            lines = (codec.encode(record) for record, _ in group)
            append_line(path, next(lines))  # makes what is missing, heals a torn end
            count += 1
            try:
                fd, readable = _open(path)
                try:
                    for line in lines:
                        line = _heal(fd, readable) + line
                        if (written := os.write(fd, line)) != len(line):
                            raise JournalError(f"cannot write {path}: only {written} of {len(line)} bytes fitted")
                        count += 1
                finally:
                    os.close(fd)
            except OSError as error:
                raise JournalError(f"cannot write {path}: {error.strerror}") from error
        return count

    def _daily_file(self, date: str) -> str:
        """The path of a daily file. Raises JournalError for a directory of hosts: nobody would read it there."""
        if paths.holds_hosts(self._folder):
            raise JournalError(f"{self._folder} holds the directories of hosts: log into one of these")
        return os.path.join(self._folder, paths.daily_name(date))
