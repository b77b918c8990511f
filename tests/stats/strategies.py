"""Hypothesis strategies for lineage directories: records of every type with right and wrong values, in every spelling
that a file may hold.

A record is made from one number that Hypothesis draws. To draw each of its forty choices takes fifty times as long,
longer than all that is done with the record; a failing example shrinks to its fewest records nevertheless.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from hypothesis import strategies as st

from lineage_core.model.event_types import EVENTS
from tests.build import compact, pretty

Make = Callable[[Random], Any]
"""Makes a value by chance."""


def one(values: Sequence[Any]) -> Make:
    return lambda chance: chance.choice(values)


def either(*makes: Make) -> Make:
    return lambda chance: chance.choice(makes)(chance)


def some(makes: Mapping[str, Make], mean: float) -> Make:
    """A mapping with some of the keys; so many by the mean."""
    names = list(makes)

    def make(chance: Random) -> dict[str, Any]:
        count = min(int(chance.expovariate(1 / (mean + 0.5))), len(names))
        return {name: makes[name](chance) for name in chance.sample(names, count)}

    return make


def listed(values: Sequence[Any]) -> Make:
    return lambda chance: chance.choices(values, k=chance.choice((0, 0, 1, 1, 2, 3, 6)))


WORKER_IDS = ("worker-1", "worker-2", "worker-3")
WORKER_TYPES = ("scan-worker", "fix-worker")
WORKERS, TYPES = st.sampled_from(WORKER_IDS), st.sampled_from(WORKER_TYPES)

TASKS = ("task-a", "task-b", "task-c")
MASTERS = ("development-master", "security-master")
NUMBERS = one((0, 7, 99.5, 1e3, 2**53 - 1))
WRONG = one((None, -1, 1e300, 2**53, 2**64, "many", "7", "", [], [3], {}, {"a": 1}, True, False))
AMOUNT = either(NUMBERS, WRONG)
USAGE = either(
    NUMBERS, WRONG, some(dict.fromkeys(("total_tokens", "input_tokens", "output_tokens", "cached"), AMOUNT), 2)
)
DETAILS = either(
    one(("zombie_timeout", "exit 3")),
    WRONG,
    some(
        dict.fromkeys(("error_type", "error_message", "stack_trace"), either(one(("oom", "zombie_timeout")), WRONG)),
        1.5,
    ),
)
TEXT = one(("waits", 'said "no"', "line\nbreak", "umlaut ü, 日本", "x" * 400, ": colon", "zombie_timeout"))
MASTER = either(one(MASTERS), WRONG)
DATA: dict[str, Make] = {
    "worker_id": one(WORKER_IDS),
    "worker_type": either(one(WORKER_TYPES), WRONG),
    "type": either(one(("review", "build")), WRONG),
    "priority": either(one(("high", "low")), WRONG),
    "progress_percentage": either(lambda chance: chance.randint(0, 101), WRONG),
    "token_usage": USAGE,
    "token_budget": AMOUNT,
    "duration_ms": AMOUNT,
    "handoff_id": either(one(("handoff-1", "handoff-2")), WRONG),
    "from_master": MASTER,
    "to_master": MASTER,
    "master_id": MASTER,
    "reason": either(TEXT, WRONG),
    "error_details": DETAILS,
    "completion_status": either(one(("success", "partial", "failed")), WRONG),
    "metadata": either(
        lambda chance: {"log_us": AMOUNT(chance)}, one(({"worker_id": "hidden", "note": {"deep": [1]}},)), WRONG
    ),
    "current_step": TEXT,
    "deliverables": listed(("a.json", "b.json")),
    "total_tokens": NUMBERS,
    "session_id": one(("not here",)),
}
CONTEXT = either(
    one((None,)),
    WRONG,
    some(
        {
            "session_id": either(one(("session-1", "session-2")), WRONG),
            "trace_id": either(one(("trace-1",)), WRONG),
            "repository": one(("cortex",)),
            "worker_id": one(("not here",)),
        },
        2,
    ),
)
ACTOR = either(one(MASTERS), one(WORKER_IDS), one(("",)))
STAMPS = ("2026-11-22T08:00:0{}Z", "2026-11-22T08:00:0{}.25Z", "2026-11-22T02:00:0{}-06:00")
LESS_OFTEN: dict[str, Make] = {
    "parent_lineage_id": one((None, "lineage-1")),
    "related_task_ids": listed(TASKS),
    "context": CONTEXT,
    "tags": listed(("nightly", "a b")),
    "version": one(("1.0.0",)),
}


def record_of(number: int) -> dict[str, Any]:
    """A record, valid as an event, of any content; the same for the same number."""
    chance = Random(number)
    record: dict[str, Any] = {
        "lineage_id": chance.choice((f"lineage-{chance.randint(0, 30)}", _ours(chance.randint(0, 9)))),
        "task_id": chance.choice(TASKS),
        "event_type": chance.choice([*EVENTS, "task_painted"]),
        "timestamp": chance.choice(STAMPS).format(chance.randint(0, 9)),
        "actor": {"type": chance.choice(("master", "worker", "user")), "id": ACTOR(chance)},
    }
    if chance.random() < 0.5:
        record["actor"]["principal"] = "system"
    data = some(DATA, 8)(chance)
    record["event_data"] = chance.choice((data, data, data, data, None, 5))
    return record | {name: make(chance) for name, make in LESS_OFTEN.items() if chance.random() < 0.5}


def records() -> st.SearchStrategy[dict[str, Any]]:
    """One record, valid as an event, of any content."""
    return st.integers(0, 1 << 32).map(record_of)


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


def several(one: st.SearchStrategy[Any], least: int, most: int) -> st.SearchStrategy[list[Any]]:
    """A list of any length; every other time a long one, which would be rare."""
    return st.lists(one, min_size=least, max_size=most) | st.lists(one, min_size=most // 2, max_size=most)


@st.composite
def texts(draw: Any, most: int = 25) -> bytes:
    """The content of one file."""
    return _written(draw, draw(several(records(), 1, most)), most)


@st.composite
def directories(draw: Any) -> dict[str, bytes]:
    """The files of a lineage directory by name, with events that stand in several of them."""
    names = ["lineage-2026-11-22.jsonl", "lineage-2026-11-23.jsonl", "task-lineage.jsonl"]
    pool = draw(several(records(), 1, 30))
    return {name: _written(draw, pool, 25) for name in draw(st.lists(st.sampled_from(names), min_size=1, unique=True))}


def _written(draw: Any, pool: list[dict[str, Any]], most: int) -> bytes:
    """Some of the records, some of them several times, in any spelling."""
    order = draw(several(st.tuples(st.sampled_from(pool), st.sampled_from(SPELLINGS)), 0, most))
    return b"".join(spelled(record) for record, spelled in order)
