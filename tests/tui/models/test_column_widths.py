"""Columns and their widths: whatever the steps, more room never gives less of any column."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lineage_tui.models.column_widths import Step, allocate

STEPS = st.lists(st.builds(Step, st.sampled_from("abcdef"), st.integers(1, 12)), min_size=3, max_size=12)
CONTENT = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 80))


@given(STEPS, CONTENT, st.integers(1, 70))
def test_more_room_never_shows_less(steps: list[Step], content: dict[str, int], room: int) -> None:
    less, more = allocate(steps, room, content), allocate(steps, room + 1, content)
    assert all(more.get(column, 0) >= width for column, width in less.items())


@given(STEPS, CONTENT, st.integers(1, 70))
def test_they_fit_with_a_blank_between_two_and_hold_no_more_than_there_is(
    steps: list[Step], content: dict[str, int], room: int
) -> None:
    widths = allocate(steps, room, content)
    assert sum(width + 1 for width in widths.values()) - bool(widths) <= room
    assert all(0 < width <= content.get(column, width) for column, width in widths.items())


@given(STEPS, st.integers(1, 70))
def test_a_column_is_there_as_wide_as_it_is_to_be_or_not_at_all(steps: list[Step], room: int) -> None:
    widths = allocate(steps, room)
    first = {column: next(step.width for step in steps if step.column == column) for column in widths}
    narrow = [column for column, width in widths.items() if width < first[column]]
    assert narrow in ([], [steps[0].column])


def test_they_are_taken_in_the_order_of_their_importance() -> None:
    steps = [Step("name", 8), Step("why", 6), Step("name", 12), Step("time", 4), Step("name", 20)]
    assert allocate(steps, 14) == {"name": 8}
    assert allocate(steps, 15) == {"name": 8, "why": 6}
    assert allocate(steps, 18) == {"name": 11, "why": 6}
    assert allocate(steps, 23) == {"name": 12, "why": 6}
    assert allocate(steps, 24) == {"name": 12, "why": 6, "time": 4}
    assert allocate(steps, 200, {"name": 9, "why": 0}) == {"name": 9, "time": 4}
