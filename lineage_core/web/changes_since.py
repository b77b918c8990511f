"""The feed for a server: folded once, with a version that counts what changed, and who changed since which version."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lineage_core.base import clock
from lineage_core.base.clock import SECOND
from lineage_core.state.feed import Feed
from lineage_core.state.load import Loaded
from lineage_core.state.store import State

REMEMBERED = 50_000
"""Tasks of which it is known since which version they are as they are; who asks for older ones takes all anew."""

AGE = 10 * SECOND
"""What is told of now (ages, lateness) counts as unchanged for so long."""


class Live:
    """A lineage directory, followed. version: grows with each change of a task. instance: another one for each start,
    so that versions of another server are not taken for ours."""

    def __init__(self, directory: Path) -> None:
        self.version = 1
        self.instance = secrets.token_hex(4)
        self.feed = Feed(directory, State(), self._take)
        self._lock = threading.Lock()
        self._changed: OrderedDict[str, int] = OrderedDict()  # task -> version of its last change, oldest first
        self._forgotten = 0  # changes up to this version are not all known
        self._listeners: list[Callable[[], None]] = []

    @property
    def state(self) -> State:
        """The state that the feed keeps up to date; hold its lock to read it."""
        return self.feed.state

    @property
    def etag(self) -> str:
        """Equal as long as every answer is: for the same version, and for AGE."""
        return f'W/"{self.instance}-{self.version}-{clock.now() // AGE}"'

    def listen(self, heard: Callable[[], None]) -> Callable[[], None]:
        """Call `heard`, from the feed's thread, after each change; returns what ends that."""
        with self._lock:
            self._listeners.append(heard)
        return lambda: self._listeners.remove(heard)

    def changed_since(self, version: int) -> tuple[int, list[str] | None]:
        """The present version, and the tasks that changed after another; None if that is not known any more."""
        with self._lock:
            if version < self._forgotten or version > self.version:
                return self.version, None
            found = []
            for task_id, at in reversed(self._changed.items()):
                if at <= version:
                    break
                found.append(task_id)
            return self.version, found

    @contextmanager
    def answering(self) -> Iterator[Callable[[], Loaded]]:
        """Gives what tells the state, which stands still from when it is asked for until the end of this context."""
        held: list[State] = []

        def loaded() -> Loaded:
            self.state.lock.acquire()
            held.append(self.state)
            return self.feed.loaded()

        try:
            yield loaded
        finally:
            for state in held:
                state.lock.release()

    def _take(self) -> None:
        """The feed has something new."""
        changed = self.feed.take(1 << 62)
        with self._lock:
            if changed:
                self.version += 1
                for task_id in changed:
                    self._changed[task_id] = self.version
                    self._changed.move_to_end(task_id)
                while len(self._changed) > REMEMBERED:
                    self._forgotten = self._changed.popitem(last=False)[1]
            listeners = list(self._listeners)
        for heard in listeners:
            heard()
