"""`lineage attention`: what needs a person, with the rule that says so."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from lineage_core.base import clock
from lineage_core.base.errors import BadInputError, ExitCode, JournalError
from lineage_core.cli import output, period
from lineage_core.cli.commands import export
from lineage_core.cli.output import Answer, Line, Paper, Piece
from lineage_core.cli.progress import load_all
from lineage_core.meaning.runs import ZOMBIE_TIMEOUT
from lineage_core.model.event_types import PRIORITIES, nearest
from lineage_core.present.rows import iso, milliseconds, span
from lineage_core.rules.feed_health import FEED, FeedHealth, feed_findings
from lineage_core.rules.stuck_work import RULES, Finding, Severity, check, crowd, ranked
from lineage_core.rules.thresholds import Thresholds, thresholds
from lineage_core.settings import late
from lineage_core.settings.config_file import read_late
from lineage_core.state.load import Loaded
from lineage_core.state.store import State
from lineage_core.write.locations import lineage_dir

EXAMPLES = (
    "lineage attention",
    "lineage attention --check || page_somebody",
    "lineage attention --rule not-accepted --handoff-after 15m",
    "lineage attention --json | jq -r '.findings[].sentence'",
)

_TIMEOUT = ZOMBIE_TIMEOUT.encode()
NAMES = (FEED, *RULES)

KEYS = {
    "rule": "which rule says so: " + ", ".join(NAMES),
    "severity": "bad, warning, or past for what is over",
    "late": "whether it is past the time in which it should have happened; warnings and patterns are not",
    "priority": "the priority of the task",
    "task_id": "the task; none if the feed itself is unsound",
    "subject": "the worker, handoff, task or file that it is about",
    "worker_id": "the worker, if it is one",
    "master": "the master that has the task",
    "since": "from when on",
    "age_ms": "since then",
    "sentence": "what is the matter",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage attention`."""
    parser.add_argument("--check", action="store_true", help="exit with 1 if anything is late or the feed is unsound")
    add_shared(parser)


def add_shared(parser: argparse.ArgumentParser) -> None:
    """What `lineage zombies` takes too."""
    parser.add_argument(
        "--rule", metavar="RULE", action="append", default=[], help="only findings of this rule, like never-started"
    )
    late.add_arguments(parser)
    period.add_arguments(parser, "things that began")
    output.add_arguments(parser, "findings")
    output.describe(parser, KEYS, "keys of a finding; as JSON, one object: thresholds, crowd, sound, findings")


def run(args: argparse.Namespace) -> int:
    """Print what needs a person, the most urgent first."""
    found = answer(args)
    code = output.show(found, args)
    late_ones = any(row["late"] for row in found.rows)
    return ExitCode.CHECK_FAILED if args.check and late_ones and code == ExitCode.OK else code


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
    health = FeedHealth(directory, missing, loaded.problems, quarantined_of(loaded))
    feed = feed_findings(health, now)
    findings = list(findings_of(state, now, limits))
    many = crowd(findings, limits)
    chosen = [one for one in findings if wanted(one) and when.holds(one.since)]
    listed = [*filter(wanted, feed), *_by_urgency(chosen, state)][: args.limit]
    rows = [_row(one, state, now) for one in listed]
    sound = all(one.severity is Severity.PAST for one in feed)
    return Answer(
        text=lambda paper: _text(listed, many, state, now, sound, paper),
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
            "sound": sound,
            "findings": rows,
        },
        empty=not rows,
        problems={str(directory): missing} if missing else loaded.problems,
        timelines=lambda: export.timelines_of(state, [one.task_id for one in listed if one.task_id]),
        title=title,
    )


def _rule_of(name: str) -> str:
    """The rule of that name, which may be written with hyphens for its blanks. Raises BadInputError."""
    for known in NAMES:
        if name in (known, known.replace(" ", "-")):
            return known
    raise BadInputError(f"--rule: no rule {name!r}{nearest(name, NAMES)} (known: {', '.join(NAMES)})")


def quarantined_of(loaded: Loaded) -> dict[str, int]:
    """How many pieces of which files, by canonical name, were quarantined."""
    counts: Counter[str] = Counter()
    for path, _ in loaded.rejected:
        counts[path.name[: path.name.find(".jsonl") + len(".jsonl")]] += 1
    return dict(counts)


def findings_of(state: State, now: int, limits: Thresholds) -> Iterable[Finding]:
    """All findings of a state; only tasks that can have one are looked at."""
    for row in list(state.rows.values()):
        concerning = [rule.name for rule in RULES.values() if rule.concerns(row)]
        if not concerning or (concerning == ["confirmed"] and _TIMEOUT not in state.packed(row.task_id)):
            continue
        task = state.task(row.task_id)
        if task is not None:
            yield from check(task, state.rows, now, limits)


def _by_urgency(findings: Iterable[Finding], state: State) -> list[Finding]:
    """The worst first; of equals those of the most urgent tasks, then the newest."""

    def urgency(one: Finding) -> tuple[int, int]:
        priority = state.rows[one.task_id].priority
        known = priority if priority in PRIORITIES else "medium"
        return list(Severity).index(one.severity), PRIORITIES.index(known)

    return sorted(ranked(findings), key=urgency)


def is_late(one: Finding) -> bool:
    """Whether something is past the time in which it should have happened."""
    warned = one.rule == "silent" and one.severity is Severity.WARNING
    return one.severity is not Severity.PAST and not warned and one.rule not in ("orphaned", "ping-pong", "retries")


def _row(one: Finding, state: State, now: int) -> dict[str, Any]:
    row = state.rows.get(one.task_id)
    return {
        "rule": one.rule,
        "severity": one.severity.value,
        "late": is_late(one),
        "priority": row.priority if row else None,
        "task_id": one.task_id or None,
        "subject": one.subject,
        "worker_id": one.subject if one.rule in RULES and RULES[one.rule].zombie else None,
        "master": row.master if row else None,
        "since": iso(one.since),
        "age_ms": milliseconds(max(0, now - one.since)),
        "sentence": one.sentence,
    }


def _text(
    listed: list[Finding], many: Finding | None, state: State, now: int, sound: bool, paper: Paper
) -> Iterator[Line]:
    if many:
        yield [(many.sentence, "bad")]
        yield ""
    if not listed:
        yield ("nothing needs you" if sound else "nothing of what could be read needs you", "muted")
        return
    cells: list[list[Piece]] = []
    for one in listed:
        role = {"bad": "bad", "warning": "blocked", "past": "muted"}[one.severity.value]
        row = state.rows.get(one.task_id)
        task, master, priority = (row.task_id, row.master, row.priority) if row else (None, None, None)
        age = span(now - one.since) if one.since < now else "-"
        words: list[Piece] = [(one.severity.value, role), (one.rule, role), priority or "-", task or "-"]
        cells.append([*words, master or "-", age, one.sentence])
    yield from output.table(("URGENCY", "RULE", "PRIORITY", "TASK", "MASTER", "AGE", "WHAT"), cells, right=(5,))
