"""Work that goes on between keys and frames."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from textual.dom import DOMNode
from textual.worker import WorkType


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
