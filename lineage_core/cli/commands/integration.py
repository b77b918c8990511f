"""`lineage integration`: the 39 places that log events, how to add one, and how far a checkout has come."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from lineage_core.base.errors import BadInputError, ExitCode, UnknownNameError
from lineage_core.base.escaping import visible
from lineage_core.cli import output, text_output
from lineage_core.cli.output import Answer
from lineage_core.cli.text_output import Line
from lineage_core.integration import coverage
from lineage_core.integration.coverage import Finding
from lineage_core.integration.integration_points import PHASES, POINTS, Point
from lineage_core.write.locations import resolve

EXAMPLES = (
    "lineage integration list",
    "lineage integration show 3.1",
    "lineage integration check --cortex-home /srv/cortex --require critical",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage integration`."""
    parser.add_argument(
        "action",
        choices=("list", "show", "check"),
        metavar="ACTION",
        help="list: all points; show: one, with the code to put there; check: which of them a checkout has",
    )
    parser.add_argument("id", nargs="?", metavar="ID", help="of the point to show, like 3.1")
    parser.add_argument("--cortex-home", metavar="DIR", help="the checkout to check (default: CORTEX_HOME)")
    parser.add_argument(
        "--require", choices=("critical", "high", "all"), help="exit 1 unless these points are integrated"
    )
    output.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Print what was asked for; 1 if a required point is not integrated. Raises BadInputError for a wrong ID."""
    if (args.action == "show") != (args.id is not None):
        raise BadInputError("show needs the ID of a point" if args.id is None else f"{args.action} takes no ID")
    if args.action == "check":
        return _check(args)
    points = POINTS if args.action == "list" else coverage.points_of(args.id)
    rows = [_described(point) for point in points]
    text = _listed if args.action == "list" else lambda: _shown(points)
    return output.show(Answer(lambda paper: text(), tuple(rows[0]), rows), args)


def _check(args: argparse.Namespace) -> int:
    home = Path(args.cortex_home or os.environ.get("CORTEX_HOME") or "")
    if not str(args.cortex_home or os.environ.get("CORTEX_HOME") or ""):
        raise BadInputError("no checkout to check: give --cortex-home DIR or set CORTEX_HOME")
    if not home.is_dir():
        raise UnknownNameError(f"no such directory: {home}")
    named = resolve(args.dir) if args.dir else os.environ.get("LINEAGE_DIR")
    journal = Path(named) if named else home / "coordination" / "lineage"
    findings = coverage.survey(home, coverage.sightings(_events(journal)) if journal.is_dir() else None)
    missing = coverage.required(findings, args.require) if args.require else []
    rows = [_judged(one) for one in findings]
    document = {
        "cortex_home": str(home),
        "journal": str(journal),
        "library": (home / coverage.LIBRARY).is_file(),
        "points": rows,
        "integrated": sum(f.integrated for f in findings),
        "total": len(findings),
        "totals": {
            kind: {name: {"integrated": done, "total": total} for name, (done, total) in shares.items()}
            for kind, shares in coverage.totals(findings).items()
        },
        "required_missing": [f.point.id for f in missing],
    }
    code = output.show(
        Answer(lambda paper: _checked(home, findings, missing, args.require), tuple(rows[0]), rows, document), args
    )
    return ExitCode.CHECK_FAILED if missing and code == ExitCode.OK else code


def _described(point: Point) -> dict[str, object]:
    return {
        "id": point.id,
        "category": point.category,
        "script": point.script or None,
        "location": point.location,
        "event_types": list(point.events),
        "functions": list(point.functions),
        "priority": point.priority,
        "phase": point.phase,
        "snippet": point.snippet,
    }


def _judged(finding: Finding) -> dict[str, object]:
    return {
        "id": finding.point.id,
        "priority": finding.point.priority,
        "phase": finding.point.phase,
        "script": finding.script or None,
        "exists": finding.exists,
        "sources_library": finding.sources,
        "calls_function": finding.calls,
        "integrated": finding.integrated,
        "events_seen": finding.seen,
    }


def _listed() -> Iterator[Line]:
    rows = [[p.id, p.priority, str(p.phase), " or ".join(p.events), p.script or "any"] for p in POINTS]
    yield from text_output.table(("ID", "PRIORITY", "PHASE", "EVENT", "SCRIPT"), rows)
    yield ""
    counts = coverage.matrix()
    grid = [[name, *(str(row[n]) for n in PHASES), str(row.total())] for name, row in counts.items()]
    sums = [sum(row[n] for row in counts.values()) for n in PHASES]
    grid.append(["total", *map(str, sums), str(sum(sums))])
    yield from text_output.table(("PRIORITY", *(f"PHASE {n}" for n in PHASES), "TOTAL"), grid)
    yield ""
    yield f"phases: {', '.join(f'{number} {name}' for number, name in PHASES.items())}"


def _shown(points: Sequence[Point]) -> Iterator[Line]:
    for point in points:
        where = point.script or "any script that does this"
        yield f"{point.id}  {where}  ({point.category}; {point.priority}, phase {point.phase})"
        yield f"logs {' or '.join(point.events)}"
        yield ""
        yield from point.snippet.split("\n")


def _checked(home: Path, findings: Sequence[Finding], missing: Sequence[Finding], required: str) -> Iterator[Line]:
    rows = []
    for f in findings:
        seen = "no journal" if f.seen is None else str(f.seen)
        mark = "+" if f.integrated else "-"
        rows.append([mark, f.point.id, f.point.priority, f.script or f.point.events[0], f.word, seen])
    yield from text_output.table(("", "ID", "PRIORITY", "SCRIPT", "STATE", "EVENTS SEEN"), rows)
    yield ""
    if not (home / coverage.LIBRARY).is_file():
        yield f"{coverage.LIBRARY} is not there: lineage shell install --cortex-home {home}"
    for kind, counts in coverage.totals(findings).items():
        words = ", ".join(f"{name} {done}/{total}" for name, (done, total) in counts.items())
        yield f"integrated by {kind}: {words}"
    yield f"integrated: {sum(f.integrated for f in findings)} of {len(findings)}"
    if missing:
        yield ""
        yield f"required ({required}) and not integrated: {', '.join(f.point.id for f in missing)}"


def _events(journal: Path) -> Iterable[tuple[str, str, dict[str, Any]]]:
    """The type, the actor's id and the data of each event in a directory, each once; says what cannot be read."""
    from lineage_core.model.facts import digest_of
    from lineage_core.read.tailer import Tailer

    tailer, known = Tailer(journal), set()
    for batch in tailer.scan():
        for found in batch.found:
            record = found.record
            if (digest := digest_of(record)) in known:
                continue
            known.add(digest)
            data = record.get("event_data")
            yield record["event_type"], record["actor"]["id"], data if isinstance(data, dict) else {}
    for name, why in tailer.problems.items():
        print(f"lineage integration: not counted: {visible(name)}: {visible(why)}", file=sys.stderr)
