"""Distributions of durations, and rates with the confidence that their counts allow."""

from __future__ import annotations

import polars as pl
from polars import col, lit, when

HISTOGRAM = 12
"""Classes of a distribution; each is wider than the one before by the same factor."""

_Z = 1.959964  # of 95 % confidence


def wilson(failed: pl.Expr, ended: pl.Expr) -> dict[str, pl.Expr]:
    """The rate of failures and the 95 % confidence interval of Wilson (1927), which holds for small counts too."""
    n, z2 = ended.cast(pl.Float64), _Z * _Z
    rate = when(ended > 0).then(failed / n)
    middle = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z * (rate * (1 - rate) / n + z2 / (4 * n * n)).sqrt() / (1 + z2 / n)
    return {
        "rate": rate,
        "rate_low": (middle - half).clip(0, 1),
        "rate_high": (middle + half).clip(0, 1),
    }


def spread(frame: pl.LazyFrame, value: str, by: pl.Expr) -> pl.DataFrame:
    """The distribution of a duration by a key: count, p50, p95, p99, max, and how many fall into each class.

    Classes are the same for all keys: from the least to the greatest value, HISTOGRAM of them, each wider than the
    one before by the same factor. `least` and `greatest` say where they begin and end. Values below 0, which clocks
    that disagree give, are counted in `left_out` only.
    """
    known = frame.select(key=by, value=value).filter(col("value").is_not_null())
    low = pl.max_horizontal(col("value"), lit(1.0)).log()
    fine = known.filter(col("value") >= 0).with_columns(log=low)
    bin = ((col("log") - col("log").min()) / (col("log").max() - col("log").min()) * HISTOGRAM).fill_nan(0)
    classed = fine.with_columns(
        bin=bin.floor().clip(0, HISTOGRAM - 1).cast(pl.Int64),
        least=col("value").min(),
        greatest=col("value").max(),
    )
    table = classed.group_by("key").agg(
        count=pl.len(),
        **{f"p{q}": col("value").quantile(q / 100, "linear") for q in (50, 95, 99)},
        max=col("value").max(),
        histogram=pl.concat_list([(col("bin") == n).sum() for n in range(HISTOGRAM)]),
        least=col("least").first(),
        greatest=col("greatest").first(),
    )
    left = known.filter(col("value") < 0).group_by("key").agg(left_out=pl.len())
    joined = table.join(left, on="key", how="full", coalesce=True)
    counted = joined.with_columns(col("count", "left_out").fill_null(0))
    return counted.sort("count", "key", descending=[True, False]).collect()
