"""The runs of a task's workers, told by raw order alone (meaning.md: A1, A2, R1-R4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from lineage_core.meaning.order import APART
from lineage_core.model.event_data import error_of, text_of
from lineage_core.model.facts import Fact
from lineage_core.model.task_parts import WorkerEnd

ZOMBIE_TIMEOUT = "zombie_timeout"
"""The reason that a cleanup gives for ending a worker that it found silent."""

RUN_ENDS = ("worker_completed", "worker_failed")
_WORKER = frozenset(("worker_spawned", "worker_started", "worker_progress", *RUN_ENDS))
_STRENGTH = (WorkerEnd.ZOMBIE, WorkerEnd.SUCCESS, WorkerEnd.PARTIAL, WorkerEnd.FAILED)


@dataclass(slots=True)
class Span:
    """An attempt or a run, by the places of its facts. starts of an attempt may be facts of runs (A3).

    worker, progress: only of runs. end: the fact that tells its outcome and time, None while it is open.
    """

    starts: list[int]
    ends: list[int]
    worker: str = ""
    progress: list[int] = field(default_factory=list)
    end: int | None = None

    @property
    def first(self) -> int:
        """The position of its first fact, in raw order."""
        return min(self.starts + self.ends + self.progress)


def worker_of(fact: Fact) -> str:
    """The id of the worker that a worker event is about."""
    return text_of(fact.data.get("worker_id")) or (fact.actor_id if fact.actor_type == "worker" else "unnamed worker")


def run_end(fact: Fact) -> WorkerEnd:
    """The outcome that the end of a run names."""
    if fact.event_type == "worker_completed":
        said = fact.data.get("completion_status")
        return WorkerEnd(said) if said in ("partial", "failed") else WorkerEnd.SUCCESS
    zombie = ZOMBIE_TIMEOUT in (fact.data.get("reason"), error_of(fact.data))
    return WorkerEnd.ZOMBIE if zombie else WorkerEnd.FAILED


def paired(
    facts: list[Fact],
    places: Iterable[int],
    is_end: Callable[[Fact], bool],
    parted: Callable[[list[int], list[int]], bool] = lambda ends, starts: False,
) -> list[Span]:
    """Starts and ends, so that they alternate (A1), as spans of a start and the end after it (A2).

    parted: whether something shows that these ends came before these starts, and not by the fault of clocks.
    """
    groups: list[tuple[bool, list[int]]] = []
    for i in places:
        ends = is_end(facts[i])
        if groups and groups[-1][0] == ends:
            groups[-1][1].append(i)
        else:
            groups.append((ends, [i]))
    if len(groups) > 1 and groups[0][0] and not groups[-1][0]:
        pairs = [(starts, ends) for (_, ends), (_, starts) in zip(groups[0::2], groups[1::2], strict=True)]
        near = all(facts[starts[0]].at - facts[ends[0]].at <= APART for starts, ends in pairs)
        if near and not any(parted(ends, starts) for starts, ends in pairs):
            return [Span(starts, ends) for starts, ends in pairs]
    spans: list[Span] = []
    for ends, found in groups:
        if not ends:
            spans.append(Span(found, []))
        elif spans and not spans[-1].ends:
            spans[-1].ends = found
        else:
            spans.append(Span([], found))
    return spans


def runs_of(facts: list[Fact]) -> list[Span]:
    """All runs of a task, in the order of their first facts."""
    mine: dict[str, list[int]] = {}
    for i, fact in enumerate(facts):
        if fact.event_type in _WORKER:
            mine.setdefault(worker_of(fact), []).append(i)
    runs = [run for worker, places in mine.items() for run in _runs_of_one(facts, worker, places)]
    return sorted(runs, key=lambda run: run.first)


def _runs_of_one(facts: list[Fact], worker: str, places: list[int]) -> list[Span]:
    progress = [i for i in places[1:] if facts[i].event_type == "worker_progress"]  # a first fact opens (R1)
    heard = set(progress)
    moves = [i for i in places if i not in heard]
    spans = paired(facts, moves, lambda fact: fact.event_type in RUN_ENDS)
    for kind in ("worker_spawned", "worker_started"):
        _give_back(facts, spans, kind)
    openings = [min(span.starts + span.ends) for span in spans]
    at = 0
    for i in progress:  # both are in raw order (R4)
        while at + 1 < len(spans) and openings[at + 1] <= i:
            at += 1
        spans[at].progress.append(i)
    for span in spans:
        span.worker = worker
        if span.ends:
            strongest = max((run_end(facts[i]) for i in span.ends), key=_STRENGTH.index)
            revived = strongest is WorkerEnd.ZOMBIE and span.progress and span.progress[-1] > span.ends[-1]
            if not revived:
                span.end = next(i for i in span.ends if run_end(facts[i]) is strongest)
    return spans


def _give_back(facts: list[Fact], spans: list[Span], kind: str) -> None:
    """A last run of only spawned facts, or of only started ones, belongs to the runs before it that lack one (R2)."""
    last = spans[-1]
    if len(spans) < 2 or last.ends or any(facts[i].event_type != kind for i in last.starts):
        return
    begun = facts[last.starts[0]].at
    lacking = [
        span
        for span in spans[:-1]
        if not any(facts[i].event_type == kind for i in span.starts)
        and begun - facts[span.first].at <= APART
        and (kind == "worker_spawned" or any(facts[i].event_type == "worker_completed" for i in span.ends))
    ]
    if not lacking:
        return
    given = list(last.starts)
    for span in lacking:
        if given:
            span.starts.append(given.pop(0))
    if given and len(lacking) == 1:
        lacking[0].starts += given
        given = []
    if given:
        last.starts = given
    else:
        spans.pop()
