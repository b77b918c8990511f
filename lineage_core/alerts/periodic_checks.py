"""Looks at a lineage directory at set times: what holds of each rule, from what had been written by then.

The look at a time knows exactly the records that were written up to it (by the microseconds in ids of ours, else by
their timestamps), whether it is made then or long after: so `--check` over history finds what a run has found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from heapq import heappop, heappush
from itertools import count

from lineage_core.alerts.alert_state import AlertBook, AlertMessage
from lineage_core.alerts.conditions import Condition, Holding, condition
from lineage_core.alerts.settings import AlertSettings
from lineage_core.base.clock import MINUTE
from lineage_core.base.errors import BadInputError
from lineage_core.forecast.live_anomalies import Watchman
from lineage_core.forecast.live_forecasts import Foresight
from lineage_core.model.entities import TaskRow
from lineage_core.model.expectations import Finding, UsualLength
from lineage_core.model.facts import Fact, fact_of
from lineage_core.model.lineage_id import made_at
from lineage_core.query.filter_terms import FilterContext
from lineage_core.read.decoder import Found
from lineage_core.rules.attention import at_rest, attention
from lineage_core.rules.new_errors import NewErrors
from lineage_core.rules.silent_masters import LastWords
from lineage_core.rules.thresholds import Thresholds
from lineage_core.rules.usual_durations import UsualTimes
from lineage_core.state.store import State

ANOMALIES_EVERY = 5 * MINUTE
"""How often anomalies are looked for."""

Holdings = dict[str, dict[str, Holding]]


class Looks:
    """The state as of the last look, and what is to come after it."""

    def __init__(self, settings: AlertSettings, limits: Thresholds) -> None:
        self.state = State()
        self.settings = settings
        self.rules = {rule.name: rule for rule in settings.rules}
        self._usual = UsualTimes(self.state)
        self._errors = NewErrors(self.state)
        self._words = LastWords(self.state)
        self._awake: dict[str, None] = {}  # tasks of which something may be found
        self._newest = -(1 << 62)  # the time of the newest event
        self._changed: set[str] = set()  # since the last look
        self._matching: Holdings = {}  # what rules hold that ask for no finding, as of the last look
        self._limits = replace(limits, usual=self._usual_length)
        self._conditions = {}
        for rule in settings.rules:
            try:
                self._conditions[rule.name] = one = condition(rule.when)
                one.holds(FilterContext(self.state, 0), ())
            except BadInputError as error:
                raise BadInputError(f"rule {rule.name!r}: when: {error}") from None
        self._asks = any(set(one.asked) - {"anomaly"} for one in self._conditions.values())
        self._to_come: list[tuple[int, int, str, Fact]] = []
        self._number = count()
        self._foresight: Foresight | None = None
        self._watchman = Watchman(self.state) if any(map(_anomalous, self._conditions.values())) else None
        self._anomalies: list[Finding] = []
        self._looked_for = -(1 << 62)

    def put(self, file: str, found: Iterable[Found]) -> None:
        """Take decoded records of a file; they count from the first look after they were written."""
        for one in found:
            made = made_at(one.record["lineage_id"])
            fact = fact_of(file, one.offset, one.length, one.at, one.record)
            heappush(self._to_come, (one.at if made is None else made, next(self._number), one.record["task_id"], fact))

    def begin(self, at: int) -> None:
        """Take in all that was written by then, at once."""
        self._take(at)

    def _take(self, at: int) -> None:
        facts: list[tuple[str, Fact]] = []
        while self._to_come and self._to_come[0][0] <= at:
            _, _, task_id, fact = heappop(self._to_come)
            facts.append((task_id, fact))
        changed = self.state.merge_facts(facts) if facts else set()
        self._usual.heard(changed)
        self._changed |= changed
        for task_id in changed if self._asks else ():
            row = self.state.rows[task_id]
            self._errors.put(row, at)
            self._words.put(row)
            self._awake[task_id] = None
            self._newest = max(self._newest, row.last_at)
        if self._watchman is not None:
            self._watchman.heard(changed)
        if self._foresight is not None:
            self._foresight.heard(changed)

    def look(self, at: int, feed: Iterable[Finding] = ()) -> Holdings:
        """What holds of each rule as of a time. feed: what is wrong with the reading itself."""
        self._take(at)
        on = FilterContext(self.state, at, self._limits, lambda row: self._slow(row, at))
        found: list[Finding] = []
        if self._asks:
            found = [*feed, *self._attention(at)]
        if self._watchman is not None:
            if at - self._looked_for >= ANOMALIES_EVERY:
                self._anomalies, self._looked_for = self._watchman.look(at), at - at % ANOMALIES_EVERY
            found += self._anomalies
        holdings = {name: self._holding(name, one, on, found) for name, one in self._conditions.items()}
        self._changed.clear()
        return holdings

    def _attention(self, at: int) -> list[Finding]:
        """What `lineage attention` finds, without a look at all that is over."""
        rows = self.state.rows
        resting = [one for one in self._awake if rows[one].last_at < self._newest and at_rest(rows[one], at)]
        for task_id in resting:
            del self._awake[task_id]
        awake = [rows[one] for one in self._awake]
        return attention(self.state, at, self._limits, errors=self._errors, awake=awake, words=self._words)

    def _holding(self, name: str, one: Condition, on: FilterContext, found: list[Finding]) -> dict[str, Holding]:
        """What holds of a rule. A filter that asks for no time is asked again only of tasks that changed."""
        if one.asked or one.timed(on):
            return one.holds(on, found)
        known = self._matching.get(name)
        if known is None:
            self._matching[name] = known = one.holds(on, found)
        else:
            for task_id in self._changed:
                known.pop(task_id, None)
            known |= one.holds(on, found, self._changed)
        return dict(known)

    def labels(self, task_id: str) -> dict[str, str]:
        """What is told of a task beside its alert."""
        row = self.state.rows.get(task_id)
        if row is None:
            return {"master": "", "priority": "", "session": ""}
        return {"master": row.master or "", "priority": row.priority or "", "session": row.session or ""}

    def next_look(self, at: int, book: AlertBook) -> int:
        """The first look after one at which anything may be another: while no time matters, until then nothing is
        written or has held for long enough."""
        every = self.settings.every
        soon = at + every
        on = FilterContext(self.state, at, self._limits)
        if self._asks or any(one.timed(on) for one in self._conditions.values() if one.words):
            return soon
        times = [self._to_come[0][0]] if self._to_come else []
        times += [one.pending_since + self.rules[one.rule].hold for one in book.alerts.values() if one.fired_at is None]
        if self._watchman is not None:
            times.append(self._looked_for + ANOMALIES_EVERY)
        first = min((one for one in times if one > at), default=1 << 62)
        return max(soon, -(-first // every) * every)

    def _usual_length(self, name: str, kind: str | None, owner: str | None) -> UsualLength | None:
        """What is usual (`rules/usual_durations.py`), learned further when it is asked for."""
        if self._usual.behind:
            for _ in self._usual.learn():
                pass
        return self._usual.late(name, kind, owner)

    def _slow(self, row: TaskRow, at: int) -> bool:
        if self._foresight is None:
            self._foresight = Foresight(self.state)
            for _ in self._foresight.learn(at):
                pass
        self._foresight.update(at)
        return self._foresight.slow(row.task_id, at)


def _anomalous(one: Condition) -> bool:
    return one.wants_anomalies


def first_look(at: int, every: int) -> int:
    """The first time of a look that is not before a time: looks are at multiples of the time between them."""
    return -(-at // every) * every


def go_through(looks: Looks, book: AlertBook, start: int, end: int) -> Iterator[tuple[int, list[AlertMessage]]]:
    """Look from `start` to `end` (both included), as a run would have; gives each look that was made and what fired or
    was resolved at it. All that was written is to be put in before."""
    at = first_look(start, looks.settings.every)
    looks.begin(start - 1)
    while at <= end:
        yield at, book.look(looks.rules, looks.look(at), looks.labels, at)
        at = looks.next_look(at, book)
