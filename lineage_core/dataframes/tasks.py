"""The events frame -> tasks, runs of workers, handoffs, phases and costs, all tasks at once.

What they mean is told by `meaning/`. Simple tasks (`dataframes/vectorizable_tasks.py`) are laid out here, many at once;
the others are folded one by one (`dataframes/per_task_fold.py`). A property test holds both to what the screen shows.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import polars as pl
from polars import col, lit, when

from lineage_core.dataframes.costs import costs_of
from lineage_core.dataframes.event_order import in_order, shares
from lineage_core.dataframes.handoffs import handoffs_of
from lineage_core.dataframes.per_task_fold import folded
from lineage_core.dataframes.phases import phases_of, since_of, status_of
from lineage_core.dataframes.schema import STATUS, empty, schema_of
from lineage_core.dataframes.task_events import ENDS, TaskEvents, values_at
from lineage_core.dataframes.vectorizable_tasks import vectorizable_tasks
from lineage_core.dataframes.workers import ms_between, workers_of

_SHARES_AT_ONCE = 2
"""Shares that are derived at once: one alone leaves a second processor idle for most of the time; each takes memory."""


class TaskFrames(NamedTuple):
    """What the events of some tasks make: see the schemas in `dataframes/schema.py`."""

    tasks: pl.DataFrame
    workers: pl.DataFrame
    handoffs: pl.DataFrame
    phases: pl.DataFrame
    costs: pl.DataFrame


def derive(events: pl.DataFrame) -> TaskFrames:
    """Tasks, runs, handoffs, phases and costs of distinct events (all those of each task, in any order)."""
    if events.is_empty():
        return TaskFrames(*(empty(what) for what in TaskFrames._fields))
    with ThreadPoolExecutor(_SHARES_AT_ONCE) as pool:
        parts = list(pool.map(partial(_derived, events), shares(events)))
    return TaskFrames(*(pl.concat(frames) for frames in zip(*parts, strict=True)))


def _derived(events: pl.DataFrame, share: pl.Series) -> TaskFrames:
    ordered = TaskEvents(in_order(events, share))
    simple = vectorizable_tasks(ordered)
    rest = folded(ordered.events.filter(~simple.gather(ordered.tasks.numbers)))
    if not simple.any():
        return TaskFrames(**rest)
    workers = workers_of(ordered, simple)
    moments = _moments(ordered).filter(simple)
    handoffs = handoffs_of(ordered.events, moments)
    tasks, owners = _tasks(moments, workers, handoffs)
    workers = workers.drop("task")
    return TaskFrames(
        pl.concat([tasks, rest["tasks"]]),
        pl.concat([workers, rest["workers"]]),
        pl.concat([handoffs.drop("owner"), rest["handoffs"]]),
        pl.concat([phases_of(moments), rest["phases"]]),
        pl.concat([costs_of(owners, workers), rest["costs"]]),
    )


def _moments(ordered: TaskEvents) -> pl.DataFrame:
    """The positions of each task, and what the events that stand there tell."""
    positions = ordered.positions.with_row_index("task").with_columns(
        begun=pl.min_horizontal("started", "worked"),
        said_session=ordered.tasks.first(ordered.events["session"].is_not_null()),
        answered=ordered.tasks.marked(_answered(ordered)),
        events=ordered.tasks.lengths(),
    )
    times = ("first", "last", "created", "assigned", "reassigned", "started", "begun", "blocked", "unblocked", "ended")
    failed = (col("kind") == "task_completed") & (col("completion_status") == "failed").fill_null(False)
    outcome = pl.coalesce(
        when(failed).then(lit("failed", STATUS)),
        *(when(col("kind") == name).then(lit(status, STATUS)) for name, status in ENDS.items()),
    )
    moved = col("reassigned_at") > col("assigned_at")  # else nothing of the status changed
    return values_at(
        ordered.events,
        positions,
        task_id=("task_id", "first"),
        session=("session", "said_session"),
        task_type=("task_type", "created"),
        priority_at_first=("priority", "created"),
        priority_assigned=("priority", "assigned"),
        on_purpose_assigned=("priority_given", "assigned"),
        priority_reassigned=("priority", "reassigned"),
        on_purpose_reassigned=("priority_given", "reassigned"),
        master_id=("master_id", "assigned"),
        to_master=("to_master", "reassigned"),
        starter=("actor_id", "started"),
        starter_type=("actor_type", "started"),
        kind=("event_type", "ended"),
        completion_status=("completion_status", "ended"),
        said=("tokens", "ended"),
        took=("duration_ms", "ended"),
        **{f"{position}_at": ("at", position) for position in times},
    ).with_columns(
        *(when(moved).then(col(name)).alias(name) for name in ("reassigned", "reassigned_at")),
        outcome=outcome,
        escalated=col("asked").is_not_null() & col("ended").is_null() & ~col("answered"),
    )


def _answered(ordered: TaskEvents) -> pl.Series:
    """The numbers of the tasks in which somebody else said something after the last time that a person was asked for;
    workers do not answer."""
    asked = values_at(ordered.events, ordered.positions.select("asked"), asker=("actor_id", "asked")).with_row_index(
        "task"
    )
    asked = asked.filter(col("asked").is_not_null())
    if asked.is_empty():
        return asked["task"]
    says = ordered.events.select("actor_id", "event_type", task=ordered.tasks.numbers).with_row_index("position")
    says = says.join(asked, on="task").filter(
        (col("position") > col("asked"))
        & (col("actor_id") != col("asker"))
        & ~col("event_type").cast(pl.String).str.starts_with("worker_")
    )
    return says["task"]


def _tasks(moments: pl.DataFrame, workers: pl.DataFrame, handoffs: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The tasks frame, and what `costs.costs_of` needs of the tasks with tokens."""
    by_task = workers.lazy().group_by("task").agg(
        workers=pl.len(),
        open_workers=col("end").is_null().sum(),
        failed_workers=col("end").is_in(["failed", "zombie"]).sum(),
        retries=col("retry_of").is_not_null().sum(),
        silent_since=col("last_at").filter(col("end").is_null()).min(),
        summed=when(col("tokens").count() > 0).then(col("tokens").sum()),
    )  # fmt: skip
    waiting = col("accepted_at").is_null() & col("completed_at").is_null()
    given = handoffs.lazy().select(
        "task_id",
        "owner",
        handoffs=lit(1),
        handoff_since=when(waiting).then(col("created_at")),
        taken_at=col("accepted_at").fill_null(col("completed_at")),
    )
    tasks = moments.lazy().join(by_task, on="task", how="left", maintain_order="left")
    tasks = tasks.join(given, on="task_id", how="left", maintain_order="left")
    starter = col("starter").cast(pl.String)
    may_own = (col("starter_type") == "master") & (starter != "") & ~starter.str.starts_with("coordinator")
    later = col("master_id").is_null() | (col("started_at") > col("assigned_at"))
    tasks = tasks.with_columns(
        starter=when(may_own).then(col("starter")),
        priority=_priority(col("priority_at_first"), "assigned"),
    ).with_columns(
        *(col(name).fill_null(0) for name in ("workers", "open_workers", "failed_workers", "retries", "handoffs")),
        master=pl.coalesce("owner", "to_master", when(later).then(col("starter")), "master_id"),
        first_master=col("master_id").fill_null(col("starter")),
        changed_at=when(col("owner").is_not_null()).then(col("taken_at"))
        .when(col("to_master").is_not_null()).then(pl.coalesce("reassigned_at", "assigned_at"))
        .otherwise(col("started_at")),
        priority=_priority(col("priority"), "reassigned"),
        status=status_of(),
        since=since_of(),
        attempts=pl.any_horizontal(col("begun").is_not_null(), col("ended").is_not_null()).cast(pl.UInt32),
        failed_attempts=(col("outcome") == "failed").fill_null(False).cast(pl.UInt32),
        tokens=pl.max_horizontal("said", "summed"),
        reported_ms=when(col("took") > 0).then(col("took")),
        queue_ms=ms_between("begun_at", "created_at"),
        run_ms=ms_between("ended_at", "begun_at"),
        blocked_ms=when(col("blocked").is_not_null()).then(
            (col("unblocked_at").fill_null(col("ended_at")) - col("blocked_at")).dt.total_microseconds() / 1000
        ),
    )  # fmt: skip
    made = tasks.collect()
    owners = made.filter(col("tokens").is_not_null()).select(
        "task_id", "master", "first_master", "changed_at", "ended_at", "tokens", "said", "summed"
    )
    made = made.with_columns(started_at="begun_at")
    return made.select(col(name).cast(kind) for name, kind in schema_of("tasks").items()), owners


def _priority(before: pl.Expr, position: str) -> pl.Expr:
    """The priority after an assignment, which was told to older writers unasked: `medium`."""
    given, on_purpose = col(f"priority_{position}"), col(f"on_purpose_{position}").fill_null(False)
    invented = (given == "medium").fill_null(False) & before.is_not_null() & ~on_purpose
    return when(invented).then(before).otherwise(given.fill_null(before))
