"""What is expected of open things, in words and as rows. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineage_core.base.clock import SECOND, format_duration
from lineage_core.model.expectations import Expectation, Limit
from lineage_core.present.rows import iso, moment

if TYPE_CHECKING:
    from lineage_core.model.row_types import ExpectationJson


def limit_says(limit: Limit | None) -> str:
    """Where the time of an expectation comes from, for people."""
    if limit is None:
        return ""
    after = format_duration(limit.after)
    if limit.by == "set":
        return f"{after}, as {limit.source} says"
    default = f"the default is {format_duration(limit.default)}"
    usual = ""
    if limit.usual is not None:
        usual = f"99 of 100 of {limit.usual.known} alike took {format_duration(limit.usual.time)} at most"
    if limit.by == "own":
        return f"{after}, for it has been silent for so long before; {default}"
    if limit.by == "usual":
        return f"{after}, for {usual}; {default}"
    return f"{after}, the default" + (f"; {usual}" if usual else "; too few alike are known to tell what is usual")


def expectation_row(one: Expectation, now: int) -> ExpectationJson:
    """What is expected, as `expects` of a row has it."""
    return {
        "name": one.name,
        "of": one.of,
        "subject": one.subject,
        "what": one.what,
        "since": iso(one.since),
        "due": iso(one.due),
        "late": one.late(now),
        "why": one.why or limit_says(one.limit) or None,
    }


def late_says(due: int, now: int) -> str:
    """How late something is whose time is over: `late by 20m00s`; in its first second `due now`."""
    return f"late by {format_duration(now - due)}" if now - due >= SECOND else "due now"


def what_says(one: Expectation) -> str:
    """What is expected: `a start`; `the completion of handoff-7`, where it is of neither the task nor who owes it."""
    return one.what if one.subject in (one.task_id, one.of) else f"{one.what} of {one.subject}"


def says(one: Expectation, now: int) -> str:
    """An expectation in a few words: `a start, expected of dev-master by 2026-11-22 08:40:00Z`; `late by 20m00s`."""
    whom = f" of {one.of}" if one.of else ""
    if one.due is None:
        when = ""
    elif one.late(now):
        when = f", {late_says(one.due, now)}"
    else:
        when = f" by {moment(one.due)}Z"
    why = f": {one.why}" if one.why else ""
    return f"{what_says(one)}, expected{whom}{when}{why}"
