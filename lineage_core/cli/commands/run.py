"""`lineage run`: run a command as a worker of a task, and log its start, that it is alive, and its end."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from lineage_core.base.errors import BadInputError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

EXAMPLES = (
    "lineage run task-1 worker-7 scan-worker -- ./scan.sh --all",
    "lineage run --every 5m task-1 worker-8 build-worker -- make -j2",
    "lineage run --spawned-by cicd-master task-1 worker-9 test-worker -- pytest -q",
)

_USAGE = "usage: lineage run [--spawned-by MASTER] [--every TIME] TASK WORKER TYPE -- COMMAND [ARG…]"
_OPTIONS = {"dir": "dir", "every": "every", "spawned-by": "master"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage run`, for its help."""
    parser.add_argument("task", metavar="TASK", help="the task that the worker works for")
    parser.add_argument("worker", metavar="WORKER", help="the id of the worker")
    parser.add_argument("type", metavar="TYPE", help="the worker's type, like scan-worker")
    parser.add_argument("command", metavar="COMMAND", nargs="+", help="after --: what to run, with its arguments")
    parser.add_argument("--spawned-by", metavar="MASTER", help="log first that this master spawned the worker")
    parser.add_argument("--every", metavar="TIME", help="how often to log that it is alive (default: 1m)")
    parser.description = (
        f"{parser.description}\n\nThe command has this command's input and output, gets its signals and gives it its "
        "exit status. A failure is logged with the last lines of its standard error, without secrets. Lines that it "
        "writes to the FIFO $LINEAGE_PROGRESS, like `60 compiling`, are its progress: the last one is logged each "
        "minute and before the end. Where nothing can be logged it runs all the same, after one warning; with "
        "LINEAGE_DISABLED=1 it runs as if it were alone. If `lineage run` itself is killed by SIGKILL, the command "
        "goes on and no end is logged: its worker becomes silent, which `lineage attention` tells."
    )


def parse(words: Sequence[str]) -> SimpleNamespace | None:
    """The options by name, the three words and the command after `--`; None if help is asked for.

    Raises BadInputError for anything else: whether a command is run must never depend on a guess.
    """
    args = SimpleNamespace(dir=None, every="1m", master="", words=[], command=[])
    left = list(reversed(words))
    while left:
        word = left.pop()
        name, equals, value = word[2:].partition("=")
        if word == "--" and not args.words and left.count("--"):  # before ids that look like options
            args.words = [left.pop() for _ in range(left[::-1].index("--"))]
        elif word == "--":
            args.command = list(reversed(left))
            break
        elif word in ("-h", "--help"):
            return None
        elif word.startswith("--") and name in _OPTIONS:
            if not equals and not left:
                raise BadInputError(f"--{name} needs a value")
            setattr(args, _OPTIONS[name], value if equals else left.pop())
        elif word.startswith("-"):
            raise BadInputError(f"unknown option {word}; {_USAGE}")
        else:
            args.words.append(word)
    if len(args.words) != 3 or not all(args.words) or not args.command or not args.command[0]:
        raise BadInputError(f"TASK, WORKER, TYPE and, after --, a command are needed; {_USAGE}")
    return args


def run(args: Any) -> int:
    """Run the command; gives its exit status, or ends by the signal that ended it.

    Raises BadInputError where it cannot be run, or for too short a time between two words.
    """
    from lineage_core.base.clock import SECOND
    from lineage_core.base.time_input import parse_duration

    every = parse_duration(args.every) / SECOND
    if every < 0.01:
        raise BadInputError(f"--every {args.every} is too often; at least 10ms")
    if os.environ.get("LINEAGE_DISABLED") == "1":
        try:
            os.execvp(args.command[0], args.command)  # noqa: S606 (it is what this command is for)
        except OSError as error:
            raise BadInputError(f"cannot run {args.command[0]}: {error.strerror}") from None
    from lineage_core.write.run_command import Worker, end_like
    from lineage_core.write.run_command import run as supervise

    words = [os.fsencode(word).decode("utf-8", "replace") for word in (*args.words, args.master)]
    worker = Worker(words[0], words[1], words[2], args.dir, os.environ, master=words[3])
    return end_like(supervise(worker, args.command, every, os.environ))
