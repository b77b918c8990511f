"""How long is too long: the durations and counts from which on work is stuck, as far as nobody has set others."""

from __future__ import annotations

from typing import NamedTuple

from lineage_core.base.clock import MINUTE
from lineage_core.settings.late import LateSettings


class Thresholds(NamedTuple):
    """When something counts as stuck; durations in microseconds.

    silent: an open worker that was not heard of for so long is a zombie; warned: the same, a warning.
    spawn: a spawned worker has to start within. handoff: a handoff has to be accepted within. blocked: a task that is
    blocked for so long is a warning.
    crowd: so many zombies at once are a finding of their own. bounces: so many reassignments or handoffs between
    the same two masters are ping-pong. retries: so many retries of one worker type, none of which succeeded.
    """

    silent: int = 30 * MINUTE
    warned: int = 5 * MINUTE
    spawn: int = 5 * MINUTE
    handoff: int = 5 * MINUTE
    blocked: int = 30 * MINUTE
    crowd: int = 5
    bounces: int = 3
    retries: int = 2


def thresholds(late: LateSettings) -> Thresholds:
    """The thresholds in force: what is set, else the defaults. A warning never comes later than what it warns of."""
    names = {
        "silent": "silent",
        "warned": "warned",
        "spawn": "never-started",
        "handoff": "handoff-unaccepted",
        "blocked": "blocked",
    }
    told = {field: after for field, name in names.items() if (after := late.explicit(name)) is not None}
    chosen = Thresholds()._replace(**told)
    return chosen._replace(warned=min(chosen.warned, chosen.silent))
