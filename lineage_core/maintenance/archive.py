"""Closed months into `archive/YYYY-MM/lineage-DATE.jsonl.gz`, while writers write and readers read.

Writers take no lock, so a file goes this way, and can be found by readers at every step of it:

1. `lineage-DATE.jsonl` is renamed to `lineage-DATE.jsonl.archiving`. Later events of that day begin a new file.
2. Whoever had opened it before finishes (see `maintenance/open_writers.py`).
3. It is compressed into a `.tmp` beside its place in the archive, always to the same bytes, and made durable.
4. The `.tmp` is unpacked and compared with it, byte for byte.
5. The `.tmp` is renamed into its place.
6. The `.archiving` is removed.

If the archive has that day already, late events came: the `.tmp` is a copy of it with one more member. Killed at any
point, a later run goes on: a `.tmp` is begun anew, and an `.archiving` whose content ends the archived file was only
to be removed. Both at once do no harm, since readers take two records of equal content for one event.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from lineage_core.base.clock import DAY, utc_date
from lineage_core.base.errors import JournalError
from lineage_core.maintenance import gzip_members as packing
from lineage_core.maintenance.file_lock import locked
from lineage_core.maintenance.open_writers import PATIENCE, WriterWait
from lineage_core.read.journal_files import ARCHIVE
from lineage_core.write.locations import COMBINED_NAME, DAILY_NAME, holds_hosts

MOVED = ".archiving"
LOCK = ".lock"
LOCK_PATIENCE = 10.0
"""Seconds to wait for another run to finish."""

ASTRAY = "it lies beside the directories of hosts and in none of them; archive one of these"

_MOVED_NAME = re.compile(rf"(?:{DAILY_NAME.pattern}|{re.escape(COMBINED_NAME)}){re.escape(MOVED)}")


class Source(NamedTuple):
    """A file to be archived. size: in bytes. target: where its content goes."""

    path: Path
    size: int
    target: Path

    @property
    def name(self) -> str:
        """The name it had when it was written."""
        return self.path.name.removesuffix(MOVED)

    @property
    def moved(self) -> bool:
        """Whether it is renamed already."""
        return self.path.name.endswith(MOVED)


StepWord = Literal["packed", "verified", "placed", "removed", "renamed", "idle", "left"]


class Step(NamedTuple):
    """One thing done to a file, or `left`, with the reason in `note`."""

    word: StepWord
    source: Source
    note: str = ""


def due(directory: Path, now: int, keep_days: int, *, combined: bool = False) -> list[Source]:
    """What a run would archive: what a killed one left, and the daily files of closed months (UTC), oldest first.

    keep_days: days before today that stay, whatever their month. combined: `task-lineage.jsonl` too.
    Raises JournalError if the directory cannot be listed. Symbolic links and what is no file are left out.
    """
    today, newest = utc_date(now), utc_date(now - keep_days * DAY)
    found = []
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                daily = DAILY_NAME.fullmatch(entry.name)
                wanted = daily[1][:7] < today[:7] and daily[1] < newest if daily else False
                if not (wanted or _MOVED_NAME.fullmatch(entry.name) or (combined and entry.name == COMBINED_NAME)):
                    continue
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue  # it went away just now
                if stat.S_ISREG(status.st_mode):
                    path = directory / entry.name
                    found.append(Source(path, status.st_size, _target(path, status)))
    except OSError as error:
        raise JournalError(f"cannot list {directory}: {error.strerror}") from error
    return sorted(found)


def _target(path: Path, status: os.stat_result) -> Path:
    """The place in the archive: a daily file's in the folder of its month, the combined one's by its last write."""
    name = path.name.removesuffix(MOVED)
    if daily := DAILY_NAME.fullmatch(name):
        return path.parent / ARCHIVE / daily[1][:7] / f"{name}.gz"
    written = utc_date(status.st_mtime_ns // 1000).replace("-", "")
    return path.parent / ARCHIVE / f"{name}-{written}.gz"


def archive(
    directory: Path,
    now: int,
    keep_days: int,
    *,
    combined: bool = False,
    patience: float = PATIENCE,
    lock_patience: float = LOCK_PATIENCE,
) -> Iterator[Step]:
    """Archive what is due, telling each step when it is done.

    now: microseconds since the epoch. keep_days: files of the last so many days stay. combined: `task-lineage.jsonl`,
    too. patience: see `open_writers.WriterWait`; a file that is still written after it stays `.archiving`, which
    readers read, for the next run. lock_patience: seconds to wait for another run to finish.
    Of a directory with the mark of one of hosts, nothing is archived: what is due there is left.
    Raises JournalError when another run holds the lock for longer, or when something cannot be written; nothing is
    lost then, and the next run goes on.
    """
    found = due(directory, now, keep_days, combined=combined)
    if holds_hosts(directory):
        yield from (Step("left", source, ASTRAY) for source in found)
        return
    if not found:
        return
    try:
        _make_folder(directory / ARCHIVE, directory)
        with locked(directory / ARCHIVE / LOCK, lock_patience):
            left = [source for source in due(directory, now, keep_days) if source.moved]
            yield from _finish(directory, [(source, WriterWait(source.path, patience)) for source in left])
            moved = []  # all are renamed before the first is waited for
            for source in due(directory, now, keep_days, combined=combined):
                path = source.path.with_name(source.name + MOVED)
                if source.moved:
                    continue  # it was left just now
                if os.path.lexists(path):
                    yield Step("left", source, f"{path.name} is in its way")
                    continue
                try:
                    source.path.rename(path)
                    waiting = WriterWait(path, patience)
                except FileNotFoundError:
                    yield Step("left", source, "it went away meanwhile")
                    continue
                moved.append((source._replace(path=path), waiting))
                yield Step("renamed", source)
            _sync(directory)
            yield from _finish(directory, moved)
    except OSError as error:
        raise JournalError(f"cannot archive {error.filename or directory}: {error.strerror}") from error


def _finish(directory: Path, moved: list[tuple[Source, WriterWait]]) -> Iterator[Step]:
    """Pack the renamed files, verify and remove them; what cannot be done safely is left as it is."""
    for source, waiting in moved:
        try:
            yield from _finish_one(directory, source, waiting)
        except JournalError as error:
            yield Step("left", source, str(error))
        except OSError as error:
            yield Step("left", source, f"{error.filename or 'writing'}: {error.strerror}")


def _finish_one(directory: Path, source: Source, waiting: WriterWait) -> Iterator[Step]:
    if busy := waiting.wait():
        raise JournalError(busy)
    yield Step("idle", source)
    target = source.target
    fresh = target.with_name(f"{target.name}.tmp")
    if target.exists() and packing.ends_with(target, source.path):
        size = source.path.stat().st_size  # a run was killed before it could remove the source
    else:
        _make_folder(target.parent, directory)
        try:
            size = packing.pack(source.path, target, fresh)
            yield Step("packed", source)
            if not packing.unpacks_to(fresh, target, source.path, size):
                raise JournalError(f"{fresh} does not unpack to what was packed (a bad disk?)")
        except (OSError, JournalError):
            fresh.unlink(missing_ok=True)  # the disk may be full of it
            raise
        yield Step("verified", source)
        fresh.rename(target)
    _sync(target.parent)
    yield Step("placed", source)
    if source.path.stat().st_size != size:
        raise JournalError("it was written after all; the next run adds what came")
    source.path.unlink()
    _sync(directory)
    yield Step("removed", source)


def _make_folder(folder: Path, like: Path) -> None:
    """A folder with the owner and the permissions of the lineage directory, so that who reads one reads both."""
    if folder.is_dir():
        return
    folder.mkdir(0o700)
    fd = os.open(folder, os.O_NOFOLLOW)
    try:
        packing.hand_over(fd, like.stat())
    finally:
        os.close(fd)
    _sync(folder.parent)


def _sync(folder: Path) -> None:
    """Make renames and removals in a folder durable."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
