"""Spans as plain data, between the tasks (`mapping.py`) and OpenTelemetry's classes (`sdk.py`)."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

Value = str | int | float | bool | tuple[str, ...]
Attributes = dict[str, Value]


class Outcome(StrEnum):
    """The status of a span, by OpenTelemetry's names."""

    UNSET = "UNSET"
    OK = "OK"
    ERROR = "ERROR"


class Link(NamedTuple):
    """A span of this or another trace that a span has to do with; ids in hex."""

    trace_id: str
    span_id: str
    attributes: Attributes


class SpanEvent(NamedTuple):
    """A moment within a span. at: microseconds since the epoch, UTC."""

    name: str
    at: int
    attributes: Attributes


class Span(NamedTuple):
    """One attempt, run or wait. start, end: microseconds since the epoch, UTC; end is None while it is open.

    parent_id: in the same trace. remote: whether the parent is a span of another program. message: why, of an error.
    """

    trace_id: str
    span_id: str
    parent_id: str | None
    remote: bool
    name: str
    start: int
    end: int | None
    outcome: Outcome
    message: str
    attributes: Attributes
    events: tuple[SpanEvent, ...] = ()
    links: tuple[Link, ...] = ()
