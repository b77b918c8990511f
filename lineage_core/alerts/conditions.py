"""What a rule asks (`when`), and what holds of it now. Pure.

    finding:any severity:bad       what `lineage attention` finds; also finding:silent,blocked
    anomaly:any owner:security     what `lineage anomalies` finds, likewise
    status:failed priority:high    tasks that match a filter, as `lineage tasks` takes it

Terms are joined by and. A finding of a task must match the filter's other words with its task; one that concerns
several tasks is left out where there are such words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from lineage_core.base.errors import BadInputError
from lineage_core.forecast.anomalies import ANOMALIES
from lineage_core.model.entities import TaskRow
from lineage_core.model.event_types import nearest
from lineage_core.model.expectations import Finding, Severity
from lineage_core.query import filter_parser as filters
from lineage_core.query.filter_terms import FilterContext
from lineage_core.rules.feed_health import FEED
from lineage_core.rules.stuck_work import CROWD, RULES

_NAMES = {"finding": (FEED, CROWD, *RULES), "anomaly": tuple(ANOMALIES), "severity": tuple(Severity)}


class Holding(NamedTuple):
    """Something that a rule asks for and that is so. key: tells it from others of the rule. since: from when on, as
    far as is known (microseconds)."""

    key: str
    task_id: str
    sentence: str
    since: int
    severity: str
    found: str
    """The rule of the finding, or an empty text."""


class Condition(NamedTuple):
    """A parsed `when`. asked: by key the names that findings must have; words: the filter of tasks."""

    asked: Mapping[str, frozenset[str]]
    words: str

    @property
    def wants_anomalies(self) -> bool:
        """Whether anomalies are to be looked for."""
        return "anomaly" in self.asked

    def timed(self, on: FilterContext) -> bool:
        """Whether it may become true by time alone, in a way that nothing announces."""
        return filters.parse(self.words, on).timed

    def holds(
        self, on: FilterContext, findings: Iterable[Finding], tasks: Iterable[str] | None = None
    ) -> dict[str, Holding]:
        """What is so as of `on.now`, by key. tasks: those that are asked, where it asks for tasks; None: all.

        Raises BadInputError for a filter that is wrong.
        """
        rows = on.state.rows
        wanted = filters.parse(self.words, on).matches if self.words else None
        if not self.asked:
            assert wanted is not None
            asked = list(rows.values()) if tasks is None else [rows[task_id] for task_id in tasks]
            return {row.task_id: _of_task(row) for row in asked if wanted(row)}
        found: dict[str, Holding] = {}
        for one in findings:
            if self._asks(one) and (wanted is None or (one.task_id in rows and wanted(rows[one.task_id]))):
                key = "\0".join((one.rule, one.task_id, one.subject))
                found[key] = Holding(key, one.task_id, one.sentence, one.since, one.severity.value, one.rule)
        return found

    def _asks(self, one: Finding) -> bool:
        kind = "anomaly" if one.rule in ANOMALIES else "finding"
        names = self.asked.get(kind)
        if names is None and not (set(self.asked) == {"severity"} and kind == "finding"):
            return False
        if names is not None and "any" not in names and one.rule not in names:
            return False
        severities = self.asked.get("severity")
        return one.severity is not Severity.PAST if severities is None else one.severity.value in severities


def _of_task(row: TaskRow) -> Holding:
    reason = f": {row.reason}" if row.reason else ""
    return Holding(row.task_id, row.task_id, f"{row.task_id} is {row.status.value}{reason}", row.since, "", "")


def condition(when: str) -> Condition:
    """The condition that a text means. Raises BadInputError in one line for a name that does not exist."""
    asked: dict[str, frozenset[str]] = {}
    rest: list[str] = []
    for word in filters.words(when):
        key, colon, value = word.partition(":")
        if not colon or key not in _NAMES:
            rest.append(word)
            continue
        names = frozenset(value.split(","))
        for name in names - {"any"}:
            if name not in _NAMES[key]:
                known = ", ".join(_NAMES[key])
                raise BadInputError(f"{key}: no {name!r}{nearest(name, _NAMES[key])} (known: any, {known})")
        asked[key] = names
    if not asked and not rest:
        raise BadInputError("it asks for nothing: write finding:any, anomaly:any, or a filter like status:failed")
    return Condition(asked, filters.joined(rest))
