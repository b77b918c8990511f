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
from lineage_core.model.entities import Status
from lineage_core.model.event_types import EVENTS, PRIORITIES
from lineage_core.query.filter_parser import FLAGS, KEYS
from lineage_core.query.filter_terms import WORKER_STATES
from lineage_core.rules.feed_health import FEED
from lineage_core.rules.stuck_work import RULES

if TYPE_CHECKING:
    from lineage_core.cli.introspection import Command, Option

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
    "TASK_ID": "@tasks",
    "EVENT_TYPE": "@types",
    "FILE": "@files",
    "DIR": "@files",
    "--task": "@tasks",
    "--related": "@tasks",
    "--type": "@types",
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
    from lineage_core.cli.introspection import commands, described
    from lineage_core.cli.screen_parser import parser

    return [*commands(), described("lineage-tui", parser(), "", ())]


def _bash() -> Iterator[str]:
    yield from _common()
    yield from r"""
_lineage() {
    local word words=() before
    [[ ${COMP_WORDS[0]##*/} != lineage-tui ]] || words=(lineage-tui)
    for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
        # bash cuts words at = and : for us
        if [[ $word == '=' ]]; then continue; fi
        if [[ ${#words[@]} -gt 0 && -n $word && ( $word == :* || ${words[-1]} == *: ) ]]; then
            words[-1]+=$word
        else
            words+=("$word")
        fi
    done
    [[ ${COMP_WORDS[COMP_CWORD]} != '=' ]] || words+=('')
    mapfile -t COMPREPLY < <(_lineage_candidates "${words[@]}")
    if [[ ${COMPREPLY[0]-} == @files ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "${words[-1]}")
        return
    fi
    [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *: ]] || compopt -o nospace 2>/dev/null
    before=${words[-1]%"${words[-1]##*:}"}
    [[ ${COMP_WORDBREAKS-} != *:* ]] || COMPREPLY=("${COMPREPLY[@]#"$before"}")
}
complete -F _lineage lineage lineage-tui""".splitlines()


def _zsh() -> Iterator[str]:
    yield "#compdef lineage lineage-tui"
    yield from _common()
    yield from r"""
_lineage() {
    local -a found program
    [[ ${words[1]:t} != lineage-tui ]] || program=(lineage-tui)
    found=("${(@f)$(_lineage_candidates $program "${(@)words[2,CURRENT]}")}")
    if [[ ${found[1]} == @files ]]; then
        _files
    else
        compadd -S '' -- ${(M)found:#*:}
        compadd -- ${found:#(*:|)}
    fi
}
if [[ ${funcstack[1]} == _lineage ]]; then _lineage "$@"; else compdef _lineage lineage lineage-tui; fi""".splitlines()


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
    yield from _COMMON.format(
        commands=" ".join(one.name for one in every[:-1]),
        types=" ".join(EVENTS),
        tail=TAIL,
        keys=" ".join(f"{key}:" for key in KEYS),
        values="\n".join(f"                {key}) known='{values}' ;;" for key, values in _FILTER.items()),
        states=" ".join(WORKER_STATES),
        times=_TIMES,
        masters=_MASTERS,
    ).splitlines()


_COMMON = r"""
_lineage_ids() {{ # KEYS [DIR]: ids under these keys at the end of the newest daily file
    directory=${{2:-${{LINEAGE_DIR:-${{CORTEX_HOME:+$CORTEX_HOME/coordination/lineage}}}}}}
    newest=
    for file in "${{directory:-coordination/lineage}}"/lineage-????-??-??.jsonl; do newest=$file; done
    [ -f "$newest" ] || return 0
    tail -c {tail} "$newest" | grep -oE "\"($1)\" ?: ?\"[A-Za-z0-9._-]+\"" | sed 's/"$//; s/.*"//' | sort -u
}}

_lineage_filter() {{ # WORD DIR: what a word of a filter may become
    not=''
    word=$1
    case $word in '!'*) not='!' word=${{word#?}} ;; esac
    case $word in
        *:*)
            key=${{word%%:*}} value=${{word#*:}} known=''
            case $key in
{values}
                task) known=$(_lineage_ids task_id "$2") ;;
                owner | master) known=$(_lineage_ids '{masters}' "$2") ;;
                worker) case $value in */*/*) known='{times}' ;; */*) known='{states}' ;; esac ;;
            esac
            for word in $known; do echo "$not$key:${{value%"${{value##*[,/]}}"}}$word"; done
            ;;
        *) for key in {keys}; do echo "$not$key"; done ;;
    esac
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
        @tasks) kind=$(_lineage_ids task_id "$directory") ;;
        @masters) kind=$(_lineage_ids '{masters}' "$directory") ;;
        @filter) kind=$(_lineage_filter "$1" "$directory") ;;
    esac
    for word in $kind; do
        case $word in "$1"*) echo "$word" ;; esac
    done
}}"""


def _fish() -> Iterator[str]:
    yield from _FISH.format(
        types=" ".join(EVENTS),
        tail=TAIL,
        keys=" ".join(f"{key}:" for key in KEYS),
        values="\n".join(f"        case {key}\n            set known {values}" for key, values in _FILTER.items()),
        states=" ".join(WORKER_STATES),
        times=_TIMES,
        masters=_MASTERS,
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


_FISH = r"""
set -g __lineage_types {types}

function __lineage_no_command # whether the command is still to come
    test (count (commandline -opc)) -eq 1
end

function __lineage_command # NAME: whether it is the command on the line
    set -l words (commandline -opc)
    test (count $words) -gt 1; and test "$words[2]" = $argv[1]
end

function __lineage_ids # KEYS: ids under these keys at the end of the newest daily file
    set -l directory coordination/lineage
    set -q CORTEX_HOME; and set directory $CORTEX_HOME/coordination/lineage
    set -q LINEAGE_DIR; and set directory $LINEAGE_DIR
    set -l words (commandline -opc)
    set -l at (contains -i -- --dir $words); and set directory $words[(math $at + 1)]
    set -l files $directory/lineage-????-??-??.jsonl
    set -q files[1]; or return 0
    tail -c {tail} $files[-1] | string match -rag '"(?:'$argv[1]')" ?: ?"([A-Za-z0-9._-]+)"' | sort -u
end

function __lineage_filter # what a word of a filter may become
    set -l word (commandline -ct)
    set -l not ''
    string match -q '!*' -- $word; and set not '!'; and set word (string sub -s 2 -- $word)
    set -l parts (string split -m 1 : -- $word)
    if test (count $parts) -lt 2
        for key in {keys}
            echo $not$key
        end
        return
    end
    set -l known
    switch $parts[1]
{values}
        case task
            set known (__lineage_ids task_id)
        case owner master
            set known (__lineage_ids '{masters}')
        case worker
            string match -q '*/*' -- $parts[2]; and set known {states}
            string match -q '*/*/*' -- $parts[2]; and set known {times}
    end
    set -l before $not$parts[1]:(string replace -r '[^,/]*$' '' -- $parts[2])
    for value in $known
        echo $before$value
    end
end
"""
