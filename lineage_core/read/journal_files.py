"""Which files hold the journal, in which order they are read, and how bytes are got out of them.

Read are the daily files and the combined one, what logrotate makes of them with any of its options (`.1`, `-20261129`,
`extension .jsonl`, `compress`, `olddir`), what people make (`lineage-DATE (copy).jsonl`, `-host2.jsonl`, `.ndjson`)
and the archive. Events that stand in several of them count once.

A directory of hosts holds one lineage directory a host. It is one where it has the mark (`HOSTS_MARK`): what else lies
there is told, and not read. Without the mark it is one where it has no journal files of its own, or its folders hold
several journals all the same (`read/day_openings.py`): then its own files are those of one more host, which is called
as the directory is. The canonical names of the files begin with the host (`model/host_file_names.py`): so each fact,
checkpoint and snapshot knows its host, and needs no field for it.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from lineage_core.base.errors import JournalError
from lineage_core.model.host_file_names import HOSTS_MARK, folder_of, prefix_of
from lineage_core.read.compression import cannot_unpack, is_packed
from lineage_core.read.day_openings import hold_several_journals
from lineage_core.write.locations import COMBINED_NAME, daily_name, holds_hosts

ARCHIVE = "archive"
_ASTRAY = "it lies beside the directories of hosts and in none of them: it is not read"

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


class JournalFile(NamedTuple):
    """A file that holds events.

    name: the canonical name, which orders facts: that of the daily file also for its renamed or packed copy; of one of
    several hosts with the host before it.
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

    Of a directory of hosts: those of all hosts, each ordered so.

    problems: filled with what is named like a journal file and cannot be read, and hosts of which there is nothing, and
    why. unread: filled with what may
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
    found.sort(
        key=lambda file: (file.archived, len(file.path.parts), not file.name.endswith(file.path.name), file.path)
    )
    found.sort(key=lambda file: file.date, reverse=True)
    return found


def host_folders(directory: Path) -> list[Path]:
    """The folders of a directory in which each may be a host's lineage directory; none if it is one journal's.

    Links to directories count. Raises as `files` does.
    """
    folders, beside = _entries(directory)
    if not beside or holds_hosts(directory):
        return folders
    heard: list[JournalFile] = []
    for folder in folders if len(folders) > 1 else ():
        _list_host(folder, heard, {}, {})
    return folders if _several(heard) else []


def _entries(directory: Path) -> tuple[list[Path], list[str]]:
    """The folders in a directory, but for its archive, and the names in it that are of a journal."""
    folders, of_a_journal = [], []
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                if _of_a_journal(entry.name):
                    of_a_journal.append(entry.name)
                elif not entry.name.startswith(".") and (entry.is_symlink() or entry.is_dir()):
                    folders.append(directory / entry.name)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise JournalError(f"cannot list {directory}: {error.strerror}") from error
    return sorted(folders), of_a_journal


def _several(heard: list[JournalFile]) -> bool:
    """Whether the files of folders, each with the folder before its name, are those of several journals."""
    return hold_several_journals((folder_of(file.name), file.date, file.path) for file in heard if file.date)


def _name_of_own(directory: Path, hosts: list[Path]) -> str:
    """What the host is called whose files lie in a directory itself, beside those of others."""
    name = os.path.basename(os.path.abspath(directory)).lstrip(".") or "own"  # noqa: PTH100, PTH119 (of `..`, too)
    while name in {folder.name for folder in hosts} or _of_a_journal(name):
        name += "+"
    return name


def mark_hosts(directory: Path) -> None:
    """Make a directory one of hosts, for good. Raises JournalError where it holds a journal itself, and OSError."""
    if not holds_hosts(directory) and any(_of_a_journal(path.name) for path in directory.iterdir()):
        raise JournalError(f"{directory} holds a journal itself: choose another directory for those of hosts")
    (directory / HOSTS_MARK).touch(0o640)


def _of_a_journal(name: str) -> bool:
    """Whether an entry of that name makes its directory one journal's."""
    return name == ARCHIVE or canonical_name(name) is not None


def _list_all(directory: Path, found: list[JournalFile], troubles: dict[str, str], others: dict[str, str]) -> bool:
    """Add the journal files of all folders, and of all hosts; whether each that was named was there."""
    try:
        folders, whole = _list(directory, "", found, troubles, others)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise JournalError(f"cannot list {directory}: {error.strerror}") from error
    archive = [ARCHIVE] if ARCHIVE in folders else []
    marked, beside = holds_hosts(directory), bool(found or archive)
    hosts, _ = _entries(directory)
    if marked or not beside or len(hosts) > 1:
        heard: list[JournalFile] = []
        silent: dict[str, str] = {}
        odd: dict[str, str] = {}
        each = [_list_host(folder, heard, silent, odd) for folder in hosts]
        if marked or (_several(heard) if beside else any(file.path.parent in hosts for file in heard)):
            if marked:
                troubles |= dict.fromkeys([*(file.path.name for file in found), *archive], _ASTRAY)
                found.clear()
            elif beside:
                whole = _list_below(directory, "", archive, found, troubles, others) and whole
                own = prefix_of(_name_of_own(directory, hosts))
                found[:] = [file._replace(name=own + file.name) for file in found]
            found += heard
            troubles |= silent
            others |= odd
            return whole and all(each)
    return _list_below(directory, "", folders, found, troubles, others) and whole


def _list_below(
    directory: Path,
    prefix: str,
    folders: list[str],
    found: list[JournalFile],
    troubles: dict[str, str],
    others: dict[str, str],
) -> bool:
    """Add the journal files of the folders of a lineage directory, and of its archive."""
    whole = True
    for name in folders:
        try:
            below, there = _list(directory / name, f"{prefix}{name}/", found, troubles, others)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            troubles[prefix + name] = why(error)
            continue
        whole = whole and there
        if name == ARCHIVE:
            folders += [f"{name}/{folder}" for folder in below]
    return whole


def _list_host(folder: Path, found: list[JournalFile], troubles: dict[str, str], others: dict[str, str]) -> bool:
    """Add the journal files of a host, with its name before theirs."""
    own: list[JournalFile] = []
    whole, prefix = True, f"{folder.name}/"
    try:
        folders, whole = _list(folder, prefix, own, troubles, others)
        whole = _list_below(folder, prefix, folders, own, troubles, others) and whole
    except OSError as error:
        troubles[folder.name] = f"{why(error)}: nothing is known of this host"
    else:
        if not own:
            troubles[folder.name] = "no journal files: nothing is known of this host"
    before = prefix_of(folder.name)
    found += [file._replace(name=before + file.name) for file in own]
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


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """As `open_file`, closed in the end."""
    fd = open_file(path)
    try:
        yield fd
    finally:
        os.close(fd)


def pieces(fd: int, block: int, end: int | None = None, offset: int = 0) -> Iterator[bytes]:
    """The content of a file from an offset on, to its end or another offset, in pieces of at most `block` bytes."""
    while data := os.pread(fd, block if end is None else min(block, end - offset), offset):
        offset += len(data)
        yield data
