"""The tasks that changed, from the threads that read to the one that shows: a set, so a slow screen builds no backlog.

At most one notice is under way: the next is given once all that was there has been taken.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice


class ChangedTasks:
    """What changed and was not taken yet.

    notify: called, from the thread that announces, when nothing was announced since the last `take` emptied it.
    """

    def __init__(self, notify: Callable[[], None]) -> None:
        self._notify = notify
        self._lock = threading.Lock()
        self._live: set[str] = set()
        self._old: deque[str] = deque()  # from history, the newest file's first
        self._announced = False

    def __len__(self) -> int:
        return len(self._live) + len(self._old)

    def announce(self, task_ids: Iterable[str] = (), *, history: bool = False) -> None:
        """Note tasks that changed, and give notice, also of none. history: they come after what happens now, in the
        order in which they are given."""
        with self._lock:
            if history:
                self._old.extend(task_ids)
            else:
                self._live.update(task_ids)
            first, self._announced = not self._announced, True
        if first:
            self._notify()

    def take(self, most: int) -> set[str]:
        """Up to `most` of them: what happens now before history."""
        with self._lock:
            taken = self._live
            if len(taken) > most:
                taken = set(islice(taken, most))
                self._live -= taken
            else:
                self._live = set()
                while self._old and len(taken) < most:
                    taken.add(self._old.popleft())
            if not self._live and not self._old:
                self._announced = False
            return taken

    def begin_again(self, task_ids: Iterable[str]) -> None:
        """Let `take` give these tasks, and no others, to somebody who begins anew."""
        with self._lock:
            self._live, self._old = set(), deque(task_ids)
