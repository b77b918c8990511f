"""A folded part of a journal file, or several small files, as a file of its own: what a second start reads instead.

    line 1   JSON: format, parts (of which files: from which byte on, a checkpoint as `Checkpoint.to_json` gives it,
             device and inode), sizes, CRCs; behind it, after a blank, its own CRC
    usual    JSON: how long what is expected took, of a sample of the tasks (`meaning/durations.py`), by what is alike
    columns  JSON: the rows of the tasks, column by column, where the packed facts of each begin, their CRCs; how many
             copies there were; ids that were claimed; what was quarantined; what several hosts' tasks are called
    facts    the packed facts, task after task

Facts are read only when somebody looks at a task. A snapshot is never trusted blindly: lengths and CRCs are checked,
those of the facts when they are read. `DamagedError` means that the journal has to be read instead. Facts that were
altered are made again from it; if it is not there any more, they are lost, and `problem` says so.
"""

from __future__ import annotations

import os
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import repeat
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import orjson

from lineage_core.base.user_files import open_own
from lineage_core.meaning.durations import Kind
from lineage_core.model.entities import RunRow, TaskRow
from lineage_core.model.facts import FactSearch
from lineage_core.model.host_file_names import host_of
from lineage_core.model.task_parts import Status, Wait
from lineage_core.read.checkpoint import Key, SavedCheckpoint
from lineage_core.read.decoder import Rejected
from lineage_core.state.tasks_across_hosts import Named

FORMAT = 16
"""Of this file, and of what `meaning/fold.py` makes of events; a snapshot of another format is made again."""

_FIELDS = TaskRow._fields
_SHARED = ("task_type", "priority", "master", "session")
"""Columns in which few texts come often: each is one object."""

_NEW_ROW: Any = tuple.__new__  # makes a row in a third of the time that its own constructor takes
_STATUSES = {status.value: status for status in Status}
_BLOCK = 4 << 20


class DamagedError(Exception):
    """A snapshot is not what was written."""


class SavedPart(NamedTuple):
    """What of a file is in a snapshot. start: where that begins, in bytes. end: where it ends, as JSON. key: the device
    and inode of the file."""

    start: int
    end: SavedCheckpoint
    key: Key

    @property
    def name(self) -> str:
        """The file's canonical name."""
        return str(self.end["name"])


class Snapshot:
    """A snapshot that was opened.

    parts: of which files, each with a checkpoint for `Tailer(checkpoints=…)` to go on behind it. last: whether no other
    snapshot of the same file begins there. rejected: what was quarantined in each of them.
    homes: the tasks of those events in it that a task names as the cause of its creation. copies: how many records of
    a task (by its number) were copies. heard: the newest time by host. named: the ids and hosts of tasks, by what they
    are called, where the rows do not tell. renew: makes the snapshot of these parts again, for facts that were altered.
    problem: why facts are lost, if they are.
    """

    renew: Callable[[tuple[SavedPart, ...]], Snapshot | None]

    def __init__(self, path: Path) -> None:
        """Open a snapshot; raises DamagedError if it is cut short, altered or of another format, or cannot be read."""
        self._path = path
        self._checked = False
        self._healing = Lock()
        self.renew = lambda parts: None
        self.problem = ""
        self.last = True
        try:
            self._fd = open_own(path)
        except OSError as error:
            raise DamagedError(str(error)) from error
        try:
            self._read()
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise DamagedError(f"{path}: {error!r}") from error

    def _read(self) -> None:
        size, step = os.fstat(self._fd).st_size, 8192
        while b"\n" not in (head := os.pread(self._fd, step, 0)) and step < size:
            step *= 4
        head = head.partition(b"\n")[0]
        text, _, crc = head.rpartition(b" ")
        if zlib.crc32(text) != int(crc):
            raise ValueError("checksum of the header")
        header = orjson.loads(text)
        samples, samples_crc = header["usual"]
        self._usual: tuple[int, int, int] = (len(head) + 1, samples, samples_crc)
        start, length = len(head) + 1 + samples, header["columns"]
        self._source = self._fd, start + length  # where facts are read from
        if header["format"] != FORMAT or size != start + length + header["facts"]:
            raise ValueError("length or format")
        self._columns: tuple[int, int, int] = (start, length, header["crc"])
        self._facts: tuple[int, int] = (header["facts"], header["facts_crc"])
        self.parts = tuple(SavedPart(start, end, (device, inode)) for start, end, (device, inode) in header["parts"])

    def _section(self, where: tuple[int, int, int]) -> bytes | None:
        """The bytes of a part of the file; None if they are not what was written."""
        start, length, wanted = where
        data = os.pread(self._fd, length, start)
        return data if zlib.crc32(data) == wanted else None

    def usual(self) -> list[tuple[Kind, list[tuple[str, int, int]]]]:
        """How long each expectation stood that was met, of a sample of its tasks: by what is alike, the task, when it
        was met and the length, both in microseconds. Nothing, if that was altered."""
        if (data := self._section(self._usual)) is None:
            return []
        try:
            return [
                ((name, kind, owner), [(task_id, at, took) for task_id, at, took in samples])
                for name, kind, owner, samples in orjson.loads(data)
            ]
        except (ValueError, TypeError):
            return []

    def sound(self) -> bool:
        """Read the columns; whether they are what was written. To be asked before anything else."""
        columns = self._section(self._columns)
        if columns is None or self._section(self._usual) is None:
            return False
        try:
            parts = orjson.loads(columns)
            columns_by_name: dict[str, list[Any]] = dict(zip(_FIELDS, parts["rows"], strict=True))
            columns_by_name["status"] = [*map(_STATUSES.__getitem__, columns_by_name["status"])]
            for name in ("blocked_by", "masters", "hosts"):
                columns_by_name[name] = [*map(tuple, columns_by_name[name])]
            columns_by_name["waits"] = [tuple(Wait(*wait) for wait in waits) for waits in columns_by_name["waits"]]
            columns_by_name["watched"] = [tuple(RunRow(*run) for run in runs) for runs in columns_by_name["watched"]]
            columns_by_name["logged"] = [times and tuple(times) for times in columns_by_name["logged"]]
            for name in _SHARED:
                texts: dict[str | None, str | None] = {}
                columns_by_name[name] = [*map(texts.setdefault, columns_by_name[name], columns_by_name[name])]
            self._ids: list[str] = columns_by_name["task_id"]
            self._rows = [*columns_by_name.values()]
            self._starts: list[int] = parts["starts"]
            self._crcs: list[int] = parts["crcs"]
            self.copies: dict[int, int] = dict(parts["copies"])
            self.homes: dict[str, str] = parts["homes"]
            self.heard: dict[str, int] = parts["heard"]
            self.named: dict[str, tuple[str, tuple[str, ...]]] = {}
            self._tasks_of: dict[str, Named] = {}
            for task_id, those in parts["named"].items():
                self._tasks_of[task_id] = [(name, tuple(hosts)) for name, hosts in those]
                self.named.update((name, (task_id, hosts)) for name, hosts in self._tasks_of[task_id])
            self.rejected = [[Rejected(*fields) for fields in those] for those in parts["rejected"]]
        except (ValueError, KeyError, TypeError, IndexError):
            return False
        whole = all(len(column) == len(self._starts) - 1 for column in self._rows)
        return whole and bool(self._starts[-1] == self._facts[0])

    def __len__(self) -> int:
        return len(self._ids)

    def __del__(self) -> None:
        if hasattr(self, "_fd"):
            os.close(self._fd)

    def take(self, step: int) -> Iterator[tuple[int, list[str], list[TaskRow]]]:
        """The names and rows of all tasks in order, `step` at a time, each with the number of the first; only once.
        Tasks of one id follow each other; the first has it for its name."""
        columns, self._rows = self._rows, []  # they would take as much memory again
        for start in range(0, len(self), step):
            rows = zip(*(column[start : start + step] for column in columns), strict=True)
            yield start, self._ids[start : start + step], [*map(_NEW_ROW, repeat(TaskRow), rows)]

    def tasks_of(self, task_id: str) -> Named:
        """The tasks of an id in `named`."""
        return self._tasks_of[task_id]

    def packed(self, number: int) -> bytes:
        """The packed facts of a task; none if they are lost (see `problem`)."""
        for _ in range(2):
            begin, end = self._starts[number], self._starts[number + 1]
            data = self._read_facts(begin, end)
            if zlib.crc32(data) == self._crcs[number]:
                return data
            self.heal()
        return b""

    def _read_facts(self, begin: int, end: int) -> bytes:
        fd, base = self._source
        return os.pread(fd, end - begin, base + begin)

    def heal(self) -> None:
        """Look through all facts, and make them again if they are not what was written: takes as long as folding
        them, without the interpreter while they are sound."""
        with self._healing:
            if self.problem or self._facts_sound():
                self._checked = True
                return
            with suppress(OSError):
                self._path.unlink()  # the next start makes it anew
            fresh = self.renew(self.parts)
            if fresh is None or not fresh.sound() or not fresh.serves_for(self):
                self.problem = "the cache of it was altered, and it is not there to be read again"
                return
            self._source, fresh._source = fresh._source, self._source
            self._fresh = fresh  # keeps the new file open; the old one stays so for whoever is reading it

    def _facts_sound(self) -> bool:
        length, wanted = self._facts
        crc = at = 0
        while at < length and (block := self._read_facts(at, min(at + _BLOCK, length))):
            crc, at = zlib.crc32(block, crc), at + len(block)
        return crc == wanted

    def serves_for(self, other: Snapshot) -> bool:
        """Whether the facts of each task stand where those of another snapshot do."""
        return (self._ids, self._starts, self._crcs) == (other._ids, other._starts, other._crcs)

    def locate(
        self, sought: FactSearch, called: Callable[[str, str], str] = lambda task_id, host: task_id
    ) -> dict[str, str]:
        """The tasks of those of these events that stand in it; of several tasks the smallest name.

        called: what the task of an id and host is called now.
        """
        homes: dict[str, str] = {}
        starts, begin = self._starts, 0
        if not self._checked:
            self.heal()
        while begin < len(self):
            end = max(begin + 1, bisect_right(starts, starts[begin] + _BLOCK) - 1)
            block = self._read_facts(starts[begin], starts[end])
            for number in {bisect_right(starts, starts[begin] + offset) - 1 for offset in sought.offsets(block)}:
                name = self._ids[number]
                task_id, _ = self.named.get(name, (name, ()))
                for fact in sought.facts(self.packed(number)):
                    name = called(task_id, host_of(fact.file))
                    homes[fact.lineage_id] = min(name, homes.get(fact.lineage_id, name))
            begin = end
        return homes
