"""The timeline of a task: lanes of bars and marks on a time axis, for the screen and for text.

Pure: times in, times out, in microseconds since the epoch. An open bar has no end; whoever draws it lets it grow
to now.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import chain
from operator import itemgetter
from typing import Literal, NamedTuple, overload

from lineage_core.base.clock import SECOND
from lineage_core.model.entities import Task, TaskRow
from lineage_core.model.task_parts import Handoff, MarkKind, Status, Worker, WorkerEnd
from lineage_core.present.sentences import counted, route, short

TickKind = MarkKind | Literal["progress"]
BarKind = Status | WorkerEnd | Literal["spawn", "run", "handoff wait", "handoff", "owner"]


class Bar(NamedTuple):
    """A stretch of time; end: None while open.

    kind: of a phase its status; of a run how it ended; what else it is. text: a few words; of a failed worker its
    error, as it was logged; of an owner the master.
    """

    start: int
    end: int | None
    kind: BarKind
    text: str


class Tick(NamedTuple):
    """A moment on a lane. text: a few words, as they were logged."""

    at: int
    kind: TickKind
    text: str


_time = _start = itemgetter(0)


class Reports(Sequence[Tick]):
    """The progress of a worker, in one run or several, as ticks, made when they are looked at: there may be 100,000, of
    which few are drawn."""

    def __init__(self, *runs: Worker) -> None:
        many = len(runs) > 1
        # Of one run: only ever added to.
        self._progress = sorted(chain.from_iterable(r.progress for r in runs)) if many else runs[0].progress
        self._count = len(self._progress)

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Tick: ...
    @overload
    def __getitem__(self, index: slice) -> list[Tick]: ...
    def __getitem__(self, index: int | slice) -> Tick | list[Tick]:
        if isinstance(index, slice):
            return [self[n] for n in range(*index.indices(self._count))]
        at, percent = self._progress[range(self._count)[index]]
        return Tick(at, "progress", f"{percent:g}%")

    def first(self, at: int, low: int = 0) -> int:
        """The number of the first tick from `low` on that is not before a time; how many there are, if all are."""
        return bisect_left(self._progress, at, min(low, self._count), self._count, key=_time)

    def time(self, number: int) -> int:
        """The time of a tick."""
        return self._progress[number][0]

    def times(self, first: int, stop: int) -> list[int]:
        """The times of the ticks from `first` to before `stop`."""
        return [at for at, _ in self._progress[first : min(stop, self._count)]]


class Lane(NamedTuple):
    """One line of a timeline.

    kind: `phases`, `owners`, `worker`, `handoff` or `task` (a subtask); name: the id it stands for; note: a few words;
    bars, ticks: in the order of time, no bar over another. after: when the worker failed that this one replaces.
    percent: how far what goes on is, 0-100. skew: how far the clock is off that its events were logged by, in
    microseconds (negative: ahead); 0 for less than a second.
    """

    kind: str
    name: str
    note: str
    bars: tuple[Bar, ...]
    ticks: Sequence[Tick]
    after: int | None = None
    percent: float | None = None
    skew: int = 0


class Timeline(NamedTuple):
    """The lanes of a task: its phases first, then its owners if it has had several, then workers and handoffs in order
    of their beginning, then its subtasks.

    start, end: what the axis has to show; end is None while anything is open.
    """

    start: int
    end: int | None
    lanes: tuple[Lane, ...]


def timeline(task: Task, subtasks: Sequence[TaskRow] = ()) -> Timeline:
    """The timeline of a task as far as its events tell. subtasks: those that get a lane, in this order."""
    phases = tuple(Bar(p.start, p.end, p.status, p.status) for p in task.phases)
    ticks = tuple(Tick(m.at, m.kind, m.text) for m in task.marks)
    others = [skew for actor, skew in task.skews.items() if actor not in task.workers]
    lanes = [Lane("phases", task.task_id, task.status.value, phases, ticks, skew=_off(max(others, key=abs, default=0)))]
    if len(task.owners) > 1:
        lanes.append(_owners_lane(task))
    runs: dict[str, list[Worker]] = {}
    for run in task.runs:
        runs.setdefault(run.worker_id, []).append(run)
    rest = [(some[0].first_at, _worker_lane(some, task)) for some in runs.values()]
    rest += [(_handoff_start(h), _handoff_lane(h)) for h in task.handoffs.values()]
    lanes += [lane for _, lane in sorted(rest, key=lambda pair: pair[0])]
    lanes += map(task_lane, subtasks)
    rows = [row.last_at for row in subtasks]
    goes_on = not task.status.ended or any(run.open for run in task.runs) or not all(r.status.ended for r in subtasks)
    start = min([task.first_at, *(row.first_at for row in subtasks)])
    return Timeline(start, None if goes_on else max([task.last_at, *rows]), tuple(lanes))


def task_lane(row: TaskRow) -> Lane:
    """A task as one bar, for the timeline of what it is part of."""
    end = (row.ended_at if row.ended_at is not None else row.last_at) if row.status.ended else None
    bar = Bar(row.first_at, end, row.status, row.reason or row.status)
    note = " ".join(filter(None, (row.task_type, row.master)))
    return Lane("task", row.task_id, note, (bar,), (), percent=None if row.status.ended else row.percent)


def _off(skew: int) -> int:
    return skew if abs(skew) >= SECOND else 0


def _owners_lane(task: Task) -> Lane:
    """Who had the task, and when; the last one until its end."""
    end = task.ended_at if task.status.ended else None
    last = len(task.owners) - 1
    bars = tuple(
        Bar(one.start, end if n == last else one.end, "owner", short(one.master)) for n, one in enumerate(task.owners)
    )
    return Lane("owners", task.task_id, counted(len(bars), "owner"), bars, ())


def time_by_phase(task: Task, now: int) -> dict[Status, int]:
    """Microseconds spent in each status, open phases counted up to now; in the order in which they first came."""
    spent: dict[Status, int] = {}
    for phase in task.phases:
        spent[phase.status] = spent.get(phase.status, 0) + max(0, (phase.end or now) - phase.start)
    return spent


def _worker_lane(runs: Sequence[Worker], task: Task) -> Lane:
    """All runs of one worker, the first one first, with gaps between them."""
    bars: list[Bar] = []
    for run in runs:
        bars += _run_bars(run)
    first, last = runs[0], runs[-1]
    note = [last.worker_type or "", counted(len(runs), "run") if len(runs) > 1 else ""]
    replaced = task.workers.get(first.retry_of) if first.retry_of not in (None, first.worker_id) else None
    note += [f"retry of {first.retry_of}"] if first.retry_of not in (None, first.worker_id) else []
    return Lane(
        "worker",
        last.worker_id,
        " ".join(filter(None, note)),
        tuple(sorted(bars, key=_start)),
        Reports(*runs),
        replaced.ended_at if replaced is not None else None,
        last.percent if last.open else None,
        _off(task.skews.get(last.worker_id, 0)),
    )


def _run_bars(run: Worker) -> list[Bar]:
    bars = []
    if run.spawned_at is not None:
        until = run.started_at if run.started_at is not None else run.ended_at
        bars.append(Bar(run.spawned_at, until, "spawn", "spawned"))
    if run.started_at is not None or run.spawned_at is None or run.ended_at is not None:
        kind: BarKind = run.end or "run"
        start = run.started_at if run.started_at is not None else run.first_at
        if run.started_at is None and run.spawned_at is not None:
            start = run.ended_at or start  # it ended without a start: a moment, so that how it ended is seen
        bars.append(Bar(start, run.ended_at, kind, run.error if run.failed and run.error else kind))
    return bars


def _handoff_start(handoff: Handoff) -> int:
    times = (handoff.created_at, handoff.accepted_at, handoff.completed_at)
    return min(t for t in times if t is not None)


def _handoff_lane(handoff: Handoff) -> Lane:
    bars = []
    if handoff.created_at is not None:
        until = handoff.accepted_at if handoff.accepted_at is not None else handoff.completed_at
        bars.append(Bar(handoff.created_at, until, "handoff wait", "waiting"))
    if handoff.accepted_at is not None:
        bars.append(Bar(handoff.accepted_at, handoff.completed_at, "handoff", "accepted"))
    ends = route(handoff.from_master, handoff.to_master, "→")
    return Lane("handoff", handoff.handoff_id, ends, tuple(bars), ())
