"""The events frame -> tasks, workers, handoffs and phases, all tasks at once.

The rules are those of `state/fold.py`; a property test holds the two together. Where fold steps through the facts of
one task, this lays the rows of all tasks in order below each other and fills values forward, never across the first row
of a task.
"""

from __future__ import annotations

from typing import NamedTuple

import polars as pl
from polars import col, lit, when

from lineage_core.dataframes.schema import STATUS, empty, schema_of
from lineage_core.dataframes.workers import first_told, handoffs_of, ms_between, workers_of
from lineage_core.model.entities import ENDED

_SETS = {
    "task_created": "queued",
    "task_assigned": "assigned",
    "task_reassigned": "assigned",
    "task_started": "running",
    "task_completed": "completed",
    "task_failed": "failed",
    "task_cancelled": "cancelled",
}
_ENDS = ["task_completed", "task_failed", "task_cancelled"]
_SHIFTS = ["task_blocked", "task_unblocked", "worker_started", "task_escalated"]
_OVER = [status.value for status in ENDED]
_NOT_NEEDED = {"percent", "log_us", "written_at", "wrong", "file", "offset", "length", "id_hash", "line_hash"}
_NEEDED = [name for name in schema_of("events") if name not in _NOT_NEEDED]
_FIRST = col("task_id").to_physical() != col("task_id").to_physical().shift(1).fill_null(1 << 31)


AT_ONCE = 200_000
"""Events that are laid in order at once."""


class TaskFrames(NamedTuple):
    """What the events of some tasks make: see the schemas in `dataframes/schema.py`."""

    tasks: pl.DataFrame
    workers: pl.DataFrame
    handoffs: pl.DataFrame
    phases: pl.DataFrame


def derive(events: pl.DataFrame) -> TaskFrames:
    """Tasks, workers, handoffs and phases of distinct events (all those of each task, in any order)."""
    if events.is_empty():
        return TaskFrames(empty("tasks"), empty("workers"), empty("handoffs"), empty("phases"))
    if events.height > 2 * AT_ONCE:  # some tasks after the others, to hold little at a time
        parts = -(-events.height // AT_ONCE)
        share = col("task_id").to_physical() % parts
        shares = [derive(events.filter(share == part)) for part in range(parts)]
        return TaskFrames(*(pl.concat(frames) for frames in zip(*shares, strict=True)))
    ordered = in_order(events)
    statuses = _statuses(ordered)
    workers = workers_of(ordered)
    handoffs = handoffs_of(ordered)
    return TaskFrames(_tasks(ordered, statuses, workers, handoffs), workers, handoffs, _phases(statuses))


def in_order(events: pl.DataFrame) -> pl.DataFrame:
    """The events task by task, each task's in the order of facts."""
    names = events["file"].unique().cast(pl.String).sort()
    rank = col("file").cast(pl.String).replace_strict(names, range(len(names)), return_dtype=pl.UInt32)
    if len(names) == 1:
        rank = lit(0)
    keys = events.select(task=col("task_id").to_physical(), at="at", rank=rank, offset="offset", id="id_hash")
    place = keys.select(pl.arg_sort_by("task", "at", "rank", "offset", "id")).to_series()
    return events.select(_NEEDED).select(pl.all().gather(place))


def _statuses(ordered: pl.DataFrame) -> pl.DataFrame:
    """The events that a status depends on, with the status after each and whether it begins there (`enters`)."""
    kind = col("event_type")
    failed = (kind == "task_completed") & (col("completion_status") == "failed")
    rows = (
        ordered.lazy()
        .filter(kind.is_in([*_SETS, *_SHIFTS]))
        .select(
            "task_id",
            "at",
            "event_type",
            first=_FIRST,
            sets=pl.coalesce(
                when(failed).then(lit("failed", STATUS)),
                *(when(kind == name).then(lit(status, STATUS)) for name, status in _SETS.items()),
            ),
        )
    )
    # A stretch begins where an event sets the status whatever it was before, and at the first row of a task.
    rows = rows.with_columns(begins=col("sets").is_not_null() | col("first"))
    rows = rows.with_columns(
        base=when(col("begins")).then(col("sets").fill_null("unknown")).forward_fill(),
        blocked=when(kind == "task_blocked")
        .then(True)
        .when((kind == "task_unblocked") | col("begins"))
        .then(False)
        .forward_fill(),
    )
    rows = rows.with_columns(was_blocked=~col("begins") & col("blocked").shift(1).fill_null(False))
    # A worker's start makes it running, unless it is blocked just then.
    wakes = (kind == "worker_started") & ~col("was_blocked") & col("base").is_in(["queued", "assigned", "unknown"])
    rows = rows.with_columns(awake=when(wakes).then(True).when(col("begins")).then(False).forward_fill(), wakes=wakes)
    rows = rows.with_columns(was_awake=~col("begins") & col("awake").shift(1).fill_null(False))
    unblocks = (kind == "task_unblocked") & col("was_blocked")
    enters = col("sets").is_not_null() | (kind == "task_blocked") | unblocks | (col("wakes") & ~col("was_awake"))
    status = (
        when(col("blocked"))
        .then(lit("blocked", STATUS))
        .when(col("awake"))
        .then(lit("running", STATUS))
        .otherwise(col("base"))
    )
    return rows.select("task_id", "at", "event_type", status=status.cast(STATUS), enters=enters).collect()


def _phases(statuses: pl.DataFrame) -> pl.DataFrame:
    entered = statuses.lazy().filter("enters")
    same = col("task_id").to_physical() == col("task_id").to_physical().shift(-1)
    return entered.select("task_id", "status", start="at", end=when(same).then(col("at").shift(-1))).collect()


def _tasks(
    ordered: pl.DataFrame, statuses: pl.DataFrame, workers: pl.DataFrame, handoffs: pl.DataFrame
) -> pl.DataFrame:
    kind = col("event_type")
    every = ordered.lazy()

    def of(events: list[str], where: pl.Expr | None = None, **columns: pl.Expr) -> pl.LazyFrame:
        chosen = every.filter(kind.is_in(events))
        return (chosen if where is None else chosen.filter(where)).group_by("task_id").agg(**columns)

    master = (
        when(kind == "task_assigned")
        .then(col("master_id"))
        .when(kind == "task_reassigned")
        .then(col("to_master"))
        .when(col("actor_type") == "master")
        .then(col("actor_id"))
    )
    over = col("status").is_in(_OVER)
    parts = [
        every.filter(col("session").is_not_null()).group_by("task_id").agg(col("session").first()),
        of(["task_created"], task_type=first_told("task_type"), created_at=col("at").first()),
        of(["task_created", "task_assigned"], col("priority").is_not_null(), priority=col("priority").last()),
        every.filter(kind.is_in(["task_assigned", "task_reassigned", "task_started"]))
        .select("task_id", master=master)
        .filter(col("master").is_not_null() & (col("master") != ""))
        .group_by("task_id")
        .agg(col("master").last()),
        of(["task_started"], attempts=pl.len()),
        of(_ENDS, col("tokens").is_not_null(), said=col("tokens").last()),
        of(_ENDS, col("duration_ms") > 0, reported_ms=col("duration_ms").last()),
        statuses.lazy().filter("enters").group_by("task_id").agg(status=col("status").last(), since=col("at").last()),
        statuses.lazy()
        .filter(kind.is_in(["task_started", "worker_started"]) & col("enters"))
        .group_by("task_id")
        .agg(started_at=col("at").first()),
        statuses.lazy()
        .filter((kind == "task_escalated") | (col("enters") & over))
        .group_by("task_id")
        .agg(escalated=((kind == "task_escalated") & ~over).last()),
        _phases(statuses)
        .lazy()
        .filter((col("status") == "blocked") & col("end").is_not_null())
        .group_by("task_id")
        .agg(blocked_ms=(col("end") - col("start")).sum().dt.total_microseconds() / 1000),
        workers.lazy()
        .group_by("task_id")
        .agg(
            workers=pl.len(),
            open_workers=col("end").is_null().sum(),
            failed_workers=col("end").is_in(["failed", "zombie"]).sum(),
            retries=col("retry_of").is_not_null().sum(),
            silent_since=col("last_at").filter(col("end").is_null()).min(),
            summed=when(col("tokens").count() > 0).then(col("tokens").sum()),
        ),
        handoffs.lazy()
        .group_by("task_id")
        .agg(
            handoffs=pl.len(),
            handoff_since=col("created_at").filter(col("accepted_at").is_null() & col("completed_at").is_null()).min(),
        ),
    ]
    tasks = every.group_by("task_id", maintain_order=True).agg(
        first_at=col("at").first(), last_at=col("at").last(), events=pl.len()
    )
    for part in parts:
        tasks = tasks.join(part, on="task_id", how="left", maintain_order="left")
    counts = ["attempts", "workers", "open_workers", "failed_workers", "retries", "handoffs"]
    tasks = tasks.with_columns(
        col("status").fill_null("unknown"),
        col("since").fill_null(col("first_at")),
        col("escalated").fill_null(False),
        *(col(name).fill_null(0) for name in counts),
    )
    tasks = tasks.with_columns(
        ended_at=when(over).then(col("since")),
        tokens=col("said").fill_null(col("summed")),
        queue_ms=ms_between("started_at", "created_at"),
    ).with_columns(run_ms=ms_between("ended_at", "started_at"))
    schema = schema_of("tasks")
    return tasks.select(col(name).cast(kind) for name, kind in schema.items()).collect()
