"""The filter language of the screen and of the queries: words that a task must match. LANGUAGE is its description.

Terms are joined by and; `a,b` after a colon means either. Pure: from text to a predicate over tasks as they are known
at one moment. What a term asks of events and workers is in `query/filter_terms.py`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from typing import NamedTuple

from lineage_core.base.errors import BadInputError
from lineage_core.base.regex import compiled
from lineage_core.base.time_input import parse_when
from lineage_core.model.entities import TaskRow
from lineage_core.model.event_types import nearest
from lineage_core.model.task_parts import Status
from lineage_core.query.filter_terms import (
    EVENT_FIELDS,
    FilterContext,
    Test,
    ended_term,
    event_term,
    framed,
    since_of,
    why_term,
    worker_term,
)
from lineage_core.query.rows_with_expectations import JudgedTasks

LATE = "late"

_ROW_FIELDS: dict[str, Callable[[TaskRow], tuple[str | None, ...]]] = {
    "status": lambda row: (row.status.value,),
    "owner": lambda row: (row.master,),
    "master": lambda row: row.masters,
    "session": lambda row: (row.session,),
    "trace": lambda row: (row.trace,),
    "priority": lambda row: (row.priority,),
    "kind": lambda row: (row.task_type,),
    "task": lambda row: (row.task_id,),
    "host": lambda row: row.hosts,
}
"""By key: the texts of a task that it searches."""


FLAGS: dict[str, Callable[[TaskRow, FilterContext], bool]] = {
    "open": lambda row, _: not row.status.ended,
    "ended": lambda row, _: row.status.ended,
    LATE: lambda row, on: JudgedTasks(on.state, on.now, on.thresholds, on.known).late(row),
    "silent": lambda row, on: on.look(row) == "silent",
    "zombie": lambda row, on: on.look(row) == "zombie",
    "orphaned": lambda row, on: on.look(row) == "orphaned",
    "slow": lambda row, on: not row.status.ended and on.slow(row),
    "escalated": lambda row, _: row.escalated,
    "handoff": lambda row, _: row.handoff_since is not None,
    "retried": lambda row, _: row.retries > 0,
    "ran": lambda row, _: row.status.ended and row.started_at is not None,
    "metered": lambda row, _: row.tokens is not None,
}
"""The words after `is:`, besides the statuses."""

_STATUSES = tuple(status.value for status in Status)
_KEY = re.compile("[a-z_]+")
KEYS = (*_ROW_FIELDS, *EVENT_FIELDS, "why", "error", "is", "ended", "since", "until")

LANGUAGE: tuple[tuple[str, str], ...] = (
    ("deploy", "a regular expression in id, master, session, reason"),
    ("failed", "any word of is: may stand alone: late, zombie"),
    ("status:failed", "its status"),
    ("owner:sec", "the master that has it; master: any that had it"),
    ("session:night", "likewise trace: priority: kind: task:"),
    ("host:web1", "of several hosts, one that logged an event of it"),
    ("is:open", "not over; is:ended, or a status: is:failed"),
    ("is:late", "past the time in which it should have gone on"),
    ("is:silent", "a worker is silent; is:zombie: for too long"),
    ("is:orphaned", "it is over, and a worker of it is not"),
    ("is:slow", "it, or a worker, takes longer than 97 of 100"),
    ("is:escalated", "it waits for a person; is:handoff: for a master"),
    ("is:retried", "a worker of it was replaced"),
    ("is:ran", "over, start known; is:metered: tokens known"),
    ("since:24h", "events since then: 15m, 7d, today, 2026-11-22"),
    ("until:yesterday", "events before then"),
    ("ended:failed/24h", "ended so since then; ended:24h in any way"),
    ("worker:scan", "one of its workers, by id or type"),
    ("worker:scan/failed/24h", "one in this state since then; the states: any, open,"),
    ("", "ended, success, partial, failed, silent, zombie,"),
    ("", "retry, ran (start known), metered (tokens known)"),
    ("type:blocked/24h", "one of its events since then; likewise actor: tag:"),
    ("why:disk/24h", "why it failed (# for ids, numbers); error: a worker"),
    ("master:sec,inv", "either"),
    ("!status:failed", "not so"),
    ('"two words" deploy', "quotes keep words together; all terms have to hold"),
)
"""What can be written, and what it means: printed by the help of the screen and of the queries."""


class Filter(NamedTuple):
    """A parsed filter. text: as it was written; matches: the predicate; timed: whether it depends on the time, so
    that it has to be parsed again now and then."""

    text: str
    matches: Callable[[TaskRow], bool]
    timed: bool = False


class Term(NamedTuple):
    """A word of a filter in its parts. key: empty for a word without one. value: what follows it; expression: the
    regular expression in that; rest: the states and times behind it."""

    negated: bool
    key: str
    value: str
    expression: str
    rest: tuple[str, ...]


def trouble(text: str) -> str:
    """What is wrong with a filter (that `parse` took) now that it was used: a search that took too long; or nothing."""
    for word in words(text):
        term = term_of(word, 0)
        searches = ((term.expression, ""), framed(term.key, term.expression))
        if term.key not in _UNSEARCHED and any(compiled(*search).given_up for search in searches):
            return f"{term.expression!r} takes too long to search for, and matches nothing now: make it simpler"
    return ""


_UNSEARCHED = ("is", "ended", "since", "until")


def parse(text: str, on: FilterContext) -> Filter:
    """The filter that a text means. Raises BadInputError in one line for an unknown key or a bad expression."""
    terms = [term_of(word, on.now) for word in words(text)]
    tests = [_test(term, on) for term in terms]
    return Filter(text, lambda row: all(test(row) for test in tests), any(map(_timed, terms)))


def is_state(word: str) -> bool:
    """Whether `is:` takes this word: then it means the same where it stands alone, besides what it is found in."""
    return word in FLAGS or word in _STATUSES


def _timed(term: Term) -> bool:
    if term.key == "is" or (not term.key and is_state(term.value)):
        return not {"silent", "zombie", "orphaned", "slow", LATE}.isdisjoint(term.value.split(","))
    return term.key in ("ended", "since", "until") or bool(term.rest)


def _test(term: Term, on: FilterContext) -> Test:
    test = _plain_test(term, on)
    return (lambda row: not test(row)) if term.negated else test


def _plain_test(term: Term, on: FilterContext) -> Test:
    key, value, expression = term.key, term.value, term.expression
    if not key:
        if expression == "!":
            raise BadInputError("!: not what? !status:failed")
        pattern = compiled(expression)
        state = _flag(expression, on) if is_state(expression) else None
        return lambda row: (
            (state is not None and state(row))
            or any(
                text is not None and pattern.found_in(text)
                for text in (row.task_id, row.master, row.session, row.reason)
            )
        )
    match key:
        case "is":
            return _flag(value, on)
        case "since":
            since = parse_when(value, on.now)
            return lambda row: row.last_logged >= since
        case "until":
            until = parse_when(value, on.now)
            return lambda row: row.first_logged < until
        case "ended":
            return ended_term(value, on)
        case "why" | "error":
            return why_term(key, expression, since_of(term.rest, on.now), on)
        case "worker" if term.rest:
            return worker_term(expression, term.rest, on)
        case _ if key in EVENT_FIELDS:
            return event_term(key, expression, since_of(term.rest, on.now), on)
        case "status":
            for name in value.split(","):
                _check_status(name)
        case _ if key not in KEYS:
            raise BadInputError(f"unknown filter key {key!r}{nearest(key, KEYS)} (known: {', '.join(KEYS)})")
    field, pattern = _ROW_FIELDS[key], compiled(expression)
    return lambda row: any(text is not None and pattern.found_in(text) for text in field(row))


def words(text: str) -> list[str]:
    """The words of a filter, without their quotes."""
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()  # a quote that is not closed yet, while it is being typed


def joined(terms: list[str]) -> str:
    """A filter of these words, in quotes where they need them, each once."""
    return " ".join(w if re.fullmatch(r"""[^\s'"\\]+""", w) else shlex.quote(w) for w in dict.fromkeys(terms))


def term_of(word: str, now: int) -> Term:
    """The parts of a word of a filter."""
    negated = word.startswith("!") and len(word) > 1
    inner = term_of(word[1:], now) if negated else None
    if inner is not None:
        return inner._replace(negated=not inner.negated)
    key, colon, value = word.partition(":")
    if not colon or not _KEY.fullmatch(key):
        return Term(False, "", word, word, ())
    head, *rest = re.split(r"/(?!\])", value)  # `[/]` is a slash of an expression
    if key == "worker":
        return Term(False, key, value, head.replace(",", "|"), tuple(filter(None, rest)))
    if key in (*EVENT_FIELDS, "why", "error") and rest and _is_time(rest[-1], now):
        return Term(False, key, value, value[: -len(rest[-1]) - 1].replace(",", "|"), (rest[-1],))
    return Term(False, key, value, value.replace(",", "|"), ())


def _is_time(text: str, now: int) -> bool:
    try:
        parse_when(text, now)
    except BadInputError:
        return False
    return True


def _check_status(name: str) -> None:
    """Raises BadInputError if there is no such status of a task."""
    pattern = compiled(name)
    if not any(map(pattern.found_in, _STATUSES)):
        hint = f"; try is:{name}" if name in FLAGS else nearest(name, _STATUSES)
        raise BadInputError(f"{name!r} is no status of a task{hint} (known: {', '.join(_STATUSES)})")


def _flag(value: str, on: FilterContext) -> Test:
    """Any of these flags or statuses. Raises BadInputError for a word that is neither."""
    tests: list[Test] = []
    known = (*FLAGS, *_STATUSES)
    for name in value.split(","):
        if name == LATE:  # as FLAGS has it, for all tasks at once
            tests.append(JudgedTasks(on.state, on.now, on.thresholds, on.known).late)
        elif name in FLAGS:
            tests.append(lambda row, of=FLAGS[name]: of(row, on))  # type: ignore[misc]
        elif name in _STATUSES:
            tests.append(lambda row, of=name: row.status.value == of)  # type: ignore[misc]
        else:
            raise BadInputError(f"no task is {name!r}{nearest(name, known)} (known: is:{', '.join(known)})")
    return lambda row: any(test(row) for test in tests)
