"""Journal text for tests: records as our writers and the legacy library write them, alone and interleaved."""

import json
from typing import Any

from lineage_core.read.decoder import Decoder, Found, Rejected


def record(number: int = 1, **fields: Any) -> dict[str, Any]:
    """A record whose id, task and time follow from its number."""
    return {
        "lineage_id": f"lineage-{1795334628000000 + number:016d}0000001000",
        "task_id": f"task-{number}",
        "event_type": "worker_progress",
        "timestamp": f"2026-11-22T08:{number // 60 % 60:02d}:{number % 60:02d}.{number % 1000:03d}Z",
        "actor": {"type": "worker", "id": f"worker-{number}", "principal": "system"},
        "event_data": {"worker_id": f"worker-{number}", "progress_percentage": 12.5, "note": 'é "{[,: \\'},
        "parent_lineage_id": None,
        "version": "1.0.0",
        **fields,
    }


def compact(value: Any) -> bytes:
    """One line as our writers put it on disk."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def pretty(value: Any, indent: int | str = 2) -> bytes:
    """About 18 lines as the legacy library put them on disk, by jq."""
    return json.dumps(value, ensure_ascii=False, indent=indent).encode() + b"\n"


def decode(*pieces: bytes) -> tuple[list[Found], list[Rejected]]:
    """What a decoder finds in a growing file, fed piece by piece."""
    decoder = Decoder()
    found: list[Found] = []
    rejected: list[Rejected] = []
    for piece in pieces:
        more, bad = decoder.feed(piece)
        found += more
        rejected += bad
    return found, rejected


def records(*pieces: bytes) -> list[dict[str, Any]]:
    """The records found."""
    return [found.record for found in decode(*pieces)[0]]


def ids(*pieces: bytes) -> list[str]:
    """The ids found."""
    return [found.record["lineage_id"] for found in decode(*pieces)[0]]


def tangled_original(letter: str, writer: int, number: int) -> dict[str, Any]:
    """What each writer of `legacy-tangled.jsonl` wrote as its event number 0 to 39."""
    worker = f"worker-tangle-{letter}-{writer}"
    kinds = {0: "task_created", 1: "worker_spawned", 39: "worker_completed"}
    return {
        "lineage_id": f"lineage-1795340{writer}1{number:03d}",
        "task_id": f"task-tangle-{letter}-{writer}",
        "event_type": kinds.get(number, "worker_progress"),
        "timestamp": f"2026-11-20T10:10:{10 + number}Z",
        "actor": {
            "type": "worker" if number else "user",
            "id": worker if number else "user-kim",
            "principal": "system",
        },
        "event_data": {"worker_id": worker, "progress_percentage": 2.5 * number} if number else {"priority": "low"},
        "parent_lineage_id": None,
        "context": {"session_id": "s"},
        "version": "1.0.0",
    }
