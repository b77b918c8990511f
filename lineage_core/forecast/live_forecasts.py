"""Forecasts over a state: learned from the tasks that were last heard of, then kept up to date change by change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from heapq import nlargest

from lineage_core.forecast.forecaster import Forecast, Forecaster, Score
from lineage_core.forecast.learning_samples import Sample, run_samples, run_subject, task_sample
from lineage_core.model.entities import TaskRow
from lineage_core.state.store import State

LEARNED = 5000
"""Tasks that are over from which it is learned: those that were last heard of."""

BIG = 1000
"""Events from which on a task that is over is left out: it would take long to derive."""


class Foresight:
    """What is expected of the open tasks and runs of a state.

    The first `learn` goes through what happened in the order of time; what changes later is taken in as it comes, so
    that facts that arrive late count from then on. learned: whether the first is done.
    """

    def __init__(self, state: State) -> None:
        self.state = state
        self.learned = False
        self.forecaster = Forecaster()
        self._heard: set[str] = set()
        self._runs: dict[str, tuple[str, ...]] = {}  # by task: the subjects of its open runs
        self._ended: dict[str, int] = {}  # by subject: when what was learned from ended

    def learn(self, now: int, *, most: int = LEARNED, scored: Callable[[Score], None] | None = None) -> Iterator[int]:
        """Learn from what happened up to now; a generator that gives the steps done, for the caller to pace.

        most: so many tasks that are over. scored: called with each forecast whose end came; then scores also tell what
        the quantiles of everything would have been.
        """
        self.forecaster = forecaster = Forecaster(compared=scored is not None)
        self._heard.clear()
        rows = list(self.state.rows.values())
        over = ((row.last_at, row.task_id) for row in rows if row.status.ended and row.events < BIG)
        chosen = [row.task_id for row in rows if not row.status.ended]
        chosen += [task_id for _, task_id in nlargest(most, over)]
        samples: list[Sample] = []
        step = 0
        for step, task_id in enumerate(chosen):
            samples += self._samples(task_id, now)
            yield step
        for more in forecaster.replay(samples, now, scored):
            yield step + more
        self._ended = {one.subject: one.ended for one in samples if one.ended is not None}
        forecaster.refresh(now)
        self.learned = True

    def heard(self, task_ids: Iterable[str]) -> None:
        """Note that these tasks changed."""
        self._heard.update(task_ids)

    def update(self, now: int) -> set[str]:
        """Take in what was noted; returns the tasks of which something else is expected now."""
        heard, self._heard = self._heard, set()
        for task_id in heard if self.learned else ():
            known = {task_id, *self._runs.get(task_id, ())}
            for one in self._samples(task_id, now):
                known.discard(one.subject)
                if one.ended is None:
                    self._ended.pop(one.subject, None)
                    if self.forecaster.open.get(one.subject) != one:
                        self.forecaster.begin(one, one.begun if one.started is None else one.started)
                elif self._ended.get(one.subject) != one.ended:
                    self._ended[one.subject] = one.ended
                    self.forecaster.end(one)
            for subject in known:
                self.forecaster.drop(subject)
        return heard

    def sample(self, task_id: str, worker_id: str | None = None, number: int = 1) -> Sample | None:
        """What is known of an open task, or of a run of it; None if it is over or unknown."""
        subject = task_id if worker_id is None else run_subject(task_id, worker_id, number)
        return self.forecaster.open.get(subject)

    def of(self, task_id: str, now: int, worker_id: str | None = None, number: int = 1) -> Forecast | None:
        """The forecast of an open task, or of a run of it; None if it is over, or too few like it are known."""
        sample = self.sample(task_id, worker_id, number)
        return self.forecaster.forecast(sample, now) if sample is not None else None

    def slow(self, task_id: str, now: int) -> bool:
        """Whether an open task, or a run of it, is beyond its 95 % interval."""
        subjects = (task_id, *self._runs.get(task_id, ()))
        samples = (self.forecaster.open.get(subject) for subject in subjects)
        return any(
            (forecast := self.forecaster.forecast(one, now)) is not None and forecast.slow
            for one in samples
            if one is not None
        )

    def _samples(self, task_id: str, now: int) -> list[Sample]:
        """The samples of a task and of its runs."""
        with self.state.lock:
            task = self.state.task(task_id)
            if task is None or (whole := task_sample(task, now)) is None:
                return []
            runs = [*run_samples(task, now)]
        going = tuple(one.subject for one in runs if one.ended is None)
        if going:
            self._runs[task_id] = going
        else:
            self._runs.pop(task_id, None)
        return [whole, *runs]


def learned(state: State, now: int) -> Foresight:
    """What a state tells as of now, at once: for queries."""
    foresight = Foresight(state)
    for _ in foresight.learn(now):
        pass
    return foresight


def slow_of(state: State, now: int) -> Callable[[TaskRow], bool]:
    """Which tasks are slow as of now (the filter `is:slow`); it is learned when that is first asked."""
    known: list[Foresight] = []

    def slow(row: TaskRow) -> bool:
        if not known:
            known.append(learned(state, now))
        return known[0].slow(row.task_id, now)

    return slow
