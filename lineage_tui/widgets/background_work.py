"""Work that goes on between keys and frames."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from textual.dom import DOMNode
from textual.worker import WorkType

BUDGET = 0.006
"""Seconds that a slice of long work may keep the interface thread."""

PAUSE = 0.004
"""Seconds between two slices, for keys and frames."""


def in_background(
    node: DOMNode, work: Callable[[], Coroutine[Any, Any, None]], group: str, *, exclusive: bool = True
) -> None:
    """Run what `work` makes on the interface thread, as a worker of this widget.

    exclusive: what was begun before in the group is given up. Not a coroutine but the function that makes it: one that
    is given up before it began would warn.
    """
    # Not by set_timer either: a timer that is late before it began to wait is never called (Textual 8.2).
    made: WorkType[None] = work
    node.run_worker(made, group=group, exclusive=exclusive)


def in_slices(node: DOMNode, work: Iterator[object], group: str, after: Callable[[bool], None]) -> None:
    """Do long work in slices, the first at once; what was begun before in the group is given up.

    after: called behind each slice, with whether the work is done.
    """
    node.workers.cancel_group(node, group)

    def go_on() -> bool:
        until = time.monotonic() + BUDGET
        done = all(time.monotonic() <= until for _ in work)
        after(done)
        return done

    async def rest() -> None:
        while not go_on():
            await asyncio.sleep(PAUSE)

    if not go_on():
        in_background(node, rest, group, exclusive=False)
