"""A whole journal file into tasks by facts.c (`native/README.md`), where there is a C compiler: the facts of plain
lines are packed there, and plain tasks get their rows there. All others are told by `meaning/fold.py`, as ever."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lineage_core.model.entities import RunRow, TaskRow
from lineage_core.model.facts import Fact, fact_of, unpack
from lineage_core.model.host_file_names import host_of
from lineage_core.model.task_parts import Status
from lineage_core.native.facts import FileFacts, Length
from lineage_core.read.decoder import Found
from lineage_core.read.plain_lines import Edges, PlainLineDecoder
from lineage_core.state.snapshot_writer import FoldedFile, lengths_from
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


def fold_natively(name: str, decoder: FactDecoder, decoded: Iterable[list[Found]]) -> FoldedFile:
    """Fold a file.

    name: the canonical one. decoded: what `decoder` gives of the file, piece by piece. Raises MemoryError.
    """
    others: dict[str, list[Fact]] = {}
    homes: list[tuple[str, str]] = []
    for found in decoded:
        for f in found:
            fact = fact_of(name, f.offset, f.length, f.at, f.record)
            others.setdefault(f.record["task_id"], []).append(fact)
            homes.append((fact.lineage_id, f.record["task_id"]))
    state = State()  # of the tasks that are told here
    rows: list[TaskRow] = []
    packed: dict[str, bytes] = {}
    for task in decoder.facts.tasks():
        if task.row is not None and task.task_id not in others:
            rows.append(_row(task.row))
            packed[task.task_id] = task.packed
        else:
            state.fold_tasks({task.task_id: unpack(task.packed) + others.pop(task.task_id, [])})
    state.fold_tasks(others)
    rows += state.rows.values()
    claimed = {row.parent_event for row in rows if row.parent_id is None and row.parent_event is not None}
    if claimed:
        homes = [one for one in homes if one[0] in claimed] + decoder.facts.homes(claimed)
    first = dict(sorted(homes, reverse=True)) if claimed else {}  # of several tasks the smallest id

    def lengths(task_ids: list[str]) -> list[list[Length]]:
        native = [one for one in task_ids if one in packed]
        known = dict(zip(native, decoder.facts.lengths(native), strict=True))
        return [lengths_from(packed_facts, [one])[0] if (some := known.get(one)) is None else some for one in task_ids]

    def packed_facts(task_id: str) -> bytes | bytearray:
        return packed[task_id] if task_id in packed else state.packed(task_id)

    return FoldedFile(rows, packed_facts, state.copied, first, lengths)


def _row(fields: list[Any]) -> TaskRow:
    """A row from what JSON has of it."""
    for n in _TUPLES:
        fields[n] = tuple(fields[n]) if fields[n] else ()
    fields[_STATUS] = _STATUSES[fields[_STATUS]]
    fields[_WATCHED] = tuple([RunRow(*run) for run in fields[_WATCHED]]) if fields[_WATCHED] else ()
    return TaskRow._make(fields)
