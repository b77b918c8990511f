"""The filter language of the screen and of the queries: words that a task must match.

    deploy                a regular expression, case-insensitive, in the task's id, master, session or reason
    status:failed         a word of the task: status, master, session, trace, priority, kind (its `type`)
    worker:scan           a word of its events: worker (id or type), actor, type (event type), tag
    is:escalated          also is:open, is:ended, is:blocked …: a status or a flag
    !status:completed     not so
    "two words"           quotes keep blanks together
Terms are joined by and; `a,b` after a colon means either. Pure: from text to a predicate.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from typing import NamedTuple

from lineage_core.errors import BadInputError
from lineage_core.events import nearest
from lineage_core.patterns import compiled
from lineage_core.state import TaskRow

Packed = Callable[[str], bytes | bytearray]
"""Gives the packed facts of a task (`State.packed`), in which event words are searched."""

_ROW_FIELDS: dict[str, Callable[[TaskRow], str | None]] = {
    "status": lambda row: row.status.value,
    "master": lambda row: row.master,
    "session": lambda row: row.session,
    "trace": lambda row: row.trace,
    "priority": lambda row: row.priority,
    "kind": lambda row: row.task_type,
    "task": lambda row: row.task_id,
}
# Where these stand in a packed fact (facts.Fact): the value is inside a JSON string.
_EVENT_FIELDS = {
    "worker": r'"worker_(?:id|type)":"[^"]*?(?:{})',
    "actor": r'"(?:user|coordinator|master|worker|daemon|system)","[^"]*?(?:{})',
    "type": r',\d+,\d+,"[^"]*?(?:{})[^"]*","',
    "tag": r'"tags":\[[^\]]*?"[^"]*?(?:{})',
}
_FLAGS: dict[str, Callable[[TaskRow], bool]] = {
    "escalated": lambda row: row.escalated,
    "open": lambda row: not row.status.ended,
    "ended": lambda row: row.status.ended,
    "retried": lambda row: row.retries > 0,
    "handoff": lambda row: row.handoff_since is not None,
}
_KEY = re.compile("[a-z_]+")
KEYS = (*_ROW_FIELDS, *_EVENT_FIELDS, "is")


class Filter(NamedTuple):
    """A parsed filter. text: as it was written; matches: the predicate."""

    text: str
    matches: Callable[[TaskRow], bool]


def trouble(text: str) -> str:
    """What is wrong with a filter (that `parse` took) now that it was used: a search that took too long; or nothing."""
    for word in _words(text):
        key, expression = _key_of(word.lstrip("!"))
        frame = _EVENT_FIELDS.get(key, "")
        if key != "is" and any(compiled(expression, form).given_up for form in {frame, ""}):
            return f"{expression!r} takes too long to search for, and matches nothing now: make it simpler"
    return ""


def parse(text: str, packed: Packed) -> Filter:
    """The filter that a text means. Raises BadInputError in one line for an unknown key or a bad expression."""
    terms = [_term(word, packed) for word in _words(text)]
    return Filter(text, lambda row: all(term(row) for term in terms))


def _term(word: str, packed: Packed) -> Callable[[TaskRow], bool]:
    if word.startswith("!") and len(word) > 1:
        inner = _term(word[1:], packed)
        return lambda row: not inner(row)
    key, expression = _key_of(word)
    if not key:
        pattern = compiled(expression)
        return lambda row: any(
            text is not None and pattern.found_in(text) for text in (row.task_id, row.master, row.session, row.reason)
        )
    if key not in KEYS:
        raise BadInputError(f"unknown filter key {key!r}{nearest(key, KEYS)} (known: {', '.join(KEYS)})")
    if key == "is":
        return _flag(expression)
    if key in _ROW_FIELDS:
        field, pattern = _ROW_FIELDS[key], compiled(expression)
        return lambda row: (text := field(row)) is not None and pattern.found_in(text)
    inside = compiled(expression, _EVENT_FIELDS[key])
    return lambda row: inside.found_in(packed(row.task_id))


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()  # a quote that is not closed yet, while it is being typed


def _key_of(word: str) -> tuple[str, str]:
    """The key of a term (empty for a word without one) and the expression that it asks for."""
    key, colon, value = word.partition(":")
    if not colon or not _KEY.fullmatch(key):
        return "", word
    return key, value if key == "is" else value.replace(",", "|")


def _flag(value: str) -> Callable[[TaskRow], bool]:
    wanted = value.split(",")
    return lambda row: any(_FLAGS[w](row) if w in _FLAGS else row.status.value == w for w in wanted)

