"""Alike reasons have one pattern, the same one for a single reason and for a column of them."""

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lineage_core.model.error_fingerprint import fingerprint
from lineage_core.stats import pattern_of

WORDS = ("branch", "is", " 3 ", "task-12", "/srv/a.b/c", "'x y'", "50%", "deadbeef", "deadbeefcafe", "a/b", "v1.2")
PARTS = st.sampled_from([*WORDS, *'"`%#, -@é٣\t:.\n'])


@pytest.mark.parametrize(
    ("reason", "pattern"),
    [
        ("push rejected: branch is 14 behind", "push rejected: branch is # behind"),
        ("metrics for task-ml-0012 are missing", "metrics for # are missing"),
        ("no file '/a b/c' in /srv/data/x", "no file # in /srv/data/x"),
        ("cannot open /srv/a/run-17/log", "cannot open /srv/a/#/log"),
        ("", ""),
    ],
)
def test_what_differs_from_case_to_case_is_left_out(reason: str, pattern: str) -> None:
    assert fingerprint(reason) == pattern


@settings(max_examples=300, deadline=None)
@given(st.lists(PARTS, max_size=12).map("".join))
@example("a%1b%/x/y")
def test_one_reason_gets_the_pattern_that_a_column_of_reasons_gets(reason: str) -> None:
    (expected,) = pl.DataFrame({"text": [reason]}).select(pattern_of(pl.col("text"))).to_series()
    assert fingerprint(reason) == expected


@pytest.mark.timeout(20)  # as against ages
@pytest.mark.parametrize("part", ["a", "'", "a-", "/a", "#,", "# ", "a/", "1%", "\\"])
def test_no_reason_takes_long(part: str) -> None:
    fingerprint(part * 1_000_000)
