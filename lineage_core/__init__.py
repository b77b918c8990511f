"""The core of lineage-tui: it writes, tails, folds and answers questions about cortex lineage events.

It imports neither Textual nor Rich nor lineage_tui. Names are loaded when first used, so that a short command pays
only for what it needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lineage_core.base.errors import BadInputError, JournalError, LineageError
    from lineage_core.model.event import Event
    from lineage_core.model.event_types import EVENTS
    from lineage_core.write.journal import Journal

__all__ = ["EVENTS", "BadInputError", "Event", "Journal", "JournalError", "LineageError"]

_HOME = {
    "EVENTS": "model.event_types",
    "Event": "model.event",
    "Journal": "write.journal",
    "BadInputError": "base.errors",
    "JournalError": "base.errors",
    "LineageError": "base.errors",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
