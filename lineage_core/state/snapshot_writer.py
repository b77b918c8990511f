"""Writes folded files as the snapshot that `state/snapshot.py` describes and reads."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial, reduce
from itertools import accumulate
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from lineage_core.base.user_files import replacing
from lineage_core.meaning.durations import Kind, lengths_of, tells
from lineage_core.model.entities import TaskRow
from lineage_core.read.decoder import Rejected
from lineage_core.state.snapshot import FORMAT, SavedPart
from lineage_core.state.store import State
from lineage_core.state.tasks_across_hosts import Named

SAMPLED = 500
"""Tasks of a file of which it is told how long what is expected took."""

_BY_FIRST = attrgetter("first_at", "task_id")

OF_A_KIND = 50
"""Such lengths that are kept of what is alike."""


Length = tuple[Kind, int, int]
"""What `durations.lengths_of` tells."""


class FoldedFile(NamedTuple):
    """The tasks of one file, or of several hosts' files. packed: the facts of a task. copied: how many copies there
    were of which task. homes: the tasks of those events that a task names as the cause of its creation. heard: the
    newest time by host. named: the tasks of ids as `HostNames.beyond_rows` has them. lengths: what
    `durations.lengths_of` tells of some tasks."""

    rows: list[TaskRow]
    packed: Callable[[str], bytes | bytearray]
    copied: Mapping[str, int]
    homes: dict[str, str]
    heard: dict[str, int]
    named: dict[str, Named]
    lengths: Callable[[list[str]], list[list[Length]]]


def folded_from(state: State) -> FoldedFile:
    """The tasks of a state that one file was folded into."""
    rows, named = [*state.rows.values()], state.names.beyond_rows(state.rows)
    lengths = partial(lengths_from, state)
    return FoldedFile(rows, state.packed, state.copied, state.subtasks.homes(), state.heard, named, lengths)


def lengths_from(state: State, task_ids: list[str]) -> list[list[Length]]:
    """What `durations.lengths_of` tells of tasks of a state."""
    return [[*lengths_of(task)] if (task := state.task(task_id)) else [] for task_id in task_ids]


def write(path: Path, folded: FoldedFile, parts: Sequence[SavedPart], rejected: Sequence[list[Rejected]]) -> None:
    """Write the snapshot of what was folded; it appears whole or not at all.

    parts: of which files it is. rejected: what was quarantined in each of them. Raises OSError.
    """
    shared = {name: task_id for task_id, those in folded.named.items() for name, _ in those}
    ordered = sorted(folded.rows, key=_BY_FIRST)  # whoever folds it, and however
    if shared:  # tasks that have an id in common come together, before the others
        together = [row for row in ordered if row.task_id in shared]
        together.sort(key=lambda row: (shared[row.task_id], row.task_id))
        ordered = together + [row for row in ordered if row.task_id not in shared]
    facts = [folded.packed(row.task_id) for row in ordered]
    starts = [*accumulate(map(len, facts), initial=0)]
    rows: list[Any] = [*zip(*ordered, strict=True)] if ordered else [()] * len(TaskRow._fields)
    for name in ("waits", "watched"):
        column = TaskRow._fields.index(name)
        rows[column] = [[one[:] for one in those] if those else () for those in rows[column]]
    columns = orjson.dumps(
        {
            "rows": rows,
            "starts": starts,
            "crcs": [*map(zlib.crc32, facts)],
            "copies": [
                (number, copies)
                for number, row in enumerate(ordered if folded.copied else ())
                if (copies := folded.copied.get(row.task_id))
            ],
            "homes": dict(sorted(folded.homes.items())),
            "heard": dict(sorted(folded.heard.items())),
            "named": folded.named,
            "rejected": [[list(item) for item in those] for those in rejected],
        }
    )
    usual = orjson.dumps([[*kind, some] for kind, some in _samples(folded, ordered).items()])
    header = {
        "format": FORMAT,
        "parts": [[part.start, part.end, part.key] for part in parts],
        "usual": [len(usual), zlib.crc32(usual)],
        "columns": len(columns),
        "crc": zlib.crc32(columns),
        "facts": starts[-1],
        "facts_crc": reduce(lambda crc, data: zlib.crc32(data, crc), facts, 0),
    }
    head = orjson.dumps(header)
    with replacing(path) as file:
        file.write(b"%b %d\n" % (head, zlib.crc32(head)) + usual + columns)
        file.writelines(facts)
        path.unlink(missing_ok=True)  # a rename over a file would wait for the disk


def _samples(folded: FoldedFile, ordered: list[TaskRow]) -> dict[Kind, list[tuple[str, int, int]]]:
    """How long what is expected took, of tasks that are spread evenly over the file; of each kind the newest."""
    rows = [row for row in ordered if tells(row)]
    found: dict[Kind, list[tuple[str, int, int]]] = {}
    task_ids = [row.task_id for row in rows[:: max(1, len(rows) // SAMPLED)]]
    for task_id, some in zip(task_ids, folded.lengths(task_ids), strict=True):
        for kind, at, length in some:
            found.setdefault(kind, []).append((task_id, at, length))
    return {kind: sorted(some, key=itemgetter(1))[-OF_A_KIND:] for kind, some in found.items()}
