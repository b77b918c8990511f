"""How long is too long: the durations and counts from which on work is stuck, and where an operator sets them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from lineage_core.base.clock import MINUTE
from lineage_core.base.time_input import parse_duration


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


AFTER = {
    "zombie-after": "silent",
    "warn-after": "warned",
    "spawn-after": "spawn",
    "handoff-after": "handoff",
    "blocked-after": "blocked",
}
"""Settings that are durations, and the threshold that each one sets."""


def thresholds(options: Mapping[str, object], environ: Mapping[str, str], config: Mapping[str, object]) -> Thresholds:
    """The thresholds in force: options, else LINEAGE_ZOMBIE_AFTER and so on, else the config file, else the defaults.

    A warning never comes later than what it warns of. Raises BadInputError for what is no duration.
    """
    chosen = Thresholds()
    for name, field in AFTER.items():
        value = options.get(name) or environ.get("LINEAGE_" + name.upper().replace("-", "_")) or config.get(name)
        if value:
            chosen = chosen._replace(**{field: parse_duration(str(value))})
    return chosen._replace(warned=min(chosen.warned, chosen.silent))
