"""The simulated cortex on several hosts, without a broker: one lineage directory a host in one directory.

The coordinator works on the first host, each master on another one, its workers beside it; of more hosts than five the
workers are spread over all. So tasks and handoffs cross hosts. The clock of the last host but one is behind; the last
one is cut off now and then, and what it logged meanwhile arrives later, as it does through `rsync` or a broker.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from threading import Event as StopSignal
from zlib import crc32

from lineage_core.base import clock as wall
from lineage_core.base.clock import DAY, MINUTE, SECOND, Clock
from lineage_core.demo.phrases import MASTERS
from lineage_core.demo.simulation import history, plan
from lineage_core.demo.story import PlannedEvent
from lineage_core.demo.writer import record_of, run_mark
from lineage_core.read.journal_files import mark_hosts
from lineage_core.write.journal import Journal

BEHIND = 4 * MINUTE
"""How far the clock of the last host but one is behind."""

CUT_OFF = 40 * MINUTE
"""For how long the last host has been cut off when the demo begins."""

BACK_AFTER, CUT_AFTER = 60 * SECOND, 120 * SECOND
"""Then it comes back after that long, and is cut off again after so much longer."""


class Hosts:
    """Which of two or more hosts logs an event, and by which clock."""

    def __init__(self, directory: str | os.PathLike[str], count: int) -> None:
        self.names = [f"cortex-{number}" for number in range(1, count + 1)]
        self.journals = {name: Journal(Path(directory) / name) for name in self.names}
        Path(directory).mkdir(parents=True, exist_ok=True)
        mark_hosts(Path(directory))
        for journal in self.journals.values():  # one that is cut off is missed from the start
            journal.directory.mkdir(exist_ok=True)
        self._of_master = {master: self.names[1 + n % (count - 1)] for n, master in enumerate(MASTERS)}
        self._of_worker: dict[str, str] = {}
        self._of_task: dict[str, str] = {}

    def host_of(self, event: PlannedEvent) -> str:
        """The host on which an event happens: the worker's, the master's, else the coordinator's."""
        worker = event.args[0] if event.event_type.startswith("worker_") and event.args else ""
        master = next((word for word in event.args if word in self._of_master), "")
        if event.event_type == "worker_spawned":
            worker = event.args[1]
            anywhere = self.names[crc32(worker.encode()) % len(self.names)]
            self._of_worker[worker] = anywhere if len(self.names) > 5 else self._of_master.get(master, self.names[0])
            return self._of_master.get(master, self.names[0])
        if event.event_type in ("task_created", "task_assigned", "task_reassigned"):
            return self.names[0]
        if master:
            self._of_task[event.task_id] = self._of_master[master]
        return self._of_worker.get(worker) or self._of_task.get(event.task_id) or self.names[0]

    @property
    def cut_off(self) -> str:
        """The host that is cut off now and then."""
        return self.names[-1]

    def write(self, host: str, events: Iterable[PlannedEvent]) -> int:
        """Log events on a host, by its clock; gives how many."""
        behind = BEHIND if len(self.names) > 2 and host == self.names[-2] else 0
        moved = (event._replace(at=event.at - behind) for event in events)
        return self.journals[host].append_many((record_of(event), event.at) for event in moved)


def backfill_hosts(
    directory: str | os.PathLike[str], hosts: int, count: int, *, days: float, seed: int = 1, clock: Clock = wall.now
) -> int:
    """Write `count` events of the `days` days until now, less what the host that is cut off has not sent.

    hosts: two or more. Returns how many were written. Raises JournalError when a directory cannot be written.
    """
    end = clock()
    all_of_them = Hosts(directory, hosts)
    run = run_mark(all_of_them.journals[all_of_them.names[0]].directory, end)
    waiting: dict[str, list[PlannedEvent]] = {name: [] for name in all_of_them.names}
    written = 0
    for event in history(seed, end, count, max(1, int(days * DAY)), run=run):
        host = all_of_them.host_of(event)
        if host == all_of_them.cut_off and event.at > end - CUT_OFF:
            continue
        waiting[host].append(event)
        if len(waiting[host]) >= 5_000:
            written += all_of_them.write(host, waiting[host])
            waiting[host] = []
    return written + sum(all_of_them.write(host, events) for host, events in waiting.items())


def run_hosts(
    directory: str | os.PathLike[str],
    hosts: int,
    *,
    rate: float = 5.0,
    seed: int = 1,
    stop: StopSignal | None = None,
    speed: float | None = None,
    duration: float | None = None,
    clock: Clock = wall.now,
) -> int:
    """As `writer.run`, on several hosts. Raises JournalError when a directory cannot be written."""
    stop = stop or StopSignal()
    start = clock()
    end = float("inf") if duration is None else start + duration * SECOND
    all_of_them = Hosts(directory, hosts)
    run = run_mark(all_of_them.journals[all_of_them.names[0]].directory, start)
    unsent: list[PlannedEvent] = []
    written = 0
    for event in plan(seed, start, rate=rate, speed=speed or max(1.0, rate / 20), run=run):
        while (present := clock()) < event.at and present < end:
            if stop.wait((min(event.at, end) - present) / SECOND):
                break
        if stop.is_set() or present >= end:
            break
        since = present - start
        cut = since < BACK_AFTER or (since - BACK_AFTER) % (CUT_AFTER + BACK_AFTER) > CUT_AFTER
        host = all_of_them.host_of(event)
        if host == all_of_them.cut_off and cut and event.at > start - CUT_OFF:
            unsent.append(event)
            continue
        if unsent and not cut:
            written += all_of_them.write(all_of_them.cut_off, unsent)
            unsent = []
        written += all_of_them.write(host, [event if event.at <= start else event._replace(at=present)])
    return written
