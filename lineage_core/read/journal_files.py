"""Which files hold the journal, in which order they are read, and how bytes are got out of them, packed ones too."""

from __future__ import annotations

import os
import re
import stat
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from lineage_core.base.errors import JournalError
from lineage_core.write.locations import COMBINED_NAME, daily_name

ARCHIVE = "archive"

UNPACK_RATIO = 250
UNPACK_FREE = 64 << 20
"""A packed file may unpack to 64 MiB plus 250 times its size; what comes after that is not read. Text of ours packs
15 to 40 times, a bomb of zeros 1,030 times."""

_NAME = re.compile(r"(?:lineage-(\d{4}-\d\d-\d\d)|task-lineage)\.jsonl(|[.-].*[^~])")
_NOT_OURS = (".tmp", ".part", ".swp", ".lock", ".bak")
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
        """Whether it is compressed by gzip."""
        return self.path.name.endswith(".gz")

    @property
    def archived(self) -> bool:
        """Whether it lies in the archive."""
        return self.path.parent.parent.name == ARCHIVE or self.path.parent.name == ARCHIVE


def canonical_name(file_name: str) -> str | None:
    """`lineage-2026-11-22.jsonl` for that file, its rotated copies (`.1`, `-20261123`, `.archiving`) and its packed
    ones (`.gz`); likewise for the combined file; None for a name that is no journal file's."""
    match = _NAME.fullmatch(file_name)
    if not match or file_name.endswith(_NOT_OURS):
        return None
    return daily_name(match[1]) if match[1] else COMBINED_NAME


def files(directory: Path, problems: dict[str, str] | None = None) -> list[JournalFile]:
    """The journal files of a lineage directory and of `archive/` and `archive/YYYY-MM/` below it, in reading order:
    newest daily file first, the combined file last; of one day the daily file first and the archived one last.

    problems: filled with what is named like a journal file and cannot be read, and why. Raises FileNotFoundError
    when the directory does not exist and JournalError when it cannot be listed.
    """
    troubles: dict[str, str] = {} if problems is None else problems
    found: list[JournalFile] = []
    try:
        _list(directory, found, troubles)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise JournalError(f"cannot list {directory}: {error.strerror}") from error
    folders = [directory / ARCHIVE]
    for folder in folders:
        try:
            subfolders = _list(folder, found, troubles)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            troubles[str(folder.relative_to(directory))] = why(error)
            continue
        if folder is folders[0]:
            folders += subfolders
    found.sort(key=lambda file: (file.archived, file.path.name))
    found.sort(key=lambda file: file.date, reverse=True)
    return found


def _list(folder: Path, found: list[JournalFile], problems: dict[str, str]) -> list[Path]:
    """Add the journal files of one folder; returns its subfolders."""
    folders = []
    with os.scandir(folder) as entries:
        for entry in entries:
            name = canonical_name(entry.name)
            if name is None:
                if len(entry.name) == 7 and entry.is_dir():
                    folders.append(folder / entry.name)
                continue
            try:
                status = entry.stat()
            except FileNotFoundError:
                if entry.is_symlink():
                    problems[entry.name] = "a symbolic link to nothing"
                continue
            except OSError as error:
                problems[entry.name] = why(error)
                continue
            if not stat.S_ISREG(status.st_mode):
                problems[entry.name] = f"not a file but {_kind(status.st_mode)}"
            elif entry.name.endswith((".bz2", ".xz", ".zst", ".zip", ".lz4")):
                problems[entry.name] = "packed in a way that is not understood (gzip is)"
            else:
                date = "" if name == COMBINED_NAME else name[8:18]
                found.append(JournalFile(name, folder / entry.name, date, status))
    return sorted(folders, reverse=True)


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


def unpack(fd: int, block: int) -> Iterator[bytes]:
    """The content of a gzip file in pieces of at most `block` bytes; several members are one content.

    Raises JournalError, after the good beginning, when it is cut short, damaged, or unpacks to more than the cap.
    """
    room = UNPACK_FREE + UNPACK_RATIO * os.fstat(fd).st_size
    offset = 0
    machine = zlib.decompressobj(wbits=31)
    started = False  # whether a byte of this member was read
    packed = b""
    while True:
        if not packed:
            packed = os.pread(fd, _CHUNK, offset)
            offset += len(packed)
        ended = not packed
        if not started:
            packed = packed.lstrip(b"\0")  # padding between members
            if not packed:
                if ended:
                    return
                continue
        try:
            data = machine.decompress(packed, block)
        except zlib.error as error:
            raise JournalError(f"damaged: {error}") from error
        started, packed = True, machine.unconsumed_tail
        room -= len(data)
        if room < 0:
            raise JournalError(f"unpacks to more than {UNPACK_RATIO} times its size; the rest is not read")
        if data:
            yield data
        if machine.eof:
            packed = machine.unused_data
            machine, started = zlib.decompressobj(wbits=31), False
        elif ended and not data:
            raise JournalError("cut short")


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
        if not path.name.endswith(".gz"):
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
