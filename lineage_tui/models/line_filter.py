"""A filter for lines that are less than a task (a worker, an event): its words mean the line where it has an answer.

`worker:scan` and a word without a key ask the line, `status:failed` the task that it belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from lineage_core.base.regex import compiled
from lineage_core.model.entities import TaskRow
from lineage_core.query.filter_parser import joined, parse, term_of, words
from lineage_core.query.filter_terms import FilterContext

T = TypeVar("T")

Texts = Callable[[T], str | None]
"""Gives the text of a line that a key of the filter language means; each line of that text is searched by itself."""

WORDS = ""
"""The key for what a word without a key is searched in."""


class Shown(NamedTuple, Generic[T]):
    """The states that lines are shown in. words: all there are; of: the words for the state of one line."""

    words: frozenset[str]
    of: Callable[[T], set[str]]


def narrow(
    text: str, on: FilterContext, texts: Mapping[str, Texts[T]], shown: Shown[T] | None = None
) -> Callable[[TaskRow, T], bool]:
    """The predicate over (row of the task, line) that a filter means.

    texts: how to read, from a line, what a key means; keys that are not in it are asked of the task. shown: what `is:`
    and `status:` mean of a line, where they name a state that it can be shown in. Raises BadInputError as
    `filters.parse` does.
    """
    terms = [_term(word, on, texts, shown) for word in words(text)]
    return lambda row, line: all(term(row, line) for term in terms)


def _term(
    word: str, on: FilterContext, texts: Mapping[str, Texts[Any]], shown: Shown[Any] | None
) -> Callable[[TaskRow, Any], bool]:
    term = term_of(word, on.now)
    states = set(term.value.split(","))
    if shown is not None and term.key in ("is", "status") and states <= shown.words:
        return lambda _row, line: states.isdisjoint(shown.of(line)) is term.negated
    of_task = parse(joined([word.lstrip("!") or word]), on).matches  # says what is wrong with a word, whatever it asks
    read = texts.get(term.key)
    if read is None:
        return lambda row, line: of_task(row) is not term.negated
    pattern = compiled(term.expression)
    state_of = shown.of if not term.key and shown is not None and term.value in shown.words else None

    def test(row: TaskRow, line: Any) -> bool:
        said = read(line)
        found = said is not None and any(map(pattern.found_in, said.split("\n")))
        found = found or (state_of is not None and term.value in state_of(line))
        # States and times behind an expression are the task's: not every line can tell them.
        return (found and (not term.rest or of_task(row))) is not term.negated

    return test
