"""Writes a folded state as the file that `state/snapshot.py` describes and reads."""

from __future__ import annotations

import zlib
from functools import reduce
from pathlib import Path
from typing import Any

import orjson

from lineage_core.base.user_files import replacing
from lineage_core.model.entities import TaskRow
from lineage_core.read.decoder import Rejected
from lineage_core.state.snapshot import FORMAT
from lineage_core.state.store import State


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
    header = {
        "format": FORMAT,
        "checkpoint": checkpoint,
        "columns": len(columns),
        "crc": zlib.crc32(columns),
        "facts": starts[-1],
        "facts_crc": reduce(lambda crc, data: zlib.crc32(data, crc), facts, 0),
    }
    head = orjson.dumps(header)
    with replacing(path) as file:
        file.write(b"%b %d\n" % (head, zlib.crc32(head)) + columns)
        file.writelines(facts)
        path.unlink(missing_ok=True)  # a rename over a file would wait for the disk
