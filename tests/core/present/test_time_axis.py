"""Times on the cells of a drawn timeline."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_core.base.clock import DAY, HOUR, MINUTE, SECOND
from lineage_core.present.time_axis import _ROUND, Axis, offset_text

AXES = st.builds(
    lambda start, length, cells: Axis(start, start + length, cells),
    st.integers(-(10**15), 10**15),
    st.integers(1, 400 * DAY),
    st.integers(1, 400),
)


@given(AXES, st.floats(0, 1))
def test_a_moment_is_in_the_cell_that_has_begun_and_not_ended(axis: Axis, share: float) -> None:
    at = min(axis.end - 1, axis.start + int(share * (axis.end - axis.start)))
    cell = axis.cell(at)
    assert axis.at(cell) <= at < axis.at(cell + 1)


@given(AXES, st.integers(1, 400 * DAY))
def test_what_lies_beyond_the_axis_is_in_its_first_or_last_cell(axis: Axis, beyond: int) -> None:
    assert axis.cell(axis.start - beyond) == 0
    assert axis.cell(axis.end + beyond) == axis.cells - 1


def test_marks_stand_at_round_durations_with_room_between_them() -> None:
    assert [Axis(0, length, 90).step(9) for length in (SECOND, 12 * SECOND, HOUR, DAY, 300 * DAY)] == [
        SECOND // 10,
        2 * SECOND,
        10 * MINUTE,
        4 * HOUR,
        30 * DAY,
    ]


@pytest.mark.parametrize("step", _ROUND)
def test_no_two_marks_of_an_axis_say_the_same(step: int) -> None:
    texts = [offset_text(n * step, step) for n in range(1, 40)]  # of 360 cells
    assert len(set(texts)) == len(texts)
    assert all(len(text) < 9 for text in texts), "there are nine cells for each"
