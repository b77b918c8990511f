"""The config file, `config.toml` in the user's config directory, checked: one error names its line.

theme = "light"            # dark, light, clear, ansi
ascii = false
notify = "title"           # off, title, bell or notify: what the terminal tells of what needs you
trace_url = "http://localhost:16686/trace/{trace_id}"   # makes trace ids links
zombie-after = "30m"       # and warn-after, spawn-after, handoff-after, blocked-after
[late.silent]              # when something is late: the names are those of settings/threshold_defaults.py
default = "30m"
build-worker = "2h"        # by worker or task type
[themes.mine]              # a theme of your own: colours in place of those of `base`
base = "light"
failed = "#b00020"
[keys]
follow = ["F"]             # keys of the screen by command name, in place of the default ones
log, [commands.NAME], [filters]   # see settings/user_commands.py
write = false              # true: the screen may log what the operator decides
[prices]                   # what tokens cost: see settings/prices.py
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lineage_core.base import user_files
from lineage_core.base.errors import BadInputError
from lineage_core.base.time_input import parse_duration
from lineage_core.model.event_types import nearest
from lineage_core.settings.prices import price_problems
from lineage_core.settings.threshold_defaults import LATE, OLD_NAMES, LateSettings, late_settings
from lineage_core.settings.trace_url import fault_of
from lineage_core.settings.user_commands import command_problems, filter_problems, log_problem

THEMES = ("dark", "light", "clear", "ansi")
"""Our own; the operator's are below [themes]."""

NOTIFY = ("off", "title", "bell", "notify")
KNOWN = (
    "theme",
    "ascii",
    "notify",
    "trace_url",
    *OLD_NAMES,
    "late",
    "keys",
    "themes",
    "commands",
    "filters",
    "log",
    "prices",
    "write",
)
"""The settings at the top of the file."""

MAX_BYTES = 1 << 20
"""A larger file is no config file of ours."""

Problem = tuple[tuple[str, ...], str]
"""Where in the file something is wrong, as the names of the tables and the key, and what it is."""

Check = Callable[[Mapping[str, Any]], Iterable[Problem]]


def config_path() -> Path | None:
    """Where the config file is, if there is one; None if there is no such place."""
    folder = user_files.location("config")
    return folder and folder / "config.toml"


def read_config(path: Path | None = None, check: Check | None = None) -> dict[str, Any]:
    """The settings of the config file; none if there is no file. What cannot be read is done without, with a note.

    path: another file. check: what else may be wrong with its settings. Raises BadInputError that names the file and
    the line for a file that is wrong.
    """
    path = path or config_path()
    text = _text(path) if path else None
    if not path or not text:
        return {}
    import tomllib  # imported late: most have no config file

    try:
        config = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # TOMLDecodeError is one; so is a number of 5,000 digits
        raise BadInputError(f"{path}: {error}") from None
    for found in (problems(config), check(config) if check else ()):
        for keys, problem in found:
            raise BadInputError(f"{path}: line {line_of(text, keys)}: {problem}")
    return config


def _text(path: Path) -> str | None:
    """The text of the file; None where there is none to be had. Raises BadInputError for what is no text."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(fd, "rb") as file:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                user_files.lack("config", f"{path} is no regular file")
                return None
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        user_files.lack("config", f"{path}: {error.strerror}")
        return None
    if len(data) > MAX_BYTES:
        raise BadInputError(f"{path}: longer than a config file can be")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise BadInputError(f"{path}: line {data.count(bytes([10]), 0, error.start) + 1}: not UTF-8") from None


def read_late(options: Mapping[str, Any]) -> LateSettings:
    """What is set in this process: its options, its environment and the user's config file.

    Raises BadInputError that names the option, the variable, or the file and line.
    """
    return late_settings(options, os.environ, read_config())


def problems(config: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with settings. The names of commands and keys are the screen's to check (`keymap.problems`)."""
    for key, value in config.items():
        if key not in KNOWN:
            yield (key,), f"unknown setting {key!r}{nearest(key, KNOWN)}"
        elif key == "theme" and value not in (names := theme_names(config)):
            yield (key,), f"theme must be one of {', '.join(names)}, not {value!r}"
        elif key == "notify" and value not in NOTIFY:
            yield (key,), f"notify must be one of {', '.join(NOTIFY)}, not {value!r}"
        elif key in ("ascii", "write"):
            if not isinstance(value, bool):
                yield (key,), f"{key} must be true or false"
        elif key == "trace_url":
            if fault := fault_of(value):
                yield (key,), fault
        elif key in OLD_NAMES:
            yield from _duration((key,), value)
        elif key == "late":
            yield from _late(value)
        elif key == "commands":
            yield from command_problems(value)
        elif key == "filters":
            yield from filter_problems(value)
        elif key == "prices":
            yield from price_problems(value)
        elif key == "log":
            if fault := log_problem(value):
                yield (key,), fault
        elif key == "themes":
            yield from _themes(value)
        elif key == "keys":
            if not isinstance(value, dict):
                yield (key,), "keys must be a table"
                continue
            for name, keys in value.items():
                if not isinstance(keys, list) or not all(isinstance(one, str) for one in keys):
                    yield (key, name), f"keys of {name} must be a list of key names"


def theme_names(config: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of all themes, ours first."""
    own = config.get("themes")
    return (*THEMES, *own) if isinstance(own, dict) else THEMES


def _themes(value: Any) -> Iterator[Problem]:
    """The colours are the screen's to check (`lineage_tui/theme/config_themes.py`)."""
    if not isinstance(value, dict):
        yield ("themes",), 'themes must be tables: [themes.mine], and below it base = "light" and colours'
        return
    for name, theme in value.items():
        if not isinstance(theme, dict):
            yield ("themes", name), f'themes.{name} must be a table: [themes.{name}], and below it base = "light"'
        elif not re.fullmatch("[a-z][a-z0-9-]*", name):
            yield ("themes", name), f"themes: a name has letters a-z, digits and -, not {name!r}"


def _late(value: Any) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield ("late",), 'late must be tables: [late.silent], and below it default = "30m"'
        return
    for name, times in value.items():
        if name not in LATE:
            yield ("late", name), f"late: unknown name {name!r}{nearest(name, LATE)} (known: {', '.join(LATE)})"
        elif not isinstance(times, dict):
            yield ("late", name), f'late.{name} must be a table: [late.{name}], and below it default = "30m"'
        else:
            for kind, duration in times.items():
                yield from _duration(("late", name, kind), duration)


def _duration(keys: tuple[str, ...], value: Any) -> Iterator[Problem]:
    try:
        parse_duration(value if isinstance(value, str) else repr(value))
    except BadInputError as error:
        yield keys, f"{'.'.join(keys)}: {error}"


def line_of(text: str, keys: Sequence[str]) -> int:
    """The line, counted from 1, of a TOML text on which a key stands, or what is nearest to it of its tables."""
    best, depth = 1, 0
    table: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if line.startswith("["):
            here = table = _names(line.strip("[").partition("]")[0])
        elif "=" in line and not line.startswith("#"):
            here = table + _names(line.partition("=")[0])
        else:
            continue
        if len(here) > depth and list(keys[: len(here)]) == here:
            best, depth = number, len(here)
    return best


def _names(text: str) -> list[str]:
    return [name.strip().strip("\"'") for name in text.split(".")]
