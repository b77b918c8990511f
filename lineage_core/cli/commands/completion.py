"""`lineage completion`: completion scripts for bash, zsh and fish.

The scripts are static: made once from the parsers, they start no Python at a Tab. They complete commands, options,
their values, event types, and the task ids at the end of the newest daily file.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lineage_core.base.errors import ExitCode
from lineage_core.model.event_types import EVENTS

if TYPE_CHECKING:
    from lineage_core.cli.introspection import Option

EXAMPLES = (
    'eval "$(lineage completion bash)"',
    "lineage completion bash > ~/.local/share/bash-completion/completions/lineage",
    'lineage completion zsh > "${fpath[1]}/_lineage"',
    "lineage completion fish > ~/.config/fish/completions/lineage.fish",
)

TAIL = 262_144
"""Bytes at the end of the newest daily file in which task ids are looked for."""

_KINDS = {
    "TASK": "@tasks",
    "TASK_ID": "@tasks",
    "EVENT_TYPE": "@types",
    "FILE": "@files",
    "DIR": "@files",
    "--task": "@tasks",
    "--related": "@tasks",
    "--type": "@types",
}
"""What completes a value, by the name of the option or of the value."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage completion`."""
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), help="the shell")


def run(args: argparse.Namespace) -> int:
    """Print the script."""
    sys.stdout.write(script(args.shell))
    return ExitCode.OK


def script(shell: str) -> str:
    """The completion script of a shell."""
    lines = {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell]()
    return "\n".join([f"# completion of lineage for {shell}; made by: lineage completion {shell}", *lines]) + "\n"


def _kind(name: str, value: str | None, choices: tuple[str, ...]) -> str:
    """What completes a value: words, or one of @tasks @types @files @none."""
    if choices:
        return " ".join(choices)
    return _KINDS.get(name) or _KINDS.get(value or "") or "@none"


def _bash() -> Iterator[str]:
    yield from _common()
    yield from r"""
_lineage() {
    local word words=()
    for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
        [[ $word == '=' ]] || words+=("$word")
    done
    [[ ${COMP_WORDS[COMP_CWORD]} != '=' ]] || words+=('')
    mapfile -t COMPREPLY < <(_lineage_candidates "${words[@]}")
    if [[ ${COMPREPLY[0]-} == @files ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "${words[-1]}")
    fi
}
complete -F _lineage lineage""".splitlines()


def _zsh() -> Iterator[str]:
    yield "#compdef lineage"
    yield from _common()
    yield from r"""
_lineage() {
    local -a found
    found=("${(@f)$(_lineage_candidates "${(@)words[2,CURRENT]}")}")
    if [[ ${found[1]} == @files ]]; then
        _files
    else
        compadd -- ${found:#}
    fi
}
if [[ ${funcstack[1]} == _lineage ]]; then _lineage "$@"; else compdef _lineage lineage; fi""".splitlines()


def _common() -> Iterator[str]:
    """What bash and zsh share: a function that prints the candidates for the last of its words."""
    from lineage_core.cli.introspection import commands

    every = commands()
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
    yield from _COMMON.format(
        commands=" ".join(one.name for one in every), types=" ".join(EVENTS), tail=TAIL
    ).splitlines()


_COMMON = r"""
_lineage_tasks() {{ # [DIR]: ids at the end of the newest daily file
    directory=${{1:-${{LINEAGE_DIR:-${{CORTEX_HOME:+$CORTEX_HOME/coordination/lineage}}}}}}
    newest=
    for file in "${{directory:-coordination/lineage}}"/lineage-????-??-??.jsonl; do newest=$file; done
    [ -f "$newest" ] || return 0
    tail -c {tail} "$newest" | grep -oE '"task_id" ?: ?"[A-Za-z0-9._-]+"' | sed 's/"$//; s/.*"//' | sort -u
}}

_lineage_candidates() {{ # WORD...: those after `lineage`, the last one is completed
    [ -z "${{ZSH_VERSION-}}" ] || emulate -L sh
    command='' query='' option='' directory='' number=0
    while [ $# -gt 1 ]; do
        if [ -n "$option" ]; then
            [ "$option" != --dir ] || directory=$1
            option=''
        else
            case $1 in
                -*=*) ;;
                -*) if _lineage_value "$command" "$1" || _lineage_value "$query" "$1"; then option=$1; fi >/dev/null ;;
                *)
                    if [ -z "$command" ]; then
                        command=$1
                    elif [ "$command" = export ] && [ -z "$query" ]; then
                        query=$1
                    else
                        number=$((number + 1))
                    fi
                    ;;
            esac
        fi
        shift
    done
    if [ -n "$option" ]; then
        kind=$(_lineage_value "$command" "$option" || _lineage_value "$query" "$option")
    elif [ -z "$command" ]; then
        kind='{commands}'
    else
        case $1 in
            -*) kind="$(_lineage_options "$command") $(_lineage_options "$query")" ;;
            *) kind=$(_lineage_word "${{query:-$command}}" $((number + 1))) ;;
        esac
    fi
    case $kind in
        @files) echo @files && return ;;
        @none) return ;;
        @types) kind='{types}' ;;
        @tasks) kind=$(_lineage_tasks "$directory") ;;
    esac
    for word in $kind; do
        case $word in "$1"*) echo "$word" ;; esac
    done
}}"""


def _fish() -> Iterator[str]:
    from lineage_core.cli.introspection import commands

    yield from _FISH.format(types=" ".join(EVENTS), tail=TAIL).splitlines()
    every = commands()
    yield "complete -c lineage -f"
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


_FISH_KINDS = {"@tasks": "-a '(__lineage_tasks)'", "@types": '-a "$__lineage_types"', "@files": "-F", "@none": "-x"}


def _fish_option(names: tuple[str, ...]) -> str:
    return " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in names)


def _fish_value(option: Option) -> str:
    names, value, choices, text = option
    told = f" -d {shlex.quote(text.partition(';')[0])}" if text else ""
    if value is None:
        return told
    kind = _kind(names[-1], value, choices)
    return told + (f" -r {_FISH_KINDS[kind]}" if kind in _FISH_KINDS else f" -x -a {shlex.quote(kind)}")


_FISH = r"""
set -g __lineage_types {types}

function __lineage_no_command # whether the command is still to come
    test (count (commandline -opc)) -eq 1
end

function __lineage_command # NAME: whether it is the command on the line
    set -l words (commandline -opc)
    test (count $words) -gt 1; and test "$words[2]" = $argv[1]
end

function __lineage_tasks # ids at the end of the newest daily file
    set -l directory coordination/lineage
    set -q CORTEX_HOME; and set directory $CORTEX_HOME/coordination/lineage
    set -q LINEAGE_DIR; and set directory $LINEAGE_DIR
    set -l words (commandline -opc)
    set -l at (contains -i -- --dir $words); and set directory $words[(math $at + 1)]
    set -l files $directory/lineage-????-??-??.jsonl
    set -q files[1]; or return 0
    tail -c {tail} $files[-1] | string match -rag '"task_id" ?: ?"([A-Za-z0-9._-]+)"' | sort -u
end
"""
