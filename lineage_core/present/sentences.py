"""Short sentences about events and tasks, for people: on the screen, in `follow` and in summaries.

The text of events is put in as it was logged; whoever shows it on a terminal makes it safe (`sanitize.visible`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lineage_core.base.clock import format_duration
from lineage_core.model.entities import Status, Task, TaskRow


def short(master: str | None) -> str:
    """A master's name without its `-master`."""
    return (master or "").removesuffix("-master")


def say(event_type: str, actor_id: str, data: Mapping[str, Any]) -> str:
    """What an event says, in a few words: who did what, with the value that matters."""
    worker = str(data.get("worker_id") or actor_id)
    match event_type:
        case "task_created":
            extras = [str(data[key]) for key in ("priority", "type") if data.get(key)]
            return f"created by {actor_id}" + (f" ({', '.join(extras)})" if extras else "")
        case "task_assigned":
            return f"assigned to {data.get('master_id')} by {actor_id}"
        case "task_started":
            return f"started by {actor_id}"
        case "task_reassigned":
            return f"reassigned from {data.get('from_master')} to {data.get('to_master')}: {data.get('reason')}"
        case "task_blocked" | "task_unblocked" | "task_escalated" | "task_failed" | "task_cancelled":
            return f"{event_type[5:]} by {actor_id}: {data.get('reason')}"
        case "task_completed":
            return f"completed by {actor_id}: {data.get('completion_status')}"
        case "worker_spawned":
            return f"{worker} spawned by {actor_id} ({data.get('worker_type')})"
        case "worker_started":
            return f"{worker} started"
        case "worker_progress":
            step = data.get("current_step")
            return f"{worker} {_percent(data.get('progress_percentage'))}" + (f" {step}" if step else "")
        case "worker_completed":
            return f"{worker} completed: {data.get('completion_status')}"
        case "worker_failed":
            details = data.get("error_details")
            message = details.get("error_message") if isinstance(details, Mapping) else details
            return f"{worker} failed: {message or data.get('reason')}"
        case "handoff_created":
            return f"{data.get('handoff_id')} from {data.get('from_master')} to {data.get('to_master')}"
        case "handoff_accepted" | "handoff_completed":
            return f"{data.get('handoff_id')} {event_type[8:]} by {actor_id}"
    return f"{event_type} by {actor_id}"


def _percent(value: Any) -> str:
    return f"{value:g}%" if isinstance(value, int | float) else f"{value}%"


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
        by = [f"{name} ({rows[name].status.value if name in rows else 'never seen'})" for name in task.blocked_by]
        cause = f" by {', '.join(by)}" if by else (f": {task.reason}" if task.reason else "")
        return f"blocked for {since}{cause}"
    if handoffs:
        oldest = min(handoffs, key=lambda h: h.created_at or 0)
        age = format_duration(max(0, now - (oldest.created_at or now)))
        return f"waiting {age} for {oldest.to_master or '?'} to accept {oldest.handoff_id}"
    if task.status is Status.QUEUED:
        return f"queued for {since}: no master has it yet"
    if task.status is Status.ASSIGNED:
        return f"assigned to {task.master or '?'} for {since}: not started yet"
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
        return f"running under {task.master or '?'} for {since}, no worker at work, last event {idle} ago"
    return f"{task.status.value}, last event {format_duration(max(0, now - task.last_at))} ago"
