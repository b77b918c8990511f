"""The attempts of a task, and what reopens it, told by raw order alone (meaning.md: A1-A3, A5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import zip_longest

from lineage_core.meaning.order import APART, ENDS
from lineage_core.meaning.runs import Span, paired
from lineage_core.model.event_data import text_of
from lineage_core.model.facts import Fact
from lineage_core.model.task_parts import Status

_STATUS = {"task_completed": Status.COMPLETED, "task_failed": Status.FAILED, "task_cancelled": Status.CANCELLED}
_AT_EQUAL_TIMES = (Status.CANCELLED, Status.COMPLETED, Status.FAILED)


def attempt_end(fact: Fact) -> Status:
    """The outcome that the end of an attempt names."""
    if fact.event_type == "task_completed" and fact.data.get("completion_status") == "failed":
        return Status.FAILED
    return _STATUS[fact.event_type]


class Ends:
    """The ends of one attempt, in order. outcome: what its last end names. end: the first that names it (A5)."""

    def __init__(self, facts: list[Fact], places: Iterable[int] = ()) -> None:
        self._facts = facts
        self._last: tuple[int, int] | None = None
        self._firsts: dict[Status, int] = {}
        for i in places:
            self.add(i)

    def __bool__(self) -> bool:
        return self._last is not None

    def add(self, i: int) -> None:
        """Take one more end."""
        outcome = attempt_end(self._facts[i])
        self._firsts.setdefault(outcome, i)
        key = self._facts[i].at, _AT_EQUAL_TIMES.index(outcome)
        if self._last is None or key > self._last:
            self._last, self.outcome = key, outcome
        self.last = i

    @property
    def end(self) -> int:
        """The fact that ends it: the first end of its outcome."""
        return self._firsts[self.outcome]

    @property
    def others(self) -> tuple[Status, ...]:
        """The outcomes that other ends name."""
        return tuple(outcome for outcome in _AT_EQUAL_TIMES if outcome in self._firsts and outcome is not self.outcome)


def attempts_of(facts: list[Fact], order: list[int], runs: list[Span]) -> tuple[list[Span], list[int | None]]:
    """The attempts of a task, and for each one the fact that reopened the task after it, if any.

    order: as `around_reassignments` gives it. runs: as `runs_of` gives them.
    """
    openers = {run.first: run for run in runs}
    started = any(fact.event_type == "task_started" for fact in facts)
    assigned = next((i for i, fact in enumerate(facts) if fact.event_type == "task_assigned"), None)
    chosen: list[int] = []
    ends = Ends(facts)  # since the last start
    begun, reopened = False, None  # the fact that reopened the task since
    after_reopening = _Reopenings(facts, runs)
    for i in order:
        kind = facts[i].event_type
        if kind in ENDS:
            chosen.append(i)
            ends.add(i)
            reopened = None if ends.end == i else reopened
        elif kind == "task_started":
            chosen.append(i)
            ends, begun, reopened = Ends(facts), True, None
        elif _reopens(facts, i, ends, assigned):
            reopened = i if begun and reopened is None else reopened
        elif (run := openers.get(i)) is not None and (
            (not started and not begun)
            or (ends and _follows_failure(facts, run, ends, started))
            or (reopened is not None and after_reopening.begins(run, reopened))
        ):
            chosen.append(i)
            ends, begun, reopened = Ends(facts), True, None
    spans = paired(facts, chosen, lambda fact: fact.event_type in ENDS, _Reassigned(facts, order).between)
    for span in spans:
        span.end = Ends(facts, span.ends).end if span.ends else None
    return spans, _reopenings(facts, order, spans, assigned)


_GIVES = {"task_assigned": "master_id", "task_reassigned": "to_master", "handoff_created": "to_master"}


class _Reassigned:
    """What reassignments tell of ends and starts: which of them came first, whatever their clocks say."""

    def __init__(self, facts: list[Fact], order: list[int]) -> None:
        self._facts = facts
        self._place = {i: n for n, i in enumerate(order)}
        given = Counter(text_of(fact.data.get(_GIVES[fact.event_type])) for fact in facts if fact.event_type in _GIVES)
        cuts = [(self._place[i], fact.data) for i, fact in enumerate(facts) if fact.event_type == "task_reassigned"]
        masters = [(cut, text_of(data.get("from_master")), text_of(data.get("to_master"))) for cut, data in cuts]
        self._cuts = [(cut, giver, taker) for cut, giver, taker in masters if given[giver] == 1]

    def between(self, ends: list[int], starts: list[int]) -> bool:
        """Whether one took the task from who had it once and logged the last end before it, and gave it to who logged
        a start after it."""
        place, facts, last = self._place, self._facts, ends[-1]
        return any(
            place[last] < cut
            and facts[last].actor_id == giver
            and any(place[i] > cut and facts[i].actor_id == taker for i in starts)
            for cut, giver, taker in self._cuts
        )


def _begins(fact: Fact) -> bool:
    return fact.event_type in ("worker_spawned", "worker_started")


def _follows_failure(facts: list[Fact], run: Span, ends: Ends, started: bool) -> bool:
    """Whether a run that begins after these ends starts an attempt (A3)."""
    if ends.outcome is not Status.FAILED:
        return False
    fact = facts[run.first]
    if fact.at - facts[ends.last].at > APART:
        return True
    return _begins(fact) and (run.end is None or not started)


class _Reopenings:
    """Which runs after a reopening start an attempt (A3)."""

    def __init__(self, facts: list[Fact], runs: list[Span]) -> None:
        self._facts = facts
        self._workers = {run.worker for run in runs if self._spawn_of(run) is not None}
        self._had = Counter(master for fact in facts for master in _masters_of(fact))  # masters that ever had the task

    def _spawn_of(self, run: Span) -> Fact | None:
        return next((self._facts[i] for i in run.starts if self._facts[i].event_type == "worker_spawned"), None)

    def begins(self, run: Span, reopened: int) -> bool:
        """Whether a run that comes after a reopening starts an attempt: close to it only one that was spawned by the
        new master, if that has not had the task before, for else it may be a run of an earlier attempt."""
        fact = self._facts[run.first]
        if not _begins(fact):
            return False
        masters = _masters_of(self._facts[reopened])
        if not masters or fact.at - self._facts[reopened].at > APART:
            return True
        spawned = self._spawn_of(run)
        if spawned is None:
            return run.worker not in self._workers
        return spawned.actor_id == masters[0] and self._had[spawned.actor_id] == 1


def _masters_of(fact: Fact) -> list[str]:
    """The master that a fact gives the task to, and the one that it takes it from, as far as they are named."""
    data = fact.data
    match fact.event_type:
        case "task_assigned":
            masters = [data.get("master_id")]
        case "task_reassigned" | "handoff_created":
            masters = [data.get("to_master"), data.get("from_master")]
        case "handoff_accepted":
            masters = [fact.actor_id]
        case _:
            return []
    return [master for master in map(text_of, masters) if master is not None]


def _reopens(facts: list[Fact], i: int, ends: Ends, assigned: int | None) -> bool:
    """Whether a fact that follows these ends makes the task assigned again (A3)."""
    if not ends:
        return False
    kind = facts[i].event_type
    if kind == "task_assigned":
        return i != assigned and ends.outcome is Status.FAILED
    return kind == "task_reassigned"


def _reopenings(facts: list[Fact], order: list[int], spans: list[Span], assigned: int | None) -> list[int | None]:
    """For each attempt the fact after its end and its task_started that reopens the task, before the next attempt."""
    found: list[int | None] = []
    place = {i: n for n, i in enumerate(order)}
    for span, following in zip_longest(spans, spans[1:]):
        reopening = None
        if span.end is not None:
            edge = max(place[i] for i in [span.end, *span.starts[:1]] if i == span.end or not _is_run(facts[i]))
            limit = place[following.first] if following is not None else len(order)
            between = (order[n] for n in range(edge + 1, limit))
            ends = Ends(facts, span.ends)
            reopening = next((i for i in between if _reopens(facts, i, ends, assigned)), None)
        found.append(reopening)
    return found


def _is_run(fact: Fact) -> bool:
    return fact.event_type != "task_started"
