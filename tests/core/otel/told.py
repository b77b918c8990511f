"""What `lineage task --json` says of a task, and what spans say of it, in one and the same form, to be compared.

The two have nothing in common but the names of attributes: one is made from JSON, the other from decoded protobuf.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from lineage_core.base.clock import parse_timestamp
from lineage_core.model.error_fingerprint import NO_REASON
from tests.core.otel.receiver import values

OK, ERROR, UNSET = 1, 2, 0


def micros(text: str | None) -> int | None:
    return None if text is None else parse_timestamp(text)


def ended(start: int | None, end: int | None) -> int | None:
    """No span ends before it begins."""
    return end if start is None or end is None else max(start, end)


def of_document(document: dict[str, Any]) -> Counter[tuple[Any, ...]]:
    """All that is over in a task, by its JSON."""
    task = document["task"]
    found: list[tuple[Any, ...]] = []
    reasons = {
        (row["worker_id"], row["number"]): row["reason"] or (row["status"] if row["status"] == "zombie" else NO_REASON)
        for row in document["failures"]
    }
    handoffs = document["handoffs"]
    related = {one["task_id"] for one in document["links"]}
    for one in document["attempts"]:
        if one["ended_at"] is None:
            continue
        start, end = micros(one["started_at"] or one["ended_at"]), micros(one["ended_at"])
        failed = one["outcome"] == "failed"
        status = ERROR if failed else OK if one["outcome"] == "completed" else UNSET
        reason = reasons[None, one["attempt"]] if failed else ""
        found.append(
            ("attempt", one["attempt"], start, ended(start, end), one["outcome"], status, reason, one["tokens"])
        )
    for one in document["workers"]:
        if one["ended_at"] is None:
            continue
        failed = one["status"] in ("failed", "zombie")
        end = micros(one["ended_at"])
        assert end is not None
        reason = reasons[one["worker_id"], one["run"]] if failed else ""
        told = (one["worker_id"], one["run"], one["attempt"], one["worker_type"], one["tokens"], one["retry_of"])
        found.append(("run", *told, one["age_ms"], end, one["status"], ERROR if failed else OK, reason))
    for one in document["phases"]:
        if one["status"] in ("queued", "assigned") and one["end"] is not None:
            start, end = micros(one["start"]), micros(one["end"])
            found.append(("wait", one["status"], None, start, ended(start, end)))
    for one in document["waited"]:
        start, end = micros(one["since"]), micros(one["until"])
        found.append(("wait", "blocked", one["task_id"], start, ended(start, end)))
    for one in handoffs:
        start, end = micros(one["created_at"]), micros(one["accepted_at"] or one["completed_at"])
        if start is not None and end is not None:
            found.append(("wait", "handoff", one["handoff_id"], start, ended(start, end)))
    found.append(("about", task["type"], task["priority"], task["session_id"], task["trace_id"]))
    found.append(("handoffs", tuple(sorted(one["handoff_id"] for one in handoffs))))
    found.append(("linked", tuple(sorted(related))))
    return Counter(found)


def of_spans(spans: list[Any], document: dict[str, Any]) -> Counter[tuple[Any, ...]]:
    """The same by the spans of a task. document: for what unfinished attempts would tell."""
    found: list[tuple[Any, ...]] = []
    about: set[tuple[Any, ...]] = set()
    handoffs: set[str] = set()
    linked: set[str] = set()
    for span in spans:
        told = values(span.attributes)
        start, end = span.start_time_unix_nano // 1000, span.end_time_unix_nano // 1000
        keys = ("cortex.task.type", "cortex.task.priority", "session.id", "cortex.trace_id")
        about.add(tuple(told.get(key) for key in keys))
        if parent := told.get("cortex.task.parent_id"):
            linked.add(parent)
        for link in span.links:
            of = values(link.attributes)
            match of["cortex.link.kind"]:
                case "handoff":
                    handoffs.add(of["cortex.handoff.id"])
                case "related" | "parent" | "blocked by":
                    linked.add(of["cortex.task.id"])
        if "cortex.wait.kind" in told:
            kind = told["cortex.wait.kind"]
            name = told.get("cortex.handoff.id") if kind == "handoff" else told.get("cortex.wait.for")
            found.append(("wait", kind, name, start, end))
        elif "cortex.worker.id" in told:
            numbers = (told["cortex.run.number"], told["cortex.attempt.number"])
            rest = (told.get("cortex.worker.type"), told.get("cortex.tokens.total"), told.get("cortex.retry_of"))
            status = told["cortex.worker.status"], span.status.code, span.status.message
            found.append(("run", told["cortex.worker.id"], *numbers, *rest, (end - start) // 1000, end, *status))
        else:
            status = told["cortex.attempt.outcome"], span.status.code, span.status.message
            number = told["cortex.attempt.number"]
            found.append(("attempt", number, start, end, *status, told.get("cortex.tokens.total")))
    found += [("about", *one) for one in about]
    over = all(one["ended_at"] for one in document["attempts"]) and document["attempts"]
    if not about:
        task = document["task"]
        found.append(("about", task["type"], task["priority"], task["session_id"], task["trace_id"]))
    every = [one["handoff_id"] for one in document["handoffs"]]
    found.append(("handoffs", tuple(sorted(handoffs if over else every))))
    links = {one["task_id"] for one in document["links"]}
    # The other tasks tell of what they block and of their parents themselves.
    mine = {one["task_id"] for one in document["links"] if one["relation"] in ("parent", "related")} if over else set()
    assert mine <= linked <= links | {one["task_id"] for one in document["waited"]}, (mine, linked, links)
    found.append(("linked", tuple(sorted(links))))
    return Counter(found)
