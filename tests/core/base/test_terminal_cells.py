"""Widths of text are those of a terminal: of a real emulator, and of the libraries that terminals are written with."""

from __future__ import annotations

import unicodedata

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from wcwidth import wcwidth

from lineage_core.base.escaping import visible
from lineage_core.base.terminal_cells import cell_width, fit, head, shown, tail

TEXTS = [
    "夜間バックアップの検証",
    "e\u0301te\u0301 cafe\u0301",
    "\u0301mark first",
    "👨\u200d👩\u200d👧 family",
    "👍🏽 ok 🏽",
    "🇩🇪🇫🇷 flags",
    "❤\ufe0f 1\ufe0f\u20e3",
    "שלום עולם",
    "مرحبا بالعالم",
    "می\u200cخواهم",
    "각각 한글 \u1100\u1161\u11a8",
    "नमस्ते दुनिया",
    "Z̷̢͖̙̊̾̈a̶l̵g̸o̷",
    "☰ ䷀ 🫨🩷",
    "task\u200b-1",
    "ａｂｃ ＡＢＣ ｱｲｳ",
    "\U000e0041tag",
]
any_text = st.text() | st.sampled_from(TEXTS) | st.text(st.characters(min_codepoint=0x300, max_codepoint=0x1FAFF))


def cells_of(text: str) -> int:
    """Where a terminal's cursor stands behind a text that was printed at the left edge."""
    screen = pyte.Screen(max(10, 4 * len(text) + 10), 1)
    stream = pyte.Stream(screen)
    for char in text:  # of text that is fed at once, pyte drops what follows a vowel sign
        stream.feed(char)
    return screen.cursor.x


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_takes_as_many_cells_as_a_terminal_moves(text: str) -> None:
    assert cell_width(shown(text)) == cells_of(shown(text)) == cell_len(shown(text))


@given(any_text)
def test_any_text_takes_as_many_cells_as_a_terminal_moves(text: str) -> None:
    assert cell_width(shown(text)) == cells_of(shown(text)) == cell_len(shown(text))


@given(any_text, st.integers(1, 60), st.booleans())
def test_a_column_is_as_wide_as_it_was_asked_for(text: str, cells: int, right: bool) -> None:
    column = fit(text, cells, right=right)
    assert cell_width(column) == cells_of(column) == cell_len(column) == cells
    assert fit(column, cells) == column


@given(any_text, st.integers(0, 60))
def test_a_beginning_and_an_end_are_no_wider_than_there_is_room(text: str, cells: int) -> None:
    text = shown(text)
    for part in (head(text, cells), tail(text, cells)):
        assert cell_width(part) <= cells
        assert cells - cell_width(part) <= 1 or part == text
    assert text.startswith(head(text, cells)) and text.endswith(tail(text, cells))


@given(any_text)
def test_what_is_shown_is_shown_the_same_again(text: str) -> None:
    assert shown(shown(text)) == shown(text)


def test_every_character_is_as_wide_as_the_terminals_libraries_say() -> None:
    wrong = []
    for code in range(0x20, 0x110000):
        if not 0x7F <= code < 0xA0 and not 0xD800 <= code < 0xE000:
            text = shown("x" + chr(code))[1:]
            theirs = {len(text)} if code > 0x7F and text.isascii() else {cell_len(text), sum(map(wcwidth, text))}
            if theirs != {cell_width(text)}:
                wrong.append(f"{code:x} {unicodedata.category(chr(code))}")
    assert wrong == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("task-1", "task-1\u200b"),
        ("task-1", "task\u00ad-1"),
        ("task-1", "\ufefftask-1"),
        ("a", "a\u200d"),
        ("", "\u3164"),
    ],
)
def test_names_that_differ_do_not_look_the_same(one: str, other: str) -> None:
    assert visible(one) != visible(other)
    assert fit(one, 30) != fit(other, 30)


def test_the_night_takes_twelve_cells() -> None:
    assert fit("夜間バックアップの検証", 12) == "夜間バック …"
