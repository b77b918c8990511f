"""The feed: tail -> fold in a thread of its own; who shows it takes what changed when it is ready for more.

The thread never touches a widget, a screen never reads a file. While the screen is paused, reading goes on and what was
read is set aside, so that the state stands still too.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

from lineage_core.base.errors import JournalError, no_directory
from lineage_core.read.checkpoint import SavedCheckpoint, path_of
from lineage_core.read.decoder import Found, Rejected
from lineage_core.read.quarantine import Quarantine
from lineage_core.read.tailer import Tailer
from lineage_core.read.watcher import Watcher
from lineage_core.state.arrival_rate import ArrivalRate
from lineage_core.state.changed_tasks import ChangedTasks
from lineage_core.state.load import Loaded
from lineage_core.state.snapshot import Snapshot
from lineage_core.state.snapshot_cache import SnapshotCache, Unfolded, uncollected
from lineage_core.state.store import State

SLICE = 200
"""Records merged, or tasks of history adopted, at a time: how long the screen may have to wait for the state, about
5 ms."""

BEHIND = 1 << 20
"""Bytes that are not read yet, from which on catching up comes first: rows are made, and shown, …"""

BEHIND_FRAME = 0.25
"""… each so many seconds, as the feed and the screen share one interpreter."""

SETTLE_SHARE = 4
"""To settle what a pass left (see `State.settle`) may take one part in so many of the time."""

HEAD_START = 0.5
"""Seconds that history waits for the screen to take what is newest: on two cores they would hinder each other."""

ASIDE = 32 << 20
"""Bytes of records that are set aside while paused; beyond that, they wait in their files."""


@dataclass(slots=True)
class Health:
    """What the status line tells of the feed.

    mode: `live` or `polling`, reason: why it polls. backlog: bytes known but not read. rejected: records quarantined.
    aside: events read while paused and not merged yet. problems: files that cannot be read, and why. loaded: whether
    all that was there at the start has been read; history: how much of it, from 0 to 1.
    """

    mode: str = "starting"
    reason: str = ""
    missing: bool = False
    backlog: int = 0
    rejected: int = 0
    quarantined: dict[str, int] = field(default_factory=dict)
    aside: int = 0
    loaded: bool = False
    history: float = 0.0
    problems: dict[str, str] = field(default_factory=dict)


class Feed(threading.Thread):
    """Follows a lineage directory into a state.

    notify: called from the thread when something changed and `take` has not been called since the last notice.
    """

    def __init__(
        self,
        directory: Path,
        state: State,
        notify: Callable[[], None],
        *,
        since: int | None = None,
        force_polling: bool = False,
    ) -> None:
        super().__init__(name="feed", daemon=True)
        self.directory = directory
        self.state = state
        self.health = Health()
        self._changed = ChangedTasks(notify)
        self._stop_event = threading.Event()
        self._lock = threading.Lock()
        self._arrivals = ArrivalRate()
        self._tailer = Tailer(directory, since=since)
        self._since = since
        self._checkpoints: SimpleQueue[SavedCheckpoint | None] = SimpleQueue()
        self._force_polling = force_polling
        self._history: SnapshotCache | None = None
        self._taken = threading.Event()  # whether the screen has taken the first changes
        self._flowing = threading.Event()
        self._flowing.set()
        self._aside: list[tuple[str, list[Found]]] = []
        self._aside_size = 0
        self._next_settling = 0.0
        self._rowless: set[str] = set()  # tasks that changed and whose rows are to be made
        self._next_rows = 0.0
        self._quarantine = Quarantine()

    def run(self) -> None:
        """The thread: read what there is, then wait for more, until `stop`."""
        watcher = Watcher(self.directory, force_polling=self._force_polling, stop=self._stop_event)
        history = self._begin_history()
        while True:
            self._scan()
            self._settle()
            if history is not None and history.ident is None:
                history.start()  # what is newest is on its way to the screen: now for the rest
            self.health.loaded = history is None or not history.is_alive()
            self.health.mode, self.health.reason = watcher.mode, watcher.reason
            self._changed.announce()
            if not watcher.wait():
                break
        if history is not None:
            history.join()
        self._tailer.close()

    def quarantined_pieces(self) -> Iterator[tuple[str, int]]:
        """The file (its canonical name) and the offset of each piece that was quarantined."""
        return self._quarantine.positions()

    @property
    def whole(self) -> bool:
        """Whether all that is in the directory has been read, from the beginning."""
        return self._since is None and self.health.loaded

    def loaded(self) -> Loaded:
        """What `load` gives, as far as it has been read. Raises JournalError when the directory does not exist."""
        if self.health.missing:
            raise no_directory(self.directory)
        counted = dict(self.health.quarantined)
        return Loaded(self.state, [], self._tailer.problems | self.state.problems, counted)

    def _begin_history(self) -> threading.Thread | None:
        """What will fold what the directory holds already, unless that is little; the tailer reads the newest."""
        try:
            history = SnapshotCache(self.directory) if self._since is None else None
        except (OSError, JournalError):
            return None  # the tailer tells what is wrong, and waits
        if not history:
            return None
        self._history = history
        self._tailer.held = set(history.held)
        for checkpoint in history.checkpoints:
            self._tailer.go_on_from(checkpoint)
        return threading.Thread(target=self._fold_history, args=(history,), name="history", daemon=True)

    @uncollected()
    def _fold_history(self, history: SnapshotCache) -> None:
        self._taken.wait(HEAD_START)
        try:
            for part in history:
                for changed in self._adopt(part) if isinstance(part, Snapshot) else self._read(part):
                    self._changed.announce(changed, history=True)
                    self._flowing.wait()
                    if self._stop_event.is_set():
                        return
                if isinstance(part, Snapshot) and part.last:
                    for saved in part.parts:
                        self._checkpoints.put(saved.end)
                self.health.history = history.done / history.total
            self._changed.announce(self.state.settle())
        finally:
            self._checkpoints.put(None)
            self.health.loaded = True
            self._changed.announce()
        self.state.heal()

    def _adopt(self, snapshot: Snapshot) -> Iterator[set[str]]:
        """Take a folded file into the state; gives what changed, slice by slice."""
        for saved, rejected in zip(snapshot.parts, snapshot.rejected, strict=True):
            self._quarantined(saved.name, rejected)
        yield from self.state.adopt(snapshot, SLICE)

    def _read(self, part: Unfolded) -> Iterator[set[str]]:
        """Read what could not be folded; gives what changed, slice by slice."""
        for found, rejected in part.batches():
            self._quarantined(part.checkpoint.name, rejected)
            for start in range(0, len(found), SLICE):
                yield self.state.merge(part.checkpoint.name, found[start : start + SLICE], settle=False)

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._stop_event.set()
        self._flowing.set()
        if self._history is not None:
            self._history.stop()
        if self.is_alive():
            self.join(timeout=5)

    def pause(self) -> None:
        """Let the state stand still; reading goes on."""
        self._flowing.clear()

    def resume(self) -> None:
        """Merge what was read while paused, in a thread of its own, and what comes."""
        self._flowing.set()
        threading.Thread(target=self._catch_up, name="aside", daemon=True).start()

    def take(self, most: int) -> set[str]:
        """Up to `most` of the ids of tasks that changed and were not taken yet: what happens now before history."""
        self._taken.set()
        return self._changed.take(most)

    def tell_again(self) -> None:
        """Let `take` give every task, to somebody who begins anew."""
        self._changed.begin_again(self.state.rows)

    @property
    def waiting(self) -> int:
        """How many changed tasks the screen has not taken yet."""
        return len(self._changed)

    def rate(self) -> float:
        """Events per second over the last ten seconds."""
        return self._arrivals.per_second(time.monotonic())

    def _scan(self) -> None:
        health = self.health
        while not self._checkpoints.empty():
            checkpoint = self._checkpoints.get()
            if checkpoint is None:
                self._tailer.held = set()
            else:
                self._tailer.go_on_from(checkpoint)
                self._tailer.held.discard(path_of(checkpoint["path"]))
        for batch in self._tailer.scan():
            self._quarantined(batch.file, batch.rejected)
            health.backlog = self._tailer.backlog
            with self._lock:
                self._aside.append((batch.file, batch.found))
                self._aside_size += batch.end - batch.start
                health.aside += len(batch.found)
                full = self._aside_size > ASIDE
            self._arrivals.count(batch.found, time.monotonic(), time.time())
            if full:
                self._flowing.wait()
            if self._flowing.is_set():
                self._merge_aside()
            if self._stop_event.is_set():
                return
        health.backlog = self._tailer.backlog
        self._make_rows(at_once=self._flowing.is_set())
        health.missing = self._tailer.missing
        health.problems = self._tailer.unread | self._tailer.problems | self.state.problems

    def _merge_aside(self) -> None:
        """Merge what was read and not merged yet."""
        with self._lock:
            aside, self._aside, self._aside_size = self._aside, [], 0
        for file, found in aside:
            for start in range(0, len(found), SLICE):
                if self._stop_event.is_set():
                    return
                behind = self.health.backlog > BEHIND
                changed = self.state.merge(file, found[start : start + SLICE], settle=False, rows=not behind)
                if behind:
                    self._rowless |= changed
                else:
                    self._changed.announce(changed)
            with self._lock:
                self.health.aside -= len(found)
        self._make_rows()

    def _make_rows(self, *, at_once: bool = False) -> None:
        """Make and announce the rows that were left out while much is to be read, now and then, and in the end."""
        now = time.monotonic()
        if self._rowless and (at_once or self.health.backlog <= BEHIND or now >= self._next_rows):
            changed, self._rowless = self._rowless, set()
            self._changed.announce(self.state.publish(changed))
            self._next_rows = now + BEHIND_FRAME

    def _catch_up(self) -> None:
        self._merge_aside()
        self._settle()

    def _settle(self) -> None:
        """Do what merging left for later, unless it took long the last time."""
        began = time.monotonic()
        if self._flowing.is_set() and began >= self._next_settling:
            self._changed.announce(self.state.settle())
            ended = time.monotonic()
            self._next_settling = ended + (SETTLE_SHARE - 1) * (ended - began)

    def _quarantined(self, file: str, rejected: list[Rejected]) -> None:
        if rejected:
            with self._lock:  # history and what is new are read by two threads
                self._quarantine.add(file, rejected)
                self.health.rejected = self._quarantine.count
                self.health.quarantined = dict(self._quarantine.files)
