"""`lineage watch`: what needs a person, drawn again as it changes: the attention view without a keyboard."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from lineage_core.base import clock
from lineage_core.base.clock import SECOND, format_timestamp
from lineage_core.base.errors import ExitCode
from lineage_core.base.terminal_cells import cell_width, head, shown
from lineage_core.base.time_input import parse_duration
from lineage_core.cli import text_output
from lineage_core.cli.text_output import Line, Piece
from lineage_core.model.expectations import Severity
from lineage_core.present.rows import span
from lineage_core.rules.attention import attention
from lineage_core.rules.feed_health import FeedHealth, feed_findings
from lineage_core.rules.finding_groups import Fold, folded
from lineage_core.rules.stuck_work import CROWD
from lineage_core.rules.thresholds import Thresholds, thresholds
from lineage_core.settings import threshold_defaults as late
from lineage_core.settings.config_file import read_late
from lineage_core.state.feed import Feed
from lineage_core.state.store import State
from lineage_core.write.locations import lineage_dir

EXAMPLES = (
    "lineage watch",
    "lineage watch --once",
    "lineage watch --once --late silent=10m | mail -s cortex ops@example.org",
)

_ROLES = {Severity.BAD: "bad", Severity.WARNING: "blocked", Severity.PAST: "muted"}
_SCREEN, _BACK = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
"""To the terminal's second screen without a cursor, and back (xterm's private modes)."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How often to draw, or once; when things are late."""
    parser.add_argument("--once", action="store_true", help="print it once, as where standard output is no terminal")
    parser.add_argument(
        "--every", metavar="TIME", default="2s", help="the time between two drawings, at least (default 2s)"
    )
    parser.add_argument("--ascii", action="store_true", help="no signs outside ASCII")
    late.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Draw until interrupted, or print once."""
    every, limits = parse_duration(args.every), thresholds(read_late(vars(args)))
    directory = lineage_dir(args.dir)
    once = args.once or not sys.stdout.isatty()
    changed, stop = threading.Event(), threading.Event()
    feed = Feed(directory, State(), changed.set)
    feed.start()
    try:
        while not feed.health.loaded and not feed.health.missing and feed.is_alive():
            changed.wait(0.05)
            changed.clear()
            feed.take(1_000_000)
        if once:
            paper = text_output.paper_of(sys.stdout, ascii_only=args.ascii)
            for line in page(feed, directory, limits, clock.now(), paper.width if sys.stdout.isatty() else 0):
                print(text_output.render(line, paper))
            return ExitCode.OK
        with _second_screen(stop) as signals:
            while not stop.is_set():
                _draw(feed, directory, limits, ascii_only=args.ascii)
                stop.wait(every / SECOND)
        return 128 + signals[0]
    finally:
        feed.stop()


def page(feed: Feed, directory: Path, limits: Thresholds, now: int, width: int) -> Iterator[Line]:
    """What there is to see at a moment, line by line.

    width: in cells; a finding that needs more takes two lines, and its sentence is cut there. 0: one line each, whole.
    """
    health = feed.health
    with feed.state.lock:
        counted = Counter(row.status.value for row in feed.state.rows.values())
        missing = f"{directory} does not exist" if health.missing else ""
        unsound = feed_findings(
            FeedHealth(directory, missing, health.problems, health.quarantined, health.backlog), now
        )
        found = attention(feed.state, now, limits)
        masters = {one.task_id: row.master for one in found if (row := feed.state.rows.get(one.task_id))}
    feed.take(1_000_000)
    counts = ", ".join(f"{counted[name]:,} {name}" for name in _ORDER if counted[name]) or "no tasks yet"
    urgent = [*unsound, *found]
    late_ones = sum(one.severity is Severity.BAD and one.rule != CROWD for one in urgent)
    yield [(f"{format_timestamp(now)[:19]}Z", "muted"), "  ", f"{counts}"]
    yield (
        [(f"{late_ones:,} late or broken", "bad"), f" of {len(urgent):,} that need somebody"]
        if urgent
        else (
            "nothing needs you",
            "muted",
        )
    )
    yield ""
    for fold in folded(urgent):
        yield from _finding(fold, masters.get(fold.first.task_id), now, width)


_ORDER = ("running", "blocked", "assigned", "queued", "unknown", "failed", "cancelled", "completed")


def _finding(fold: Fold, master: str | None, now: int, width: int) -> Iterator[Line]:
    """A finding, or several of one cause, in a line, or in two where it is too long."""
    one, alone = fold.first, fold.cause is None
    age = span(now - one.since) if one.since < now else "-"
    lead = f"{age:>7}  {one.rule if fold.cause is None else fold.cause.name:18}  "
    where = " · ".join(shown(part) for part in (one.task_id, master) if part and alone)
    sentence = shown(fold.sentence(now))
    role = _ROLES[one.severity]
    whole = f"{sentence}  ({where})" if where else sentence
    if not width or cell_width(lead + whole) <= width:
        yield [(lead, role), whole]
        return
    yield [(lead, role), head(where, width - len(lead))]
    yield "         " + (sentence if cell_width(sentence) <= width - 9 else head(sentence, width - 10) + "…")


def _draw(feed: Feed, directory: Path, limits: Thresholds, *, ascii_only: bool) -> None:
    """Fill the terminal, whatever its size is now; what does not fit is counted in the last line."""
    size = os.get_terminal_size(sys.stdout.fileno())
    paper = text_output.paper_of(sys.stdout, ascii_only=ascii_only)._replace(width=size.columns)
    room = size.columns - 1  # in the last column, what erases the rest of the line would erase its character
    lines = [
        text_output.render(_within(line, room), paper) for line in page(feed, directory, limits, clock.now(), room)
    ]
    if len(lines) > size.lines:
        more = f"and {len(lines) - size.lines + 1:,} more lines: `lineage attention` has all"
        lines = [*lines[: size.lines - 1], text_output.render(_within((more, "muted"), room), paper)]
    sys.stdout.write("\x1b[H" + "\x1b[K\r\n".join(lines) + "\x1b[K\x1b[J")
    sys.stdout.flush()


def _within(line: Line, cells: int) -> list[Piece]:
    """A line cut at so many cells: a line takes a line, however narrow the terminal is."""
    pieces: list[Piece] = []
    for piece in [line] if isinstance(line, str | tuple) else line:
        text, role = (piece[0], piece[1]) if isinstance(piece, tuple) else (piece, "")
        text = head(shown(str(text)), cells)
        cells -= cell_width(text)
        pieces.append((text, str(role)))
    return pieces


@contextmanager
def _second_screen(stop: threading.Event) -> Iterator[list[int]]:
    """The terminal's second screen; whatever ends the program, the first comes back. Gives the signals that came, of
    which the first sets `stop`."""
    signals: list[int] = []

    def end(number: int, frame: FrameType | None) -> None:
        signals.append(number)
        stop.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    sys.stdout.write(_SCREEN)
    try:
        yield signals
    finally:
        sys.stdout.write(_BACK)
        sys.stdout.flush()
        for number, handler in before.items():
            signal.signal(number, handler)
