"""The timeline of a task: lanes of bars and marks on a time axis, for the screen and for text.

Pure: times in, times out, in microseconds since the epoch. An open bar has no end; whoever draws it lets it grow
to now.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from operator import itemgetter
from typing import Literal, NamedTuple, overload

from lineage_core.model.entities import Handoff, MarkKind, Status, Task, Worker, WorkerEnd
from lineage_core.present.sentences import route

TickKind = MarkKind | Literal["progress"]
BarKind = Status | WorkerEnd | Literal["spawn", "run", "handoff wait", "handoff"]


class Bar(NamedTuple):
    """A stretch of time; end: None while open.

    kind: of a phase its status; of a run how it ended; what else it is. text: a few words; of a failed worker its
    error, as it was logged.
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


_time = itemgetter(0)


class Words(Sequence[Tick]):
    """The progress of a worker as ticks, made when they are looked at: there may be 100,000, of which few are drawn."""

    def __init__(self, worker: Worker) -> None:
        self._progress = worker.progress  # only ever added to
        self._count = len(worker.progress)

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

    kind: `phases`, `worker` or `handoff`; name: the id it stands for; note: a few words; bars, ticks: in the order of
    time, no bar over another. after: when the worker failed that this one replaces.
    """

    kind: str
    name: str
    note: str
    bars: tuple[Bar, ...]
    ticks: Sequence[Tick]
    after: int | None = None


class Timeline(NamedTuple):
    """The lanes of a task: its phases first, then workers and handoffs in order of their beginning.

    start, end: what the axis has to show; end is None while anything is open.
    """

    start: int
    end: int | None
    lanes: tuple[Lane, ...]


def timeline(task: Task) -> Timeline:
    """The timeline of a task as far as its events tell."""
    phases = tuple(Bar(p.start, p.end, p.status, p.status) for p in task.phases)
    ticks = tuple(Tick(m.at, m.kind, m.text) for m in task.marks)
    lanes = [Lane("phases", task.task_id, task.status.value, phases, ticks)]
    rest = [(w.first_at, _worker_lane(w, task)) for w in task.workers.values()]
    rest += [(_handoff_start(h), _handoff_lane(h)) for h in task.handoffs.values()]
    lanes += [lane for _, lane in sorted(rest, key=lambda pair: pair[0])]
    open_worker = any(w.open for w in task.workers.values())
    return Timeline(task.first_at, None if open_worker or not task.status.ended else task.last_at, tuple(lanes))


def time_by_phase(task: Task, now: int) -> dict[Status, int]:
    """Microseconds spent in each status, open phases counted up to now; in the order in which they first came."""
    spent: dict[Status, int] = {}
    for phase in task.phases:
        spent[phase.status] = spent.get(phase.status, 0) + max(0, (phase.end or now) - phase.start)
    return spent


def _worker_lane(worker: Worker, task: Task) -> Lane:
    bars = []
    if worker.spawned_at is not None:
        until = worker.started_at if worker.started_at is not None else worker.ended_at
        bars.append(Bar(worker.spawned_at, until, "spawn", "spawned"))
    if worker.started_at is not None or worker.spawned_at is None or worker.ended_at is not None:
        kind: BarKind = worker.end or "run"
        start = worker.started_at if worker.started_at is not None else worker.first_at
        if worker.started_at is None and worker.spawned_at is not None:
            start = worker.ended_at or start  # it ended without a start: a moment, so that how it ended is seen
        bars.append(Bar(start, worker.ended_at, kind, worker.error if worker.failed and worker.error else kind))
    note = worker.worker_type or ""
    if worker.retry_of:
        note += f" retry of {worker.retry_of}"
    replaced = task.workers.get(worker.retry_of) if worker.retry_of else None
    after = replaced.ended_at if replaced is not None else None
    return Lane("worker", worker.worker_id, note.strip(), tuple(bars), Words(worker), after)


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
