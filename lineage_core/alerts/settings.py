"""The file of alerts, `alerts.toml`, checked: one error names its line.

every = "15s"                        # between two looks; with --check the same
[[rule]]
name = "urgent"
when = "finding:any severity:bad"    # what is asked: see conditions.py
for = "5m"                           # it must have held so long; default: at once
hooks = ["page", "log"]
[hooks.page]
exec = ["/usr/local/bin/page", "ops"]
timeout = "10s"
[hooks.log]
file = "/var/log/lineage-alerts.jsonl"
[heartbeat]
url = "https://hc.example.org/ping/1"   # or file = "/run/lineage-alert"
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lineage_core.base.clock import MINUTE, SECOND
from lineage_core.base.errors import BadInputError
from lineage_core.base.time_input import parse_duration
from lineage_core.model.event_types import nearest
from lineage_core.settings.config_file import MAX_BYTES, line_of

KINDS = ("exec", "webhook", "alertmanager", "file")
_HOOK_KEYS = (*KINDS, "timeout", "secret_file")
_RULE_KEYS = ("name", "when", "for", "hooks")
_KEYS = ("every", "rule", "hooks", "heartbeat")
_BEAT_KEYS = ("url", "file", "every")

LONGEST_HOOK = 10 * MINUTE
"""The longest time that a hook may take."""


@dataclass(frozen=True)
class Rule:
    """when: what is asked, as text. hold: for how long it must hold before it fires, in microseconds."""

    name: str
    when: str
    hold: int
    hooks: tuple[str, ...]


@dataclass(frozen=True)
class Hook:
    """Where alerts go. kind: one of KINDS; target: argv (exec), else one address or path. timeout: microseconds.
    secret: what webhooks are signed with."""

    name: str
    kind: str
    target: tuple[str, ...]
    timeout: int = 10 * SECOND
    secret: bytes = b""


@dataclass(frozen=True)
class Heartbeat:
    """What is called or touched every so often (microseconds) while all is well, so that silence alarms."""

    url: str = ""
    file: str = ""
    every: int = MINUTE


@dataclass(frozen=True)
class AlertSettings:
    """The whole file. every: microseconds between two looks."""

    rules: tuple[Rule, ...]
    hooks: Mapping[str, Hook]
    heartbeat: Heartbeat | None = None
    every: int = 15 * SECOND


class _WrongError(Exception):
    def __init__(self, keys: tuple[str, ...], text: str) -> None:
        super().__init__(text)
        self.keys = keys


def read_settings(path: Path) -> AlertSettings:
    """The settings of a file. Raises BadInputError that names the file and the line."""
    import tomllib

    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadInputError(f"{path}: {error.strerror}; see lineage alert --help for an example") from None
    if len(data) > MAX_BYTES:
        raise BadInputError(f"{path}: longer than a config file can be")
    try:
        text = data.decode()
        found = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInputError(f"{path}: {error}") from None
    try:
        return _settings(found, path.parent)
    except _WrongError as error:
        raise BadInputError(f"{path}: line {_line(text, error.keys)}: {error}") from None


def _line(text: str, keys: tuple[str, ...]) -> int:
    """The line that keys stand on; those of the n-th rule begin with `rule`, n."""
    if keys[:1] != ("rule",) or len(keys) < 2:
        return line_of(text, keys)
    starts = [number for number, line in enumerate(text.splitlines()) if line.strip().startswith("[[rule]]")]
    start = starts[int(keys[1])] if int(keys[1]) < len(starts) else 0
    return start + line_of("\n".join(text.splitlines()[start:]), ("rule", *keys[2:]))


def _settings(found: Mapping[str, Any], folder: Path) -> AlertSettings:
    _known(found, _KEYS, ())
    hooks = {name: _hook(name, one, folder) for name, one in _table(found.get("hooks", {}), ("hooks",)).items()}
    beat = None if "heartbeat" not in found else _heartbeat(_table(found["heartbeat"], ("heartbeat",)))
    every = _time(found.get("every", "15s"), ("every",))
    if every < SECOND:
        raise _WrongError(("every",), "every must be at least 1s")
    return AlertSettings(tuple(_rules(found.get("rule", []), hooks)), hooks, beat, every)


def _rules(found: Any, hooks: Mapping[str, Hook]) -> Iterator[Rule]:
    if not isinstance(found, list) or not found or not all(isinstance(one, dict) for one in found):
        raise _WrongError(("rule",), "there is no rule: write [[rule]], and below it name, when and hooks")
    names: set[str] = set()
    for number, one in enumerate(found):
        at = ("rule", str(number))
        _known(one, _RULE_KEYS, at)
        name, when = _text(one, "name", at), _text(one, "when", at)
        if name in names:
            raise _WrongError((*at, "name"), f"two rules are called {name!r}")
        names.add(name)
        wanted = one.get("hooks", [])
        if not isinstance(wanted, list) or not wanted or not all(isinstance(hook, str) for hook in wanted):
            raise _WrongError((*at, "hooks"), 'hooks must be a list of names like ["page"]')
        for hook in wanted:
            if hook not in hooks:
                raise _WrongError((*at, "hooks"), f"there is no [hooks.{hook}]{nearest(hook, hooks)}")
        yield Rule(name, when, _time(one.get("for", "0s"), (*at, "for")), tuple(wanted))


def _hook(name: str, found: Any, folder: Path) -> Hook:
    at = ("hooks", name)
    table = _table(found, at)
    _known(table, _HOOK_KEYS, at)
    kinds = [kind for kind in KINDS if kind in table]
    if len(kinds) != 1:
        raise _WrongError(at, f"hooks.{name} must have one of {', '.join(KINDS)}")
    kind, target = kinds[0], table[kinds[0]]
    timeout = _time(table.get("timeout", "10s"), (*at, "timeout"))
    if not 0 < timeout <= LONGEST_HOOK:
        raise _WrongError((*at, "timeout"), "timeout must be between 1ms and 10m")
    if kind == "exec":
        if not isinstance(target, list) or not target or not all(isinstance(one, str) for one in target):
            raise _WrongError((*at, kind), 'exec must be a list of words like ["/usr/local/bin/page", "ops"]: no shell')
        return Hook(name, kind, tuple(target), timeout)
    if not isinstance(target, str) or not target:
        raise _WrongError((*at, kind), f"{kind} must be {'a path' if kind == 'file' else 'an address'}")
    if kind == "file":
        return Hook(name, kind, (str(folder / target),), timeout)
    _address(target, (*at, kind))
    return Hook(name, kind, (target.rstrip("/") if kind == "alertmanager" else target,), timeout, _secret(table, at))


def _secret(table: Mapping[str, Any], at: tuple[str, ...]) -> bytes:
    if "secret_file" not in table:
        return b""
    try:
        secret = Path(_text(table, "secret_file", at)).read_bytes().strip()
    except OSError as error:
        raise _WrongError((*at, "secret_file"), f"secret_file: {error.strerror}") from None
    if not secret:
        raise _WrongError((*at, "secret_file"), "secret_file is empty")
    return secret


def _heartbeat(table: Mapping[str, Any]) -> Heartbeat:
    at = ("heartbeat",)
    _known(table, _BEAT_KEYS, at)
    if ("url" in table) == ("file" in table):
        raise _WrongError(at, "heartbeat must have a url or a file")
    every = _time(table.get("every", "1m"), (*at, "every"))
    if every < SECOND:
        raise _WrongError((*at, "every"), "every must be at least 1s")
    if "url" in table:
        url = _text(table, "url", at)
        _address(url, (*at, "url"))
        return Heartbeat(url=url, every=every)
    return Heartbeat(file=_text(table, "file", at), every=every)


def _known(table: Mapping[str, Any], names: tuple[str, ...], at: tuple[str, ...]) -> None:
    for key in table:
        if key not in names:
            raise _WrongError((*at, key), f"unknown setting {key!r}{nearest(key, names)}")


def _table(found: Any, at: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(found, dict):
        raise _WrongError(at, f"{'.'.join(at)} must be a table")
    return found


def _text(table: Mapping[str, Any], key: str, at: tuple[str, ...]) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise _WrongError((*at, key), f"{key} must be a text")
    return value


def _time(value: Any, at: tuple[str, ...]) -> int:
    try:
        return parse_duration(value if isinstance(value, str) else repr(value))
    except BadInputError as error:
        raise _WrongError(at, f"{at[-1]}: {error}") from None


def _address(value: str, at: tuple[str, ...]) -> None:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise _WrongError(at, f"{at[-1]} must be an http or https address, not {value!r}")
