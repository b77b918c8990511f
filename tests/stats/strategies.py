"""Hypothesis strategies for lineage directories: records of every type with right and wrong values, in every spelling
that a file may hold."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from lineage_core.model.event_types import EVENTS
from tests.build import compact, pretty

TASKS = st.sampled_from(["task-a", "task-b", "task-c"])
WORKERS = st.sampled_from(["worker-1", "worker-2", "worker-3"])
TYPES = st.sampled_from(["scan-worker", "fix-worker"])
MASTERS = st.sampled_from(["development-master", "security-master"])
STATUS = st.sampled_from(["success", "partial", "failed"])
NUMBERS = st.sampled_from([0, 7, 99.5, 1e3, 2**53 - 1])
WRONG = st.sampled_from([None, -1, 1e300, 2**53, 2**64, "many", "7", "", [], [3], {}, {"a": 1}, True, False])
USAGE = st.one_of(
    NUMBERS,
    WRONG,
    st.dictionaries(st.sampled_from(["total_tokens", "input_tokens", "output_tokens", "cached"]), NUMBERS | WRONG),
)
DETAILS = st.one_of(
    st.sampled_from(["zombie_timeout", "exit 3"]),
    WRONG,
    st.dictionaries(
        st.sampled_from(["error_type", "error_message", "stack_trace"]),
        st.sampled_from(["oom", "zombie_timeout"]) | WRONG,
    ),
)
TEXT = st.sampled_from(["waits", 'said "no"', "line\nbreak", "umlaut ü, 日本", "x" * 400, ": colon", "zombie_timeout"])
DATA = {
    "worker_id": WORKERS,
    "worker_type": TYPES | WRONG,
    "type": st.sampled_from(["review", "build"]) | WRONG,
    "priority": st.sampled_from(["high", "low"]) | WRONG,
    "progress_percentage": st.integers(0, 101) | WRONG,
    "token_usage": USAGE,
    "token_budget": NUMBERS | WRONG,
    "duration_ms": NUMBERS | WRONG,
    "handoff_id": st.sampled_from(["handoff-1", "handoff-2"]) | WRONG,
    "from_master": MASTERS | WRONG,
    "to_master": MASTERS | WRONG,
    "master_id": MASTERS | WRONG,
    "reason": TEXT | WRONG,
    "error_details": DETAILS,
    "completion_status": STATUS | WRONG,
    "metadata": st.one_of(
        st.fixed_dictionaries({"log_us": NUMBERS | WRONG}),
        st.just({"worker_id": "hidden", "note": {"deep": [1]}}),
        WRONG,
    ),
    "current_step": TEXT,
    "deliverables": st.lists(st.sampled_from(["a.json", "b.json"])),
    "total_tokens": NUMBERS,
    "session_id": st.just("not here"),
}
CONTEXT = st.one_of(
    st.none(),
    WRONG,
    st.fixed_dictionaries(
        {},
        optional={
            "session_id": st.sampled_from(["session-1", "session-2"]) | WRONG,
            "trace_id": st.sampled_from(["trace-1"]) | WRONG,
            "repository": st.just("cortex"),
            "worker_id": st.just("not here"),
        },
    ),
)
SECONDS = st.integers(0, 9)
STAMPS = st.sampled_from(["2026-11-22T08:00:0{}Z", "2026-11-22T08:00:0{}.25Z", "2026-11-22T02:00:0{}-06:00"])


@st.composite
def records(draw: Any) -> dict[str, Any]:
    """One record, valid as an event, of any content."""
    record: dict[str, Any] = {
        "lineage_id": draw(st.integers(0, 30).map(lambda n: f"lineage-{n}") | st.integers(0, 9).map(_ours)),
        "task_id": draw(TASKS),
        "event_type": draw(st.sampled_from([*EVENTS, "task_painted"])),
        "timestamp": draw(STAMPS).format(draw(SECONDS)),
        "actor": {
            "type": draw(st.sampled_from(["master", "worker", "user"])),
            "id": draw(MASTERS | WORKERS | st.just("")),
        },
    }
    if draw(st.booleans()):
        record["actor"]["principal"] = "system"
    data = draw(st.fixed_dictionaries({}, optional=DATA))
    record["event_data"] = draw(st.sampled_from([data, data, data, data, None, 5]))
    if draw(st.booleans()):
        record["parent_lineage_id"] = draw(st.none() | st.just("lineage-1"))
    if draw(st.booleans()):
        record["related_task_ids"] = draw(st.lists(TASKS))
    if draw(st.booleans()):
        record["context"] = draw(CONTEXT)
    if draw(st.booleans()):
        record["tags"] = draw(st.lists(st.sampled_from(["nightly", "a b"])))
    if draw(st.booleans()):
        record["version"] = "1.0.0"
    return record


def _ours(number: int) -> str:
    return f"lineage-17637984{number:08d}0000042{number:03d}"


def doubled(record: dict[str, Any]) -> bytes:
    """With some keys twice: the last one counts."""
    line = compact(record)
    line = line.replace(b'"worker_type":', b'"worker_type":"first-worker","worker_type":', 1)
    return line.replace(b'{"lineage_id"', b'{"task_id":"task-first","lineage_id"', 1)


SPELLINGS = (
    compact,
    compact,
    compact,
    lambda record: json.dumps(record).encode() + b"\n",
    lambda record: json.dumps(record, separators=(",", ":"), sort_keys=True).encode() + b"\n",
    pretty,
    lambda record: compact(record)[:-1] + b"\r\n",
    lambda record: b"\n" + compact(record),
    lambda record: compact(record)[: len(compact(record)) // 2] + compact(record),  # torn, glued to a good one
    lambda record: compact(record)[: len(compact(record)) // 2] + b"\n",  # torn
    doubled,
)


@st.composite
def texts(draw: Any, most: int = 25) -> bytes:
    """The content of one file."""
    pool = draw(st.lists(records(), min_size=1, max_size=most))
    order = draw(st.lists(st.sampled_from(pool), max_size=most))
    return b"".join(draw(st.sampled_from(SPELLINGS))(record) for record in order)


@st.composite
def directories(draw: Any) -> dict[str, bytes]:
    """The files of a lineage directory by name, with events that stand in several of them."""
    names = ["lineage-2026-11-22.jsonl", "lineage-2026-11-23.jsonl", "task-lineage.jsonl"]
    pool = draw(st.lists(records(), min_size=1, max_size=30))
    result = {}
    for name in draw(st.lists(st.sampled_from(names), min_size=1, unique=True)):
        order = draw(st.lists(st.sampled_from(pool), max_size=25))
        result[name] = b"".join(draw(st.sampled_from(SPELLINGS))(record) for record in order)
    return result
