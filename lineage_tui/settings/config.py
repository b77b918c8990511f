"""What the operator has set: options, environment, config file, defaults, in this order; and what is kept between runs.

The config file is `config.toml` in the user's config directory:

    theme = "light"            # dark, light, clear, ansi
    ascii = false
    zombie-after = "30m"       # and warn-after, spawn-after, handoff-after, blocked-after
    [keys]
    follow = ["F"]             # keys by command name, in place of the default ones

Environment: LINEAGE_THEME, LINEAGE_ASCII=1, LINEAGE_ZOMBIE_AFTER, LINEAGE_WARN_AFTER, LINEAGE_SPAWN_AFTER,
LINEAGE_HANDOFF_AFTER, LINEAGE_BLOCKED_AFTER.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from platformdirs import user_config_path, user_state_path

from lineage_core.base.errors import BadInputError
from lineage_core.base.time_input import parse_duration
from lineage_core.model.event_types import nearest
from lineage_core.rules.thresholds import AFTER, Thresholds, thresholds

THEMES = ("dark", "light", "clear", "ansi")
KNOWN = ("theme", "ascii", *AFTER, "keys")


class Settings(NamedTuple):
    """keys: keys by command name, where they differ from the default."""

    theme: str
    ascii_only: bool
    thresholds: Thresholds
    keys: dict[str, tuple[str, ...]]


def config_path() -> Path:
    """Where the config file is, if there is one."""
    return user_config_path("lineage-tui") / "config.toml"


def read_config(path: Path) -> dict[str, Any]:
    """The settings of a config file; none if there is no file. Raises BadInputError that names the line."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"{path}: cannot be read: {error}") from None
    try:
        config = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # TOMLDecodeError is one; so is a number of 5,000 digits
        raise BadInputError(f"{path}: {error}") from None
    for key, value in config.items():
        if problem := _problem(key, value):
            raise BadInputError(f"{path}: line {_line(text, key)}: {problem}")
    return config


def _problem(key: str, value: Any) -> str:
    """What is wrong with one setting, or nothing."""
    from lineage_tui.settings.keymap import COMMANDS, is_key, named, rebind

    if key not in KNOWN:
        return f"unknown setting {key!r}{nearest(key, KNOWN)}"
    if key == "theme" and value not in THEMES:
        return f"theme must be one of {', '.join(THEMES)}, not {value!r}"
    if key == "ascii" and not isinstance(value, bool):
        return "ascii must be true or false"
    if key in AFTER:
        try:
            parse_duration(str(value))
        except BadInputError as error:
            return f"{key}: {error}"
    if key == "keys":
        if not isinstance(value, dict):
            return "keys must be a table"
        names = [command.name for command in COMMANDS]
        owner: dict[str, str] = {}
        for name, keys in value.items():
            if name not in names:
                return f"unknown command {name!r}{nearest(name, names)}"
            if not isinstance(keys, list) or not all(isinstance(k, str) and k.strip() and "," not in k for k in keys):
                return f"keys of {name} must be a list of key names"
            for pressed in map(named, keys):
                if not is_key(pressed):
                    return f"{pressed!r} is no key; write one like F, ctrl+f or f5"
                if owner.setdefault(pressed, name) != name:
                    return f"{pressed} is a key of {owner[pressed]} and of {name}"
        for command, bound in zip(COMMANDS, rebind(value), strict=True):
            if not bound.keys and command.name not in value:
                return f"{command.keys[0]} is the only key of {command.name}: give {command.name} another"
    return ""


def _line(text: str, key: str) -> int:
    """The line of a key in a config file, counted from 1."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip().strip("[]").partition("=")[0].strip().strip("\"'") == key:
            return number
    return 1


def settings(options: Mapping[str, Any], environ: Mapping[str, str], config: Mapping[str, Any]) -> Settings:
    """The settings in force. options: of the command line, None where not given.

    Raises BadInputError for a value that is none.
    """

    def chosen(name: str, default: str) -> str:
        variable = "LINEAGE_" + name.upper().replace("-", "_")
        value = options.get(name) or environ.get(variable) or config.get(name) or default
        return str(value)

    theme = chosen("theme", "dark")
    if theme not in THEMES:
        raise BadInputError(f"theme must be one of {', '.join(THEMES)}, not {theme!r}")
    ascii_only = bool(options.get("ascii")) or environ.get("LINEAGE_ASCII") == "1" or config.get("ascii") is True
    keys = {name: tuple(value) for name, value in config.get("keys", {}).items()}
    return Settings(theme, ascii_only, thresholds(options, environ, config), keys)


class Kept(NamedTuple):
    """What is kept from one run to the next, for each lineage directory."""

    view: str = "tasks"
    filter: str = ""
    theme: str = ""
    times: str = "UTC"
    sort: str = "newest"
    inverted: bool = False
    workers_sort: str = "silent"
    workers_inverted: bool = False
    pane: str = "flow"
    window: str = "24h"
    open: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()


def kept_path() -> Path:
    """Where it is kept; safe to delete."""
    return user_state_path("lineage-tui") / "screen.json"


def load_kept(directory: Path) -> Kept:
    """What was kept for a directory; the defaults where there is nothing, or what is there makes no sense."""
    try:
        told = json.loads(kept_path().read_text(encoding="utf-8"))[str(directory.absolute())]
        fields = {name: told[name] for name in Kept._fields if name in told}
        kept = Kept(**fields)._replace(open=tuple(told.get("open", ())), closed=tuple(told.get("closed", ())))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Kept()
    same = all(type(value) is type(default) for value, default in zip(kept, Kept(), strict=True))
    return kept if same and all(isinstance(item, str) for item in kept.open + kept.closed) else Kept()


def save_kept(directory: Path, kept: Kept) -> None:
    """Keep this for a directory. Where the state directory cannot be written, nothing is kept."""
    path = kept_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            told = {}
        told = told if isinstance(told, dict) else {}
        told.pop(str(directory.absolute()), None)
        told = dict(list(told.items())[-49:]) | {str(directory.absolute()): kept._asdict()}
        part = path.with_suffix(f".{os.getpid()}.part")
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with open(fd, "w", encoding="utf-8") as file:
            json.dump(told, file)
        part.replace(path)
    except OSError:
        return
