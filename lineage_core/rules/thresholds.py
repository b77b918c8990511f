"""How long is too long: when something is late, and from how many on a pattern is one.

What the operator set is absolute. Otherwise a default holds, or what is usual where that is longer, up to ten times
the default; and never less than the pauses that the thing itself has had.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lineage_core.base.clock import MINUTE
from lineage_core.settings.late import LateSettings

DEFAULTS = {
    "unassigned": 30 * MINUTE,
    "unstarted": 10 * MINUTE,
    "idle": 30 * MINUTE,
    "never-started": 5 * MINUTE,
    "silent": 30 * MINUTE,
    "warned": 5 * MINUTE,
    "handoff-unaccepted": 5 * MINUTE,
    "handoff-uncompleted": 30 * MINUTE,
    "blocked": 30 * MINUTE,
    "escalated": 0,
    "parent-waiting": 10 * MINUTE,
    "feed-silent": 30 * MINUTE,
}
"""When something is late, as long as nobody has said and nothing else is usual."""

UNASSIGNED_URGENT = 5 * MINUTE
"""The same for a queued task of priority critical or high."""

UNBLOCK = 10 * MINUTE
"""The time in which an owner has to unblock a task, from when all that blocked it was completed."""

MOST = 10
"""What is usual counts up to so many times the default."""

UsualTime = Callable[[str, str | None, str | None], int | None]
"""What is usual, in microseconds, for (name, type, owner); None where too little is known."""


def nothing_usual(name: str, kind: str | None, owner: str | None) -> None:
    """Nothing was learned."""
    return


_NOTHING_SET = LateSettings()


@dataclass(frozen=True)
class Thresholds:
    """When something counts as late or as a pattern.

    late: what the operator set. usual: what was learned. crowd: so many zombies at once are a finding of their own.
    bounces: so many reassignments or handoffs between the same two masters are ping-pong. retries: so many retries of
    one worker type, none of which succeeded.
    """

    late: LateSettings = _NOTHING_SET
    usual: UsualTime = nothing_usual
    crowd: int = 5
    bounces: int = 3
    retries: int = 2

    def after(
        self, name: str, kind: str | None = None, owner: str | None = None, *, own: int = 0, default: int | None = None
    ) -> int:
        """After how long something is late, in microseconds.

        kind: the type of the worker or task. owner: of whom it is expected. own: the pause that it has had itself.
        default: instead of that of the name.
        """
        told = self.late.explicit(name, kind)
        if told is None:
            default = DEFAULTS[name] if default is None else default
            usual = self.usual("silent" if name == "warned" else name, kind, owner)
            told = max(own, min(MOST * default, max(default, usual or 0)))
        if name == "warned":  # a warning never comes later than what it warns of
            told = min(told, self.after("silent", kind, owner, own=own))
        return told

    @property
    def silent(self) -> int:
        """Silence after which a worker of no known type is a zombie."""
        return self.after("silent")

    @property
    def warned(self) -> int:
        """Silence after which it is worth a warning."""
        return self.after("warned")


def thresholds(late: LateSettings) -> Thresholds:
    """The thresholds in force where nothing was learned."""
    return Thresholds(late)
