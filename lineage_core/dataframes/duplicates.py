"""Which of newly read events are events that were there before: equal content is one event, as `model/facts.py` has it.

Events of equal content have one id. So only those whose id occurs twice are looked at: they are copies if their lines
are equal, byte for byte; else the digests of their contents decide, for which the records are read again.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
from polars import col

ReadDigest = Callable[[str, int, int, int], int | None]
"""Gives the digest of the record that stands in a file (its canonical name) at an offset with a length, and whose bytes
have that hash, or None."""


def distinct(known: pl.DataFrame, new: pl.DataFrame, read_digest: ReadDigest) -> tuple[pl.DataFrame, list[int]]:
    """The new events that are not among the known or earlier new ones; and the rows of `known` that they replace.

    Of copies, the one that comes first in the order of facts counts.
    """
    ids = new["id_hash"].sort()
    again = pl.concat([ids.filter(ids == ids.shift(1)), _both(new["id_hash"], known["id_hash"])])
    if again.is_empty():
        return new, []
    twice = again.unique().implode()
    columns = ["id_hash", "line_hash", "file", "offset", "length"]
    rivals = pl.concat(
        [
            frame.select(*columns)
            .with_row_index("row")
            .with_columns(old=pl.lit(old))
            .filter(col("id_hash").is_in(twice))
            for frame, old in ((known, True), (new, False))
        ]
    ).with_columns(col("file").cast(pl.String))
    rivals = rivals.sort("id_hash", "file", "offset", "old", descending=[False, False, False, True])
    # The same record read twice is no copy either way: it stands where it stood.
    distinct_lines = rivals.filter(pl.struct("id_hash", "line_hash").is_first_distinct())
    unsure = distinct_lines.filter(col("id_hash").is_duplicated())
    digests = [read_digest(*row) for row in unsure.select("file", "offset", "length", "line_hash").iter_rows()]
    settled = unsure.with_columns(digest=pl.Series(digests, dtype=pl.UInt64)).filter(
        col("digest").is_null() | pl.struct("id_hash", "digest").is_first_distinct()
    )
    distinct = pl.concat([distinct_lines.filter(~col("id_hash").is_duplicated()), settled.drop("digest")])
    distinct_new = distinct.filter(~col("old"))["row"]
    dropped_old = rivals.filter("old").join(distinct.filter("old"), on="row", how="anti")["row"]
    keep = ~new["id_hash"].is_in(twice) | pl.Series(range(new.height), dtype=pl.UInt32).is_in(distinct_new.implode())
    return new.filter(keep), dropped_old.to_list()


def _both(new: pl.Series, known: pl.Series) -> pl.Series:
    return known.filter(known.is_in(new.implode())) if len(known) else new.clear()  # a set of the new: they are fewer
