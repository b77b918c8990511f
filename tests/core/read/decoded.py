"""What a decoder finds in journal text, and what the writers of the interleaved sample wrote."""

from typing import Any

from lineage_core.read.decoder import Decoder, Found, Rejected


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
