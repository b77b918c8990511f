"""The ids of traces and spans: hashes of what they stand for, so that sending twice, from anywhere, is once.

Sizes and texts as https://www.w3.org/TR/trace-context/ has them: a trace id is 32 lower-case hex digits, a span id 16,
neither all zero.
"""

from __future__ import annotations

import re
from hashlib import blake2b

import orjson

from lineage_core.write.record_builder import trace_parent

_TRACE = re.compile(r"[0-9a-fA-F]{32}")
_SPAN = re.compile(r"[0-9a-f]{16}")


def trace_id(root_task_id: str) -> str:
    """The trace of a root task that names none."""
    return _hash(16, "trace", root_task_id)


def attempt_id(task_id: str, number: int) -> str:
    """The span of an attempt. number: from 1."""
    return _hash(8, "attempt", task_id, number)


def run_id(task_id: str, worker_id: str, number: int) -> str:
    """The span of a run of a worker. number: which run of this worker in the task, from 1."""
    return _hash(8, "run", task_id, worker_id, number)


def wait_id(task_id: str, kind: str, name: str, number: int) -> str:
    """The span of a wait. kind: as in `mapping.py`. name: what is waited for. number: which wait for it, from 1."""
    return _hash(8, "wait", task_id, kind, name, number)


def handoff_id(task_id: str, handoff: str) -> str:
    """The span of a handoff that waits to be accepted."""
    return _hash(8, "handoff", task_id, handoff)


def stated(said: str | None) -> tuple[str, str | None] | None:
    """The trace id that a task states, if that is one, and the span of its cause if it is a whole `traceparent`."""
    if not said:
        return None
    if _TRACE.fullmatch(said) and said.strip("0"):
        return said.lower(), None
    return trace_parent(said)


def span_or_none(text: str | None) -> str | None:
    """A span id, if the text is one."""
    return text if text and _SPAN.fullmatch(text) and text.strip("0") else None


def _hash(size: int, *what: str | int) -> str:
    """So many bytes in hex, different for different things: their names are kept apart by JSON."""
    digest = blake2b(orjson.dumps(what), digest_size=size, person=b"lineage-otel").hexdigest()
    return digest if digest.strip("0") else digest[:-1] + "1"
