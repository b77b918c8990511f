"""What silence is usual for a worker type, from a sample: for when the table of all workers was not opened yet."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from lineage_core.merge import State
from lineage_tui.models.usual import Usual, UsualSilence, gaps_of

LOOKED_AT = 5000
"""Tasks whose rows are looked at: those that were heard of last."""

TASKS = 300
"""Tasks whose workers are looked at."""

BIG = 1000
"""Events from which on a task is left out: it would take long to derive."""


class UsualSample:
    """The usual silences of the tasks heard of last.

    wanted: whether somebody has asked, and there are twice as many tasks as when it was read.
    """

    def __init__(self, state: State) -> None:
        self.state = state
        self.wanted = False
        self._of = 0  # how many tasks there were when it was read
        self._usual = UsualSilence()

    def of(self, kind: str) -> Usual | None:
        """What is usual for a type, as far as it was read."""
        self.wanted = len(self.state.rows) >= 2 * self._of
        return self._usual.of(kind)

    def read(self) -> Iterator[int]:
        """Take the sample; a generator that gives the count of tasks done, for the caller to pace."""
        self.wanted, self._of = False, len(self.state.rows)
        with self.state.lock:
            rows = list(islice(reversed(self.state.rows.values()), LOOKED_AT))
        ended = [row for row in rows if row.workers > row.open_workers and row.events < BIG]
        for number, row in enumerate(ended[:TASKS]):
            with self.state.lock:
                task = self.state.task(row.task_id)
                workers = list(task.workers.values()) if task is not None else []
            for worker in workers:
                if worker.ended_at is not None:
                    name = hash((row.task_id, worker.worker_id))
                    self._usual.take(worker.worker_type or "", name, worker.ended_at, gaps_of(worker))
            yield number
        self._usual.settle()
