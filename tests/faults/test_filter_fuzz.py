"""The filter language takes whatever a person may type: a filter, or one clear error; and none stops the screen."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lineage_core.base import regex as patterns
from lineage_core.base.clock import parse_timestamp
from lineage_core.base.errors import BadInputError
from lineage_core.query import filter_parser as filters
from lineage_core.query.filter_terms import FilterContext
from lineage_core.state.load import load
from lineage_core.state.store import State
from lineage_core.write.journal import Journal
from lineage_tui.models.line_filter import narrow
from tests.faults.pseudo_terminal import PtyProgram

NOW = parse_timestamp("2026-03-14T03:00:00Z") or 0
KEYS = [*filters.KEYS, "nokey", ""]
PIECES = (
    *("a", "scan", ".*", "(", ")", "[", "]", "{", "}", "|", "+", "*", "?", "^", "$", "\\", "\\1", "\\b", "\\u0041"),
    *("\\N{DASH}", "(?i)", "(?x)#", "(?P<a>b)", "(?>a)", "a++", "(?(1)a|b)", "((((", "[[a]", "--", "&&", "~~", "{9}"),
    *("{999999999999}", "\ud800", "é", "'", '"', " ", "!", ":", ",", "\x00", "\x1b", "is:", "worker:", "status:failed"),
    *("/", "/24h", "/failed", "/failed/1h", "24h", "yesterday", "failed", "[/]", "9" * 30, "/" + "9" * 30 + "w"),
)

words = st.builds(
    lambda no, key, colon, parts: "!" * no + key + colon + "".join(parts),
    st.integers(0, 2),
    st.sampled_from(KEYS),
    st.sampled_from(["", ":"]),
    st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=6),
)
typed = st.lists(words, max_size=3).map(" ".join)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> State:
    journal = Journal(tmp_path_factory.mktemp("filters"))
    journal.log("task_created", "task-" + "a" * 40, "user-kim", tags=["x"])
    journal.log("worker_started", "task-1", "worker-scan-1", "scan-worker")
    return load(journal.directory).state


@given(text=typed)
@example(text="worker:\\u0041")
@example(text="worker:(?i)a")
@example(text="tag:\ud800")
@example(text="a{99999999999999999999}")
@example(text="[[a]")
@example(text="(" * 600)
@example(text="x" * 3000)
@example(text="since:99999999999999999999w")
@example(text="ended:failed/9e9")
@example(text="type:^(a)|b$/1h")
@example(text="worker:a/failed/failed//24h/2h")
def test_whatever_is_typed_is_a_filter_or_one_clear_error(text: str, state: State) -> None:
    patterns.limit(0.05, on_screen=True)
    try:
        try:
            matches = filters.parse(text, FilterContext(state, NOW)).matches
        except BadInputError as error:
            assert str(error) and "\n" not in str(error).replace(text, "")
        else:
            assert {matches(row) for row in state.rows.values()} <= {True, False}
            assert isinstance(filters.trouble(text), str)
    finally:
        patterns.limit(patterns.BUDGET)


@given(text=typed)
def test_the_same_holds_for_lists_of_workers_and_events(text: str, state: State) -> None:
    patterns.limit(0.05, on_screen=True)
    try:
        try:
            matches = narrow(text, FilterContext(state, NOW), {"": str, "worker": str, "type": lambda line: None})
        except BadInputError:
            return
        assert {matches(row, "worker-scan-1") for row in state.rows.values()} <= {True, False}
    finally:
        patterns.limit(patterns.BUDGET)


@given(st.text(st.characters(categories=["L", "N", "Zs"]), min_size=1, max_size=10))
def test_plain_words_are_found_where_they_are(word: str) -> None:
    assert patterns.compiled(re.escape(word)).found_in(f"x{word}y")


@pytest.fixture
def limited() -> Iterator[None]:
    patterns.limit(0.05, on_screen=True)
    yield
    patterns.limit(patterns.BUDGET)


@pytest.mark.parametrize("expression", ["(a|aa)+b", "(a|aa)+c", "(a|a)" * 30 + "b"])
@pytest.mark.usefixtures("limited")
def test_a_search_that_would_take_for_ever_is_given_up_and_told(expression: str, state: State) -> None:
    for text in (expression, f"task:{expression}", f"worker:x {expression}"):
        matches = filters.parse(text, FilterContext(state, NOW)).matches
        assert not any(matches(row) for row in state.rows.values())
        if "worker:" not in text:
            assert "takes too long" in filters.trouble(text)
    assert filters.trouble("aaa") == ""


def test_the_screen_answers_after_an_expression_that_takes_for_ever(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "lineage")
    for n in range(200):
        journal.log("task_created", f"task-{n}-" + "a" * 60, "user-kim")
    command = [sys.executable, "-m", "lineage_tui.cli", "--dir", str(journal.directory)]
    with PtyProgram(command, size=(160, 40)) as app:
        app.wait_for("200 tasks")
        app.press("/(a|aa)+k", "takes too long")
        app.press("\x1b", "[1 tasks]")
        app.keys("q")
        assert app.ends() == 0
