"""Search through a whole lineage directory: where each record wanted stands, in the order of events, each once.

A hit is an integer: time, file, offset, length and hash of a record, packed so that integers sort like events and a
million of them fit into 70 MB. The records themselves are read again when they are shown, by the descriptors that they
were found by.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from lineage_core.base import fork_pool
from lineage_core.base.errors import JournalError, no_directory
from lineage_core.model.record import parse
from lineage_core.query.block_search import FoundBytes, OddFileError, decode, search
from lineage_core.query.record_reader import Hit, Reader, hash_of
from lineage_core.query.search_terms import Search
from lineage_core.read.compact_record import one_line
from lineage_core.read.decoder import Found
from lineage_core.read.journal_files import ARCHIVE, JournalFile, files
from lineage_core.read.open_files import GONE, OpenFiles

RANGE = 16 << 20
"""Bytes of a file that are searched in one go; larger files are shared among processes."""

ENOUGH = 8 << 20
"""Bytes from which on a second process is worth its start."""

ROUNDS = 10
"""How often the directory is listed, as long as files in it are moved before they can be opened."""

_EPOCH = 1 << 60  # added to times, so that those before 1970 sort as well
_RANK, _RANKS = 76, (1 << 20) - 1
_TIME = 64 + 96  # bits behind the time of a hit
_PACKS = 15  # how many times smaller our text becomes, at least
_ODD = "odd"


class Hits(NamedTuple):
    """files: those that were searched, in the order of facts. positions: the packed hits, sorted.
    problems: files that could not be read, and why. opened: the files that have hits, open. sought: what was looked
    for."""

    directory: Path
    files: list[JournalFile]
    positions: list[int]
    problems: dict[str, str]
    opened: OpenFiles
    sought: Search


def hit_of(packed: int) -> Hit:
    """The hit that an integer of `Hits.positions` is."""
    where = packed >> 64
    return Hit(
        (where >> 96) - _EPOCH,
        where >> _RANK & _RANKS,
        where >> 28 & (1 << 48) - 1,
        where & (1 << 28) - 1,
        packed & (1 << 64) - 1,
    )


def find(directory: Path, sought: Search, progress: fork_pool.Progress | None = None) -> Hits:
    """All records wanted. Raises JournalError when the directory does not exist or cannot be listed.

    progress: told the part of the bytes that is done, from 0 to 1, now and then.
    """
    problems: dict[str, str] = {}
    chosen: list[JournalFile] = []
    positions: list[int] = []
    searched: set[tuple[int, int]] = set()
    opened = OpenFiles()
    for _ in range(ROUNDS):  # files may be moved meanwhile: into the archive, perhaps
        listed = list_files(directory, problems)
        fresh = [file for file in listed if identity(file) not in searched and sought.opens(file)]
        if not fresh:
            break
        more, gone = _find_in(fresh, len(chosen), sought, opened, problems, progress)
        searched.update(identity(file) for file in fresh if file.path not in gone)
        chosen += fresh
        positions += more
    # The rank of a file orders its hits among those of the same time.
    order = sorted(range(len(chosen)), key=lambda rank: chosen[rank].name)
    rank_of = {old: new for new, old in enumerate(order)}
    shift = 64 + _RANK
    positions = [packed + (rank_of[old := packed >> shift & _RANKS] - old << shift) for packed in positions]
    positions.sort()
    return Hits(directory, [chosen[rank] for rank in order], positions, problems, opened, sought)


def identity(file: JournalFile) -> tuple[int, int]:
    """What a file is known by while it exists."""
    return file.status.st_dev, file.status.st_ino


def list_files(directory: Path, problems: dict[str, str]) -> list[JournalFile]:
    """The files of the journal, newest first. Raises JournalError when there is no directory or it cannot be listed."""
    try:
        return files(directory, problems)
    except FileNotFoundError:
        raise no_directory(directory) from None


def _find_in(
    chosen: list[JournalFile],
    rank: int,
    sought: Search,
    opened: OpenFiles,
    problems: dict[str, str],
    progress: fork_pool.Progress | None,
) -> tuple[list[int], set[Path]]:
    """The positions in some files, the first of which has that rank, and the paths of those that were gone.

    The files are opened here, before any process is started, and those with hits stay so.
    """
    for file in chosen:
        opened.prepare(file)
    parts = [
        (at, start)
        for at, file in enumerate(chosen)
        for start in range(0, 1 if file.packed else max(1, file.status.st_size), RANGE)
    ]
    total = sum(file.status.st_size * (_PACKS if file.packed else 1) for file in chosen)
    processes = min(os.cpu_count() or 1, 4) if total > ENOUGH else 1

    def part(unit: int) -> tuple[list[int], str]:
        at, start = parts[unit]
        last = start + RANGE >= chosen[at].status.st_size  # to its present end, which may be further by now
        stop = None if last else start + RANGE
        return _positions(opened, chosen[at], lambda fd: search(fd, chosen[at].packed, sought, start, stop), at + rank)

    def whole_file(unit: int) -> tuple[list[int], str]:
        file = chosen[whole[unit]]
        return _positions(opened, file, lambda fd: decode(fd, file.packed, sought), whole[unit] + rank)

    positions: list[int] = []
    gone: set[Path] = set()
    odd: set[int] = set()
    by_file: dict[int, list[int]] = {}
    for (at, _), (some, trouble) in zip(parts, fork_pool.share(part, len(parts), processes, progress), strict=True):
        if trouble == _ODD:
            odd.add(at)
        else:
            _note(chosen[at].path, trouble, problems, gone)
        by_file.setdefault(at, []).extend(some)
    whole = sorted(odd)
    results = fork_pool.share(whole_file, len(whole), 2)
    for at, (some, trouble) in zip(whole, results, strict=True):
        by_file[at] = some
        _note(chosen[at].path, trouble, problems, gone)
    for at, file in enumerate(chosen):
        if not by_file.get(at):
            opened.forget(file)
    for some in by_file.values():
        positions += some
    return positions, gone


def _positions(
    opened: OpenFiles, file: JournalFile, looked_for: Callable[[int], Iterator[FoundBytes]], rank: int
) -> tuple[list[int], str]:
    """The packed hits, and what stopped the search before its end, if anything did."""
    positions: list[int] = []
    base = (_EPOCH << 96) + (rank << _RANK)
    try:
        with opened.use(file) as fd:
            for (offset, length, at, _), raw in looked_for(fd):
                positions.append((at << 96) + base + (offset << 28 | length) << 64 | hash_of(raw))
    except OddFileError:
        return [], _ODD
    except JournalError as error:
        return positions, str(error)
    return positions, ""


def _note(path: Path, trouble: str, problems: dict[str, str], gone: set[Path]) -> None:
    if trouble == GONE:
        gone.add(path)
    elif trouble:
        problems[label(path)] = trouble


def label(path: Path) -> str:
    """A file's name for people: with its folders, if it is in the archive."""
    parts = path.parts
    return "/".join(parts[parts.index(ARCHIVE, -3) :]) if ARCHIVE in parts[-3:-1] else path.name


def records(hits: Hits, positions: Sequence[int] | None = None) -> Iterator[tuple[Hit, bytes]]:
    """The hits (or some of them) with their records as they were written, in order, each event once.

    Whatever happens to the files meanwhile. Raises JournalError if records are nowhere in the directory any more.
    """
    reader = Reader(hits.files, hits.opened, partial(_again, hits))
    pairs = reader.read(map(hit_of, hits.positions if positions is None else positions))
    for _, group in groupby(pairs, key=lambda pair: pair[0].at):
        same_id = list(group)
        yield from same_id if len(same_id) == 1 else _distinct(same_id)


def _again(hits: Hits) -> tuple[list[JournalFile], OpenFiles, Iterator[Hit]]:
    """What a second search for the same finds: where records stand now that were moved by copying."""
    now = find(hits.directory, hits.sought)
    return now.files, now.opened, map(hit_of, now.positions)


def newest(hits: Hits, limit: int) -> list[tuple[Hit, bytes]]:
    """The newest hits, at most `limit`, with their records, in order, each event once."""
    size = limit
    while True:
        some = list(records(hits, _whole_times(hits.positions, size)))
        if len(some) >= limit or size >= len(hits.positions):
            return some[max(0, len(some) - limit) :]
        size *= 2


def _whole_times(positions: list[int], size: int) -> list[int]:
    """The last positions, at least that many, so that no two of the same time are parted: copies share their time."""
    start = max(0, len(positions) - size)
    while 0 < start < len(positions) and positions[start - 1] >> _TIME == positions[start] >> _TIME:
        start -= 1
    return positions[start:]


def _distinct(same_id: list[tuple[Hit, bytes]]) -> Iterator[tuple[Hit, bytes]]:
    """Of records of one time, each once: two are one event if their content is equal."""
    first = {raw: hit for hit, raw in reversed(same_id)}
    if len(first) == 1:
        yield same_id[0]
        return
    from lineage_core.model.facts import digest_of

    seen: set[int] = set()
    for hit, raw in same_id:
        if first[raw] is hit and (digest := digest_of(parse(one_line(raw)))) not in seen:
            seen.add(digest)
            yield hit, raw


def found_of(hit: Hit, raw: bytes) -> Found:
    """The decoded record of a hit."""
    return Found(hit.offset, hit.length, hit.at, parse(one_line(raw)))
