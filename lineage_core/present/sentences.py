"""Short sentences about events and tasks, for people: on the screen, in `follow` and in summaries.

What was not said is left out of a sentence; a value of another type than is usual is told in words, never as a literal
of a programming language. The text of events is put in as it was logged; whoever shows it on a terminal makes it safe
(`lineage_core.base.terminal_cells.shown`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from lineage_core.base.clock import format_duration
from lineage_core.base.terminal_cells import named
from lineage_core.model.entities import Task, TaskRow
from lineage_core.model.event_data import NOTHING
from lineage_core.model.task_parts import Status
from lineage_core.present.task_rows import blockers

_DEPTH = 5
"""Levels of lists and objects that are told of."""


def short(master: str | None) -> str:
    """A master's name without its `-master`."""
    return (master or "").removesuffix("-master")


def words(value: object, depth: int = 0) -> str:
    """Any value of `event_data` in words; nothing for what says nothing.

    A list is told by its items, an object by its keys and values; yes and no stand for true and false.
    """
    match value:
        case bool():
            return "yes" if value else "no"
        case int():
            return str(value)
        case float():
            return "" if not math.isfinite(value) else f"{value:.0f}" if value.is_integer() else f"{value:g}"
        case str():
            return "" if value.strip() in NOTHING else value.strip()
        case list() | tuple() if depth < _DEPTH:
            return ", ".join(filter(None, (words(item, depth + 1) for item in value)))
        case Mapping() if depth < _DEPTH:
            pairs = ((words(key), words(item, depth + 1)) for key, item in value.items())
            return ", ".join(f"{key}: {text}" if key else text for key, text in pairs if text)
    return ""


def percent(value: object) -> str:
    """A share that was logged, with its sign: of a number, or of a text that is one. Nothing if it is neither."""
    text = words(value).removesuffix("%").rstrip()
    try:
        number = float(text) if not isinstance(value, bool) else math.nan
    except ValueError:
        return ""
    return f"{number:g}%" if math.isfinite(number) else ""


def route(start: object, end: object, arrow: str) -> str:
    """From whom (`start`) to whom (`end`), as far as it was said: `a → b`, `→ b`; '' if neither was."""
    ends = words(start), words(end)
    return f"{ends[0]} {arrow} {ends[1]}".strip() if any(ends) else ""


def counted(number: int, noun: str) -> str:
    """`1 run`, `2 runs`, `2 retries`."""
    plural = f"{noun[:-1]}ies" if noun.endswith("ry") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def clock_of(actor: str, skew: int) -> str:
    """How far the clock of an actor is off, in microseconds: `clock of worker-7: 4m35s behind`."""
    return f"clock of {actor}: {format_duration(abs(skew))} {'behind' if skew > 0 else 'ahead'}"


def say(event_type: str, actor_id: str, data: Mapping[str, Any]) -> str:
    """What an event says, in a few words on one line: who did what, with the value that matters.

    data: its `event_data`; what is not in it, or odd, is left out of the words.
    """

    def put(before: str, key: str, after: str = "") -> str:
        """The value of a key with words around it; nothing where there is none."""
        text = words(data.get(key))
        return f"{before}{text}{after}" if text else ""

    actor = named(actor_id)
    worker = put("", "worker_id") or actor
    handoff = put("", "handoff_id") or "handoff"
    match event_type:
        case "task_created":
            extras = ", ".join(filter(None, (put("", "priority"), put("", "type"))))
            return f"created by {actor}" + (f" ({extras})" if extras else "")
        case "task_assigned":
            return f"assigned{put(' to ', 'master_id')} by {actor}"
        case "task_started":
            return f"started by {actor}"
        case "task_reassigned":
            return f"reassigned{put(' from ', 'from_master')}{put(' to ', 'to_master')}{put(': ', 'reason')}"
        case "task_blocked" | "task_unblocked" | "task_escalated" | "task_failed" | "task_cancelled":
            return f"{event_type[5:]} by {actor}{put(': ', 'reason') or put(': ', 'error_details')}"
        case "task_completed":
            return f"completed by {actor}{put(': ', 'completion_status')}"
        case "worker_spawned":
            return f"{worker} spawned by {actor}{put(' (', 'worker_type', ')')}"
        case "worker_started":
            return f"{worker} started"
        case "worker_progress":
            said = " ".join(filter(None, (percent(data.get("progress_percentage")), put("", "current_step"))))
            return f"{worker} {said or 'goes on'}"
        case "worker_completed":
            return f"{worker} completed{put(': ', 'completion_status')}"
        case "worker_failed":
            details = data.get("error_details")
            message = words(details.get("error_message")) if isinstance(details, Mapping) else ""
            message = message or put("", "reason") or words(details)
            return f"{worker} failed" + (f": {message}" if message else "")
        case "handoff_created":
            return f"{handoff}{put(' from ', 'from_master')}{put(' to ', 'to_master')}"
        case "handoff_accepted" | "handoff_completed":
            return f"{handoff} {event_type[8:]} by {actor}"
    return f"{event_type} by {actor}"


def waiting_for(task: Task, rows: Mapping[str, TaskRow], now: int) -> str:
    """One sentence: what the task waits for at present, or how it ended, with for how long.

    rows: the other tasks, to tell the state of those that block it.
    """
    since = format_duration(max(0, now - task.since))
    handoffs = [h for h in task.handoffs.values() if h.waiting]
    if task.status.ended:
        total = format_duration(max(0, (task.ended_at or task.last_at) - task.first_at))
        reason = f": {task.reason}" if task.reason and task.status is not Status.COMPLETED else ""
        return f"{task.status.value} after {total}{reason}"
    if task.status is Status.BLOCKED:
        names = blockers(task, rows)
        by = [f"{name} ({rows[name].status.value if name in rows else 'never seen'})" for name in names]
        cause = f", waits for {', '.join(by)}" if by else (f": {task.reason}" if task.reason else "")
        return f"blocked for {since}{cause}"
    if handoffs:
        oldest = min(handoffs, key=lambda h: h.created_at or 0)
        age = format_duration(max(0, now - (oldest.created_at or now)))
        if oldest.to_master is None:
            return f"waiting {age} for {oldest.handoff_id} to be accepted"
        return f"waiting {age} for {oldest.to_master} to accept {oldest.handoff_id}"
    if task.status is Status.QUEUED:
        return f"queued for {since}: no master has it yet"
    if task.status is Status.ASSIGNED:
        return f"assigned{f' to {task.master}' if task.master else ''} for {since}: not started yet"
    open_workers = [w for w in task.workers.values() if w.open]
    if open_workers:
        quiet = min(open_workers, key=lambda w: w.last_at)
        silent = format_duration(max(0, now - quiet.last_at))
        count = f"{len(open_workers)} workers" if len(open_workers) > 1 else quiet.worker_id
        never = next((w for w in open_workers if w.started_at is None and not w.progress), None)
        if never is not None and len(open_workers) == 1:
            return f"waiting for {count} to start, spawned {silent} ago"
        tail = f"{never.worker_id} not started yet" if never else f"last heard of {silent} ago"
        return f"waiting for {count}: {tail}"
    if task.status is Status.RUNNING:
        idle = format_duration(max(0, now - task.last_at))
        under = f" under {task.master}" if task.master else ""
        return f"running{under} for {since}, no worker at work, last event {idle} ago"
    return f"{task.status.value}, last event {format_duration(max(0, now - task.last_at))} ago"
