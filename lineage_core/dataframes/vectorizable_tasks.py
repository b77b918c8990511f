"""Which tasks are simple: so plain (`meaning/in_order_check.py`) that expressions over columns tell what they mean, for
all of them at once.

A simple task has at most one creation, assignment, start and end, in this order; of each worker one run, told in order;
at most one handoff, after its assignment; at most one block, ended by an unblock that names the same or nothing; and no
reassignment. More than nine of ten tasks are so. The others are folded one by one by the functions that the screen uses
(`dataframes/per_task_fold.py`); a property test holds both to the same.
"""

from __future__ import annotations

import polars as pl
from polars import col, lit

from lineage_core.dataframes.handoffs import EVENTS
from lineage_core.dataframes.workers import run_events

_ENDS = ["task_completed", "task_failed", "task_cancelled"]
_ONCE = ["task_created", "task_assigned", "task_started", "task_blocked", "task_unblocked"]


def vectorizable_tasks(ordered: pl.DataFrame) -> pl.Series:
    """The ids of the simple tasks, of events in order (`tasks.in_order`)."""
    kind, position = col("event_type"), col("position")

    def where(name: str) -> pl.Expr:
        return position.filter(kind == name)

    numbered = ordered.lazy().with_row_index("position")
    tasks = numbered.group_by("task_id").agg(
        first=position.first(),
        never=(kind == "task_reassigned").any(),
        often=pl.max_horizontal(
            *((kind == name).sum() for name in _ONCE),
            kind.is_in(_ENDS).sum(),
            *((kind == name).sum() for name in EVENTS),
            col("handoff_id").filter(kind.is_in(EVENTS)).n_unique(),
        )
        > 1,
        created=where("task_created").first(),
        assigned=where("task_assigned").first(),
        started=where("task_started").first(),
        ended=position.filter(kind.is_in(_ENDS)).first(),
        blocked=where("task_blocked").first(),
        unblocked=where("task_unblocked").first(),
        waits_for=col("blocked_by").filter(kind == "task_blocked").first(),
        freed_from=col("blocked_by").filter(kind == "task_unblocked").first(),
        freed_why=col("reason").filter(kind == "task_unblocked").first(),
        **{name: where(name).first() for name in EVENTS},
        handoff=position.filter(kind.is_in(EVENTS)).first(),
        owner=col("master_id").filter(kind == "task_assigned").first(),
        starter=col("actor_id").filter((kind == "task_started") & (col("actor_type") == "master")).first(),
        giver=col("from_master").filter(kind == "handoff_created").first(),
        taker=col("to_master").filter(kind == "handoff_created").first(),
    )
    runs = run_events(ordered).group_by("task_id", "worker_id").agg(
        first=position.first(),
        odd=_odd_run(),
    )  # fmt: skip
    runs = runs.group_by("task_id").agg(worker=col("first").min(), newest=col("first").max(), odd=col("odd").any())
    candidates = tasks.join(runs, on="task_id", how="left").with_columns(begun=pl.min_horizontal("started", "worker"))
    odd = pl.any_horizontal(
        "never",
        "often",
        col("odd").fill_null(False),
        _after("created", "first"),
        _after("assigned", "begun"),
        _after("assigned", "ended"),
        _after("started", "worker"),
        _after("started", "ended"),
        _after("newest", "ended"),
        col("ended").is_not_null() & (col("begun").is_null() | _after("begun", "ended")),
        col("handoff").is_not_null() & _odd_handoff(),
        _odd_block(),
    )
    return (
        candidates.filter(~odd)
        .join(_claims(numbered), on="task_id", how="anti")
        .select("task_id")
        .collect()
        .to_series()
    )


def _after(later: str, earlier: str) -> pl.Expr:
    """Whether both are there and the one comes after the other."""
    return (col(later) > col(earlier)).fill_null(False)


def _odd_block() -> pl.Expr:
    """Whether a block comes before all that begins a status, or an unblock does not surely end all of it."""
    begun = pl.min_horizontal("created", "assigned", "begun")
    same = (col("freed_from") == col("waits_for")).fill_null(False)
    itself = (lit("\n") + col("waits_for") + "\n").str.contains(
        lit("\n") + col("task_id").cast(pl.String) + "\n", literal=True
    )
    plain = (same & ~itself.fill_null(False)) | (col("freed_from").is_null() & col("freed_why").is_null())
    odd_end = col("blocked").is_null() | _after("blocked", "unblocked") | _after("unblocked", "ended") | ~plain
    odd_begin = begun.is_null() | (begun > col("blocked")) | _after("blocked", "ended")
    return (col("blocked").is_not_null() & odd_begin) | (col("unblocked").is_not_null() & odd_end)


def _odd_handoff() -> pl.Expr:
    """Whether a handoff is not: created, accepted, completed, after the task was assigned and started by its giver."""
    created, accepted, completed = EVENTS
    owner, starter, giver, taker = (col(name).cast(pl.String) for name in ("owner", "starter", "giver", "taker"))
    return pl.any_horizontal(
        col(created).is_null(),
        col(created) > col("handoff"),
        _after(accepted, completed),
        owner.is_null(),
        _after("assigned", "handoff"),
        _after("started", created),
        (starter != owner).fill_null(False),
        (giver != owner).fill_null(False),
        giver.eq_missing(taker),
    )


def _odd_run() -> pl.Expr:
    """Whether the events of one worker are not: spawned, started, progress, one end, each at most once but progress."""
    kind, position = col("event_type"), col("position")
    spawned, started = kind == "worker_spawned", kind == "worker_started"
    ended = kind.is_in(["worker_completed", "worker_failed"])
    heard = position.filter(~spawned).first()
    return (
        (pl.max_horizontal(spawned.sum(), started.sum(), ended.sum()) > 1)
        | (position.filter(spawned).first() > position.first()).fill_null(False)
        | (position.filter(started).first() > heard).fill_null(False)
        | (position.filter(ended).first() < position.last()).fill_null(False)
        | ended.first()
    )


def _claims(numbered: pl.LazyFrame) -> pl.LazyFrame:
    """The tasks with an event that names a later one of its task as its cause."""
    claims = numbered.filter(col("parent_hash").is_not_null()).select("task_id", "position", id_hash="parent_hash")
    causes = numbered.select("task_id", "id_hash", cause="position")
    return (
        claims.join(causes, on=["task_id", "id_hash"]).filter(col("cause") > col("position")).select("task_id").unique()
    )
