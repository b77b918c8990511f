"""`lineage mirror`: the journals of all hosts from a broker into one directory."""

from __future__ import annotations

import argparse
import asyncio
import threading
from pathlib import Path

from lineage_core.base.errors import BadInputError, JournalError
from lineage_core.cli.service_options import add_broker, broker_files, serve, teller
from lineage_core.hosts.missing_extra import needed
from lineage_core.read.journal_files import mark_hosts

EXAMPLES = (
    "lineage mirror --from nats://broker:4222 /srv/lineage",
    "lineage mirror --from tls://broker:4222 --nkey mirror.nk /srv/lineage",
    "lineage tasks --dir /srv/lineage",
)

_NOTES = (
    "Each host's files stand in DIR/HOST under their names, byte for byte; what a host deletes or replaces stays. Gaps "
    "are asked for, what errs or lies is refused, and both are told. It makes the stream LINEAGE if there is none."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage mirror`."""
    parser.description = f"{parser.description}\n\n{_NOTES}"
    parser.add_argument("directory", metavar="DIR", nargs="?", help="where to; made if it is missing (else --dir)")
    add_broker(parser, "--from")


def run(args: argparse.Namespace) -> int:
    """Mirror until it is interrupted.

    Raises BadInputError without a directory, JournalError where it cannot be made or holds a journal itself.
    """
    where = args.directory or args.dir
    if not where or isinstance(where, list) or (args.directory and args.dir):
        raise BadInputError("one directory for the mirror is needed: lineage mirror --from nats://host:4222 DIR")
    with needed():
        from lineage_core.hosts.broker_access import access_of
        from lineage_core.hosts.mirror import Mirror
    from lineage_core.hosts.mirror_files import OWN
    from lineage_core.maintenance.service_cursor import CursorFile

    access = access_of(args.from_, **broker_files(args))
    root = Path(where)
    try:
        root.mkdir(mode=0o750, parents=True, exist_ok=True)
        (root / OWN).mkdir(mode=0o750, exist_ok=True)
        mark_hosts(root)  # also while there is none yet
    except OSError as error:
        raise JournalError(f"cannot make {error.filename}: {error.strerror}") from error
    tell = teller("mirror")

    def start(stop: threading.Event) -> None:
        tell(f"{access.shown} goes into {root}")
        asyncio.run(Mirror(root, access, stop, tell).run())

    with CursorFile(root / OWN / "position.json").alone("one mirror for one directory"):
        return serve(start)
