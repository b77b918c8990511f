"""`lineage integration`: the 39 places that log events, how to add one, and how far a checkout has come."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from lineage_core.base.cells import cell_width, fit, shown
from lineage_core.base.errors import BadInputError, ExitCode, UnknownNameError
from lineage_core.base.escaping import visible
from lineage_core.integration import survey as integration
from lineage_core.integration.integration_points import PHASES, POINTS, Point
from lineage_core.integration.survey import Finding

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
    parser.add_argument("--format", choices=("text", "json"), default="text", help="of the output (default text)")
    parser.add_argument("--json", dest="format", action="store_const", const="json", help="short for --format json")


def run(args: argparse.Namespace) -> int:
    """Print what was asked for; 1 if a required point is not integrated."""
    as_json = args.format == "json"
    if (args.action == "show") != (args.id is not None):
        raise BadInputError("show needs the ID of a point" if args.id is None else f"{args.action} takes no ID")
    if args.action == "list":
        _print_json([_described(p) for p in POINTS]) if as_json else print(_listed())
        return ExitCode.OK
    if args.action == "show":
        points = integration.points_of(args.id)
        _print_json([_described(p) for p in points]) if as_json else print("\n".join(map(_shown, points)))
        return ExitCode.OK
    return _check(args, as_json)


def _check(args: argparse.Namespace, as_json: bool) -> int:
    home = Path(args.cortex_home or os.environ.get("CORTEX_HOME") or "")
    if not str(args.cortex_home or os.environ.get("CORTEX_HOME") or ""):
        raise BadInputError("no checkout to check: give --cortex-home DIR or set CORTEX_HOME")
    if not home.is_dir():
        raise UnknownNameError(f"no such directory: {home}")
    named = args.dir or os.environ.get("LINEAGE_DIR")
    journal = Path(named) if named else home / "coordination" / "lineage"
    findings = integration.survey(home, integration.sightings(_events(journal)) if journal.is_dir() else None)
    missing = integration.required(findings, args.require) if args.require else []
    if as_json:
        _print_json(
            {
                "cortex_home": str(home),
                "journal": str(journal),
                "library": (home / integration.LIBRARY).is_file(),
                "points": [_judged(f) for f in findings],
                "integrated": sum(f.integrated for f in findings),
                "total": len(findings),
                "totals": {
                    kind: {name: {"integrated": done, "total": total} for name, (done, total) in shares.items()}
                    for kind, shares in integration.totals(findings).items()
                },
                "required_missing": [f.point.id for f in missing],
            }
        )
    else:
        print(_checked(home, findings))
        if missing:
            print(f"\nrequired ({args.require}) and not integrated: {', '.join(f.point.id for f in missing)}")
    return ExitCode.CHECK_FAILED if missing else ExitCode.OK


def _described(point: Point) -> dict[str, Any]:
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


def _judged(finding: Finding) -> dict[str, Any]:
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


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))


def _table(rows: Iterable[Sequence[str]]) -> str:
    cells = [list(row) for row in rows]
    widths = [max(map(cell_width, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(fit(c, w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells)


def _listed() -> str:
    rows = [("ID", "PRIORITY", "PHASE", "EVENT", "SCRIPT")]
    rows += [(p.id, p.priority, str(p.phase), " or ".join(p.events), p.script or "any") for p in POINTS]
    counts = integration.matrix()
    grid = [("PRIORITY", *(f"PHASE {n}" for n in PHASES), "TOTAL")]
    grid += [(name, *(str(row[n]) for n in PHASES), str(row.total())) for name, row in counts.items()]
    sums = [sum(row[n] for row in counts.values()) for n in PHASES]
    grid.append(("total", *map(str, sums), str(sum(sums))))
    names = ", ".join(f"{number} {name}" for number, name in PHASES.items())
    return f"{_table(rows)}\n\n{_table(grid)}\n\nphases: {names}"


def _shown(point: Point) -> str:
    where = point.script or "any script that does this"
    head = f"{point.id}  {where}  ({point.category}; {point.priority}, phase {point.phase})"
    return f"{head}\nlogs {' or '.join(point.events)}\n\n{point.snippet}"


def _checked(home: Path, findings: Sequence[Finding]) -> str:
    rows = [("", "ID", "PRIORITY", "SCRIPT", "STATE", "EVENTS SEEN")]
    for f in findings:
        seen = "no journal" if f.seen is None else str(f.seen)
        mark = "+" if f.integrated else "-"
        rows.append((mark, f.point.id, f.point.priority, shown(f.script or f.point.events[0]), f.word, seen))
    shares = integration.totals(findings)
    lines = [_table(rows), ""]
    if not (home / integration.LIBRARY).is_file():
        lines.append(f"{integration.LIBRARY} is not there: lineage shell install --cortex-home {home}")
    for kind, counts in shares.items():
        words = ", ".join(f"{name} {done}/{total}" for name, (done, total) in counts.items())
        lines.append(f"integrated by {kind}: {words}")
    return "\n".join([*lines, f"integrated: {sum(f.integrated for f in findings)} of {len(findings)}"])


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
