"""`lineage ship`: the journal of this host to a broker, as it grows."""

from __future__ import annotations

import argparse
import asyncio
import threading
from pathlib import Path

from lineage_core.base.errors import JournalError
from lineage_core.cli import output
from lineage_core.cli.service_options import add_broker, broker_files, serve, teller
from lineage_core.hosts.missing_extra import needed
from lineage_core.hosts.subjects import host_name
from lineage_core.write.locations import lineage_dir

EXAMPLES = (
    "lineage ship --to nats://broker:4222",
    "lineage ship --to tls://broker:4222 --nkey host.nk --host web-1",
)

_NOTES = (
    "What is appended goes to the stream LINEAGE of NATS JetStream, which `lineage mirror` makes and reads. The files "
    "stay as they are; what a broker that is away does not take stays in them. It is made for a service that is "
    "started again when it ends.\n\n"
    "lineage_core/hosts/README.md has units, and a configuration of the server with a permission for each host."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage ship`."""
    parser.description = f"{parser.description}\n\n{_NOTES}"
    add_broker(parser, "--to")
    parser.add_argument("--host", metavar="NAME", help="the name of this host (default: its own)")
    parser.add_argument(
        "--cursor", metavar="FILE", help="where it is kept how far it is (default: the state directory)"
    )
    parser.add_argument(
        "--heartbeat", type=output.count, default=10, metavar="S", help="say each S seconds how it stands (default 10)"
    )


def run(args: argparse.Namespace) -> int:
    """Ship until it is interrupted. Raises JournalError for a cursor that cannot be understood."""
    host = host_name(args.host)
    with needed():
        from lineage_core.hosts.broker_access import access_of
        from lineage_core.hosts.ship import Cursor, Shipper
    from lineage_core.maintenance.service_cursor import default_path

    access = access_of(args.to, **broker_files(args))
    directory = Path(lineage_dir(args.dir))
    cursor = Cursor(Path(args.cursor) if args.cursor else default_path("ship", directory, host, access.shown))
    tell = teller("ship")

    def start(stop: threading.Event) -> None:
        try:
            shipper = Shipper(directory, host, access, cursor, stop, tell, max(1, args.heartbeat))
        except ValueError as error:
            raise JournalError(f"{error}: remove it; all is shipped anew then") from error
        tell(f"{directory} goes to {access.shown} as {host}")
        asyncio.run(shipper.run())

    with cursor.alone():
        return serve(start)
