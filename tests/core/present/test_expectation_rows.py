"""How late something is, in words."""

from __future__ import annotations

import pytest

from lineage_core.base.clock import MINUTE, SECOND
from lineage_core.present.expectation_rows import late_says


@pytest.mark.parametrize(
    ("by", "words"), [(0, "due now"), (SECOND - 1, "due now"), (SECOND, "late by 1s"), (20 * MINUTE, "late by 20m00s")]
)
def test_what_becomes_due_is_not_late_by_nothing(by: int, words: str) -> None:
    assert late_says(7 * MINUTE, 7 * MINUTE + by) == words
