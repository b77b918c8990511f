"""What the operator lets the screen do: programs to run on what is selected, a worker's own log, filters by name.

log = "logs/{worker_id}.log"       # below the cortex's directory
[commands.describe]
key = "f6"
scope = "worker"                   # task, worker, or any: what has to be selected
argv = ["cortexctl", "show", "--", "{worker_id}"]
confirm = true                     # ask first
background = false                 # true: tell only how it ended
[filters]
mine = "owner:security is:open"

A placeholder is a whole argument: what it stands for becomes one argument, whatever it holds, and no shell reads it. It
may begin with a dash: put "--" before it where the program takes that.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from lineage_core.base.errors import BadInputError
from lineage_core.model.event_types import nearest

SCOPES = ("task", "worker", "any")
PLACEHOLDERS = ("task_id", "task_ids", "worker_id", "session_id", "status", "master", "directory")
"""What may stand in an argv; `task_ids` are those of the marked lines, else that of the selected one."""

_KEYS = ("key", "scope", "argv", "confirm", "background")
_BRACED = re.compile(r"\{(\w+)\}")
_LONGEST_NAME = 255  # bytes of a file's name

Problem = tuple[tuple[str, ...], str]
Values = Mapping[str, str | Sequence[str] | None]
"""What placeholders stand for; None: there is none."""


class OwnCommand(NamedTuple):
    """A program of the operator's. See the text of this module."""

    name: str
    key: str
    scope: str
    argv: tuple[str, ...]
    confirm: bool = False
    background: bool = False


def own_commands(config: Mapping[str, Any]) -> tuple[OwnCommand, ...]:
    """The commands of a config file that has no problems."""
    return tuple(
        OwnCommand(name, **{**table, "argv": tuple(table["argv"]), "scope": table.get("scope", "task")})
        for name, table in config.get("commands", {}).items()
    )


def command_problems(value: Any) -> Iterator[Problem]:
    """What is wrong with the table `commands`."""
    if not isinstance(value, dict):
        yield ("commands",), "commands must be tables: [commands.NAME], and below it key and argv"
        return
    for name, own in value.items():
        where = ("commands", name)
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,40}", name):
            yield where, f"the name of a command is of small letters, digits and -, not {name[:60]!r}"
        elif not isinstance(own, dict):
            yield where, f'commands.{name} must be a table, with key = "f6" and argv = ["program", "{{task_id}}"]'
        else:
            for problem in _wrong(name, own):
                yield where, f"commands.{name}: {problem}"


def _wrong(name: str, own: Mapping[str, Any]) -> Iterator[str]:
    for key in own:
        if key not in _KEYS:
            yield f"unknown setting {key!r}{nearest(key, _KEYS)}"
    for key in ("confirm", "background"):
        if not isinstance(own.get(key, False), bool):
            yield f"{key} must be true or false"
    if own.get("scope", "task") not in SCOPES:
        yield f"scope must be one of {', '.join(SCOPES)}, not {own['scope']!r}"
    if not isinstance(own.get("key"), str):
        yield 'key must be that of the command, like "f6"'
    argv = own.get("argv")
    if not isinstance(argv, list) or not argv or not all(isinstance(one, str) and one for one in argv):
        yield 'argv must be a list of words, like ["cortexctl", "show", "{task_id}"]'
        return
    for word in argv:
        if "\0" in word:
            yield "argv: no argument can hold a NUL"
        for found in _BRACED.findall(word):
            if word != f"{{{found}}}":
                yield f"argv: a placeholder is a whole argument: {{{found}}} must stand alone, not in {word!r}"
            elif found not in PLACEHOLDERS:
                yield f"argv: unknown placeholder {word}{nearest(found, PLACEHOLDERS)}"
    if _BRACED.fullmatch(argv[0]):
        yield "argv: the program itself is no placeholder"


def filter_problems(value: Any) -> Iterator[Problem]:
    """What is wrong with the table `filters`; the filters themselves are judged when they are used."""
    if not isinstance(value, dict):
        yield ("filters",), 'filters must be a table: [filters], and below it mine = "owner:security is:open"'
        return
    for name, text in value.items():
        if not isinstance(text, str) or not text.strip():
            yield ("filters", name), f"filters.{name} must be a filter, as it is typed behind /"


def log_problem(value: Any) -> str:
    """What is wrong with the template of a worker's log, or an empty string."""
    form = 'log must be like "logs/{worker_id}.log", below the cortex\'s directory'
    if not isinstance(value, str) or "{worker_id}" not in value or "\0" in value:
        return f"{form}, not {value!r}"
    if value.startswith(("/", "~")) or ".." in value.split("/"):
        return f"{form}: it cannot lead out of it"
    unknown = [name for name in _BRACED.findall(value) if name not in ("worker_id", "task_id")]
    return f"log: unknown placeholder {{{unknown[0]}}} (known: worker_id, task_id)" if unknown else ""


def argv_of(command: OwnCommand, values: Values) -> list[str]:
    """The words to run, each placeholder as one argument (`task_ids`: one for each).

    Raises BadInputError where there is nothing for one to stand for, or what there is cannot be an argument.
    """
    words: list[str] = []
    for word in command.argv:
        match = _BRACED.fullmatch(word)
        if match is None:
            words.append(word)
            continue
        value = values.get(match[1])
        if value is None or value == []:
            raise BadInputError(f"{command.name}: nothing is selected that has a {match[1]}")
        words += [value] if isinstance(value, str) else value
    if any("\0" in word for word in words):
        raise BadInputError(f"{command.name}: an id with a NUL cannot be an argument")
    return words


def cortex_dir(directory: Path) -> Path:
    """The cortex that a lineage directory belongs to: CORTEX_HOME, else above `coordination`, else above itself."""
    if home := os.environ.get("CORTEX_HOME"):
        return Path(home)
    absolute = directory.absolute()
    above = next((one.parent for one in absolute.parents if one.name == "coordination"), None)
    return above or absolute.parent


def log_path(template: str, base: Path, ids: Mapping[str, str]) -> Path:
    """The file of a worker's log. Raises BadInputError for an id that is no plain name of a file, and for a path that
    leads out of `base`, by a link too: the ids are anybody's text."""
    for name in _BRACED.findall(template):
        if not _is_plain(ids.get(name, "")):
            raise BadInputError(f"the log of a worker with this {name} cannot be named: it is no plain file name")
    text = _BRACED.sub(lambda match: ids[match[1]], template)
    root, path = os.path.realpath(base), os.path.realpath(base / text)
    if os.path.commonpath([root, path]) != root or path == root:
        raise BadInputError(f"{text} leads out of {base}: it is not read")
    return Path(path)


def _is_plain(name: str) -> bool:
    """Whether a text can be a part of the name of a file, and nothing else."""
    return (
        bool(name)
        and name.isprintable()
        and not {"/", "\\"} & {*name}
        and name not in (".", "..")
        and (len(name.encode(errors="replace")) <= _LONGEST_NAME)
    )
