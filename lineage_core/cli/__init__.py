"""The `lineage` command: finds the subcommand and imports only its module.

A subcommand is a module of this package with `SUMMARY` (one line), `EXAMPLES` (shown first in its help),
`add_arguments(parser)`, and `answer(args)` if it is a query whose answer is shown, or else `run(args) -> int`; one with
`parse(words)` parses its words itself. `COMMANDS` lists them in the order in which help shows them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from lineage_core.base.errors import BadInputError, ExitCode, LineageError
from lineage_core.cli import standard_streams
from lineage_core.model.event_types import nearest

if TYPE_CHECKING:
    from argparse import Namespace
    from types import ModuleType

    from lineage_core.cli.argparser import CommandParser

COMMANDS = {
    "log": "log one event, or a batch from standard input",
    "run": "run a command as a worker of a task, and log its life",
    "follow": "print new events as they land",
    "tasks": "one line for each task, filtered and sorted",
    "task": "everything about one task",
    "timeline": "when a task did what, as bars and marks",
    "duration": "how long a task took, and where the time went",
    "summary": "a task in one paragraph, for a report",
    "explain": "why a task stands as it does, and which rules say so",
    "chain": "what caused what, as a tree across tasks",
    "wait": "wait until a task ends, with its status as exit code",
    "workers": "the workers of a task, or all",
    "failed": "failed tasks and workers with their reasons, newest first",
    "attention": "what needs a person, the most urgent first",
    "watch": "what needs a person, drawn again as it changes",
    "forecast": "when open tasks, queues and sessions are expected to end",
    "related": "which tasks have to do with one, and which subtasks set its end",
    "changed": "which tasks are others now than they were at a time",
    "diff": "two tasks side by side, that in which they differ first",
    "anomalies": "what is not normal: failures, durations, errors, silence, numbers",
    "alert": "tell a program, an address or Alertmanager what needs you",
    "zombies": "of attention, the workers that are silent or dead",
    "events": "the events that match",
    "recent": "the newest events",
    "export": "the answer of a query as a file: csv, json, html or parquet",
    "bundle": "tasks as one file for a ticket: events, report, page, findings",
    "otel": "tasks as traces for OpenTelemetry, once or as they end",
    "import": "spans of other programs as tasks of another directory",
    "ship": "the journal of this host to a broker, as it grows",
    "mirror": "the journals of all hosts from a broker into one directory",
    "lake": "history of closed days as a table on any object store",
    "stats": "rates, durations, failures, tokens: what a lineage adds up to",
    "validate": "check every record: its fields, and the lifecycle of its task",
    "archive": "pack the files of closed months; every query still reads them",
    "doctor": "check that all is in order here, and say what to do if not",
    "serve": "the journal in a browser, and for programs over HTTP",
    "metrics": "the journal as metrics in the text format of Prometheus",
    "shell": "put the shell library into a cortex checkout, and tell its drift",
    "integration": "the places of a cortex that log events, and how many do",
    "completion": "completion for bash, zsh or fish",
    "help": "the manual page of a command",
    "demo": "write a simulated cortex into a directory",
}

WITHOUT_SETTINGS = ("log", "completion")
"""Commands that neither read settings nor fail for one: an event is written whatever stands there."""

OF_THE_PRESENT = ("alert",)
"""Commands that answer, but not as of another time."""

_HELP = """\
usage: lineage COMMAND [OPTIONS]    (lineage COMMAND --help tells more)

  lineage log task_created task-1 user-kim --data '{"priority":"high"}'
  lineage follow --task task-1
  lineage demo --dir /tmp/demo

commands:
"""

_ASKS = ("-h", "--help")
_MORE = """
The lineage directory is --dir DIR, or LINEAGE_DIR, or else
$CORTEX_HOME/coordination/lineage or ./coordination/lineage.
Several hosts: --dir for each, or a directory that holds theirs.
Exit codes: 0 fine; 1 a name is unknown or a check failed; 2 wrong words;
3 the journal cannot be read or written, or the answer not written; 70 a defect;
130 interrupted. `lineage wait --help` has those of wait.
At a terminal long answers go through LINEAGE_PAGER, PAGER or less;
`lineage --no-pager COMMAND` does without.
`lineage-tui` shows the same journal live, by keyboard.
"""


def overview() -> str:
    """The help of `lineage` itself."""
    width = max(map(len, COMMANDS))
    return _HELP + "".join(f"  {name:{width}}  {text}\n" for name, text in COMMANDS.items()) + _MORE


def parser_of(command: str, kind: type[CommandParser] | None = None) -> CommandParser:
    """The argument parser of a subcommand (a key of COMMANDS). kind: its class."""
    from lineage_core.cli.argparser import CommandParser, HelpFormatter  # argparse: `lineage log` does without
    from lineage_core.cli.dir_option import AppendDirectory

    module = import_module(f"lineage_core.cli.commands.{command}")
    parser = (kind or CommandParser)(
        prog=f"lineage {command}",
        description=COMMANDS[command][:1].upper() + COMMANDS[command][1:] + ".",
        epilog="examples:\n" + "".join(f"  {line}\n" for line in module.EXAMPLES),
        formatter_class=HelpFormatter,
    )
    parser.add_argument(
        "--dir",
        metavar="DIR",
        action=AppendDirectory,
        help="the lineage directory (default: LINEAGE_DIR, $CORTEX_HOME/coordination/lineage, ./coordination/lineage), "
        "or one that holds those of several hosts; given again, one a host: DIR or HOST=DIR",
    )
    module.add_arguments(parser)
    if hasattr(module, "answer") and command not in OF_THE_PRESENT:
        from lineage_core.cli import at_option

        at_option.add_arguments(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one `lineage` command; returns its exit code. `argv` is what follows the program's name."""
    standard_streams.guard()
    words = _rearranged(list(sys.argv[1:] if argv is None else argv))
    program = f"lineage {words[0]}" if words and words[0] in COMMANDS else "lineage"
    try:
        try:
            code = _run(words)
        except SystemExit:  # argparse has printed a help
            sys.stdout.flush()
            raise
        sys.stdout.flush()
        return code
    except LineageError as error:
        from lineage_core.base.escaping import visible

        try:
            sys.stdout.flush()  # what came before the error
        except (BrokenPipeError, LineageError):
            standard_streams.silence()
        print(visible(f"{program}: {error}"), file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        standard_streams.silence()
        return ExitCode.OK
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except ModuleNotFoundError as error:
        if (error.name or "lineage").startswith("lineage"):
            return _defect(program, error)
        where = "install lineage-tui for it, or run the `lineage` of the environment that has it"
        print(f"{program}: {sys.executable} has no package {error.name}: {where}", file=sys.stderr)
        return ExitCode.USAGE
    except (BlockingIOError, RuntimeError) as error:
        if not isinstance(error, BlockingIOError) and "start new thread" not in str(error):
            return _defect(program, error)
        print(f"{program}: cannot start a process or thread: the limit of the system is reached", file=sys.stderr)
        return ExitCode.JOURNAL
    except Exception as error:  # noqa: BLE001 (the last resort: whatever it is, it is reported)
        return _defect(program, error)
    finally:
        _note(program)


def _defect(program: str, error: Exception) -> int:
    from lineage_core.base import crash_report as crash

    return crash.report(program, error)


def _rearranged(words: list[str]) -> list[str]:
    """Words with the options that stand before the command behind it: `--dir D tasks` is `tasks --dir D`."""
    before: list[str] = []
    while words and (words[0] in ("--dir", "--no-pager") or words[0].startswith("--dir=")):
        if words[0] == "--no-pager":
            os.environ["LINEAGE_PAGER"] = ""
            words = words[1:]
            continue
        taken = 1 if "=" in words[0] else 2
        before += words[:taken]
        words = words[taken:]
    return [*words[:1], *before, *words[1:]] if words else before


def _run(words: list[str]) -> int:
    if len(words) > 1 and words[0] in _ASKS and not words[1].startswith("-"):
        words = [words[1], "--help"]
    if not words or words[0] in _ASKS:
        print(overview(), end="")
        return ExitCode.OK if words else ExitCode.USAGE
    if words[0] in ("-V", "--version"):
        from importlib.metadata import version

        print(f"lineage {version('lineage-tui')}")
        return ExitCode.OK
    command = words[0]
    if command not in COMMANDS:
        raise BadInputError(f"unknown command {command!r}{nearest(command, COMMANDS)} (see lineage --help)")
    module = import_module(f"lineage_core.cli.commands.{command}")
    if command not in WITHOUT_SETTINGS:
        from lineage_core.settings.config_file import read_late

        read_late({})  # a wrong setting is told by every command, whether or not it would matter
    args = module.parse(words[1:]) if hasattr(module, "parse") else None
    args = args or parser_of(command).parse_words(words[1:])
    if getattr(args, "at", None) is not None:
        from lineage_core.cli.at_option import as_of

        with as_of(args) as problems:
            return _carried_out(module, args, problems)
    return _carried_out(module, args, {})


def _carried_out(module: ModuleType, args: Namespace, problems: Mapping[str, str]) -> int:
    """Run a command with its words parsed. problems: files that could not be read, and why."""
    if hasattr(module, "run"):
        code = int(module.run(args))
    else:
        from lineage_core.cli.output import show

        code = show(module.answer(args), args)
    if problems:
        from lineage_core.cli.output import report

        report(problems, sys.stderr)
    return ExitCode.JOURNAL if problems else code


def _note(program: str) -> None:
    """Say on stderr what of the user's files the command went without."""
    files = sys.modules.get("lineage_core.base.user_files")
    if files is not None and (text := files.note()):
        from lineage_core.base.escaping import visible

        print(visible(f"{program}: {text}"), file=sys.stderr)
