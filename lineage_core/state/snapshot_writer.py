"""Writes a folded state as the file that `state/snapshot.py` describes and reads."""

from __future__ import annotations

import zlib
from functools import reduce
from operator import itemgetter
from pathlib import Path
from typing import Any

import orjson

from lineage_core.base.user_files import replacing
from lineage_core.meaning.lengths import Kind, lengths_of, tells
from lineage_core.model.entities import TaskRow
from lineage_core.read.decoder import Rejected
from lineage_core.state.snapshot import FORMAT
from lineage_core.state.store import State

SAMPLED = 500
"""Tasks of a file of which it is told how long what is expected took."""

OF_A_KIND = 50
"""Such lengths that are kept of what is alike."""


def write(path: Path, state: State, checkpoint: dict[str, Any], rejected: list[Rejected]) -> None:
    """Write the snapshot of a state that one file was folded into; it appears whole or not at all."""
    starts, crcs, facts = [0], [], []
    for task_id in state.rows:
        data = bytes(state.packed(task_id))
        facts.append(data)
        starts.append(starts[-1] + len(data))
        crcs.append(zlib.crc32(data))
    rows: list[Any] = [*zip(*state.rows.values(), strict=True)] if state.rows else [()] * len(TaskRow._fields)
    waits = TaskRow._fields.index("waits")
    rows[waits] = [[wait[:] for wait in those] for those in rows[waits]]
    columns = orjson.dumps(
        {
            "rows": rows,
            "starts": starts,
            "crcs": crcs,
            "copies": [
                (number, copies)
                for number, task_id in enumerate(state.rows if state.copied else ())
                if (copies := state.copied.get(task_id))
            ],
            "homes": dict(sorted(state.subtasks.homes().items())),
            "rejected": [list(item) for item in rejected],
        }
    )
    usual = orjson.dumps([[*kind, some] for kind, some in _samples(state).items()])
    header = {
        "format": FORMAT,
        "checkpoint": checkpoint,
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


def _samples(state: State) -> dict[Kind, list[tuple[str, int, int]]]:
    """How long what is expected took, of tasks that are spread evenly over the file; of each kind the newest."""
    rows = [row for row in state.rows.values() if tells(row)]
    found: dict[Kind, list[tuple[str, int, int]]] = {}
    for row in rows[:: max(1, len(rows) // SAMPLED)]:
        task = state.task(row.task_id)
        for kind, at, length in lengths_of(task) if task is not None else ():
            found.setdefault(kind, []).append((row.task_id, at, length))
    return {kind: sorted(some, key=itemgetter(1))[-OF_A_KIND:] for kind, some in found.items()}
