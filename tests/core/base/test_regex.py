"""Whatever expression is typed, it ends: found, not found, or one clear error, in any thread and any process."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_core.base import regex
from lineage_core.base.errors import BadInputError
from lineage_core.cli import main
from tests import forked
from tests.build import compact, record, write

ENDLESS = ["(a|aa)+c", "(?:a|aa|ab)+c", "(a|a)" * 30 + "c"]
"""What neither `re` nor `regex` finds a short way for in a row of a's."""

HARD = ["(a+)+$", "(a+)+$b", "(.*)*z", r"(.*)*\1x", "(x+x+)+y"]
"""What `re` takes for ever for, and an engine with a few guards does not."""

ID = "c-{}-" + "a" * 60 + "!"


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A directory in which every id is one on which these expressions branch."""
    return write(tmp_path, *(record(n, task_id=ID.format(n)) for n in range(300)))


@pytest.fixture
def short_budget() -> Iterator[None]:
    """A twentieth of the time for what takes for ever, in patterns that no other test has."""
    regex._compiled.cache_clear()
    regex.limit(regex.BUDGET / 20)
    yield
    regex.limit(regex.BUDGET)
    regex._compiled.cache_clear()


def ran(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lineage_core.cli", *map(str, words)]
    return forked.run(command)


@pytest.mark.parametrize("expression", ENDLESS[:2])
@pytest.mark.parametrize(
    "words",
    [["tasks", "{}"], ["tasks", "!task:{}"], ["events", "--grep", "{}"],
     ["recent", "--grep", "{}"], ["export", "events", "--grep", "{}", "--format", "csv"], ["stats", "{}"]],
    ids=" ".join,
)  # fmt: skip
@pytest.mark.usefixtures("short_budget")
def test_a_query_with_an_expression_that_takes_for_ever_is_one_error_and_no_answer(
    words: list[str], expression: str, journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main([*(word.format(expression) for word in words), "--dir", str(journal)])
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert "takes too long to search for" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("expression", ENDLESS[:2])
def test_a_process_with_an_expression_that_takes_for_ever_ends_with_one_error(expression: str, journal: Path) -> None:
    """On the whole budget."""
    done = ran("tasks", expression, "--dir", journal)
    assert (done.returncode, done.stdout) == (2, "")
    assert "takes too long to search for" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("expression", HARD)
def test_expressions_that_never_ended_give_their_answer(expression: str, journal: Path) -> None:
    for words in (["tasks", expression], ["events", "--grep", expression]):
        done = ran(*words, "--json", "--dir", journal)
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(done.stdout) == []


def test_follow_ends_with_the_error_too(journal: Path) -> None:
    done = ran("follow", "--from-start", "--grep", ENDLESS[0], "--dir", journal)
    assert (done.returncode, done.stdout) == (2, "")
    assert "takes too long" in done.stderr


def test_in_processes_that_share_a_large_file_the_error_is_told_once(tmp_path: Path) -> None:
    text = compact(record(1, task_id=ID))
    (tmp_path / "lineage-2026-11-22.jsonl").write_bytes(text * ((40 << 20) // len(text)))
    done = ran("events", "--grep", ENDLESS[0], "--dir", tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "takes too long" in done.stderr


def test_a_thread_has_the_same_deadline() -> None:
    said: list[str] = []

    def search() -> None:
        try:
            regex.compiled("(x|xx)+y").found_in("x" * 60 + "!y")
        except BadInputError as error:
            said.append(str(error))

    thread = threading.Thread(target=search)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    assert len(said) == 1 and "takes too long" in said[0]


def test_the_budget_is_for_all_texts_together() -> None:
    """Many texts, each of which takes a while, do not add up to ages."""
    pattern = regex.compiled("(?:a|aa|ab)+c")
    slow = [f"{'a' * 20}{n}!c" for n in range(100_000)]
    with pytest.raises(BadInputError, match="takes too long"):
        for text in slow:
            pattern.found_in(text)


def test_on_the_screen_it_matches_nothing_and_says_so() -> None:
    regex.limit(0.05, on_screen=True)
    try:
        pattern = regex.compiled("(q|qq)+w")
        assert not pattern.found_in("q" * 60 + "!w")
        assert pattern.given_up
        assert not pattern.found_in("qw")
    finally:
        regex.limit(regex.BUDGET)


@pytest.mark.parametrize(
    "expression",
    ["a{999999999}", "(a{1000}){1000}", "(?:(?:a{999}){999}){999}", "[ab]{99999999}", "(?:[(]a{1000}){1000}",
     "([)]a{1000}){1000}", r"(\)a{1000}){1000}", "(?x)a#[\n{99999999}#]", "a{999999}{999999}"],
)  # fmt: skip
def test_repeats_that_would_fill_the_memory_are_refused(expression: str) -> None:
    with pytest.raises(BadInputError, match="bad regular expression"):
        regex.compiled(expression)


@pytest.mark.parametrize(
    "expression", ["[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", r"\d{4}-\d\d-\d\dT\d{2}", "a{0,}b"]
)
def test_usual_repeats_are_taken(expression: str) -> None:
    assert not regex.compiled(expression).found_in("x")


@given(st.from_regex(re.compile("[ab(|)*+?.^$]{0,12}"), fullmatch=True), st.text("abc", max_size=8))
def test_it_finds_what_re_finds(expression: str, text: str) -> None:
    try:
        pattern = regex.compiled(expression)
    except BadInputError:
        return
    assert pattern.found_in(text) == (re.search(expression, text, re.IGNORECASE) is not None)
