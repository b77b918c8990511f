"""Every kind of finding of a validation, with its severity, and what one finding tells."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from lineage_core.rules import lifecycle_errors as lint


class Severity(StrEnum):
    """Whether a finding fails a check always, or only with --strict."""

    ERROR = "error"
    WARNING = "warning"


class Rule(NamedTuple):
    """A kind of finding. category: a sentence on all of its kind."""

    name: str
    severity: Severity
    category: str


_E, _W = Severity.ERROR, Severity.WARNING

RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule("unreadable", _E, "a file that cannot be read, or not to its end"),
        Rule("quarantined", _E, "bytes that are no whole event: torn, interleaved, damaged or too long"),
        Rule("missing-field", _E, "a field that every event has is missing"),
        Rule("missing-data", _E, "event_data lacks what its event type needs"),
        Rule("wrong-kind", _E, "a value of the wrong kind, like a number for a name"),
        Rule("bad-value", _E, "a value out of its range or not of its form"),
        Rule("unknown-event-type", _W, "an event type that is not among the 18"),
        Rule("unknown-actor-type", _W, "an actor type that is not among the six"),
        Rule("unknown-field", _W, "a field that no record has; free fields belong under event_data.metadata"),
        Rule("duplicate-id", _W, "one lineage_id for events of different content"),
        Rule("orphan-parent", _W, "the parent event or the parent task is not in the journal"),
        Rule("clock-back", _W, "the clock of the writing host went back by more than 5 minutes"),
        Rule("clock-ahead", _W, "an event lies more than 5 minutes in the future"),
        Rule("out-of-years", _W, "a time outside the years 1 to 9999 in UTC; it counts as their first or last moment"),
        Rule("other-day", _W, "events stand in the file of another day (each day is told once); --since may miss them"),
        *(Rule(rule.name, _W, rule.category) for rule in lint.RULES),
    )
}
"""Every kind of finding, the errors first."""


class Finding(NamedTuple):
    """One thing that is wrong. file: its path below the directory. line: from 1; 0 if the whole file is meant.

    offset: in bytes. task_id: empty if it is not known.
    """

    rule: str
    severity: Severity
    file: str
    line: int
    offset: int
    task_id: str
    text: str
