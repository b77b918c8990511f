"""A line of the screen: exactly as wide as it is to be, whatever is put on it, the first time and again."""

from __future__ import annotations

import pytest

from lineage_tui.theme.styled_line import SHORT, Line
from tests.tui.alone import styles

TEXTS = (
    "",
    "abc",
    "█▎····",
    "名前" * 9,
    "e\u0301" * 9,
    "\x1b[31mred",
    "x" * SHORT,
    "y" * (SHORT + 1),
    "名" * (SHORT + 1),
)


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("width", [1, 2, 7, 30, 500])
def test_a_line_is_as_wide_as_it_is_to_be(text: str, width: int, ascii_only: bool) -> None:
    def drawn() -> str:
        looks = styles(ascii_only=ascii_only)
        strip = Line(width, looks).col(text, 5).put(text).col(text, 12, right=True).put("…").strip()
        assert strip.cell_length == sum(segment.cell_length for segment in strip) == width
        return strip.text

    assert drawn() == drawn()
    assert "\x1b" not in drawn()


def test_what_is_noted_of_a_text_is_for_its_room_and_its_side() -> None:
    looks = styles()
    line = Line(40, looks).col("abc", 5).col("abc", 5, right=True).col("abc", 2).put("abc").strip()
    assert line.text.rstrip() == "abc     abc a… abc"
