"""The events frame -> workers and handoffs, those of all tasks at once; by the rules of `state/fold.py`."""

from __future__ import annotations

import polars as pl
from polars import col, lit, when

from lineage_core.dataframes.schema import END, NAME, empty, schema_of
from lineage_core.state.fold import ZOMBIE_TIMEOUT

_WORKER = ["worker_spawned", "worker_started", "worker_progress", "worker_completed", "worker_failed"]
_HANDOFF = ["handoff_created", "handoff_accepted", "handoff_completed"]


def ms_between(later: str, earlier: str | pl.Expr) -> pl.Expr:
    """Milliseconds from one time to another."""
    begin = col(earlier) if isinstance(earlier, str) else earlier
    return (col(later) - begin).dt.total_microseconds() / 1000


def last_told(name: str) -> pl.Expr:
    """The last value of a column that is one."""
    return col(name).last(ignore_nulls=True)


def first_told(name: str) -> pl.Expr:
    """The first value of a column that is one."""
    return col(name).first(ignore_nulls=True)


def _named_workers(ordered: pl.DataFrame) -> pl.LazyFrame:
    own = when(col("actor_type") == "worker").then(col("actor_id")).otherwise(lit("unnamed worker", NAME))
    return (
        ordered.lazy()
        .with_row_index("place")
        .filter(col("event_type").is_in(_WORKER))
        .with_columns(worker_id=col("worker_id").fill_null(own))
    )


def workers_of(ordered: pl.DataFrame) -> pl.DataFrame:
    """The workers frame of events in order."""
    kind = col("event_type")
    spawned, started = kind == "worker_spawned", kind == "worker_started"
    failed, completed = kind == "worker_failed", kind == "worker_completed"
    said = pl.coalesce(when(col("completion_status") == word).then(lit(word, END)) for word in ("partial", "failed"))
    why = when(failed).then(col("error").fill_null(col("reason")))
    zombie = failed & (
        (col("reason") == ZOMBIE_TIMEOUT).fill_null(False) | (col("error") == ZOMBIE_TIMEOUT).fill_null(False)
    )
    end = (
        when(zombie).then(lit("zombie", END)).when(failed).then(lit("failed", END))
        .when(completed).then(said.fill_null(lit("success", END)))
    )  # fmt: skip
    rows = (
        _named_workers(ordered)
        .select(
            "place",
            "task_id",
            "worker_id",
            "worker_type",
            "at",
            "actor_id",
            "tokens",
            "token_budget",
            spawned=spawned,
            started=started,
            changes=spawned | started | failed | completed,
            end=end,
            tells=failed | (completed & (col("completion_status") == "failed").fill_null(False)),
            error=when(completed).then(col("error")).otherwise(why),
            reported_ms=when((failed | completed) & (col("duration_ms") > 0)).then(col("duration_ms")),
        )
        .collect()
    )
    if rows.is_empty():
        return empty("workers")
    by = ["task_id", "worker_id"]
    workers = (
        rows.lazy()
        .group_by(by, maintain_order=True)
        .agg(
            last_told("worker_type"),
            last_told("tokens"),
            last_told("token_budget"),
            last_told("reported_ms"),
            first_at=col("at").first(),
            last_at=col("at").last(),
        )
    )

    def last_of(flag: str, **columns: str) -> pl.LazyFrame:
        """The last row of each worker where `flag` is true."""
        return rows.lazy().filter(flag).group_by(by).agg(**{new: col(old).last() for new, old in columns.items()})

    workers = (
        workers.join(last_of("spawned", spawned_at="at", master="actor_id"), on=by, how="left")
        .join(last_of("started", started_at="at"), on=by, how="left")
        .join(last_of("changes", ended_at="at", end="end"), on=by, how="left")
        .join(last_of("tells", error="error"), on=by, how="left")
        .join(_retries(rows), on=by, how="left", maintain_order="left")
    )
    workers = workers.with_columns(ended_at=when(col("end").is_not_null()).then(col("ended_at")))
    workers = workers.with_columns(
        start_ms=ms_between("started_at", "spawned_at"),
        run_ms=ms_between("ended_at", col("started_at").fill_null(col("spawned_at"))),
    )
    return workers.select(schema_of("workers").keys()).collect()


def _retries(rows: pl.DataFrame) -> pl.LazyFrame:
    """Which worker each one replaces: of those of its type, the one that failed last before it was spawned."""
    who = ["task_id", "worker_id"]
    risky = rows.lazy().filter(col("end").is_in(["failed", "zombie"])).select("task_id").unique()
    told = (
        rows.lazy()
        .join(risky, on="task_id", how="semi")
        .sort("place")
        .with_columns(kind=col("worker_type").forward_fill().over(who))
        .filter(col("kind").is_not_null())
    )
    lost = told.filter(col("end").is_in(["failed", "zombie"])).select("place", "task_id", "kind", retry_of="worker_id")
    spawns = told.filter("spawned").select("place", *who, "kind")
    return (
        spawns.join_asof(lost, on="place", by=["task_id", "kind"], check_sortedness=False)
        .filter(col("retry_of").is_not_null())
        .group_by(who)
        .agg(col("retry_of").last())
    )


def handoffs_of(ordered: pl.DataFrame) -> pl.DataFrame:
    """The handoffs frame of events in order."""
    kind = col("event_type")
    created, accepted = kind == "handoff_created", kind == "handoff_accepted"
    rows = ordered.lazy().filter(kind.is_in(_HANDOFF))
    named = rows.with_columns(handoff_id=col("handoff_id").fill_null(lit("unnamed handoff", NAME)))
    actor = when(col("actor_id") != "").then(col("actor_id"))
    offers = col("created").is_not_null().cum_sum()
    newest = (offers == offers.max()) | (offers.max() < 2)  # what came before it was offered again holds no longer
    handoffs = named.with_columns(
        created=when(created).then(col("at")),
        accepted=when(accepted).then(col("at")),
        completed=when(kind == "handoff_completed").then(col("at")),
        offering=when(created).then(actor),
        taking=when(accepted).then(actor),
    )
    return (
        handoffs.group_by("task_id", "handoff_id", maintain_order=True)
        .agg(
            from_master=last_told("from_master").fill_null(first_told("offering")),
            to_master=last_told("to_master").fill_null(first_told("taking")),
            created_at=last_told("created"),
            accepted_at=col("accepted").filter(newest).last(ignore_nulls=True),
            completed_at=col("completed").filter(newest).last(ignore_nulls=True),
        )
        .with_columns(accept_ms=ms_between("accepted_at", "created_at"))
        .select(schema_of("handoffs").keys())
        .collect()
    )
