"""What the get_* functions of lineage.sh print: events as a JSON array, each once, and the totals."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from typing import Any

import orjson

from lineage_core.base.errors import LineageError
from lineage_core.model.record import parse
from lineage_core.query import journal_search as hits
from lineage_core.query.event_query import EventQuery
from lineage_core.read.compact_record import one_line
from lineage_core.write.locations import lineage_dir


def main() -> None:
    """Answer `KIND NAME LINEAGE_DIR`; KIND is task, type, actor or stats. Exits with 3 if it cannot."""
    kind, name, directory = sys.argv[2:5]
    asked: dict[str, Any] = {} if kind == "stats" else {f"{kind}s": (name,)}
    try:
        found = hits.find(lineage_dir(directory), EventQuery(**asked).search())
    except LineageError as error:
        sys.exit(error.exit_code)
    raws = (one_line(raw) for _, raw in hits.records(found))
    answer = _totals(raws) if kind == "stats" else b"[" + b",\n".join(raws) + b"]"
    sys.stdout.buffer.write(answer + b"\n")


def _totals(raws: Iterable[bytes]) -> bytes:
    records = [parse(raw) for raw in raws]
    return orjson.dumps(
        {
            "total_events": len(records),
            "event_types": Counter(record["event_type"] for record in records),
            "actors": Counter(record["actor"]["id"] for record in records),
            "tasks_tracked": len({record["task_id"] for record in records}),
        }
    )
