"""What the values in event_data are taken for."""

from __future__ import annotations

from typing import Any

import pytest

from lineage_core.model.event_data import tokens_of

MOST = 2**53 - 1


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        (7, 7),
        ({"input_tokens": 5, "output_tokens": 2.9}, 7),
        ({"total_tokens": 9, "input_tokens": 5}, 9),
        ({"total_tokens": -1, "output_tokens": 2}, 2),
        ({"input_tokens": MOST}, MOST),
        ({"input_tokens": MOST, "output_tokens": 99.5}, None),  # no sum that can be true
        ({"cached": 1}, None),
        ("7", None),
        (True, None),
    ],
)
def test_tokens_are_numbers_that_can_be_true(usage: Any, tokens: int | None) -> None:
    assert tokens_of(usage) == tokens
