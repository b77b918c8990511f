"""`lineage diff`: two tasks side by side, that in which they differ first."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from typing import Any

from lineage_core.base import clock
from lineage_core.cli import output, text_output
from lineage_core.cli.output import Answer
from lineage_core.cli.progress import ProgressBar
from lineage_core.cli.text_output import Line, Piece
from lineage_core.model import record as intact
from lineage_core.present.comparison import NOTHING, Comparison, Side, amount, compare, factor, summed_up
from lineage_core.query.task_lookup import Lookup, look_up
from lineage_core.settings.config_file import read_config
from lineage_core.settings.prices import prices_of
from lineage_core.state.parents import family_of
from lineage_core.write.locations import lineage_dir

EXAMPLES = (
    "lineage diff task-good task-bad",
    "lineage diff task-1 task-2 --json | jq -r '.differences[].topic'",
)

KEYS = {
    "topic": "status, failures, retries, owners, runs, handoffs, waits, escalations, subtasks, deliverables …, or what "
    "was spent: elapsed, the time in each status, tokens, events, and with [prices] in the config file their cost",
    "differs": "whether it tells the two apart; of what was spent: whether it is not the same number",
    "unit": "of what was spent: ms, tokens, events, or the currency",
    "a": "of the first task: what there is, a list; or the number",
    "b": "of the second",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage diff`."""
    parser.add_argument("a", metavar="TASK", type=output.name, help="a task")
    parser.add_argument("b", metavar="OTHER", type=output.name, help="the task to compare it with")
    output.add_arguments(parser)
    output.describe(
        parser, KEYS, "keys of a row; as JSON, one object: a, b (the ids), differences, same, spent, each of rows"
    )


def answer(args: argparse.Namespace) -> Answer:
    """The two tasks compared. Raises UnknownNameError, with the nearest ids."""
    directory, now = lineage_dir(args.dir), clock.now()
    with ProgressBar("searching") as progress:
        found = [look_up(directory, task_id, progress=progress) for task_id in (args.a, args.b)]
    sides = [Side(one.task, family_of(one.state, one.task.task_id, now).below) for one in found]
    compared = compare(sides[0], sides[1], now, prices_of(read_config()))
    facts, spent = rows_of(compared)
    return Answer(
        text=lambda paper: _text(compared, found),
        columns=tuple(KEYS),
        rows=[*facts, *spent],
        document={
            "a": args.a,
            "b": args.b,
            "differences": [row for row in facts if row["differs"]],
            "same": [row for row in facts if not row["differs"]],
            "spent": spent,
        },
        problems=found[0].problems | found[1].problems,
        title=f"{args.a} and {args.b}",
        timelines=lambda: output.timelines_of_records(intact.parse(raw) for one in found for raw in one.raws),
    )


def rows_of(compared: Comparison) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """What happened, and what was spent, as rows by KEYS."""
    facts: list[Mapping[str, Any]] = [
        {"topic": one.topic, "differs": one.differs, "unit": None, "a": list(one.a), "b": list(one.b)}
        for one in compared.facts
    ]
    spent: list[Mapping[str, Any]] = [
        {"topic": one.topic, "differs": one.a != one.b, "unit": one.unit, "a": one.a, "b": one.b}
        for one in compared.spent
    ]
    return facts, spent


def _text(compared: Comparison, found: list[Lookup]) -> Iterator[Line]:
    yield (summed_up(compared), "head")
    names = [one.task.task_id for one in found]
    cells: list[list[Piece]] = []
    for one in compared.differences:
        for line in range(max(len(one.a), len(one.b))):
            sides = [texts[line] if line < len(texts) else NOTHING if not line else "" for texts in (one.a, one.b)]
            cells.append([one.topic if not line else "", *sides])
    if cells:
        yield ""
        yield from text_output.table(("DIFFERS IN", *names), cells)
    yield ""
    spent: list[list[Piece]] = [
        [one.topic, amount(one, one.a), amount(one, one.b), factor(one)] for one in compared.spent
    ]
    yield from text_output.table(("SPENT", *names, "TIMES"), spent, right=(1, 2, 3))
    same: list[list[Piece]] = [[one.topic, ", ".join(one.a)] for one in compared.facts if not one.differs]
    if same:
        yield ""
        yield from text_output.table(("THE SAME", ""), same)
