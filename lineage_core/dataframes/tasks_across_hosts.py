"""The names of tasks in the events frame, where several hosts log: an id on two hosts is one task or two, as
`state/tasks_across_hosts.py` has it for the state.

Most ids that several hosts have are one task by their trace or session: that is told of all of them at once. Of the
others the hosts are brought together by everything that they share.
"""

from __future__ import annotations

import polars as pl
from polars import col

from lineage_core.dataframes.schema import NAME
from lineage_core.model.host_file_names import host_of

_PLAIN = ("trace", "session")
_LINKS = {name: name for name in (*_PLAIN, "handoff_id", "parent_task")} | {"id_hash": "event", "parent_hash": "event"}
"""Columns whose values hosts may share, and the kinds of these values."""

_COLUMNS = ["task_id", "file", *_LINKS]
_RENAMED: dict[str, pl.DataType | type[pl.DataType]] = {"task_id": NAME, "host": pl.String, "name": NAME}


class TaskNames:
    """What tasks are called, by the ids and hosts of their events. Where there is one directory, it does nothing."""

    def __init__(self) -> None:
        self._renamed = pl.DataFrame(schema=_RENAMED)  # the tasks that are not called as their hosts call them
        self._copies: pl.DataFrame | None = None  # records that are not among the events, but tell of their hosts

    def take(self, new: pl.DataFrame, known: pl.DataFrame) -> pl.Series:
        """Take new records, copies included, besides events that are known (with the ids that hosts gave them both);
        gives the names, before and now, of the tasks whose id is several tasks."""
        if not any(map(host_of, new["file"].unique().drop_nulls().to_list())):
            return pl.Series([], dtype=NAME)
        ids = col("task_id").is_in(new["task_id"].unique().implode())
        parts = [frame.filter(ids) for frame in (known, self._copies) if frame is not None]
        renamed = _renamed(pl.concat([frame.select(_COLUMNS) for frame in (*parts, new)]))
        both = pl.concat([self._renamed.filter(ids), renamed])
        self._renamed = pl.concat([self._renamed.filter(~ids), renamed])
        return pl.concat([both["task_id"], both["name"]]).unique()

    def take_copies(self, copies: pl.DataFrame) -> None:
        """Keep what records tell that are not among the events: others have their content."""
        if any(map(host_of, copies["file"].unique().drop_nulls().to_list())):
            parts = [frame for frame in (self._copies, copies.select(_COLUMNS)) if frame is not None]
            self._copies = pl.concat(parts).unique()

    def named(self, events: pl.DataFrame) -> pl.DataFrame:
        """The events with the names of their tasks instead of the ids that hosts gave them."""
        if self._renamed.is_empty():
            return events
        files = events["file"].unique().drop_nulls().to_list()
        host = col("file").replace_strict(files, [host_of(file) for file in files], return_dtype=pl.String)
        joined = events.with_columns(host=host).join(
            self._renamed, on=["task_id", "host"], how="left", maintain_order="left"
        )
        return joined.with_columns(task_id=pl.coalesce("name", "task_id")).select(events.columns)


def _renamed(events: pl.DataFrame) -> pl.DataFrame:
    """Of all events of some ids: the id and host of what is called otherwise, and its name."""
    files = events["file"].unique().drop_nulls().to_list()
    hosts = sorted({host_of(file) for file in files})
    numbers = {host: number for number, host in enumerate(hosts)}
    number = col("file").replace_strict(files, [numbers[host_of(file)] for file in files], return_dtype=pl.UInt32)
    left = events.with_columns(host=number)
    left = left.filter((col("host").max() != col("host").min()).over("task_id"))
    for name in _PLAIN:
        left = left.join(_whole(left, name), on="task_id", how="anti")
    groups = _joined(left)
    first = groups.filter(col("group") != col("group").min().over("task_id"))
    names = pl.Series(hosts, dtype=pl.String)
    return first.select(
        "task_id",
        host=names.gather(first["host"]),
        name=(col("task_id").cast(pl.String) + "@" + names.gather(first["group"])).cast(NAME),
    )


def _whole(events: pl.DataFrame, name: str) -> pl.DataFrame:
    """The ids of which all hosts share a value of this column."""
    on_all = events.group_by("task_id").agg(hosts=col("host").n_unique())
    shared = events.filter(col(name).is_not_null()).group_by("task_id", name).agg(hosts=col("host").n_unique())
    return shared.join(on_all, on=["task_id", "hosts"]).select("task_id").unique()


def _joined(events: pl.DataFrame) -> pl.DataFrame:
    """The hosts of each id, and the first of those that it is one task with."""
    links = pl.concat(
        [
            events.select("task_id", "host", kind=pl.lit(kind), link=col(name).to_physical().cast(pl.UInt64))
            for name, kind in _LINKS.items()
        ]
    )
    links = links.filter(col("link").is_not_null()).unique()
    groups = events.select("task_id", "host", group=col("host").cast(pl.Int64)).unique()
    while True:  # each host takes the first group that it shares something with, until none does any more
        shared = links.join(groups, on=["task_id", "host"]).with_columns(
            group=col("group").min().over("task_id", "kind", "link")
        )
        nearest = shared.group_by("task_id", "host").agg(nearest=col("group").min())
        joined = groups.join(nearest, on=["task_id", "host"], how="left")
        joined = joined.select("task_id", "host", group=pl.min_horizontal("group", "nearest"))
        if joined["group"].sum() == groups["group"].sum():  # groups only ever become smaller
            return joined
        groups = joined
