"""`lineage archive`: closed months, packed, where every query still reads them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lineage_core.base import clock
from lineage_core.base.errors import ExitCode, JournalError
from lineage_core.cli import output
from lineage_core.cli.output import Answer
from lineage_core.cli.progress import ProgressBar
from lineage_core.cli.text_output import Line
from lineage_core.maintenance.archive import ASTRAY, Source, archive, due
from lineage_core.write import locations as paths

EXAMPLES = (
    "lineage archive --dry-run",
    "lineage archive",
    "lineage archive --keep-days 30",
)
KEEP_DAYS = 2
_COLUMNS = ("file", "status", "bytes", "archived_as", "note")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage archive`."""
    output.add_arguments(parser)
    parser.add_argument("--dry-run", action="store_true", help="tell what would be archived, and change nothing")
    parser.add_argument(
        "--keep-days",
        type=output.count,
        default=KEEP_DAYS,
        metavar="N",
        help=f"leave the files of the last N days, also those of a month that is over (default {KEEP_DAYS})",
    )
    parser.add_argument("--parquet", action="store_true", help="write archived months as Parquet too")
    parser.add_argument("--combined", action="store_true", help="archive task-lineage.jsonl too, whatever its age")
    parser.add_argument(
        "--wait",
        type=output.count,
        default=60,
        metavar="S",
        help="seconds to wait for writers that have a file open (default 60)",
    )
    parser.add_argument(
        "--lock-wait",
        type=output.count,
        default=10,
        metavar="S",
        help="seconds to wait for another archive run (default 10)",
    )


def run(args: argparse.Namespace) -> int:
    """Archive and print what was done, a line per file; 1 if one had to be left.

    Raises JournalError if the directory does not exist.
    """
    directory = Path(paths.resolve(args.dir))
    if not directory.is_dir():
        raise JournalError(f"{directory} does not exist")
    now = clock.now()
    if args.dry_run:
        found = due(directory, now, args.keep_days, combined=args.combined)
        status, note = ("left", ASTRAY) if paths.holds_hosts(directory) else ("due", "")
        rows = [_row(directory, source, status, note) for source in found]
    else:
        rows = list(_archived(directory, now, args))
        if args.parquet and not paths.holds_hosts(directory):
            from lineage_core.dataframes.monthly_parquet import write_months  # imports polars

            for path in write_months(directory):
                name = str(path.relative_to(directory))
                rows.append(_cells(path.name, "written", path.stat().st_size, name))
    output.show(Answer(lambda paper: _text(rows), _COLUMNS, rows, empty=not rows), args)
    if any(row["status"] == "left" for row in rows):
        return ExitCode.CHECK_FAILED
    return ExitCode.CHECK_FAILED if args.fail_empty and not rows else ExitCode.OK


def _archived(directory: Path, now: int, args: argparse.Namespace) -> Iterator[dict[str, object]]:
    total = sum(source.size for source in due(directory, now, args.keep_days, combined=args.combined))
    done = 0
    steps = archive(
        directory, now, args.keep_days, combined=args.combined, patience=args.wait, lock_patience=args.lock_wait
    )
    with ProgressBar("archiving") as bar:
        for step in steps:
            if step.word in ("removed", "left"):
                done += step.source.size
                bar(done / max(1, total))
                yield _row(directory, step.source, "archived" if step.word == "removed" else "left", step.note)


def _row(directory: Path, source: Source, status: str, note: str = "") -> dict[str, object]:
    return _cells(source.name, status, source.size, str(source.target.relative_to(directory)), note)


def _cells(*cells: Any) -> dict[str, object]:
    return dict(zip(_COLUMNS, (*cells, "")[: len(_COLUMNS)], strict=True))


def _text(rows: list[dict[str, object]]) -> Iterator[Line]:
    if not rows:
        yield "nothing to archive: no daily file of a month that is over"
    for row in rows:
        if row["status"] == "left":
            yield [(f"{row['file']}: left as it is", "bad"), f": {row['note']}"]
        else:
            word = {"due": "would go", "archived": "went", "written": "written"}[str(row["status"])]
            yield f"{row['file']} ({row['bytes']:,} bytes) {word} to {row['archived_as']}"
