"""`--at`: a query that is answered as of a time, from the files as they were then, with that time as the present.

The files are linked or copied for the query, without what was written later (`read/as_of_copy.py`). Of what was cached
nothing is used but the snapshots of files that hold nothing later: so nothing that became known later can be in the
answer.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lineage_core.base import clock, user_files
from lineage_core.base.errors import BadInputError, JournalError, LineageError
from lineage_core.base.escaping import visible
from lineage_core.base.time_input import parse_when

if TYPE_CHECKING:
    from lineage_core.read.journal_files import JournalFile


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The option that every query has."""
    parser.add_argument(
        "--at",
        metavar="WHEN",
        help="answer as of then, knowing only what was written by then: 2h, yesterday, or ISO-8601",
    )


def moment_of(text: str) -> int:
    """The time that `--at` means, in microseconds since the epoch. Raises BadInputError for what is none or to come."""
    now = clock.now()
    try:
        at = parse_when(text, now)
    except BadInputError as error:
        raise BadInputError(f"--at: {error}") from None
    if at > now:
        raise BadInputError(f"--at: {text!r} is still to come: nobody knows what will be written until then")
    return at


@contextmanager
def as_of(args: argparse.Namespace) -> Iterator[Mapping[str, str]]:
    """Within this context `args.dir` holds what was written until `args.at`, if that is given, and that is now;
    `args.source` is then what was asked.

    Gives the files that could not be read, and why. Raises BadInputError for what is no time, and JournalError.
    """
    if getattr(args, "at", None) is None:
        yield {}
        return
    import tempfile

    from lineage_core.read.as_of_copy import cut
    from lineage_core.state.snapshot_cache import link_snapshots, snapshots_of
    from lineage_core.write.locations import lineage_dir

    at = moment_of(args.at)
    directory = lineage_dir(args.dir)
    beside = user_files.folder("cache")  # so that what is cached can be linked
    with (
        tempfile.TemporaryDirectory(prefix="lineage-at-") as folder,
        tempfile.TemporaryDirectory(prefix="at-", dir=beside) as cache,
    ):
        then = Path(folder, directory.absolute().name)
        linked: list[JournalFile] = []
        try:
            problems = cut(directory, at, then, linked)
        except OSError as error:
            raise JournalError(f"cannot copy {directory} to {folder}: {error.strerror}") from error
        snapshots = snapshots_of(directory, linked)
        with environment(LINEAGE_NOW=clock.format_timestamp(at), XDG_CACHE_HOME=cache):
            args.dir, args.source = str(then), directory
            try:
                link_snapshots(snapshots, then)
                yield problems
            except LineageError as error:  # which names what was asked, not the copy
                name = f"{directory} as of {clock.format_timestamp(at)[:19]}Z"
                raise type(error)(str(error).replace(str(then), name)) from None
            finally:
                for path in _written_to(linked):
                    print(f"{path} was written to meanwhile: the answer may hold some of that", file=sys.stderr)


def _written_to(linked: Iterable[JournalFile]) -> Iterator[str]:
    """The files that were written to since they were listed."""
    for file in linked:
        try:
            size = file.path.stat().st_size
        except OSError:  # moved, as by `lineage archive`: what was read of it is as it was
            continue
        if size != file.status.st_size:
            yield visible(str(file.path))


@contextmanager
def environment(**values: str) -> Iterator[None]:
    """Variables of this process and those that it starts, within the context."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
