"""The directory, its files and the disk they are on."""

from __future__ import annotations

import fcntl
import grp
import os
import pwd
import stat
from collections.abc import Iterator
from pathlib import Path

from lineage_core.base.errors import JournalError
from lineage_core.maintenance.archive import LOCK, MOVED
from lineage_core.maintenance.doctor.check import MEGABYTE, CheckResult, Surroundings, Word
from lineage_core.model.host_file_names import HOSTS_MARK, folder_of, host_of
from lineage_core.present.sentences import counted
from lineage_core.read.journal_files import ARCHIVE, JournalFile, files

_LEAST_FREE = 100 * MEGABYTE
_LEAST_INODES = 1000
_DAYS_AHEAD = 30
_SHOWN = 3  # names in one line


def directory(surroundings: Surroundings) -> Iterator[CheckResult]:
    """Whether the directory is there and can be listed."""
    path = surroundings.directory
    try:
        listed = surroundings.files
    except FileNotFoundError:
        advice = "the first event makes it; or give --dir, LINEAGE_DIR or CORTEX_HOME"
        yield CheckResult("directory", Word.PROBLEM, f"{path} does not exist", advice)
        return
    except JournalError as error:
        yield CheckResult("directory", Word.PROBLEM, str(error), "check what it is, and its permissions")
        return
    size = sum(file.status.st_size for file in listed)
    values = {"path": str(path), "files": len(listed), "bytes": size}
    yield CheckResult(
        "directory", Word.OK, f"{path}: {counted(len(listed), 'file')}, {_megabytes(size)}", values=values
    )
    if others := _other_histories(path):
        text = f"this host has other histories, which are not read here: {', '.join(map(str, others))}"
        yield CheckResult("directory", Word.PROBLEM, text, "choose one by --dir or CORTEX_ENV")


def _other_histories(path: Path) -> list[Path]:
    """Lineage directories with events beside this one, below `coordination`: of other environments (`prod`, `dev`,
    `staging`, …), or without one."""
    absolute = path.absolute()
    coordination = next((folder for folder in absolute.parents[:2] if folder.name == "coordination"), None)
    if coordination is None:
        return []
    others, known = [], {_identity(absolute)}
    for folder in sorted([*coordination.glob("lineage"), *coordination.glob("*/lineage")]):
        try:
            if (identity := _identity(folder)) not in known and files(folder):
                others.append(folder)
                known.add(identity)
        except (OSError, JournalError):
            continue  # none, or none that we may read
    return others


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


def permissions(surroundings: Surroundings) -> Iterator[CheckResult]:
    """Who may write here and cannot append to a file, and what others can read or change."""
    status = surroundings.directory.stat()
    writers = _writers(status)
    found = False
    if not writers:
        mode = stat.S_IMODE(status.st_mode)
        yield _bad(f"nobody may make files in {surroundings.directory} (mode {mode:04o})", "chmod u+rwx it")
        found = True
    for who, letter in writers.items():
        stuck = [file for file in surroundings.live if not _can_append(who, file, status) and not _has_acl(file.path)]
        if stuck:
            name = _name(who, status)
            yield _bad(f"{name} cannot append to {_names(stuck)}", f"chmod {letter}+w them; umask 002 for writers")
            found = True
    if _reachable(surroundings.directory):
        for bit, can, cure in ((stat.S_IWOTH, "change", "o-w"), (stat.S_IROTH, "read", "o-rwx")):
            open_ = [file for file in surroundings.files if file.status.st_mode & bit]
            if open_:
                target = surroundings.directory if bit == stat.S_IROTH else "them"
                yield _bad(f"other users can {can} {_names(open_)}", f"chmod {cure} {target}")
                found = True
    if not found:
        yield CheckResult("permissions", Word.OK, "who may write can append, and others cannot read")


def _bad(text: str, advice: str) -> CheckResult:
    return CheckResult("permissions", Word.PROBLEM, text, advice)


def _writers(status: os.stat_result) -> dict[str, str]:
    """Who may make files in a directory: `owner`, `group`, `others`, each with its letter for chmod."""
    bits = {"owner": (0o300, "u"), "group": (0o030, "g"), "others": (0o003, "o")}
    return {who: letter for who, (bit, letter) in bits.items() if status.st_mode & bit == bit}


def _can_append(who: str, file: JournalFile, directory: os.stat_result) -> bool:
    status = file.status
    if who == "owner":
        if directory.st_uid == 0:
            return True
        if status.st_uid == directory.st_uid:
            return bool(status.st_mode & stat.S_IWUSR)
        try:
            user = pwd.getpwuid(directory.st_uid)
            groups = os.getgrouplist(user.pw_name, user.pw_gid)
        except KeyError:
            groups = [directory.st_gid]
        if status.st_gid in groups:
            return bool(status.st_mode & stat.S_IWGRP)
    elif who == "group" and status.st_gid == directory.st_gid:
        return bool(status.st_mode & stat.S_IWGRP)
    return bool(status.st_mode & stat.S_IWOTH)


def _name(who: str, status: os.stat_result) -> str:
    if who == "others":
        return "every user may make files here, but others"
    try:
        if who == "owner":
            return f"{pwd.getpwuid(status.st_uid).pw_name}, who owns the directory,"
        return f"group {grp.getgrgid(status.st_gid).gr_name}, which may make files here,"
    except KeyError:
        return f"{who} {status.st_uid if who == 'owner' else status.st_gid}"


def _has_acl(path: Path) -> bool:
    """Whether an access list says more than the mode does; then the mode is not judged."""
    try:
        return "system.posix_acl_access" in os.listxattr(path)
    except OSError:
        return False


def _reachable(path: Path) -> bool:
    """Whether other users can come as far as into this directory."""
    absolute = path.resolve()
    try:
        return all(folder.stat().st_mode & stat.S_IXOTH for folder in (absolute, *absolute.parents))
    except OSError:
        return False


def names(surroundings: Surroundings) -> Iterator[CheckResult]:
    """What is named like a journal file and is none, links, and what a killed archive run left."""
    found = [(f"{name}: {why}", "look at it, and move it away") for name, why in sorted(surroundings.problems.items())]
    found += [
        (f"{name}: {why}", "give it such a name, or move it away") for name, why in sorted(surroundings.unread.items())
    ]
    links = [file.path.relative_to(surroundings.directory) for file in surroundings.files if file.path.is_symlink()]
    found += [(f"{link} is a symbolic link", "put the file itself there") for link in links]
    if not _archive_runs(surroundings.directory):
        left = [file.path for file in surroundings.files if file.path.name.endswith(MOVED)]
        left += surroundings.directory.glob(f"{ARCHIVE}/*/*.gz.tmp")
        if left:
            shown = ", ".join(str(path.relative_to(surroundings.directory)) for path in left[:_SHOWN])
            found.append((f"an archive run was ended in the middle: {shown}", "lineage archive"))
    for text, advice in found:
        yield CheckResult("names", Word.PROBLEM, text, advice)
    if beside := [file for file in surroundings.files if _lies_beside_hosts(file, surroundings.directory)]:
        text = f"beside the directories of hosts: {_names(beside)}, read as of a host {host_of(beside[0].name)}"
        yield CheckResult("names", Word.NOTE, text, f"take them to their host's, and then touch {HOSTS_MARK} there")
    elif not found:
        yield CheckResult("names", Word.OK, "every file named like one of ours is one")


def _lies_beside_hosts(file: JournalFile, directory: Path) -> bool:
    return file.path.relative_to(directory).parts[0] != folder_of(file.name) != ""


def _archive_runs(directory: Path) -> bool:
    """Whether somebody holds the archive's lock at this moment."""
    try:
        fd = os.open(directory / ARCHIVE / LOCK, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(fd)
    return False


def space(surroundings: Surroundings) -> Iterator[CheckResult]:
    """Room on the disk for the next days, at the rate of the last ones."""
    disk = os.statvfs(surroundings.directory)
    free = disk.f_bavail * disk.f_frsize
    daily = [file.status.st_size for file in surroundings.files if file.date and not file.packed][:7]
    need = max(_LEAST_FREE, _DAYS_AHEAD * sum(daily) // max(1, len(daily)))
    values = {"free_bytes": free, "needed_bytes": need, "free_inodes": disk.f_favail if disk.f_files else None}
    short = []
    if free < need:
        short.append(f"{_megabytes(free)} free, and {_megabytes(need)} are needed for {_DAYS_AHEAD} days")
    if disk.f_files and disk.f_favail < _LEAST_INODES:
        short.append(f"{disk.f_favail} inodes free")
    if short:
        yield CheckResult("space", Word.PROBLEM, "; ".join(short), "free some, or `lineage archive`", values)
    else:
        yield CheckResult("space", Word.OK, f"{_megabytes(free)} free", values=values)


def size(surroundings: Surroundings) -> Iterator[CheckResult]:
    """Whether a file is over the size limit, and what to do about it."""
    large = [file for file in surroundings.files if not file.packed and file.status.st_size > surroundings.size_limit]
    largest = max((file.status.st_size for file in surroundings.files if not file.packed), default=0)
    values = {
        "largest_bytes": largest,
        "limit_bytes": surroundings.size_limit,
        "over": [file.path.name for file in large],
    }
    if not large:
        yield CheckResult("size", Word.OK, f"the largest file has {_megabytes(largest)}", values=values)
        return
    cure = "`lineage archive` packs closed months"
    if any(not file.date for file in large):
        cure = "`lineage archive --combined` packs task-lineage.jsonl"
    text = f"over {_megabytes(surroundings.size_limit)}: {_names(large)}, the largest {_megabytes(largest)}"
    yield CheckResult("size", Word.PROBLEM, text, cure, values)


def _names(found: list[JournalFile]) -> str:
    shown = ", ".join(file.path.name for file in found[:_SHOWN])
    return shown + (f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else "")


def _megabytes(size: int) -> str:
    return f"{size / MEGABYTE:,.1f} MB"
