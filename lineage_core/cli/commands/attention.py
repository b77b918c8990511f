"""`lineage attention`: what needs a person, with the rule that says so."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any

from lineage_core.base import clock
from lineage_core.base.errors import BadInputError, ExitCode, JournalError
from lineage_core.cli import output, period, text_output
from lineage_core.cli.output import Answer
from lineage_core.cli.progress import load_all
from lineage_core.cli.text_output import Line, Paper, Piece
from lineage_core.model.event_types import nearest
from lineage_core.model.expectations import Finding, Severity
from lineage_core.present.host_columns import HOSTS, columns, on
from lineage_core.present.rows import iso, milliseconds, span
from lineage_core.rules.attention import attention
from lineage_core.rules.feed_health import FEED, FeedHealth, feed_findings
from lineage_core.rules.finding_groups import SEVERAL, Fold, folded
from lineage_core.rules.stuck_work import CROWD, OLD_RULES, RULES
from lineage_core.rules.thresholds import thresholds
from lineage_core.settings import threshold_defaults as late
from lineage_core.settings.config_file import read_late
from lineage_core.state.load import Loaded
from lineage_core.state.store import State
from lineage_core.write.locations import lineage_dir

EXAMPLES = (
    "lineage attention",
    "lineage attention --check || page_somebody",
    "lineage attention --rule handoff-unaccepted --handoff-after 15m",
    "lineage attention --json | jq -r '.findings[].sentence'",
)

NAMES = (FEED, *RULES)

KEYS = {
    "rule": "which rule says so: " + ", ".join(NAMES),
    "severity": "bad, warning, or past for what is over",
    "late": "whether it is past the time in which it should have happened; warnings and patterns are not",
    "late_since": "from when on it was late; none for a pattern, and for a warning that comes before",
    "of": "of whom something is expected: a master, a worker, a task, the coordinator, a person",
    "waiting": "how many open tasks wait for it",
    "under": "what is folded under it: rules and tasks",
    "cause": "what it has in common with others: a worker type, an error, who is expected to act",
    "times": "how often it happened, of what happens again and again",
    "priority": "the priority of the task",
    "task_id": "the task; none for what concerns several, or the feed",
    "subject": "the worker, handoff, task or file that it is about",
    "worker_id": "the worker, if it is one",
    "master": "the master that has the task",
    "since": "from when on",
    "age_ms": "since then",
    "sentence": "what is the matter",
}

LINE_KEYS = {
    "rule": "the rule, or zombie for workers that are given up for dead",
    "cause": "what the findings of the line have in common; none for one that stands alone",
    "severity": "of the most urgent of them",
    "count": "how many findings",
    "tasks": "the tasks that they are about",
    "waiting": "how many open tasks wait for one of these, at most",
    "since": "from when on the first of them",
    "sentence": "what is the matter",
}
"""Of a line of the list, under `lines` of the JSON document."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage attention`."""
    parser.add_argument(
        "--check",
        action="store_true",
        help="exit with 1 if anything is late or wrong (failed, orphaned …) or the feed is unsound; not for past ones",
    )
    add_shared(parser)


def add_shared(parser: argparse.ArgumentParser) -> None:
    """What `lineage zombies` takes too."""
    parser.add_argument(
        "--rule", metavar="RULE", action="append", default=[], help="only findings of this rule, like never-started"
    )
    parser.add_argument("--each", action="store_true", help="a line for each, also where several have one cause")
    late.add_arguments(parser)
    period.add_arguments(parser, "things that began")
    output.add_arguments(parser, "findings")
    document = "as JSON, one object: thresholds, crowd, sound, findings, lines"
    output.describe(parser, KEYS | HOSTS, f"keys of a finding; {document}")
    output.describe(parser, LINE_KEYS, "keys of a line, in which findings of one cause stand together")


def run(args: argparse.Namespace) -> int:
    """Print what needs a person, the most urgent first."""
    found = answer(args)
    code = output.show(found, args)
    needed = any(map(_needs_somebody, found.rows))
    return ExitCode.CHECK_FAILED if args.check and needed and code == ExitCode.OK else code


def _needs_somebody(row: Mapping[str, Any]) -> bool:
    """Whether it is late, or shows what no correct run does (a failure, an orphan …), and is not past."""
    return bool(row["late"]) or (row["rule"] not in late.LATE and row["severity"] != Severity.PAST.value)


def answer(args: argparse.Namespace) -> Answer:
    """What needs a person: an unsound feed first."""
    return findings_answer(args, lambda one: True, "Attention")


def findings_answer(args: argparse.Namespace, usual: Callable[[Finding], bool], title: str) -> Answer:
    """The findings of the rules and the period asked for. usual: which are wanted where no rule is named."""
    rules = [_rule_of(name) for name in args.rule]

    def wanted(one: Finding) -> bool:
        return one.rule in rules if rules else usual(one)

    limits, when, now = thresholds(read_late(vars(args))), period.period_of(args), clock.now()
    directory = lineage_dir(args.dir)
    missing = ""
    try:
        loaded = load_all(directory)
    except JournalError as error:
        loaded, missing = Loaded(State(), [], {}), str(error)
    state = loaded.state
    health = FeedHealth(directory, missing, loaded.problems, loaded.quarantined)
    feed = feed_findings(health, now)
    findings = attention(state, now, limits)
    many = next((one for one in findings if one.rule == CROWD), None)
    chosen = [one for one in findings if one is not many and wanted(one) and when.holds(one.since)]
    listed = [*filter(wanted, feed), *chosen][: args.limit]
    rows = [_row(one, state, now) for one in listed]
    lines = folded(listed, len(listed) + 1 if args.each else SEVERAL)
    sound = all(one.severity is Severity.PAST for one in feed)
    return Answer(
        text=lambda paper: _text(lines, many, state, now, sound, paper),
        columns=columns(KEYS, HOSTS, several=len(state.hosts) > 1),
        rows=rows,
        document={
            "thresholds": {
                "zombie_after_ms": milliseconds(limits.silent),
                "warn_after_ms": milliseconds(limits.warned),
                "spawn_after_ms": milliseconds(limits.after("never-started")),
                "handoff_after_ms": milliseconds(limits.after("handoff-unaccepted")),
                "blocked_after_ms": milliseconds(limits.after("blocked")),
            },
            "crowd": many.sentence if many else None,
            "sound": sound,
            "findings": rows,
            "lines": [_line(one, now) for one in lines],
        },
        empty=not rows,
        problems={str(directory): missing} if missing else loaded.problems,
        timelines=lambda: output.timelines_of(state, [one.task_id for one in listed if one.task_id]),
        title=title,
    )


def _rule_of(name: str) -> str:
    """The rule of that name, or of one that it had before. Raises BadInputError."""
    name = OLD_RULES.get(name.replace("-", " "), name)
    if name in NAMES:
        return name
    raise BadInputError(f"--rule: no rule {name!r}{nearest(name, NAMES)} (known: {', '.join(NAMES)})")


def _row(one: Finding, state: State, now: int) -> dict[str, object]:
    row = state.rows.get(one.task_id)
    return {
        "rule": one.rule,
        "severity": one.severity.value,
        "late": one.late_since is not None or (one.rule == FEED and one.severity is not Severity.PAST),
        "late_since": iso(one.late_since) if one.late_since is not None else None,
        "of": one.of,
        "waiting": one.waiting,
        "under": [f"{each.rule} {each.task_id}" for each in one.under],
        "cause": one.cause or None,
        "times": one.times or None,
        "priority": row.priority if row else None,
        "task_id": one.task_id or None,
        "subject": one.subject,
        "worker_id": one.subject if one.rule in RULES and RULES[one.rule].zombie else None,
        "master": row.master if row else one.of,
        "since": iso(one.since),
        "age_ms": milliseconds(max(0, now - one.since)),
        "sentence": one.sentence,
        **({"hosts": list(row.hosts)} if row and row.hosts else {}),
    }


def _line(line: Fold, now: int) -> dict[str, object]:
    return {
        "rule": line.cause.name if line.cause is not None else line.first.rule,
        "cause": line.cause.what if line.cause is not None else None,
        "severity": line.first.severity.value,
        "count": len(line.findings),
        "tasks": line.tasks,
        "waiting": max(one.waiting for one in line.findings),
        "since": iso(min(one.since for one in line.findings)),
        "sentence": line.sentence(now),
    }


def _text(lines: list[Fold], many: Finding | None, state: State, now: int, sound: bool, paper: Paper) -> Iterator[Line]:
    if many:
        yield [(many.sentence, "bad")]
        yield ""
    if not lines:
        yield ("nothing needs you" if sound else "nothing of what could be read needs you", "muted")
        return
    cells: list[list[Piece]] = []
    several = len(state.hosts) > 1
    for line in lines:
        one, count = line.first, len(line.findings)
        role = {"bad": "bad", "warning": "blocked", "past": "muted"}[one.severity.value]
        row = state.rows.get(one.task_id)
        task, master, priority = (row.task_id, row.master, row.priority) if row else (None, one.of, None)
        since = min(each.since for each in line.findings)
        age = span(now - since) if since < now else "-"
        rule = line.cause.name if line.cause is not None else one.rule
        waiting = max(each.waiting for each in line.findings)
        if count > 1:
            tasks = len(line.tasks)
            task, master = f"{tasks:,} tasks" if tasks > 1 else task, "-"
        words: list[Piece] = [
            (one.severity.value, role),
            (rule, role),
            priority or "-",
            task or "-",
            master or "-",
            age,
        ]
        if several:
            of_line = [state.rows[each.task_id].hosts for each in line.findings if each.task_id in state.rows]
            words.insert(4, on(dict.fromkeys(chain.from_iterable(of_line))))
        cells.append([*words, f"{waiting:,}" if waiting else "-", line.sentence(now)])
    header = ["URGENCY", "RULE", "PRIORITY", "TASK", "MASTER", "AGE", "WAIT", "WHAT"]
    if several:
        header.insert(4, "HOST")
    yield from text_output.table(header, cells, right=(len(header) - 3, len(header) - 2))
