"""Which tasks are simple: so plain (`meaning/in_order_check.py`) that expressions over columns tell what they mean, for
all of them at once.

A simple task has at most one creation, assignment, reassignment, start and end, in this order (the reassignment right
after the assignment); of each worker one run, told in order; at most one handoff, after its assignment, and none with a
reassignment; at most one block, ended by an unblock that names the same or nothing. More than nine of ten tasks are so.
The others are folded one by one by the functions that the screen uses (`dataframes/per_task_fold.py`); a property test
holds both to the same.
"""

from __future__ import annotations

import polars as pl
from polars import col, lit

from lineage_core.dataframes.task_events import TaskEvents, values_at
from lineage_core.meaning.order import MOVED

_HANDOFF = ("offered", "accepted", "handed_over")
_BEFORE = (1, 2, 3)  # how many events nearly all causes stand before their effects


def vectorizable_tasks(ordered: TaskEvents) -> pl.Series:
    """For each task, whether it is simple."""
    tasks, events = ordered.tasks, ordered.events
    runs = ordered.run_positions.select("task", "first", odd=_odd_runs(ordered))
    by_task = runs.group_by("task").agg(newest=col("first").max(), odd_run=col("odd").any())
    positions = values_at(
        events,
        ordered.positions,
        task_id=("task_id", "first"),
        waits_for=("blocked_by", "blocked"),
        freed_from=("blocked_by", "unblocked"),
        freed_why=("reason", "unblocked"),
        owner=("master_id", "assigned"),
        starter_type=("actor_type", "started"),
        starter_id=("actor_id", "started"),
        giver=("from_master", "offered"),
        taker=("to_master", "offered"),
        from_master=("from_master", "reassigned"),
        to_master=("to_master", "reassigned"),
        offered_id=("handoff_id", "offered"),
        accepted_id=("handoff_id", "accepted"),
        handed_over_id=("handoff_id", "handed_over"),
    )
    table = (
        positions.with_row_index("task")
        .join(by_task, on="task", how="left", maintain_order="left")
        .with_columns(
            often=tasks.several,
            begun=pl.min_horizontal("started", "worked"),
            handoff=pl.min_horizontal(_HANDOFF),
            starter=pl.when(col("starter_type") == "master").then(col("starter_id")),
            claimed=tasks.marked(_claimed(ordered)),
            turned=tasks.marked(_turned(ordered)),
        )
    )
    odd = pl.any_horizontal(
        "often",
        "claimed",
        col("odd_run").fill_null(False),
        _after("created", "first"),
        _after("assigned", "begun"),
        _after("assigned", "ended"),
        _after("started", "worked"),
        _after("begun", "ended"),
        _after("newest", "ended"),
        col("reassigned").is_not_null() & _odd_reassignment(),
        col("handoff").is_not_null() & _odd_handoff(),
        _odd_block(),
    )
    return table.select(~odd).to_series()


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


def _odd_reassignment() -> pl.Expr:
    """Whether a reassignment is not: right after the assignment, of nothing but a creation, from the owner to another
    master, who may start the task."""
    owner, giver, taker, starter = _texts("owner", "from_master", "to_master", "starter")
    may_own = (starter != "") & ~starter.str.starts_with("coordinator")
    return pl.any_horizontal(
        "turned",
        col("handoff").is_not_null(),
        col("reassigned") != col("first") + 1 + col("created").is_not_null().cast(pl.UInt32),
        giver.is_null(),
        giver.ne_missing(owner),
        taker.is_null(),
        giver.eq_missing(taker),
        (may_own & (starter != taker)).fill_null(False),
    )


def _odd_handoff() -> pl.Expr:
    """Whether a handoff is not: created, accepted, completed, after the task was assigned and started by its giver."""
    owner, giver, taker, starter = _texts("owner", "giver", "taker", "starter")
    return pl.any_horizontal(
        col("offered").is_null(),
        col("offered") > col("handoff"),
        _after("accepted", "handed_over"),
        *(
            col(later).is_not_null() & col("offered_id").ne_missing(col(f"{later}_id"))
            for later in ("accepted", "handed_over")
        ),
        owner.is_null(),
        _after("assigned", "handoff"),
        _after("started", "offered"),
        (starter != owner).fill_null(False),
        (giver != owner).fill_null(False),
        giver.eq_missing(taker),
    )


def _texts(*names: str) -> list[pl.Expr]:
    return [col(name).cast(pl.String) for name in names]


def _odd_runs(ordered: TaskEvents) -> pl.Series:
    """For each run, whether it is not: spawned, started, progress, one end, each at most once but progress."""
    odd = pl.any_horizontal(
        ordered.runs.several,
        _after("spawned", "first"),
        _after("started", "heard"),
        _after("last", "ended"),
        (col("ended") == col("first")).fill_null(False),
    )
    return ordered.run_positions.select(odd).to_series()


def _claimed(ordered: TaskEvents) -> pl.Series:
    """The numbers of the tasks with an event that names a later one of its task as its cause."""
    ids = ordered.events.select("id_hash", "parent_hash", task=ordered.tasks.numbers).with_row_index("position").lazy()
    claims = ids.filter(col("parent_hash").is_not_null())
    if (
        ordered.events["id_hash"].n_unique() == ordered.events.height
    ):  # a cause that was just before does not come again
        claims = ids.filter(~pl.any_horizontal(col("parent_hash").eq_missing(col("id_hash").shift(n)) for n in _BEFORE))
        claims = claims.filter(col("parent_hash").is_not_null())
    causes = ids.select("id_hash", cause="position", task_of_cause="task")
    late = (col("task") == col("task_of_cause")) & (col("cause") > col("position"))
    joined = claims.select("task", "position", id_hash="parent_hash").join(causes, on="id_hash")
    return joined.filter(late).select("task").collect().to_series()


def _turned(ordered: TaskEvents) -> pl.Series:
    """The numbers of the tasks in which the master that gave it away has a say after its reassignment."""
    positions = values_at(ordered.events, ordered.positions.select("reassigned"), giver=("from_master", "reassigned"))
    given = positions.with_row_index("task").filter(col("reassigned").is_not_null())
    if given.is_empty():
        return given["task"]
    says = ordered.are(*MOVED)
    rows = ordered.events.select("actor_id", task=ordered.tasks.numbers).with_row_index("position").filter(says)
    after = rows.join(given, on="task").filter(
        (col("position") > col("reassigned")) & (col("actor_id") == col("giver"))
    )
    return after["task"]
