"""`lineage explain`: why a task stands as it does."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from lineage_core.base import clock
from lineage_core.cli import one_task_queries, output, text_output
from lineage_core.cli.commands.task import judged_of
from lineage_core.cli.output import Answer
from lineage_core.cli.text_output import Line, Piece
from lineage_core.meaning.explanation import Explanation, Step, explain
from lineage_core.present.expectation_rows import limit_says
from lineage_core.present.expectation_rows import says as says_expected
from lineage_core.present.explanation_rows import STEP_KEYS, conclusions, says, step_row, telling
from lineage_core.present.rows import moment
from lineage_core.present.sentences import counted, waiting_for
from lineage_core.present.task_rows import DETAIL_KEYS, task_details
from lineage_core.query.rows_with_expectations import JudgedTasks
from lineage_core.query.task_lookup import Lookup
from lineage_core.rules.usual_durations import CachedUsual
from lineage_core.settings import threshold_defaults as late
from lineage_core.write.locations import lineage_dir

EXAMPLES = (
    "lineage explain task-1",
    "lineage explain task-1 --all",
    "lineage explain task-1 --json | jq '.facts[] | select(.rules != [])'",
)

KEYS = {
    "task": "the task: a row as `lineage tasks` gives it",
    "now": "what it waits for, or how it ended, in one sentence",
    "conclusions": "what was concluded, in sentences",
    **DETAIL_KEYS,
    "facts": f"its events in the order in which they count: {', '.join(STEP_KEYS)}",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage explain`."""
    parser.add_argument("--all", action="store_true", help="also events that changed nothing and followed plainly")
    late.add_arguments(parser)
    one_task_queries.add_arguments(parser)
    output.describe(parser, KEYS, "keys as JSON (csv and jsonl give the facts)")
    output.describe(parser, STEP_KEYS, "keys of a fact")


def answer(args: argparse.Namespace) -> Answer:
    """Why a task stands as it does. Raises UnknownNameError, with the nearest ids."""
    found = one_task_queries.find(args)
    now = clock.now()
    tasks, usual = judged_of(found, lineage_dir(args.dir), args, now)
    explanation = explain(args.task, found.state.facts(args.task))
    rows = [step_row(number, step) for number, step in enumerate(explanation.steps, 1)]
    return one_task_queries.answer_of(
        found,
        f"Why {args.task} stands as it does",
        text=lambda paper: _text(found, explanation, tasks, usual, now, args.all),
        columns=tuple(STEP_KEYS),
        rows=rows,
        document={
            "task": tasks.row(found.state.rows[args.task]),
            "now": waiting_for(found.task, found.state.rows, now),
            "conclusions": conclusions(explanation),
            **task_details(found.task, found.state.rows, now),
            "facts": rows,
        },
        paragraph=waiting_for(found.task, found.state.rows, now),
    )


def _text(
    found: Lookup, explanation: Explanation, tasks: JudgedTasks, usual: CachedUsual, now: int, everything: bool
) -> Iterator[Line]:
    task = found.task
    yield [(task.task_id, "head"), "  ", (task.status.value, task.status.value)]
    yield waiting_for(task, found.state.rows, now)
    yield ""
    yield from conclusions(explanation)
    for one in (expected := tasks.expected(found.state.rows[task.task_id])):
        yield f"{one.name}: {says_expected(one, now)}."
        if one.limit is not None:
            yield f"  Its time is {limit_says(one.limit)}."
    if expected and not usual.known:
        yield "Nothing has read the whole journal yet, so what is usual is not known: lineage attention does."
    yield ""
    chosen = explanation.steps if everything else telling(explanation.steps)
    left_out = len(explanation.steps) - len(chosen)
    yield (f"{counted(len(explanation.steps), 'event')} in the order in which they count", "head")
    yield from text_output.table(
        ("COUNTS AT", "EVENT", "BY", "OF", "MAKES IT", "WHY"), [_cells(step) for step in chosen]
    )
    if left_out:
        yield (f"{left_out} more followed plainly and changed nothing (--all lists them)", "muted")


def _cells(step: Step) -> list[Piece]:
    effect = step.effect.partition(",")[0]
    return [
        f"{moment(step.at)}Z",
        (step.fact.event_type, step.fact.event_type.rpartition("_")[2]),
        step.fact.actor_id,
        step.part or "-",
        (step.effect or "-", effect),
        says(step),
    ]
