"""`lineage completion`: completion scripts for bash, zsh and fish.

The scripts are static: made once from the parsers, they start no Python at a Tab. They complete commands, options,
their values, event types, the words of a filter, and the task ids at the end of the newest daily file.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lineage_core.base.errors import ExitCode
from lineage_core.cli.completion_templates import BASH, COMMON, FISH, ZSH
from lineage_core.model.event_types import EVENTS, PRIORITIES
from lineage_core.model.task_parts import Status
from lineage_core.query.filter_parser import FLAGS, KEYS
from lineage_core.query.filter_terms import WORKER_STATES
from lineage_core.rules.feed_health import FEED
from lineage_core.rules.stuck_work import RULES

if TYPE_CHECKING:
    from lineage_core.cli.parser_introspection import Command, Option

EXAMPLES = (
    'eval "$(lineage completion bash)"',
    "lineage completion bash > ~/.local/share/bash-completion/completions/lineage",
    'lineage completion zsh > "${fpath[1]}/_lineage"',
    "lineage completion fish > ~/.config/fish/completions/lineage.fish",
)

TAIL = 262_144
"""Bytes at the end of the newest daily file in which task ids are looked for."""

SHELLS = ("bash", "zsh", "fish")

_STATUSES = " ".join(sorted(status.value for status in Status))
_MASTERS = "master_id|to_master|from_master"
_TIMES = "15m 1h 24h 7d today yesterday"
_FILTER = {
    "status": _STATUSES,
    "is": f"{' '.join(FLAGS)} {_STATUSES}",
    "ended": f"cancelled completed failed {_TIMES}",
    "since": _TIMES,
    "until": _TIMES,
    "type": " ".join(EVENTS),
    "priority": " ".join(PRIORITIES),
}
"""Values of the keys of a filter; `task:` has those of @tasks, `owner:` and `master:` of @masters,
`worker:NAME/` its states and times."""

_KINDS = {
    "FILTER": "@filter",
    "--rule": " ".join((FEED, *RULES)),
    "--theme": "dark light clear ansi",
    "TASK": "@tasks",
    "OTHER": "@tasks",
    "TASK_ID": "@tasks",
    "EVENT_TYPE": "@types",
    "FILE": "@files",
    "DIR": "@files",
    "--task": "@tasks",
    "--related": "@tasks",
    "--type": "@types",
    "--at": _TIMES,
    "--master": "@masters",
}
"""What completes a value, by the name of the option or of the value."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage completion`."""
    parser.add_argument("shell", choices=SHELLS, help="the shell")


def run(args: argparse.Namespace) -> int:
    """Print the script."""
    sys.stdout.write(script(args.shell))
    return ExitCode.OK


def script(shell: str) -> str:
    """The completion script of a shell."""
    lines = {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell]()
    return "\n".join([f"# completion of lineage for {shell}; made by: lineage completion {shell}", *lines]) + "\n"


def _kind(name: str, value: str | None, choices: tuple[str, ...]) -> str:
    """What completes a value: words, or one of @tasks @masters @types @filter @files @none."""
    if choices:
        return " ".join(choices)
    return _KINDS.get(name) or _KINDS.get(value or "") or "@none"


def _every() -> list[Command]:
    """All commands, and at the end lineage-tui as if it were one."""
    from lineage_core.cli.lineage_tui_options import parser
    from lineage_core.cli.parser_introspection import commands, described

    return [*commands(), described("lineage-tui", parser(), "", ())]


def _words() -> dict[str, object]:
    """What every shell completes with."""
    return {
        "types": " ".join(EVENTS),
        "tail": TAIL,
        "keys": " ".join(f"{key}:" for key in KEYS),
        "states": " ".join(WORKER_STATES),
        "times": _TIMES,
        "masters": _MASTERS,
    }


def _bash() -> Iterator[str]:
    yield from _common()
    yield from BASH.splitlines()


def _zsh() -> Iterator[str]:
    yield "#compdef lineage lineage-tui"
    yield from _common()
    yield from ZSH.splitlines()


def _common() -> Iterator[str]:
    """What bash and zsh share: a function that prints the candidates for the last of its words."""
    every = _every()
    yield ""
    yield "_lineage_options() { # COMMAND"
    yield "    case $1 in"
    for one in every:
        names = [name for option in one.options for name in option.names]
        yield f"        {one.name}) echo {' '.join(names)} ;;"
    yield from ("    esac", "}", "")
    yield "_lineage_value() { # COMMAND OPTION: what completes its value; fails if it takes none"
    yield '    case "$1 $2" in'
    for one in every:
        for option in one.options:
            if option.value is not None:
                names_ = " | ".join(shlex.quote(f"{one.name} {name}") for name in option.names)
                kind = _kind(option.names[-1], option.value, option.choices)
                yield f"        {names_}) echo {shlex.quote(kind)} ;;"
    yield from ("        *) return 1 ;;", "    esac", "}", "")
    yield "_lineage_word() { # COMMAND NUMBER: what completes its positional argument"
    yield '    case "$1 $2" in'
    for one in every:
        for number, word in enumerate(one.words, 1):
            pattern = f"'{one.name} '*" if word.many else f"'{one.name} {number}'"
            yield f"        {pattern}) echo {shlex.quote(_kind(word.name, word.name, word.choices))} ;;"
    yield from ("        *) echo @none ;;", "    esac", "}")
    yield from COMMON.format(
        commands=" ".join(one.name for one in every[:-1]),
        values="\n".join(f"                {key}) known='{values}' ;;" for key, values in _FILTER.items()),
        **_words(),
    ).splitlines()


def _fish() -> Iterator[str]:
    yield from FISH.format(
        values="\n".join(f"        case {key}\n            set known {values}" for key, values in _FILTER.items()),
        **_words(),
    ).splitlines()
    *every, screen = _every()
    yield from ("complete -c lineage -f", "complete -c lineage-tui -f")
    for option in screen.options:
        yield f"complete -c lineage-tui {_fish_option(option.names)}{_fish_value(option)}"
    for one in every:
        text = shlex.quote(one.summary)
        yield f"complete -c lineage -n __lineage_no_command -a {one.name} -d {text}"
    for one in every:
        seen = f"-n '__lineage_command {one.name}'"
        for option in one.options:
            yield f"complete -c lineage {seen} {_fish_option(option.names)}{_fish_value(option)}"
        for word in one.words:
            kind = _kind(word.name, word.name, word.choices)
            if kind != "@none":
                yield f"complete -c lineage {seen} {_FISH_KINDS.get(kind, f'-a {shlex.quote(kind)}')}"


_FISH_KINDS = {
    "@tasks": "-a '(__lineage_ids task_id)'",
    "@masters": f"-a '(__lineage_ids \"{_MASTERS}\")'",
    "@types": '-a "$__lineage_types"',
    "@files": "-F",
    "@none": "-x",
}
_FISH_KINDS["@filter"] = "-a '(__lineage_filter)'"


def _fish_option(names: tuple[str, ...]) -> str:
    return " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in names)


def _fish_value(option: Option) -> str:
    names, value, choices, text = option
    described = f" -d {shlex.quote(text.partition(';')[0])}" if text else ""
    if value is None:
        return described
    kind = _kind(names[-1], value, choices)
    return described + (
        f" {'-r' if kind == '@files' else '-x'} {_FISH_KINDS[kind]}"
        if kind in _FISH_KINDS
        else f" -x -a {shlex.quote(kind)}"
    )
