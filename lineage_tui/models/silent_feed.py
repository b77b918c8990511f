"""Whether the journal itself is silent: no event comes, or none of a host, though work is open."""

from __future__ import annotations

from collections.abc import Iterable

from lineage_core.base.clock import HOUR, SECOND
from lineage_core.model.entities import TaskRow
from lineage_core.model.expectations import Finding
from lineage_core.rules.feed_silence import feed_finding, hosts_finding, usual_pause_of_hour
from lineage_core.rules.thresholds import Thresholds
from lineage_core.state.store import State


class SilentFeed:
    """What is open in a state, and when it was last heard of. open: the ids of the tasks that have not ended."""

    def __init__(self, state: State, thresholds: Thresholds) -> None:
        self.open: set[str] = set()
        self._state = state
        self._thresholds = thresholds
        self._last_at = 0
        self._hosts: tuple[int, Finding | None] = (-1, None)
        self._pause = ((0, 0), 0)

    def put(self, row: TaskRow, now: int) -> None:
        """Take in what changed in a task."""
        self._last_at = max(self._last_at, min(row.last_at, now))
        (self.open.discard if row.status.ended else self.open.add)(row.task_id)

    def turn_back(self, last_at: int, now: int) -> None:
        """The state is now as it was at an earlier time, and last_at its newest event; `put` tells what is another."""
        self._last_at = min(last_at, now)
        self._hosts = -1, None

    def finding(self, now: int) -> Finding | None:
        """That no event comes, or none of a host, though work is open, if that is so."""
        rows = self._state.rows
        found = feed_finding(rows, self._last_at, len(self.open), now, self._thresholds, self._usual_pause)
        return found or self._silent_hosts(now)

    def _silent_hosts(self, now: int) -> Finding | None:
        """See `hosts_finding`; looked for anew each ten seconds."""
        if len(self._state.hosts) < 2:
            return None
        if self._hosts[0] != now // (10 * SECOND):
            rows = [row for task_id in self.open if (row := self._state.rows.get(task_id)) is not None]
            self._hosts = now // (10 * SECOND), hosts_finding(self._state.heard, rows, now, self._thresholds)
        return self._hosts[1]

    def _usual_pause(self, rows: Iterable[TaskRow], now: int) -> int:
        """See `usual_pause_of_hour`; looked up anew when an event came, or another hour."""
        as_of = self._last_at, now // HOUR
        if self._pause[0] != as_of:
            self._pause = as_of, usual_pause_of_hour(rows, now)
        return self._pause[1]
