"""Hostile text becomes safe in one place."""

import csv
import io
import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_core.base.escaping import csv_cell, json_safe, visible

HOSTILE = [
    *map(chr, range(0x20)),
    *map(chr, range(0x7F, 0xA0)),
    *"\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029",
    "\ud800",
    "\udfff",
]


@pytest.mark.parametrize("char", HOSTILE, ids=[f"U+{ord(char):04X}" for char in HOSTILE])
def test_no_hostile_character_is_shown_raw(char: str) -> None:
    shown = visible(f"a{char}b")
    assert char not in shown
    assert shown == "a b" if char == "\t" else shown.startswith("a\\") and shown.endswith("b")


def test_escapes_are_what_a_programmer_would_write() -> None:
    assert visible("\x1b]0;owned\x07") == "\\x1b]0;owned\\x07"
    assert visible("\x9b31m\u202etxt.exe\ud800") == "\\x9b31m\\u202etxt.exe\\ud800"


@pytest.mark.parametrize("text", ["", "task-1", "größer → 3 µs", "家 🚀 é", "[/x] [@click=app.quit]x[/]", "\\x1b"])
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert visible(text) == text
    assert json_safe(text) == text


def test_a_limit_counts_what_is_returned() -> None:
    assert visible("abcdef", 6) == "abcdef"
    assert visible("abcdef", 4) == "abc…"
    assert len(visible("\x1b" * 50, 10)) == 10
    assert visible("abc", 0) == ""


@given(st.text(alphabet=st.characters(codec=None)))
def test_whatever_comes_in_what_comes_out_can_be_printed(text: str) -> None:
    shown = visible(text)
    shown.encode()
    assert not any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in shown)
    assert len(visible(text, 5)) <= 5


TEXT = st.text(st.characters(exclude_categories=["Cs"]))  # two surrogates in a row would become one character


@given(st.recursive(TEXT | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner)))
def test_safe_json_means_the_same(value: object) -> None:
    for indent in (None, 2):
        text = json_safe(json.dumps(value, ensure_ascii=False, indent=indent))
        assert json.loads(text) == value
        text.encode()
        assert not any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in text if char != "\n")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\n=", " =", "＝"])
def test_a_csv_cell_does_not_begin_like_a_formula(start: str) -> None:
    cell = csv_cell(start + "cmd|' /C calc'!A0")
    out = io.StringIO()
    csv.writer(out).writerow([cell])
    assert cell.startswith("'")
    assert next(csv.reader([out.getvalue()])) == [cell]


def test_other_csv_cells_are_as_they_are_shown() -> None:
    assert csv_cell("task-1, second") == "task-1, second"
    assert csv_cell("a\x1b[2J") == "a\\x1b[2J"
