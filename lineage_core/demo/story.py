"""One task's story in the making: a cursor in time and the events planned so far. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

from lineage_core.base.clock import SECOND


class PlannedEvent(NamedTuple):
    """An event that the simulated cortex will log.

    at: microseconds since the epoch. lineage_id: planned, sorts by time, unique in a plan. args, data, parent,
    related, tags: as `Journal.log` takes them. context, principal: of the script that logs it.
    """

    at: int
    lineage_id: str
    event_type: str
    task_id: str
    args: tuple[str, ...]
    data: dict[str, Any]
    parent: str | None
    related: tuple[str, ...]
    tags: tuple[str, ...]
    context: dict[str, str]
    principal: str


class Recent(NamedTuple):
    """A task that others may refer to; ended: when, in microseconds since the epoch (None: it never ends)."""

    task_id: str
    ended: int | None


class Story:
    """Plans the events of one task (and its subtasks), in the order in which its scripts would log them.

    pace: microseconds of one unit of time; a plain task takes 20 to 90 units. lasting: whether what hangs is
    left hanging (else somebody clears it up). recent: tasks planned shortly before.
    """

    def __init__(
        self,
        rng: Random,
        number: int,
        at: int,
        *,
        pace: int = SECOND,
        run: str = "",
        session: str = "",
        lasting: bool = True,
        recent: Sequence[Recent] = (),
    ) -> None:
        self.rng = rng
        self.serial = f"{run}-{number:04d}" if run else f"{number:04d}"
        self.at = at
        self.begun = at
        self.lasting = lasting
        self.recent = recent
        self.events: list[PlannedEvent] = []
        self.context = {"trace_id": f"trace-{rng.getrandbits(48):012x}"}
        if session:
            self.context = {"session_id": session, **self.context}
        self.principal = "system"
        self.task_id = ""
        self.last_id: str | None = None
        self.tokens = 0
        self.threaded = rng.random() < 0.7
        self._pace = pace
        self._base = number * 1000 % 10**10
        self._workers = 0

    def wait(self, low: float, high: float) -> None:
        """Let between `low` and `high` units of time pass."""
        self.at += int(self._pace * (low + (high - low) * self.rng.random()))

    def log(
        self,
        event_type: str,
        *args: str,
        data: dict[str, Any] | None = None,
        parent: str | None = None,
        cause: str | None = None,
        related: tuple[str, ...] = (),
        tags: tuple[str, ...] = (),
        context: dict[str, str] | None = None,
    ) -> str:
        """Plan one event of the current task, now.

        parent: logged in any case. cause (default: the story's previous event): logged as the parent only if
        the story is threaded, since many scripts of a cortex log no parent.
        """
        lineage_id = f"lineage-{self.at:016d}{self._base + len(self.events):010d}"
        if parent is None and self.threaded:
            parent = cause or self.last_id
        event = PlannedEvent(
            self.at,
            lineage_id,
            event_type,
            self.task_id,
            args,
            data or {},
            parent,
            related,
            tags,
            context or self.context,
            self.principal,
        )
        self.events.append(event)
        self.last_id = lineage_id
        return lineage_id

    def worker_id(self, worker_type: str) -> str:
        """The id of the next worker of this story, like `worker-scan-0142-1`."""
        self._workers += 1
        return f"worker-{worker_type.removesuffix('-worker')}-{self.serial}-{self._workers}"

    def milliseconds_since(self, at: int) -> int:
        """How long ago `at` was, for `duration_ms`."""
        return (self.at - at) // 1000
