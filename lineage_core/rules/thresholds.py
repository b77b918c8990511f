"""How long is too long: when something is late, and from how many on a pattern is one.

What the operator set is absolute. Otherwise a default holds, or what is usual where that is longer, up to ten times
the default; and never less than the pauses that the thing itself has had.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lineage_core.model.expectations import LateName, Limit, LimitBy, UsualLength
from lineage_core.settings.threshold_defaults import DEFAULTS, UNASSIGNED_URGENT, UNBLOCK, LateSettings

MOST = 10
"""What is usual counts up to so many times the default."""

UsualTime = Callable[[str, str | None, str | None], UsualLength | None]
"""What is usual for (name, type, owner); None where too little is known."""


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

    def limit(
        self,
        name: LateName,
        kind: str | None = None,
        owner: str | None = None,
        *,
        own: int = 0,
        default: int | None = None,
    ) -> Limit:
        """After how long something is late, and which of what is known says so.

        kind: the type of the worker or task. owner: of whom it is expected. own: the pause that it has had itself.
        default: instead of that of the name.
        """
        default = DEFAULTS[name] if default is None else default
        length = self.late.explicit(name, kind)
        if length is not None:
            return Limit(length, "set", default, own, None, self.late.source(name, kind))
        usual = self.usual("silent" if name == "warned" else name, kind, owner)
        by: LimitBy = "default"
        after = default
        if usual is not None and usual.time > after:
            by, after = "usual", min(MOST * default, usual.time)
        if own > after:
            by, after = "own", own
        return Limit(after, by, default, own, usual)

    def after(
        self,
        name: LateName,
        kind: str | None = None,
        owner: str | None = None,
        *,
        own: int = 0,
        default: int | None = None,
    ) -> int:
        """The time of `limit`, in microseconds; a warning never comes later than what it warns of."""
        length = self.limit(name, kind, owner, own=own, default=default).after
        if name == "warned":
            length = min(length, self.limit("silent", kind, owner, own=own).after)
        return length

    def least(self, name: LateName, default: int | None = None) -> int:
        """The least that `after` can be, of whatever type and owner."""
        return self.late.least(name, DEFAULTS[name] if default is None else default)

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


__all__ = ["DEFAULTS", "UNASSIGNED_URGENT", "UNBLOCK", "Thresholds", "UsualTime", "thresholds"]
