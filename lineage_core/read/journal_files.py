"""Which files hold the journal, in which order they are read, and how bytes are got out of them.

Read are the daily files and the combined one, what logrotate makes of them with any of its options (`.1`, `-20261129`,
`extension .jsonl`, `compress`, `olddir`), what people make (`lineage-DATE (copy).jsonl`, `-host2.jsonl`, `.ndjson`)
and the archive. Events that stand in several of them count once.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from lineage_core.base.errors import JournalError
from lineage_core.read.compression import cannot_unpack, is_packed, unpack
from lineage_core.write.locations import COMBINED_NAME, daily_name

ARCHIVE = "archive"

_NAME = re.compile(
    r"(?:lineage-(\d{4}-\d\d-\d\d)|task-lineage)(?:[ ._(-].*)?\.(?:jsonl|ndjson)(?:[ ._(-].*[^~])?", re.DOTALL
)
_LIKE = re.compile(
    r"[^.].*\.(?:jsonl|ndjson)(?:[^A-Za-z].*)?"
    r"|[^.]*lineage[^.]*\d{4}-?\d\d-?\d\d[^.]*(?:\.(?:json|log|txt|gz|xz|bz2|zst|bak|old|orig|\d+))*",
    re.IGNORECASE | re.DOTALL,
)
"""Names that a journal file may have been given by somebody: those that are not read are told of."""
_IN_PROGRESS = (".tmp", ".part", ".swp", ".lock")
_NOT_OURS = (*_IN_PROGRESS, ".bak")
_OPEN = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_CHUNK = 1 << 18


class JournalFile(NamedTuple):
    """A file that holds events.

    name: the canonical name, which orders facts: that of the daily file also for its renamed or packed copy.
    date: `YYYY-MM-DD`, or an empty string for the combined file. status: as `os.stat` gave it.
    """

    name: str
    path: Path
    date: str
    status: os.stat_result

    @property
    def packed(self) -> bool:
        """Whether it is compressed."""
        return is_packed(self.path)

    @property
    def archived(self) -> bool:
        """Whether it lies in the archive."""
        return self.path.parent.parent.name == ARCHIVE or self.path.parent.name == ARCHIVE


def canonical_name(file_name: str) -> str | None:
    """`lineage-2026-11-22.jsonl` for that file, its rotated copies (`.1`, `-20261123`, `.archiving`, also before the
    ending) and its packed ones (`.gz`); likewise for the combined file; None for a name that is no journal file's."""
    match = _NAME.fullmatch(file_name)
    if not match or file_name.endswith(_NOT_OURS):
        return None
    return daily_name(match[1]) if match[1] else COMBINED_NAME


_LISTINGS = 100
"""How often a directory is listed whose files are renamed meanwhile, at most."""


def files(
    directory: Path, problems: dict[str, str] | None = None, unread: dict[str, str] | None = None
) -> list[JournalFile]:
    """The journal files of a lineage directory, of the folders in it, and of those in `archive/`, in reading order:
    newest daily file first, the combined file last; of one day the daily file first and the archived one last.

    problems: filled with what is named like a journal file and cannot be read, and why. unread: filled with what may
    be a journal file by its name and is not read, and why. Raises FileNotFoundError when the directory does not exist
    and JournalError when it cannot be listed.
    """
    for _ in range(_LISTINGS):
        troubles: dict[str, str] = {}
        others: dict[str, str] = {}
        found: list[JournalFile] = []
        if _list_all(directory, found, troubles, others):
            break  # else one went away between its name and its status: it may have another name now
    if problems is not None:
        problems |= troubles
    if unread is not None:
        unread |= others
    found.sort(key=lambda file: (file.archived, file.path.parent != directory, file.path.name != file.name, file.path))
    found.sort(key=lambda file: file.date, reverse=True)
    return found


def _list_all(directory: Path, found: list[JournalFile], troubles: dict[str, str], others: dict[str, str]) -> bool:
    """Add the journal files of all folders; whether each that was named was there."""
    try:
        folders, whole = _list(directory, "", found, troubles, others)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise JournalError(f"cannot list {directory}: {error.strerror}") from error
    for name in folders:
        try:
            below, there = _list(directory / name, f"{name}/", found, troubles, others)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            troubles[name] = why(error)
            continue
        whole = whole and there
        if name == ARCHIVE:
            folders += [f"{name}/{folder}" for folder in below]
    return whole


def _list(
    folder: Path, prefix: str, found: list[JournalFile], problems: dict[str, str], unread: dict[str, str]
) -> tuple[list[str], bool]:
    """Add the journal files of one folder, whose name below the directory is the prefix; returns its subfolders, and
    whether each file that it named was there."""
    folders, whole = [], True
    with os.scandir(folder) as entries:
        for entry in entries:
            name = canonical_name(entry.name)
            if name is None:
                if entry.is_dir(follow_symlinks=entry.name == ARCHIVE):
                    if not entry.name.startswith("."):
                        folders.append(entry.name)
                elif _LIKE.fullmatch(entry.name) and not entry.name.endswith(_IN_PROGRESS):
                    unread[prefix + entry.name] = "no name of a journal file (lineage-YYYY-MM-DD.jsonl): it is not read"
                continue
            try:
                status = entry.stat()
            except FileNotFoundError:
                if entry.is_symlink():
                    problems[prefix + entry.name] = "a symbolic link to nothing"
                else:
                    whole = False
                continue
            except OSError as error:
                problems[prefix + entry.name] = why(error)
                continue
            if not stat.S_ISREG(status.st_mode):
                problems[prefix + entry.name] = f"not a file but {_kind(status.st_mode)}"
            elif trouble := cannot_unpack(entry.name):
                problems[prefix + entry.name] = trouble
            else:
                date = "" if name == COMBINED_NAME else name[8:18]
                found.append(JournalFile(name, folder / entry.name, date, status))
    return sorted(folders, reverse=True), whole


def _kind(mode: int) -> str:
    for test, name in (
        (stat.S_ISDIR, "a directory"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    ):
        if test(mode):
            return name
    return "something else"


def why(error: OSError) -> str:
    """The cause in words: `no such file or directory`."""
    return (error.strerror or str(error)).lower()


def open_file(path: Path) -> int:
    """A descriptor to read a regular file; never waits, not even for a pipe. Raises JournalError."""
    try:
        fd = os.open(path, _OPEN)
    except OSError as error:
        raise JournalError(why(error)) from error
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return fd
    os.close(fd)
    raise JournalError("not a file")


def pieces(fd: int, block: int, size: int | None = None) -> Iterator[bytes]:
    """The content of a file, or its first `size` bytes, in pieces of at most `block` bytes."""
    offset = 0
    while data := os.pread(fd, block if size is None else min(block, size - offset), offset):
        offset += len(data)
        yield data


def read_again(directory: Path, name: str, offset: int, length: int, is_it: Callable[[bytes], bool]) -> bytes | None:
    """The bytes of one record that stood in a file (its canonical name), from whichever copy of the file has it there.

    is_it: whether bytes are the record; it may raise ValueError. None if no copy has it there.
    """
    for path in copies_of(directory, name):
        try:
            raw = _read_at(path, offset, length)
            if len(raw) == length and is_it(raw):
                return raw
        except (JournalError, OSError, ValueError):
            continue
    return None


def _read_at(path: Path, offset: int, length: int) -> bytes:
    """Bytes of a plain or a packed file; fewer where it is shorter."""
    fd = open_file(path)
    try:
        if not is_packed(path):
            return os.pread(fd, length, offset)
        raw, at = b"", 0
        for data in unpack(fd, _CHUNK):
            raw += data[max(offset - at, 0) : max(offset + length - at, 0)]
            at += len(data)
            if at >= offset + length:
                break
        return raw
    finally:
        os.close(fd)


def copies_of(directory: Path, name: str) -> list[Path]:
    """Where the content of a file may be found by its canonical name: itself, its renamed and packed copies."""
    try:
        return [file.path for file in files(directory) if file.name == name]
    except FileNotFoundError:
        return []
