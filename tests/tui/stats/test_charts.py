"""Charts and tables as lines: to scale, in their places, as wide as the line."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_tui.models.column_widths import allocate
from lineage_tui.stats.area_chart import Series, area_chart
from lineage_tui.stats.charts import GUTTER, Column, Row, compact, steps_of, table
from lineage_tui.stats.distribution import spread_cells, spread_heads
from lineage_tui.theme.styled_line import Line
from lineage_tui.theme.styles import Styles


def drawn(rows: list[Row], width: int = 60, *, ascii_only: bool = False) -> list[str]:
    lines = []
    for row in rows:
        out = Line(width, Styles("dark", ascii_only=ascii_only))
        row.draw(out)
        lines.append(out.strip().text)
    return lines


def test_a_chart_stacks_its_series_to_scale() -> None:
    series = [Series("low", [4, 0, 2], "6", "done"), Series("high", [4, 0, 0], "4", "failed")]
    width = GUTTER + 9 + 7 + 3
    lines = drawn(area_chart("x", series, 4, str), width)
    assert [line[GUTTER : GUTTER + 9] for line in lines] == ["███      "] * 3 + ["███   ███"]
    assert lines[0].startswith(f"{'8 ':>{GUTTER}}") and "high  4" in lines[0] and "low  6" in lines[1]
    assert drawn(area_chart("x", series, 1, str), width)[0][GUTTER : GUTTER + 9] == "▄▄▄   ▂▂▂"


def test_the_colours_of_a_stack_meet_where_its_series_do() -> None:
    series = [Series("low", [1], "1", "done"), Series("high", [3], "3", "failed")]
    rows = area_chart("x", series, 2, str)
    out = Line(GUTTER + 1 + 8 + 3, styles := Styles("dark"))
    rows[1].draw(out)
    segment = next(segment for segment in out.strip() if segment.text.strip("0 "))
    assert segment.text[0] == "▄" and segment.style == styles("done", "failed")


@settings(max_examples=60)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=200), st.integers(20, 200), st.integers(1, 12))
def test_every_stretch_of_a_chart_has_its_place_and_nothing_is_wider_than_the_line(
    values: list[int], width: int, height: int
) -> None:
    rows = area_chart("x", [Series("one", values, "sum", "done")], height, str)
    assert all(len(line) == width for line in drawn(rows, width))
    placed = rows[0].columns(width)  # type: ignore[misc]
    assert max(values) in [values[n] for n in placed.bins]  # the highest is never left out
    for column, stretch in enumerate(placed.bins):
        assert placed.at(placed.edges[column]) == placed.at(placed.edges[column + 1] - 1) == stretch
        assert placed.span_of(stretch) == placed.edges[column : column + 2]
    assert placed.at(GUTTER - 1) is placed.at(placed.edges[-1]) is None


def test_columns_that_are_empty_in_all_rows_are_left_out() -> None:
    columns = (Column("full", 6, 9), Column("empty", 6, 8))
    lines = drawn(table("t", "title", columns, [("a", {"full": ("1", "text"), "empty": ("", "text")}, None)]))
    assert "full" in lines[0] and "empty" not in lines[0]


def test_a_table_without_rows_says_so_and_has_no_columns() -> None:
    lines = drawn(table("t", "title", (Column("figure", 6, 9),), []))
    assert [line.strip() for line in lines] == ["title", "none"]


def test_a_distribution_has_an_axis_and_marks() -> None:
    row = {
        "p50": 1000,
        "p95": 100_000,
        "p99": 1e5,
        "max": 1e5,
        "count": 9,
        "left_out": 0,
        "least": 10,
        "greatest": 100_000,
    }
    row["histogram"] = [0, 0, 0, 0, 1, 2, 4, 2, 1, 0, 0, 1]  # type: ignore[assignment]
    cells = spread_cells(row)["distribution"]
    assert callable(cells)
    shape = "".join(part for part, _ in cells(48, Styles("dark")))
    assert len(shape) == 48 and shape[24] == "│" and shape[47] == "┊"
    head = spread_heads([row])["distribution"]
    assert callable(head)
    assert head(48, Styles("dark"))[0].index("╷1s") == 24


COLUMNS = (Column("a", 5, 3), Column("b", 5, 9, grows=20), Column("c", 5, 6))


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (4, {"": 4}),
        (16, {"": 10, "b": 5}),
        (24, {"": 18, "b": 5}),
        (36, {"": 24, "b": 5, "c": 5}),
        (99, {"": 24, "a": 5, "b": 25, "c": 5}),
    ],
)
def test_columns_that_matter_most_stay(width: int, expected: dict[str, int]) -> None:
    assert allocate(steps_of(COLUMNS, 24), width) == expected


@pytest.mark.parametrize(
    ("number", "shown"), [(0, "0"), (999, "999"), (1000, "1.0k"), (9949, "9.9k"), (123_456, "123k"), (4.5e6, "4.5M")]
)
def test_counts_fit_into_four_cells(number: float, shown: str) -> None:
    assert compact(number) == shown
