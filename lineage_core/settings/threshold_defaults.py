"""When something is late, as far as the operator has set it: options, else environment, else config file.

One table of names and defaults serves all: `--late NAME=TIME`, `LINEAGE_<NAME>_AFTER` and, in the config file,
`[late.NAME]` with `default = "30m"` and times by worker or task type. What is not set has its default, or what is
usual (`rules/`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from lineage_core.base.clock import MINUTE
from lineage_core.base.errors import BadInputError
from lineage_core.base.time_input import parse_duration
from lineage_core.model.event_types import nearest

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from lineage_core.model.expectations import LateName

LATE: dict[LateName, str] = {
    "unassigned": "a queued task is not assigned",
    "unstarted": "an assigned task is not started",
    "idle": "a running task has nobody at work",
    "never-started": "a spawned worker has not started",
    "silent": "a started worker says nothing",
    "warned": "the same, worth a warning",
    "handoff-unaccepted": "a handoff is not accepted",
    "handoff-uncompleted": "an accepted handoff is not completed",
    "blocked": "a blocked task is not unblocked",
    "escalated": "an escalated task waits for a person",
    "parent-waiting": "a task goes on though its subtasks have ended",
    "master-silent": "a master says nothing, and two things wait for it",
    "feed-silent": "no event comes though work is open",
}
"""What can be late, and when that is so."""

DEFAULTS: dict[LateName, int] = {
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
"""When something is late, as long as nobody has said and nothing else is usual: microseconds."""

UNASSIGNED_URGENT = 5 * MINUTE
"""The same for a queued task of priority critical or high."""

UNBLOCK = 10 * MINUTE
"""The time in which an owner has to unblock a task, from when all that blocked it was completed."""

OLD_NAMES = {
    "zombie-after": "silent",
    "warn-after": "warned",
    "spawn-after": "never-started",
    "handoff-after": "handoff-unaccepted",
    "blocked-after": "blocked",
}
"""Options, config keys and, with LINEAGE_ before them, variables of before, and the name that each stands for."""

DEFAULT = "default"
"""The key of a `[late.NAME]` table that holds for every type."""

_NONE: Mapping[Any, int] = MappingProxyType({})
_NOWHERE: Mapping[str, str] = MappingProxyType({})


class LateSettings(NamedTuple):
    """Durations in microseconds that the operator has set.

    given: by option or variable, by name, for every type. default: in the config file, by name. by_type: there too, by
    name and worker or task type. said: by name, the option or variable of what is given.
    """

    given: Mapping[str, int] = _NONE
    default: Mapping[str, int] = _NONE
    by_type: Mapping[tuple[str, str], int] = _NONE
    said: Mapping[str, str] = _NOWHERE

    def explicit(self, name: str, kind: str | None = None) -> int | None:
        """After how long something is late, in microseconds; None where nobody has said.

        name: a key of LATE. kind: the type of the worker or task.
        """
        if name in self.given:
            return self.given[name]
        if kind is not None and (name, kind) in self.by_type:
            return self.by_type[name, kind]
        return self.default.get(name)

    def source(self, name: str, kind: str | None = None) -> str:
        """Where what is `explicit` was said, for people; empty where nobody has said."""
        if name in self.given:
            return self.said.get(name, "an option")
        if kind is not None and (name, kind) in self.by_type:
            return f"the config file, [late.{name}] {kind}"
        return f"the config file, [late.{name}]" if name in self.default else ""

    def least(self, name: str, default: int) -> int:
        """The shortest time after which this can be late, of whatever type it is. default: where nothing is set."""
        if name in self.given:
            return self.given[name]
        of_types = [time for (of, _), time in self.by_type.items() if of == name]
        return min([self.default.get(name, default), *of_types])


def add_arguments(parser: ArgumentParser) -> None:
    """The options that say when something is late."""
    for option, text in (
        ("zombie-after", "silence after which a worker is a zombie (default 30m)"),
        ("warn-after", "silence that is worth a warning (default 5m)"),
        ("spawn-after", "time that a spawned worker has to start (default 5m)"),
        ("handoff-after", "time that a handoff has to be accepted (default 5m)"),
        ("blocked-after", "time for which a task may be blocked (default 30m)"),
    ):
        parser.add_argument(f"--{option}", metavar="TIME", help=text)
    parser.add_argument(
        "--late",
        metavar="NAME=TIME",
        action="append",
        help=f"when something is late, by its name: {defaults_text()}",
    )


def defaults_text() -> str:
    """The names with their defaults, for the help."""
    special = {
        "unassigned": f"; critical, high {_short(UNASSIGNED_URGENT)}",
        "blocked": f"; once its blockers completed {_short(UNBLOCK)}",
        "master-silent": "with the second thing of it that is late",
        "feed-silent": "; or 3 times the usual pause",
    }
    defaults = []
    for name in LATE:
        time = _short(DEFAULTS[name]) if name in DEFAULTS else ""
        defaults.append(f"{name} ({time}{special.get(name, '')})")
    return ", ".join(defaults)


def _short(micros: int) -> str:
    return f"{micros // MINUTE}m" if micros else "at once"


def late_settings(options: Mapping[str, Any], environ: Mapping[str, str], config: Mapping[str, Any]) -> LateSettings:
    """What is set. Of a new name and an old one that stand side by side, the new one counts.

    options: as argparse names them, None where not given. environ: an empty variable counts as not set.
    config: as `config_file.read_config` gives it. Raises BadInputError that names the option or the variable.
    """
    given: dict[str, int] = {}
    said: dict[str, str] = {}

    def take(name: str, source: str, value: object) -> None:
        given[name], said[name] = _duration(source, value), source

    for old, name in OLD_NAMES.items():
        if value := environ.get(_variable(old)):
            take(name, _variable(old), value)
    for name in LATE:
        variable = _variable(f"{name}-after")
        if value := environ.get(variable):
            take(name, variable, value)
    for old, name in OLD_NAMES.items():
        if (value := options.get(old.replace("-", "_"))) is not None:
            take(name, f"--{old}", value)
    for word in options.get("late") or ():
        name, equals, value = word.partition("=")
        if not equals or name not in LATE:
            raise BadInputError(f"--late {word}: write NAME=TIME, like silent=30m{nearest(name, LATE)}")
        take(name, f"--late {name}", value)
    default = {name: parse_duration(config[old]) for old, name in OLD_NAMES.items() if old in config}
    by_type: dict[tuple[str, str], int] = {}
    for name, times in config.get("late", {}).items():
        for kind, value in times.items():
            if kind == DEFAULT:
                default[name] = parse_duration(value)
            else:
                by_type[name, kind] = parse_duration(value)
    return LateSettings(given, default, by_type, said)


def _variable(name: str) -> str:
    return "LINEAGE_" + name.upper().replace("-", "_")


def _duration(source: str, value: object) -> int:
    try:
        return parse_duration(str(value))
    except BadInputError as error:
        raise BadInputError(f"{source}: {error}") from None
