"""`lineage validate`: every record against the schema, the rules of a task's lifecycle, and the clock."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from lineage_core.base import clock
from lineage_core.base.errors import ExitCode
from lineage_core.base.time_input import parse_when
from lineage_core.cli import output, text_output
from lineage_core.cli.output import Answer
from lineage_core.cli.progress import ProgressBar
from lineage_core.cli.text_output import Line, Paper
from lineage_core.maintenance.validate import Validation
from lineage_core.maintenance.validation_rules import RULES, Finding, Severity
from lineage_core.model.json_schema import json_schema
from lineage_core.write import locations as paths

EXAMPLES = (
    "lineage validate",
    "lineage validate --since 8d --strict",
    "lineage validate --format jsonl | jq -r 'select(.severity == \"error\") | .file'",
    "lineage validate --schema > task-lineage.schema.json",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage validate`."""
    output.add_arguments(parser)
    parser.add_argument(
        "--limit",
        type=output.count,
        default=100,
        metavar="N",
        help="list at most N findings of each rule (default 100); they are all counted",
    )
    parser.add_argument("--since", metavar="WHEN", help="only events from then on: ISO-8601, 8d, yesterday")
    parser.add_argument("--strict", action="store_true", help="exit with 1 for warnings too, not only for errors")
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of a record, and do no more")
    parser.add_argument("--rules", action="store_true", help="print the rules, and do no more")


def run(args: argparse.Namespace) -> int:
    """Print the findings and how many there are; 1 if there are errors (with --strict: or warnings)."""
    if args.schema:
        print(json.dumps(json_schema(), indent=2))
        return ExitCode.OK
    if args.rules:
        rules = [rule._asdict() for rule in RULES.values()]
        rows = [tuple(rule.values()) for rule in rules]
        columns = ("name", "severity", "category")
        listing = text_output.table(("RULE", "SEVERITY", "FINDS"), rows)
        return output.show(Answer(lambda paper: listing, columns, rules), args)
    now = clock.now()
    since = parse_when(args.since, now) if args.since is not None else None
    with ProgressBar("validating") as bar:
        validation = Validation(Path(paths.lineage_dir(args.dir)), now=now, since=since, progress=bar)
        listed = [finding for finding in validation if validation.counts_of(finding.rule) <= args.limit]
    output.show(_answer(validation, listed), args)
    bad = validation.count(Severity.ERROR) + (validation.count(Severity.WARNING) if args.strict else 0)
    return ExitCode.CHECK_FAILED if bad else ExitCode.OK


def _answer(validation: Validation, listed: list[Finding]) -> Answer:
    rows = [finding._asdict() for finding in listed]
    document = _summary(validation) | {"findings": rows}
    return Answer(lambda paper: _text(validation, listed, paper), Finding._fields, rows, document)


def _summary(validation: Validation) -> dict[str, object]:
    return {
        "directory": str(validation.directory),
        "files": validation.files,
        "records": validation.records,
        "copies": validation.copies,
        "quarantined_bytes": validation.quarantined,
        "errors": validation.count(Severity.ERROR),
        "warnings": validation.count(Severity.WARNING),
        "counts": validation.counts,
    }


def _text(validation: Validation, listed: list[Finding], paper: Paper) -> Iterator[Line]:
    there = {name for name in {f.file for f in listed} if paper.links and (validation.directory / name).exists()}
    for f in listed:
        where = f"{f.file}:{f.line}" if f.line else f.file
        named = text_output.FileLink(where, validation.directory / f.file) if f.file in there else where
        role = "bad" if f.severity is Severity.ERROR else "muted"
        task = f" ({f.task_id})" if f.task_id else ""
        yield [named, ": ", (f"{f.severity.value} {f.rule}", role), f": {f.text}{task}"]
    counts = validation.counts
    if counts:
        yield ""
        rows = [(n, RULES[n].severity.value, str(number), RULES[n].category) for n, number in counts.items()]
        yield from text_output.table(("RULE", "SEVERITY", "FINDINGS", "MEANING"), rows, right=(2,))
        yield ""
    unlisted = sum(counts.values()) - len(listed)
    s = _summary(validation)
    yield (
        f"{s['records']} records in {s['files']} files, {s['copies']} of them copies: "
        f"{s['errors']} errors, {s['warnings']} warnings" + (f"; {unlisted} not listed (--limit)" if unlisted else "")
    )
