"""`lineage zombies`: work that is stuck, with the rule that says so."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from typing import Any

from lineage_core.base import clock
from lineage_core.base.errors import BadInputError
from lineage_core.cli import output, period
from lineage_core.cli.commands import export
from lineage_core.cli.output import Answer, Line, Paper, Piece
from lineage_core.cli.progress import load_all
from lineage_core.meaning.runs import ZOMBIE_TIMEOUT
from lineage_core.model.event_types import nearest
from lineage_core.present.rows import iso, milliseconds, span
from lineage_core.rules.stuck_work import RULES, Finding, check, crowd, ranked
from lineage_core.rules.thresholds import Thresholds, thresholds
from lineage_core.settings import late
from lineage_core.settings.config_file import read_late
from lineage_core.state.store import State
from lineage_core.write.locations import lineage_dir

EXAMPLES = (
    "lineage zombies",
    "lineage zombies --zombie-after 10m --fail-empty",
    "lineage zombies --rule not-accepted",
    "lineage zombies --json | jq -r '.findings[].sentence'",
)

_TIMEOUT = ZOMBIE_TIMEOUT.encode()

KEYS = {
    "rule": "which rule says so: " + ", ".join(RULES),
    "severity": "bad, warning, or past for a zombie whose task is over",
    "task_id": "the task",
    "subject": "the worker, handoff or task that is stuck",
    "worker_id": "the worker, if it is one",
    "master": "the master that has the task",
    "since": "from when on",
    "age_ms": "since then",
    "sentence": "what is the matter",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage zombies`."""
    late.add_arguments(parser)
    parser.add_argument("--all", action="store_true", help="other stuck things too: blocked, not accepted, ping-pong …")
    parser.add_argument(
        "--rule", metavar="RULE", action="append", default=[], help="only findings of this rule, like never-started"
    )
    period.add_arguments(parser, "things stuck")
    output.add_arguments(parser, "findings")
    output.describe(parser, KEYS, "keys of a finding; as JSON, one object: thresholds, crowd, findings")


def run(args: argparse.Namespace) -> int:
    """Print what is stuck, the most urgent first."""
    return output.show(answer(args), args)


def answer(args: argparse.Namespace) -> Answer:
    """The zombie workers, with `--all` or `--rule` other stuck things too."""
    rules = [_rule_of(name) for name in args.rule]
    limits, when, now = thresholds(read_late(vars(args))), period.period_of(args), clock.now()
    loaded = load_all(lineage_dir(args.dir))
    state = loaded.state
    findings = list(findings_of(state, now, limits))
    many = crowd(findings, limits)
    chosen = [
        one
        for one in findings
        if (one.rule in rules if rules else args.all or RULES[one.rule].zombie) and when.holds(one.since)
    ]
    chosen = ranked(chosen)[: args.limit]
    rows = [_row(one, state, now) for one in chosen]
    return Answer(
        text=lambda paper: _text(chosen, many, state, now, paper),
        columns=tuple(KEYS),
        rows=rows,
        document={
            "thresholds": {
                "zombie_after_ms": milliseconds(limits.silent),
                "warn_after_ms": milliseconds(limits.warned),
                "spawn_after_ms": milliseconds(limits.spawn),
                "handoff_after_ms": milliseconds(limits.handoff),
                "blocked_after_ms": milliseconds(limits.blocked),
            },
            "crowd": many.sentence if many else None,
            "findings": rows,
        },
        empty=not rows,
        problems=loaded.problems,
        timelines=lambda: export.timelines_of(loaded.state, [one.task_id for one in chosen]),
        title="Zombies",
    )


def _rule_of(name: str) -> str:
    """The rule of that name, which may be written with hyphens for its blanks. Raises BadInputError."""
    if name in RULES:
        return name
    for known in RULES:
        if known.replace(" ", "-") == name:
            return known
    raise BadInputError(f"--rule: no rule {name!r}{nearest(name, RULES)} (known: {', '.join(RULES)})")


def findings_of(state: State, now: int, limits: Thresholds) -> Iterable[Finding]:
    """All findings of a state; only tasks that can have one are looked at."""
    for row in list(state.rows.values()):
        concerning = [rule.name for rule in RULES.values() if rule.concerns(row)]
        if not concerning or (concerning == ["confirmed"] and _TIMEOUT not in state.packed(row.task_id)):
            continue
        task = state.task(row.task_id)
        if task is not None:
            yield from check(task, state.rows, now, limits)


def _row(one: Finding, state: State, now: int) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "severity": one.severity.value,
        "task_id": one.task_id,
        "subject": one.subject,
        "worker_id": one.subject if RULES[one.rule].zombie else None,
        "master": state.rows[one.task_id].master,
        "since": iso(one.since),
        "age_ms": milliseconds(max(0, now - one.since)),
        "sentence": one.sentence,
    }


def _text(chosen: list[Finding], many: Finding | None, state: State, now: int, paper: Paper) -> Iterator[Line]:
    if many:
        yield [(many.sentence, "bad")]
        yield ""
    if not chosen:
        yield ("nothing is stuck", "muted")
        return
    cells: list[list[Piece]] = []
    for one in chosen:
        role = {"bad": "bad", "warning": "blocked", "past": "muted"}[one.severity.value]
        master = state.rows[one.task_id].master or "-"
        age = span(max(0, now - one.since))
        cells.append([(one.severity.value, role), (one.rule, role), one.task_id, master, age, one.sentence])
    yield from output.table(("URGENCY", "RULE", "TASK", "MASTER", "AGE", "WHAT"), cells, right=(4,))
