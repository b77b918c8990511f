"""Whole journal files into tasks by facts.c (`native/README.md`), where there is a C compiler: the facts of plain
lines are packed there, and plain tasks get their rows there. All others are told by `meaning/fold.py`, as ever: also
those that stand in several of the files, as tasks do that cross hosts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from lineage_core.meaning.durations import lengths_of
from lineage_core.meaning.fold import derive
from lineage_core.model.entities import RunRow, TaskRow
from lineage_core.model.facts import Fact, fact_of, unpack
from lineage_core.model.host_file_names import host_of
from lineage_core.model.task_parts import Status
from lineage_core.native.facts import FileFacts, Length, NativeTask
from lineage_core.read.decoder import Decoder, Found
from lineage_core.read.plain_lines import Edges, PlainLineDecoder
from lineage_core.state.snapshot_writer import FoldedFile
from lineage_core.state.store import State

_STATUS, _WATCHED = map(TaskRow._fields.index, ("status", "watched"))
_TUPLES = [*map(TaskRow._fields.index, ("masters", "blocked_by", "waits", "hosts"))]
_STATUSES = {status.value: status for status in Status}


class FactDecoder(PlainLineDecoder):
    """Decodes one file, or from an offset on, of which FileFacts takes the plain lines."""

    __slots__ = ("facts",)

    def __init__(self, name: str, offset: int = 0) -> None:
        """name: the canonical one of the file. offset: as Decoder has it. Raises MemoryError, as `feed` does."""
        super().__init__(offset)
        self.facts = FileFacts(name, [host_of(name)] if "/" in name else [])

    def take_lines(self, block: bytes, base: int) -> Edges:
        """As PlainLineDecoder has it."""
        return self.facts.take(block, base)

    def withdraw(self, offsets: list[int]) -> None:
        """As PlainLineDecoder has it."""
        for offset in offsets:
            self.facts.withdraw(offset)


class FileTaken(NamedTuple):
    """What was read of one file. name: the canonical one. facts: what facts.c took, if it did. others: the facts of
    all other records by the ids of their tasks."""

    name: str
    facts: FileFacts | None
    others: dict[str, list[Fact]]


def take_file(name: str, decoder: Decoder, decoded: Iterable[list[Found]]) -> FileTaken:
    """Read a file.

    name: the canonical one. decoded: what `decoder` gives of the file, piece by piece. Raises MemoryError.
    """
    others: dict[str, list[Fact]] = {}
    for found in decoded:
        for f in found:
            fact = fact_of(name, f.offset, f.length, f.at, f.record)
            others.setdefault(f.record["task_id"], []).append(fact)
    return FileTaken(name, decoder.facts if isinstance(decoder, FactDecoder) else None, others)


def fold_taken(files: Sequence[FileTaken]) -> FoldedFile:
    """Fold files together: tasks that stand in one of them and are plain are told by facts.c. Raises MemoryError."""
    others: dict[str, list[Fact]] = {}
    for one in files:
        for task_id, some in one.others.items():
            others.setdefault(task_id, []).extend(some)
    plain: dict[str, tuple[NativeTask, FileFacts]] = {}
    packs: dict[str, bytes] = {}  # of the tasks that are told here, what facts.c took
    for one in files:
        if one.facts is None:
            continue
        for task in one.facts.tasks():
            task_id = task.task_id
            for_python = task.row is None or task_id in others or task_id in packs or task_id in plain
            if for_python or (len(files) > 1 and "@" in task_id):  # it may be what another task is called
                earlier = plain.pop(task_id, None)
                packs[task_id] = packs.get(task_id, b"") + (earlier[0].packed if earlier else b"") + task.packed
            else:
                plain[task_id] = task, one.facts
    state = State()
    for task_id in dict.fromkeys([*packs, *others]):
        state.fold_tasks({task_id: unpack(packs.pop(task_id, b"")) + others.get(task_id, [])})
    rows = [_row(task.row) for task, _ in plain.values() if task.row is not None]
    heard = dict(state.heard)
    for row in rows:
        for host in row.hosts:
            heard[host] = max(row.last_at, heard.get(host, row.last_at))
    named = state.names.beyond_rows(state.rows)
    rows += state.rows.values()

    def packed(task_id: str) -> bytes | bytearray:
        return plain[task_id][0].packed if task_id in plain else state.packed(task_id)

    def derived(task_id: str) -> list[Length]:
        return [*lengths_of(state.task(task_id) or derive(task_id, unpack(packed(task_id))))]

    def lengths(task_ids: list[str]) -> list[list[Length]]:
        known: dict[str, list[Length] | None] = {}
        by_file: dict[FileFacts, list[str]] = {}
        for task_id in task_ids:
            if task_id in plain:
                by_file.setdefault(plain[task_id][1], []).append(task_id)
        for facts, ids in by_file.items():
            known.update(zip(ids, facts.lengths(ids), strict=True))
        return [derived(one) if (some := known.get(one)) is None else some for one in task_ids]

    return FoldedFile(rows, packed, state.copied, _homes(files, rows, state), heard, named, lengths)


def _homes(files: Sequence[FileTaken], rows: Iterable[TaskRow], state: State) -> dict[str, str]:
    """The tasks of those events that a task names as the cause of its creation; of several tasks the smallest name."""
    claimed = {row.parent_event for row in rows if row.parent_id is None and row.parent_event is not None}
    homes: list[tuple[str, str]] = []
    for one in files if claimed else ():
        host = host_of(one.name)
        some = [(fact.lineage_id, task_id) for task_id, facts in one.others.items() for fact in facts]
        some = [(event, task_id) for event, task_id in some if event in claimed]
        if one.facts is not None:
            some += one.facts.homes(claimed)
        homes += [(event, state.names.name(task_id, host)) for event, task_id in some]
    return dict(sorted(homes, reverse=True))


def _row(fields: list[Any]) -> TaskRow:
    """A row from what JSON has of it."""
    for n in _TUPLES:
        fields[n] = tuple(fields[n]) if fields[n] else ()
    fields[_STATUS] = _STATUSES[fields[_STATUS]]
    fields[_WATCHED] = tuple([RunRow(*run) for run in fields[_WATCHED]]) if fields[_WATCHED] else ()
    return TaskRow._make(fields)
