"""The events frame -> tasks, runs of workers, handoffs, phases and costs, all tasks at once.

What they mean is told by `meaning/`. Simple tasks (`dataframes/vectorizable_tasks.py`) are laid out here, many at once;
the others are folded one by one (`dataframes/per_task_fold.py`). A property test holds both to what the screen shows.
"""

from __future__ import annotations

from typing import NamedTuple

import polars as pl
from polars import col, lit, when

from lineage_core.dataframes.costs import costs_of
from lineage_core.dataframes.handoffs import handoffs_of
from lineage_core.dataframes.per_task_fold import folded
from lineage_core.dataframes.phases import phases_of, since_of, status_of
from lineage_core.dataframes.schema import STATUS, empty, schema_of
from lineage_core.dataframes.vectorizable_tasks import vectorizable_tasks
from lineage_core.dataframes.workers import first_known, ms_between, workers_of

_ENDS = {"task_completed": "completed", "task_failed": "failed", "task_cancelled": "cancelled"}
_NOT_NEEDED = {
    "trace",
    "parent_task",
    "percent",
    "log_us",
    "written_at",
    "wrong",
    "file",
    "offset",
    "length",
    "line_hash",
}
_NEEDED = [name for name in schema_of("events") if name not in _NOT_NEEDED]

AT_ONCE = 200_000
"""Events that are laid in order at once."""


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
    if events.height > 2 * AT_ONCE:  # some tasks after the others, to hold little at a time
        parts = -(-events.height // AT_ONCE)
        share = col("task_id").to_physical() % parts
        shares = [derive(events.filter(share == part)) for part in range(parts)]
        return TaskFrames(*(pl.concat(frames) for frames in zip(*shares, strict=True)))
    ordered = in_order(events)
    simple = col("task_id").is_in(vectorizable_tasks(ordered).implode())
    rest = folded(ordered.filter(~simple))
    plain = ordered.filter(simple)
    if plain.is_empty():
        return TaskFrames(**rest)
    moments = _moments(plain)
    workers = workers_of(plain)
    handoffs = handoffs_of(plain)
    tasks, owners = _tasks(plain, moments, workers, handoffs)
    return TaskFrames(
        pl.concat([tasks, rest["tasks"]]),
        pl.concat([workers, rest["workers"]]),
        pl.concat([handoffs.drop("owner"), rest["handoffs"]]),
        pl.concat([phases_of(moments), rest["phases"]]),
        pl.concat([costs_of(owners, workers), rest["costs"]]),
    )


def in_order(events: pl.DataFrame) -> pl.DataFrame:
    """The events task by task, each task's in the order of facts."""
    names = events["file"].unique().cast(pl.String).sort()
    rank = col("file").cast(pl.String).replace_strict(names, range(len(names)), return_dtype=pl.UInt32)
    if len(names) == 1:
        rank = lit(0)
    keys = events.select(task=col("task_id").to_physical(), at="at", rank=rank, offset="offset", id="id_hash")
    indices = keys.select(pl.arg_sort_by("task", "at", "rank", "offset", "id")).to_series()
    return events.select(_NEEDED).select(pl.all().gather(indices))


def _moments(ordered: pl.DataFrame) -> pl.DataFrame:
    """When each simple task was created, assigned, begun, blocked and ended, and the positions of these events; how it
    ended, and whether a person is needed."""
    kind, at, position = col("event_type"), col("at"), col("position")
    ends = kind.is_in(list(_ENDS))
    of_worker = kind.cast(pl.String).str.starts_with("worker_")
    asked = kind == "task_escalated"
    answered = (position > position.filter(asked).last()) & (col("actor_id") != col("actor_id").filter(asked).last())
    begins = {
        "created": kind == "task_created",
        "assigned": kind == "task_assigned",
        "started": (kind == "task_started") | of_worker,
        "blocked": kind == "task_blocked",
        "unblocked": kind == "task_unblocked",
        "ended": ends,
    }
    failed = (kind == "task_completed") & (col("completion_status") == "failed").fill_null(False)
    outcome = pl.coalesce(
        when(failed).then(lit("failed", STATUS)),
        *(when(kind == name).then(lit(status, STATUS)) for name, status in _ENDS.items()),
    )
    return (
        ordered.lazy()
        .with_row_index("position")
        .group_by("task_id", maintain_order=True)
        .agg(
            *(position.filter(which).first().alias(name) for name, which in begins.items()),
            *(at.filter(which).first().alias(f"{name}_at") for name, which in begins.items()),
            escalated=asked.any() & ~ends.any() & ~(answered & ~of_worker).fill_null(False).any(),
            first_at=at.first(),
            last_at=at.last(),
            events=pl.len(),
            outcome=outcome.filter(ends).first(),
            said=col("tokens").filter(ends).first(),
            reported_ms=col("duration_ms").filter(ends & (col("duration_ms") > 0)).first(),
        )
        .collect()
    )


def _tasks(
    ordered: pl.DataFrame, moments: pl.DataFrame, workers: pl.DataFrame, handoffs: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The tasks frame, and what `costs.costs_of` needs of the tasks with tokens."""
    kind = col("event_type")
    every = ordered.lazy()
    assigned, started = kind == "task_assigned", kind == "task_started"
    summary = every.group_by("task_id").agg(
        first_known("session"),
        task_type=col("task_type").filter(kind == "task_created").first(),
        said_first=col("priority").filter(kind == "task_created").first(),
        given=col("priority").filter(assigned).first(),
        on_purpose=col("priority_given").filter(assigned).first().fill_null(False),
        master_id=col("master_id").filter(assigned).first(),
        starter=col("actor_id").filter(started & (col("actor_type") == "master")).first(),
        start=col("at").filter(started).first(),
        assigned=col("at").filter(assigned).first(),
    )
    starter = col("starter").cast(pl.String)
    may_own = starter.is_not_null() & (starter != "") & ~starter.str.starts_with("coordinator")
    later = col("master_id").is_null() | (col("start") > col("assigned"))
    invented = (col("given") == "medium").fill_null(False) & col("said_first").is_not_null() & ~col("on_purpose")
    summary = summary.with_columns(
        master=when(may_own & later).then(col("starter")).otherwise(col("master_id")),
        first_master=col("master_id").fill_null(when(may_own).then(col("starter"))),
        priority=when(invented).then(col("said_first")).otherwise(col("given").fill_null(col("said_first"))),
    )
    by_task = workers.lazy().group_by("task_id").agg(
        workers=pl.len(),
        open_workers=col("end").is_null().sum(),
        failed_workers=col("end").is_in(["failed", "zombie"]).sum(),
        retries=col("retry_of").is_not_null().sum(),
        silent_since=col("last_at").filter(col("end").is_null()).min(),
        summed=when(col("tokens").count() > 0).then(col("tokens").sum()),
    )  # fmt: skip
    tasks = moments.lazy()
    waiting = col("accepted_at").is_null() & col("completed_at").is_null()
    given = handoffs.lazy().select(
        "task_id",
        "owner",
        handoffs=lit(1),
        handoff_since=when(waiting).then(col("created_at")),
        taken_at=col("accepted_at").fill_null(col("completed_at")),
    )
    for part in (summary, by_task, given):
        tasks = tasks.join(part, on="task_id", how="left", maintain_order="left")
    tasks = tasks.with_columns(
        *(col(name).fill_null(0) for name in ("workers", "open_workers", "failed_workers", "retries", "handoffs")),
        master=col("owner").fill_null(col("master")),
        status=status_of(),
        since=since_of(),
        attempts=col("started_at").is_not_null().cast(pl.UInt32),
        failed_attempts=(col("outcome") == "failed").fill_null(False).cast(pl.UInt32),
        tokens=pl.max_horizontal("said", "summed"),
        queue_ms=ms_between("started_at", "created_at"),
        run_ms=ms_between("ended_at", "started_at"),
        blocked_ms=when(col("blocked").is_not_null()).then(
            (col("unblocked_at").fill_null(col("ended_at")) - col("blocked_at")).dt.total_microseconds() / 1000
        ),
    )
    made = tasks.collect()
    owners = (
        made.lazy()
        .filter(col("tokens").is_not_null())
        .select(
            "task_id",
            "master",
            "first_master",
            "ended_at",
            "tokens",
            "said",
            "summed",
            changed_at=when(col("owner").is_not_null()).then(col("taken_at")).otherwise(col("start")),
        )
        .collect()
    )
    return made.select(col(name).cast(kind) for name, kind in schema_of("tasks").items()), owners
