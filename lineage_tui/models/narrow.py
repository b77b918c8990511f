"""A filter for lines that are less than a task (a worker, an event): its words mean the line where it has an answer.

`worker:scan` and a word without a key ask the line, `status:failed` the task that it belongs to.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from lineage_core.filters import Packed, parse
from lineage_core.patterns import compiled
from lineage_core.state import TaskRow

T = TypeVar("T")

Texts = Callable[[T], str | None]
"""Gives the text of a line that a key of the filter language means."""

WORDS = ""
"""The key for what a word without a key is searched in."""


def narrow(text: str, packed: Packed, texts: Mapping[str, Texts[T]]) -> Callable[[TaskRow, T], bool]:
    """The predicate over (row of the task, line) that a filter means.

    texts: how to read, from a line, what a key means; keys that are not in it are asked of the task. Raises
    BadInputError as `filters.parse` does.
    """
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()  # a quote that is not closed yet, while it is being typed
    terms = [_term(word, packed, texts) for word in words]
    return lambda row, line: all(term(row, line) for term in terms)


def _term(word: str, packed: Packed, texts: Mapping[str, Texts[Any]]) -> Callable[[TaskRow, Any], bool]:
    if word.startswith("!") and len(word) > 1:
        inner = _term(word[1:], packed, texts)
        return lambda row, line: not inner(row, line)
    of_task = parse(shlex.quote(word), packed).matches  # says what is wrong with a word, whatever it asks
    key, colon, value = word.partition(":")
    if not colon or not re.fullmatch(r"[a-z_]+", key):
        key, value = WORDS, word
    read = texts.get(key)
    if read is None:
        return lambda row, line: of_task(row)
    pattern = compiled(value if key == WORDS else value.replace(",", "|"))
    return lambda row, line: (text := read(line)) is not None and pattern.found_in(text)
