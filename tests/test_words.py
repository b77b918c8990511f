"""One word for one thing: what the table of words (lineage_core/README.md) refuses is in no name and no document."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT

REFUSED = {
    "alike": "fingerprint",
    "crew": "workers, handoffs",
    "habits": "traits",
    "kept": "what it is kept for: cached, saved, pending",
    "kin": "subtasks",
    "kinship": "subtasks",
    "latest": "newest, top_n",
    "ledger": "event_index",
    "life": "lifecycle, run, attempt",
    "likeness": "fingerprint",
    "lives": "runs, attempts",
    "patient": "surroundings",
    "place": "checkpoint, position, offset",
    "places": "positions, offsets",
    "roster": "workers",
    "tally": "status_counts",
    "tangle": "interleaved",
    "tangled": "interleaved",
    "tangles": "interleaved",
    "told": "what was told: figures, explanation, paragraph",
    "vigil": "open_workers",
}
"""A word that is no part of a name, and what is said instead."""

YET = {"lineage_core/meaning"}
"""The folder in which told, place and kept are names yet."""

IN_CORE = {"segment": "snapshot", "segments": "snapshots"}
"""Refused in the core; the screen has Rich's segments."""

PRIVATE = {"kept", "place", "places", "told"}
PLAIN = {"alike", "latest", "patient", "habits", "life", "lives", *PRIVATE}
"""Words that are no names here, but plain English in a sentence."""


@cache
def parts(path: Path) -> list[tuple[int, str]]:
    """The words that names in a file are made of, each with its line: `_placeOf` is `place` and `of`."""
    found = []
    for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
        if token.type == tokenize.NAME:
            found += [(token.start[0], word.lower()) for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+", token.string)]
    return found


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("word", REFUSED)
def test_a_word_that_is_refused_is_no_part_of_a_name(word: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sources("lineage_core", "lineage_tui")
        for line, one in parts(path)
        if one == word and not (word in PRIVATE and any(path.is_relative_to(ROOT / folder) for folder in YET))
    ]
    assert not found, f"say {REFUSED[word]}, not {word}: {', '.join(found)}"


@pytest.mark.parametrize("word", IN_CORE)
def test_a_word_that_is_refused_in_the_core_is_no_part_of_a_name_there(word: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sources("lineage_core")
        for line, one in parts(path)
        if one == word
    ]
    assert not found, f"say {IN_CORE[word]}, not {word}: {', '.join(found)}"


@pytest.mark.parametrize("word", sorted({*REFUSED, *IN_CORE} - PLAIN))
def test_a_word_that_is_refused_is_in_no_document(word: str) -> None:
    for page in (*ROOT.glob("*.md"), *(ROOT / ".github").glob("*.md"), *ROOT.glob("lineage_*/**/*.md")):
        text = re.sub(r"<!-- words -->.*?<!-- end words -->", "", page.read_text(), flags=re.DOTALL)
        assert not re.search(rf"\b{word}\b", text, re.IGNORECASE), f"{page.relative_to(ROOT)}: {word}"


def test_names_are_taken_apart(tmp_path: Path) -> None:
    path = tmp_path / "some.py"
    path.write_text("class PlaceOf:\n    _old_places = 'vigil'  # roster\n")
    assert parts(path) == [(1, "class"), (1, "place"), (1, "of"), (2, "old"), (2, "places")]
