"""What the operator has set for the screen, and what is kept between runs.

The config file is shown by `lineage_core/settings/config_file.py`. Environment: LINEAGE_THEME, LINEAGE_ASCII=1, and the
variables of `lineage_core/settings/threshold_defaults.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from lineage_core.base import user_files
from lineage_core.base.errors import BadInputError
from lineage_core.meaning.money import Prices
from lineage_core.model.event_types import nearest
from lineage_core.rules.thresholds import Thresholds, thresholds
from lineage_core.settings import config_file
from lineage_core.settings.config_file import Problem, theme_names
from lineage_core.settings.prices import prices_of
from lineage_core.settings.threshold_defaults import late_settings
from lineage_core.settings.user_commands import OwnCommand, own_commands
from lineage_tui.theme.config_themes import own_palettes, theme_problems
from lineage_tui.theme.palettes import Palette

MAX_STATE = 1 << 20
"""Bytes; a larger file was not written by us."""


class OwnSettings(NamedTuple):
    """commands: of the operator's own. log: the template of a worker's log, or nothing. filters: by name.
    prices: of tokens, if there are any. refusal: why the screen logs nothing; empty if it may."""

    commands: tuple[OwnCommand, ...] = ()
    log: str = ""
    filters: Mapping[str, str] = {}
    prices: Prices | None = None
    refusal: str = "off: write = true in the config file lets the screen log what you decide"


class Settings(NamedTuple):
    """keys: keys by command name, where they differ from the default. trace_url: see `settings/trace_url.py`. themes:
    palettes of the operator's own, by name. notify: what the terminal tells, see `screens/terminal_alarm.py`."""

    theme: str
    ascii_only: bool
    thresholds: Thresholds
    keys: dict[str, tuple[str, ...]]
    trace_url: str = ""
    notify: str = "title"
    themes: Mapping[str, Palette] = {}
    own: OwnSettings = OwnSettings()


def read_config(path: Path | None = None) -> dict[str, Any]:
    """The settings of the config file, with its keys and themes checked. Raises BadInputError that names the line."""
    return config_file.read_config(path, _problems)


def _problems(config: Mapping[str, Any]) -> Iterator[Problem]:
    yield from theme_problems(config)
    yield from _key_problems(config)
    yield from _own_key_problems(config)


def _own_key_problems(config: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with the keys and names of the operator's own commands."""
    from lineage_tui.settings.keymap import is_key, named, rebind

    builtin = rebind(config.get("keys", {}))
    names = {command.name for command in builtin}
    owner = {key: command.name for command in builtin for key in command.keys}
    for command in own_commands(config):
        where, key = ("commands", command.name), named(command.key)
        if command.name in names:
            yield where, f"commands.{command.name}: a command of the screen is called so"
        elif not is_key(key):
            yield where, f"commands.{command.name}: {command.key!r} is no key; write one like f6 or ctrl+f"
        elif owner.setdefault(key, command.name) != command.name:
            yield where, f"commands.{command.name}: {command.key} is the key of {owner[key]}"


def _key_problems(config: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with the keys of commands."""
    from lineage_tui.settings.keymap import COMMANDS, is_key, named, rebind

    chosen: dict[str, list[str]] = config.get("keys", {})
    names = [command.name for command in COMMANDS]
    owner: dict[str, str] = {}
    for name, keys in chosen.items():
        where = ("keys", name)
        if name not in names:
            yield where, f"unknown command {name!r}{nearest(name, names)}"
        if not all(key.strip() and "," not in key for key in keys):
            yield where, f"keys of {name} must be a list of key names"
        for pressed in map(named, keys):
            if not is_key(pressed):
                yield where, f"{pressed!r} is no key; write one like F, ctrl+f or f5"
            if owner.setdefault(pressed, name) != name:
                yield where, f"{pressed} is a key of {owner[pressed]} and of {name}"
    for command, bound in zip(COMMANDS, rebind(chosen), strict=True):
        if not bound.keys and command.name not in chosen:
            taker = owner[command.keys[0]]
            yield ("keys", taker), f"{command.keys[0]} is the only key of {command.name}: give {command.name} another"


def settings(options: Mapping[str, Any], environ: Mapping[str, str], config: Mapping[str, Any]) -> Settings:
    """The settings in force. options: of the command line, as argparse names them, None where not given.

    Raises BadInputError for a value that is none.
    """
    theme = str(options.get("theme") or environ.get("LINEAGE_THEME") or config.get("theme") or "dark")
    if theme not in (names := theme_names(config)):
        raise BadInputError(f"theme must be one of {', '.join(names)}, not {theme!r}")
    ascii_only = bool(options.get("ascii")) or environ.get("LINEAGE_ASCII") == "1" or config.get("ascii") is True
    keys = {name: tuple(value) for name, value in config.get("keys", {}).items()}
    return Settings(
        theme,
        ascii_only,
        thresholds(late_settings(options, environ, config)),
        keys,
        config.get("trace_url", ""),
        config.get("notify", "title"),
        own_palettes(config),
        _own(config),
    )


def _own(config: Mapping[str, Any]) -> OwnSettings:
    own = OwnSettings(own_commands(config), config.get("log", ""), config.get("filters", {}), prices_of(config))
    return own._replace(refusal="") if config.get("write") else own


STATE_FILE = "screen.json"
"""What is kept, in the user's state directory; safe to delete."""


def state_path() -> Path | None:
    """Where it is kept; None if there is no such place."""
    folder = user_files.location("state")
    return folder and folder / STATE_FILE


class SavedState(NamedTuple):
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
    window: str = ""
    arrangement: str = "below"
    share: int = 0
    open: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()


def load_state(directory: Path) -> SavedState:
    """What was kept for a directory; the defaults where there is nothing, or what is there makes no sense."""
    path = state_path()
    try:
        stored = json.loads(user_files.read_own(path, MAX_STATE))[str(directory.absolute())] if path else {}
        fields = {name: stored[name] for name in SavedState._fields if name in stored}
        opened, closed = (tuple(stored.get(name, ())) for name in ("open", "closed"))
        saved = SavedState(**fields)._replace(open=opened, closed=closed)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return SavedState()
    same = all(type(value) is type(default) for value, default in zip(saved, SavedState(), strict=True))
    return saved if same and all(isinstance(item, str) for item in saved.open + saved.closed) else SavedState()


def save_state(directory: Path, saved: SavedState) -> None:
    """Keep this for a directory. Where the state directory cannot be written, nothing is kept."""
    folder = user_files.folder("state")
    if folder is None:
        return
    try:
        stored = json.loads(user_files.read_own(folder / STATE_FILE, MAX_STATE))
    except (OSError, ValueError, RecursionError):
        stored = {}
    stored = stored if isinstance(stored, dict) else {}
    stored.pop(str(directory.absolute()), None)
    stored = dict(list(stored.items())[-49:]) | {str(directory.absolute()): saved._asdict()}
    with suppress(OSError), user_files.replacing(folder / STATE_FILE) as file:
        file.write(json.dumps(stored).encode())
