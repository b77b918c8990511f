"""`--lake URL`: the queries that history answers, from a Delta table in place of the journal."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from lineage_core.base.errors import BadInputError

if TYPE_CHECKING:
    from lineage_core.cli.period import Period
    from lineage_core.state.load import Loaded


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--lake` to the words of a command."""
    parser.add_argument("--lake", metavar="URL", help="answer from the table that `lineage lake sync URL` writes")


def lake_of(args: argparse.Namespace) -> str | None:
    """The URL, if it is given. Raises BadInputError beside what is about a journal."""
    url: str | None = getattr(args, "lake", None)
    if url and getattr(args, "at", None) is not None:
        raise BadInputError("--lake holds closed days only: --at goes with --dir")
    return url


def load(url: str, when: Period) -> Loaded:
    """The state of the tasks with events in a period. Raises JournalError, and BadInputError without the extra."""
    from lineage_core.lake.missing_extra import needed

    with needed():
        from lineage_core.lake import table_reader
    return table_reader.load(url, when.since, when.until)
