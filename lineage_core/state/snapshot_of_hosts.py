"""Which files of several hosts are folded into one snapshot: those of one day, as long as they are small together.

There the tasks that cross hosts are told already, and there are as many snapshots as days, however many hosts. One is
found again by its files, and serves as long as each of them begins with what it held. Files that came since have
another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path

from lineage_core.read.checkpoint import Checkpoint, Key
from lineage_core.read.journal_files import JournalFile
from lineage_core.state.snapshot import DamagedError, Snapshot
from lineage_core.state.snapshot_jobs import PART, REFOLD, Job, Part, ends_of, holds, key_of, weight

TOGETHER = 64 << 20
"""Bytes of files that are folded together, at most."""

_SUFFIX = "-hosts.snapshot"


def jobs_of_hosts(listed: list[JournalFile], cache: Path) -> list[Job]:
    """What is to be folded together of these files of a directory; nothing where there is one directory.

    cache: where the snapshots are. The first file is the newest one, and read from its end first.
    """
    if not any("/" in file.name for file in listed):
        return []
    jobs = [*_cached(listed, cache)]
    covered = {key_of(part.file) for job in jobs for part in job.parts}
    days: dict[str, list[JournalFile]] = {}
    for file in listed:
        if "/" in file.name and weight(file) <= PART and key_of(file) not in covered:
            days.setdefault(file.date, []).append(file)
    for job in [job for job in jobs if job.weight <= REFOLD]:  # small ones do not become many
        if (some := days.get(job.parts[0].file.date)) is not None:
            some += [part.file for part in job.parts]
            jobs.remove(job)
    for some in days.values():
        group: list[JournalFile] = []
        for file in some:
            if group and sum(map(weight, group)) + weight(file) > TOGETHER:
                jobs.append(_job(group, cache, listed[0]))
                group = []
            group.append(file)
        jobs.append(_job(group, cache, listed[0]))
    return jobs


def _job(some: list[JournalFile], cache: Path, newest: JournalFile) -> Job:
    parts = []
    for file in some:
        ends = ends_of(file, 0, newest=True) if file is newest and not file.packed else ()
        parts += [Part(file, None, end.offset, end, True) for end in ends] or [
            Part(file, None, file.status.st_size, None, True)
        ]
    return Job(tuple(parts), cache / _name(map(key_of, some)), None)


def _name(keys: Iterable[Key]) -> str:
    """The name of the snapshot of files."""
    return blake2b(repr(sorted(keys)).encode(), digest_size=8).hexdigest() + _SUFFIX


def _cached(listed: list[JournalFile], cache: Path) -> Iterator[Job]:
    """The snapshots of several hosts' files that are there and serve; none of a file that another one has."""
    by_key = {key_of(file): file for file in listed}
    for path in sorted(cache.glob("*" + _SUFFIX)):
        try:
            snapshot = Snapshot(path)
            ends = [(by_key.get(part.key), Checkpoint.from_json(part.end)) for part in snapshot.parts]
        except (DamagedError, ValueError, KeyError, TypeError):
            continue
        grown, parts = 0, []
        for file, end in ends:
            if file is None or file.name != end.name or not 0 < end.offset <= file.status.st_size:
                break
            grown += file.status.st_size - end.offset
            if grown > (0 if file.packed else REFOLD) or not holds(file.path, (end,)):
                break
            parts.append(Part(file, None, end.offset, end, True))
        else:
            for part in parts:
                del by_key[key_of(part.file)]
            yield Job(tuple(parts), path, snapshot)
