"""`lineage wait`: ends when a task ends, with its status as exit code."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from lineage_core.base import clock
from lineage_core.base.clock import SECOND
from lineage_core.base.errors import ExitCode, LineageError, UnknownNameError
from lineage_core.base.time_input import parse_duration
from lineage_core.cli import output
from lineage_core.cli.output import Answer
from lineage_core.cli.text_output import Line, Paper
from lineage_core.model.task_parts import Status
from lineage_core.present.rows import elapsed, iso, milliseconds
from lineage_core.present.sentences import waiting_for
from lineage_core.query.rows_with_expectations import JudgedTasks
from lineage_core.query.task_lookup import look_up
from lineage_core.read.tailer import Tailer
from lineage_core.read.watcher import Watcher
from lineage_core.rules.thresholds import thresholds
from lineage_core.rules.usual_durations import CachedUsual
from lineage_core.settings import threshold_defaults as late
from lineage_core.settings.config_file import read_late
from lineage_core.state.store import State
from lineage_core.write.locations import lineage_dir

if TYPE_CHECKING:
    from lineage_core.model.answer_types import WaitAnswerJson

EXAMPLES = (
    "lineage wait task-1 --timeout 10m && deploy",
    'lineage wait "$task_id" --quiet --timeout 1h; [ $? != 124 ] || page_somebody',
    "lineage wait task-1 --json | jq -r .status",
)

KEYS = {
    "task_id": "the task",
    "status": "its status: completed, failed or cancelled; another one when the time was up before",
    "timed_out": "whether the time was up",
    "reason": "why it failed or was cancelled",
    "ended_at": "when it ended",
    "elapsed_ms": "from its first event to its end, or to now",
    "now": "how it ended, or what it waits for, in one sentence",
    "expects": "if the time was up: what must happen next in it, as `lineage tasks` has it",
    "late_since": "from when on the first of these was late",
}


class TimeIsUpError(LineageError):
    """The task has not ended within the time given."""

    exit_code = ExitCode.TIMED_OUT


class UnknownTaskError(UnknownNameError):
    """Nobody has logged an event of the task."""

    exit_code = ExitCode.UNKNOWN_TASK


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage wait`."""
    about = "the task; one that has ended already ends the waiting at once"
    parser.add_argument("task", metavar="TASK", type=output.name, help=about)
    parser.add_argument("--timeout", metavar="TIME", help="wait no longer, like 90s or 10m (default: for ever)")
    parser.add_argument("--unborn", action="store_true", help="wait for a task that has no event yet, too")
    late.add_arguments(parser)
    parser.add_argument("--quiet", action="store_true", help="print nothing")
    output.add_arguments(parser)
    output.describe(parser, KEYS, "keys")
    parser.description = (
        f"{parser.description}\n\nexit code: 0 when it completed, 1 when it failed or was cancelled, 124 when the time "
        "was up before, 4 for a task that nobody knows."
    )


def run(args: argparse.Namespace) -> int:
    """Wait, and tell how it ended.

    Raises TimeIsUpError if it has not ended in time, UnknownTaskError for a task that nobody knows.
    """
    timeout = parse_duration(args.timeout) if args.timeout else None
    state = State()
    ended = _follow(args, state, timeout)
    row = state.rows.get(args.task)
    if row is None:
        raise TimeIsUpError(f"no event of {args.task} came within {args.timeout}")
    with state.lock:
        task = state.task(args.task)
        assert task is not None
        now = clock.now()
        judged = _judged(args, state, now).row(row) if not ended else None
        document: WaitAnswerJson = {
            "task_id": task.task_id,
            "status": task.status.value,
            "timed_out": not ended,
            "reason": task.reason,
            "ended_at": iso(task.ended_at),
            "elapsed_ms": milliseconds(elapsed(task, now)),
            "now": waiting_for(task, state.rows, now),
            "expects": judged["expects"] if judged else [],
            "late_since": judged["late_since"] if judged else None,
        }
    if not args.quiet:
        output.show(Answer(lambda paper: _text(document, paper), tuple(KEYS), [document], document), args)
    if not ended:
        raise TimeIsUpError(f"the time is up: {args.task} has not ended within {args.timeout}")
    return ExitCode.OK if row.status is Status.COMPLETED else ExitCode.CHECK_FAILED


def _judged(args: argparse.Namespace, state: State, now: int) -> JudgedTasks:
    """What is to be told of the task, of which alone the state knows."""
    limits = replace(thresholds(read_late(vars(args))), usual=CachedUsual(lineage_dir(args.dir), now).late)
    return JudgedTasks(state, now, limits, lambda task_id: True)


def _follow(args: argparse.Namespace, state: State, timeout: int | None) -> bool:
    """Merge the task's events as they land, until it has ended; False when the time was up before."""
    directory = lineage_dir(args.dir)
    tailer = Tailer(directory, from_end=True)
    for _ in tailer.scan():  # from here on nothing is missed, while the search looks at what is there
        pass
    try:
        found = look_up(directory, args.task, links=False)
        state.merge_facts((args.task, fact) for fact in found.state.facts(args.task))
    except UnknownNameError as error:
        if not args.unborn:
            raise UnknownTaskError(str(error)) from None
    with _alarm(timeout) as stop:
        watcher = Watcher(directory, stop=stop)
        while True:
            for batch in tailer.scan():
                state.merge(batch.file, (one for one in batch.found if one.record["task_id"] == args.task))
            row = state.rows.get(args.task)
            if row is not None and row.status.ended:
                watcher.close()
                return True
            if not watcher.wait():
                return False


@contextmanager
def _alarm(timeout: int | None) -> Iterator[threading.Event]:
    """An event that is set after so many microseconds."""
    stop = threading.Event()
    timer = threading.Timer(timeout / SECOND, stop.set) if timeout is not None else None
    if timer:
        timer.daemon = True
        timer.start()
    try:
        yield stop
    finally:
        if timer:
            timer.cancel()


def _text(document: WaitAnswerJson, paper: Paper) -> Iterator[Line]:
    yield [(document["task_id"], "head"), "  ", (document["status"], document["status"]), f"  {document['now']}"]
    for one in document["expects"]:
        word = f"late since {document['late_since']}" if one["late"] else f"by {one['due']}" if one["due"] else ""
        yield (
            f"{one['what']}, expected of {one['of'] or 'somebody'} {word}".rstrip(),
            "bad" if one["late"] else "muted",
        )
