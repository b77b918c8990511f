"""`lineage anomalies`: what is not normal, with the evidence."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from lineage_core.base import clock
from lineage_core.base.errors import ExitCode
from lineage_core.base.time_input import parse_when
from lineage_core.cli import output, text_output
from lineage_core.cli.output import Answer
from lineage_core.cli.progress import load_all
from lineage_core.cli.text_output import Line, Piece
from lineage_core.forecast.anomalies import ANOMALIES, Anomaly
from lineage_core.forecast.live_anomalies import Watchman
from lineage_core.present.rows import iso, span
from lineage_core.write.locations import lineage_dir

EXAMPLES = (
    "lineage anomalies",
    "lineage anomalies --check || page_somebody",
    "lineage anomalies --until 2026-11-22T08:00Z --json",
)

KEYS = {
    "rule": "what kind: see the rules",
    "subject": "what it is about: a worker type, a master, an error, a type of task",
    "severity": "bad or warning",
    "since": "from when on",
    "seen": "what is seen",
    "usual": "what is usual",
    "p_value": "how probable that is if nothing has changed",
    "task_ids": "the tasks in which it shows",
    "sentence": "the same in words",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage anomalies`."""
    parser.add_argument("--check", action="store_true", help="exit with 1 if anything is not normal")
    parser.add_argument("--until", metavar="WHEN", help="as of then: ISO-8601, 2h, 7d, yesterday (default: now)")
    output.add_arguments(parser, "anomalies")
    output.describe(parser, ANOMALIES, "rules")
    output.describe(parser, KEYS, "keys of an anomaly")


def run(args: argparse.Namespace) -> int:
    """Print what is not normal."""
    found = answer(args)
    code = output.show(found, args)
    return ExitCode.CHECK_FAILED if args.check and not found.empty and code == ExitCode.OK else code


def answer(args: argparse.Namespace) -> Answer:
    """What is not normal, the least probable first."""
    loaded = load_all(lineage_dir(args.dir))
    now = parse_when(args.until, clock.now()) if args.until is not None else clock.now()
    watchman = Watchman(loaded.state)
    watchman.heard(loaded.state.rows)
    found = watchman.anomalies(now)[: args.limit]
    return Answer(
        text=lambda paper: _text(found, now),
        columns=tuple(KEYS),
        rows=[_row(one) for one in found],
        empty=not found,
        problems=loaded.problems,
        title="Anomalies",
    )


def _row(one: Anomaly) -> dict[str, object]:
    return {
        "rule": one.rule,
        "subject": one.subject,
        "severity": one.finding().severity.value,
        "since": iso(one.since),
        "seen": one.seen,
        "usual": one.usual,
        "p_value": float(f"{one.chance:.3g}"),
        "task_ids": list(one.tasks),
        "sentence": one.sentence,
    }


def _text(found: list[Anomaly], now: int) -> Iterator[Line]:
    if not found:
        yield ("nothing is out of the ordinary", "muted")
        return
    cells: list[list[Piece]] = []
    for one in found:
        role = "bad" if one.finding().severity.value == "bad" else "blocked"
        tasks = ", ".join(one.tasks[:3]) + (f" and {len(one.tasks) - 3} more" if len(one.tasks) > 3 else "")
        cells.append([(one.rule, role), span(max(0, now - one.since)), one.sentence, tasks or "-"])
    yield from text_output.table(("RULE", "SINCE", "WHAT", "TASKS"), cells, right=(1,))
