"""Work that goes on between keys and frames."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from textual.dom import DOMNode
from textual.worker import WorkType

from lineage_tui.widgets.pending_key import LONGEST, pending_key

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


async def pause(node: DOMNode, seconds: float) -> None:
    """Wait between two slices of long work, and longer while a key waits for its frame."""
    key, until = pending_key(node.app), time.monotonic() + LONGEST
    await asyncio.sleep(seconds)
    while key.waits and time.monotonic() < until:
        await asyncio.sleep(PAUSE)


def in_slices(node: DOMNode, work: Iterator[object], group: str, after: Callable[[bool], None]) -> None:
    """Do long work in slices, the first at once; what was begun before in the group is given up.

    after: called behind each slice, with whether the work is done.
    """
    node.workers.cancel_group(node, group)
    key = pending_key(node.app)

    def go_on(*, ends_for_keys: bool = True) -> bool:
        until = time.monotonic() + BUDGET
        done = all(time.monotonic() <= until and not (ends_for_keys and key.waits) for _ in work)
        after(done)
        return done

    async def rest() -> None:
        while not go_on():
            await pause(node, PAUSE)

    if not go_on(ends_for_keys=False):  # it may be what the key asks for
        in_background(node, rest, group, exclusive=False)
