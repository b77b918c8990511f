"""Events in order, and where among them those of each task stand that tell how it went."""

from __future__ import annotations

import polars as pl
from polars import col, lit, when

from lineage_core.dataframes.row_groups import RowGroups
from lineage_core.dataframes.schema import NAME

ONCE = {
    "created": "task_created",
    "assigned": "task_assigned",
    "reassigned": "task_reassigned",
    "started": "task_started",
    "blocked": "task_blocked",
    "unblocked": "task_unblocked",
    "offered": "handoff_created",
    "accepted": "handoff_accepted",
    "handed_over": "handoff_completed",
}
"""Of what a simple task has at most one each: its name among the positions, and the type of the event."""

ENDS = {"task_completed": "completed", "task_failed": "failed", "task_cancelled": "cancelled"}
"""The events that end a task, and the status that each one brings."""

RUN_ENDS = ["worker_completed", "worker_failed"]
RUN_EVENTS = ["worker_spawned", "worker_started", "worker_progress", *RUN_ENDS]


class TaskEvents:
    """Events in order (`event_order.py`), and which of them belong to a task or to a run: here all that a worker did in
    a task is one run.

    positions: a row per task with positions of events: its `first` and its `last`, the first of each kind in ONCE, the
    first that `ended` it, the first of a run (`worked`), the last that `asked` for a person (task_escalated).
    run_positions: the same of each run: its `first` and its `last`, the first by which it was `spawned`, `started` and
    `ended`, the first by which it was `heard` of, the last that told its type (`typed`) and its budget (`budgeted`);
    and `task`, the number of its task, and `worker_id`. The runs of a task follow each other.
    """

    def __init__(self, events: pl.DataFrame) -> None:
        self.events = events
        self.tasks = RowGroups(events["task_id"].to_physical())
        of_runs = self.are(*RUN_EVENTS)
        self.runs = self._runs(of_runs.arg_true())
        self.positions = pl.DataFrame(
            {
                "first": self.tasks.starts,
                "last": self.tasks.ends,
                **{name: self.tasks.only(self.are(kind)) for name, kind in ONCE.items()},
                "ended": self.tasks.only(self.are(*ENDS)),
                "worked": self.tasks.first(of_runs),
                "asked": self.tasks.last(self.are("task_escalated")),
            }
        )
        self.run_positions = pl.DataFrame(
            {
                "task": self.tasks.numbers.gather(self.runs.starts),
                "worker_id": self._workers(self.runs.starts),
                "first": self.runs.starts,
                "last": self.runs.ends,
                "spawned": self.runs.only(self.are("worker_spawned")),
                "started": self.runs.only(self.are("worker_started")),
                "heard": self.runs.first(self.are("worker_started", "worker_progress", *RUN_ENDS)),
                "ended": self.runs.only(self.are(*RUN_ENDS)),
                "typed": self.runs.last(events["worker_type"].is_not_null()),
                "budgeted": self.runs.last(events["token_budget"].is_not_null()),
            }
        )

    def are(self, *kinds: str) -> pl.Series:
        """For each event, whether it is of one of these types."""
        found: pl.Series = self.events.select(
            pl.any_horizontal(*(col("event_type") == kind for kind in kinds))
        ).to_series()
        return found

    def _runs(self, rows: pl.Series) -> RowGroups:
        """The runs, of all events of workers."""
        table = pl.DataFrame({"row": rows, "task": self.tasks.numbers.gather(rows), "worker": self._workers(rows)})
        key = col("task").cast(pl.UInt64) * 2**32 + col("worker").to_physical()
        ordered = table.select("row", key=key).sort("key", maintain_order=True)
        return RowGroups(ordered["key"], ordered["row"])

    def _workers(self, rows: pl.Series) -> pl.Series:
        """Of which worker these events are."""
        own = when(col("actor_type") == "worker").then(col("actor_id")).otherwise(lit("unnamed worker", NAME))
        events = self.events.select(col("worker_id", "actor_type", "actor_id").gather(rows))
        return events.select(col("worker_id").fill_null(own)).to_series()


def values_at(events: pl.DataFrame, positions: pl.DataFrame, **values: tuple[str, str]) -> pl.DataFrame:
    """More columns beside positions: for each name a column of the events, as it is at one of these positions."""
    return positions.with_columns(
        events[column].gather(positions[position]).alias(name) for name, (column, position) in values.items()
    )
