"""What each event of a worker does to its run."""

from __future__ import annotations

from collections.abc import Callable

from lineage_core.meaning.runs import RUN_ENDS, run_end
from lineage_core.meaning.task_steps import length_of
from lineage_core.model.entities import Task
from lineage_core.model.event_data import (
    NOTHING,
    count_of,
    error_of,
    names_of,
    number_of,
    text_of,
    token_parts,
    tokens_of,
)
from lineage_core.model.facts import Fact, clock_of
from lineage_core.model.host_file_names import host_of
from lineage_core.model.task_parts import Worker, WorkerEnd


def open_run(task: Task, run: Worker, fact: Fact, at: int) -> None:
    """Begin a run with its first fact."""
    run.first_at = run.last_at = at
    run.host = host_of(fact.file)
    last = task.workers.get(run.worker_id)
    if last is None or run.number > last.number:  # a cause may have moved an earlier run behind it
        task.workers[run.worker_id] = run
    if failed := task.last_failed:
        run.retry_of = failed.get(f"type {text_of(fact.data.get('worker_type'))}") or failed.get(f"id {run.worker_id}")
    if run.era >= task.era:
        task.working += 1


def _run(task: Task, run: Worker, fact: Fact, at: int) -> None:
    """What any event of a run tells."""
    if run.begun is None and fact.event_type not in RUN_ENDS:
        run.begun = clock_of(fact), fact.at
    for key, value in fact.data.items():
        match key:
            case "worker_type" | "current_step":
                if type(value) is str and value:
                    if key == "worker_type":
                        run.worker_type = value
                    elif run.open and value.strip() not in NOTHING:
                        run.step = value
            case "progress_percentage":
                percent = number_of(value)
                if percent is not None and percent <= 100 and run.open:
                    run.percent = percent
                    run.progress.append((at, percent))
            case "token_usage":
                tokens = tokens_of(value)
                if tokens is not None and tokens >= (run.tokens or 0):
                    run.tokens = tokens
                    run.input_tokens, run.output_tokens = token_parts(value)
            case "token_budget":
                budget = count_of(value)
                run.token_budget = budget if budget is not None else run.token_budget


def _heard(run: Worker, at: int) -> None:
    if run.open:
        run.heard, run.last_at = True, at


def _spawned(task: Task, run: Worker, fact: Fact, at: int) -> None:
    _run(task, run, fact, at)
    if run.spawned_at is None:
        run.spawned_at, run.master = at, fact.actor_id
    if not run.heard:
        run.last_at = at


def _worker_started(task: Task, run: Worker, fact: Fact, at: int) -> None:
    _run(task, run, fact, at)
    _heard(run, at)
    run.words.append(at)
    if run.started_at is None:
        run.started_at = at
        run.begun = clock_of(fact), fact.at


def _progress(task: Task, run: Worker, fact: Fact, at: int) -> None:
    _run(task, run, fact, at)
    _heard(run, at)
    run.words.append(at)


def _run_ended(task: Task, run: Worker, fact: Fact, at: int) -> None:
    _run(task, run, fact, at)
    _heard(run, at)
    if run_end(fact) is not WorkerEnd.ZOMBIE:
        run.words.append(at)
    run.duration_ms = number_of(fact.data.get("duration_ms")) or run.duration_ms
    task.deliverables |= dict.fromkeys(names_of(fact.data.get("deliverables")))


def close_run(task: Task, run: Worker, fact: Fact, at: int) -> None:
    """End a run with the end that counts."""
    start = run.started_at if run.started_at is not None else run.spawned_at
    start = start if start is not None else run.first_at
    run.length = length_of(run.begun, start, fact, at)
    run.ended_at, run.end = at, run_end(fact)
    if run.failed:
        run.error = error_of(fact.data) or text_of(fact.data.get("reason"))
        task.last_failed[f"id {run.worker_id}"] = run.worker_id
        if run.worker_type is not None:
            task.last_failed[f"type {run.worker_type}"] = run.worker_id
    if run.era >= task.era:
        task.working -= 1


RUN_STEPS: dict[str, Callable[[Task, Worker, Fact, int], None]] = {
    "worker_spawned": _spawned,
    "worker_started": _worker_started,
    "worker_progress": _progress,
    "worker_completed": _run_ended,
    "worker_failed": _run_ended,
}
"""By event type: what it does to its run."""
