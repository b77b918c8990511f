"""`lineage forecast`: when open tasks, their workers, queues and sessions are expected to end."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from lineage_core.base import clock
from lineage_core.base.errors import ExitCode, UnknownNameError
from lineage_core.cli import output, text_output
from lineage_core.cli.output import Answer
from lineage_core.cli.progress import ProgressBar, load_all
from lineage_core.cli.text_output import Line, Piece
from lineage_core.forecast.calibration_check import STAGES, Held, band, summary
from lineage_core.forecast.forecast_rows import (
    FORECAST_KEYS,
    TOGETHER_KEYS,
    forecast_rows,
    groups_of_tasks,
    together_row,
)
from lineage_core.forecast.forecaster import Score
from lineage_core.forecast.learning_samples import group_name
from lineage_core.forecast.live_forecasts import LEARNED, Foresight, learned
from lineage_core.model.event_types import nearest
from lineage_core.present.rows import milliseconds, span
from lineage_core.state.store import State
from lineage_core.write.locations import lineage_dir

if TYPE_CHECKING:
    from lineage_core.model.row_types import ForecastJson, TogetherJson

EXAMPLES = (
    "lineage forecast",
    "lineage forecast task-1",
    "lineage forecast --check",
    "lineage forecast --json | jq -r '.tasks[] | select(.slow) | .task_id'",
)

CHECK_KEYS = {
    "group": "what was forecast: task or run, and of them the type",
    "made": "when the forecasts were made",
    "forecasts": "how many ended since, so that it is known what was right",
    "coverage_80": "which part of the ends lay in the 80 % interval",
    "coverage_95": "which part of the ends lay in the 95 % interval",
    "unbounded": "which part of the 95 % intervals had no upper end",
    "pinball_ms": "mean pinball loss of the five quantiles",
    "global_pinball_ms": "the same of the quantiles of everything",
    "honest": "whether the coverage is what it promises, as far as so many can tell (99.9 %)",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage forecast`."""
    parser.add_argument("task", metavar="TASK", nargs="?", type=output.name, help="only this task, with its workers")
    parser.add_argument(
        "--check",
        action="store_true",
        help="go through the whole history and tell how often the forecasts would have been right; exit with 1 if not",
    )
    output.add_arguments(parser, "open tasks")
    output.describe(parser, FORECAST_KEYS, "keys of a task or run (as JSON: tasks, queues, sessions)")
    output.describe(parser, TOGETHER_KEYS, "keys of a queue or session")
    output.describe(parser, CHECK_KEYS, "keys of --check")


def run(args: argparse.Namespace) -> int:
    """Print the forecasts."""
    found = answer(args)
    code = output.show(found, args)
    wrong = args.check and any(not row["honest"] for row in found.rows)
    return ExitCode.CHECK_FAILED if wrong and code == ExitCode.OK else code


def answer(args: argparse.Namespace) -> Answer:
    """The forecasts that the words ask for. Raises UnknownNameError, with the nearest ids."""
    loaded = load_all(lineage_dir(args.dir))
    state, now = loaded.state, clock.now()
    if args.task is not None and args.task not in state.rows:
        raise UnknownNameError(f"unknown task {args.task!r}{nearest(args.task, state.rows)}")
    found = _checked(state, now) if args.check else _forecasts(state, now, args.task, args.limit)
    return found._replace(problems=loaded.problems)


def _forecasts(state: State, now: int, task_id: str | None, limit: int | None) -> Answer:
    foresight = learned(state, now)
    rows = [*forecast_rows(foresight, [task_id] if task_id is not None else state.rows, now)]
    if task_id is None:
        rows = [row for row in rows if row["worker_id"] is None]
    rows.sort(key=lambda row: (row["end_at"] is None, row["end_at"] or "", row["task_id"], row["worker_id"] or ""))
    rows = rows[:limit]
    whole = task_id is None
    queues, sessions = (
        [together_row(foresight, name, ids, now) for name, ids in sorted(groups_of_tasks(state, by).items())]
        if whole
        else []
        for by in ("master", "session")
    )
    return Answer(
        text=lambda paper: _text(rows, queues, sessions),
        columns=tuple(FORECAST_KEYS),
        rows=rows,
        document={"tasks": rows, "queues": queues, "sessions": sessions},
        empty=not rows,
        title="Forecasts",
    )


def _text(rows: list[ForecastJson], queues: list[TogetherJson], sessions: list[TogetherJson]) -> Iterator[Line]:
    if not rows:
        yield ("nothing is open", "muted")
        return
    cells: list[list[Piece]] = []
    for row in rows:
        what = row["task_id"] if row["worker_id"] is None else f"  {row['worker_id']}"
        role = "bad" if row["slow"] else "muted" if row["known"] is None else ""
        said: Piece = (row["sentence"], role) if role else row["sentence"]
        cells.append([what, (row["status"], row["status"]), span(1000 * row["elapsed_ms"]), said, row["group"] or "-"])
    yield from text_output.table(("TASK", "STATUS", "ELAPSED", "EXPECTED", "TOLD FROM"), cells, right=(2,))
    for title, groups in (("QUEUE", queues), ("SESSION", sessions)):
        if groups:
            yield ""
            lines = [[group["name"], str(group["open"]), group["sentence"]] for group in groups]
            yield from text_output.table((title, "OPEN", "IF NOTHING IS ADDED"), lines, right=(1,))


def _checked(state: State, now: int) -> Answer:
    scores: list[Score] = []
    foresight = Foresight(state)
    most = max(LEARNED, len(state.rows))
    with ProgressBar("going through history") as bar:
        for step in foresight.learn(now, most=most, scored=scores.append):
            bar(min(0.99, step / (10 * max(1, len(state.rows)))))
    held = [*summary(scores, 0), *(one for one in summary(scores, 1) if one.number >= 100)]
    rows = [_check_row(one) for one in held]
    return Answer(
        text=lambda paper: _check_text(held),
        columns=tuple(CHECK_KEYS),
        rows=rows,
        document={"checks": rows},
        empty=not rows,
        title="Forecasts against what came",
    )


def _check_row(one: Held) -> dict[str, object]:
    return {
        "group": " ".join(filter(None, one.group)),
        "made": STAGES[one.stage],
        "forecasts": one.number,
        "coverage_80": round(one.in80 / one.number, 4),
        "coverage_95": round(one.in95 / one.number, 4),
        "unbounded": round(one.unbounded / one.number, 4),
        "pinball_ms": milliseconds(round(one.loss)),
        "global_pinball_ms": milliseconds(round(one.plain_loss)),
        "honest": one.honest(),
    }


def _check_text(held: Iterable[Held]) -> Iterator[Line]:
    cells: list[list[Piece]] = []
    for one in held:
        (low80, high80), (low95, high95) = band(one.number, 0.8), band(one.number, 0.95)
        cells.append(
            [
                group_name(one.group),
                STAGES[one.stage],
                f"{one.number:,}",
                f"{one.in80 / one.number:.1%}",
                f"{low80 / one.number:.0%}-{high80 / one.number:.0%}",
                f"{one.in95 / one.number:.1%}",
                f"{low95 / one.number:.0%}-{high95 / one.number:.0%}",
                f"{one.loss / max(1.0, one.plain_loss):.2f}",
                "yes" if one.honest() else ("no", "bad"),
            ]
        )
    if not cells:
        yield ("too few have ended to tell", "muted")
        return
    heads = ("FORECASTS OF", "MADE", "ENDED", "IN 80 %", "SHOULD BE", "IN 95 %", "SHOULD BE", "LOSS", "HONEST")
    yield from text_output.table(heads, cells, right=(2, 3, 4, 5, 6, 7))
    yield ("LOSS: pinball loss relative to that of the quantiles of everything (less than 1 is better)", "muted")
