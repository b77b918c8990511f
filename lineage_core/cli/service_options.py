"""What the commands share that run as services: the words for a broker, their lines for people, and how they end."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable

from lineage_core.base.errors import ExitCode
from lineage_core.base.escaping import visible

_FILES = {
    "creds": "a file of credentials of NATS",
    "nkey": "a file that holds the seed of an nkey",
    "ca": "the certificate of who signed the broker's",
    "cert": "our certificate, for a broker that asks for one",
    "key": "its key",
}


def add_broker(parser: argparse.ArgumentParser, option: str) -> None:
    """The words that say which broker, and how to be let in."""
    parser.add_argument(
        option,
        required=True,
        dest=option.strip("-") + ("_" if option == "--from" else ""),
        metavar="URL",
        help="the broker, like nats://host:4222; tls://… encrypts; of a cluster several, with commas",
    )
    add_broker_files(parser)


def add_broker_files(parser: argparse.ArgumentParser) -> None:
    """The words that say how to be let in."""
    for name, text in _FILES.items():
        parser.add_argument(f"--{name}", metavar="FILE", help=text)


def broker_files(args: argparse.Namespace) -> dict[str, str | None]:
    """The files of `add_broker`."""
    return {name: getattr(args, name) for name in _FILES}


def teller(command: str) -> Callable[[str], None]:
    """What tells a line for people on stderr."""

    def tell(text: str) -> None:
        print(visible(f"lineage {command}: {text}"), file=sys.stderr, flush=True)

    return tell


def serve(start: Callable[[threading.Event], None], at_end: Callable[[], None] = lambda: None) -> int:
    """Call `start` with an event that SIGINT and SIGTERM set; it has to return then. Ends by SIGTERM if that came.

    at_end: also called at the signal.
    """
    stop, ended = threading.Event(), []

    def end(number: int, frame: object) -> None:
        ended.append(number)
        stop.set()
        at_end()

    before = {one: signal.signal(one, end) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        start(stop)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if ended and ended[-1] == signal.SIGTERM:
        os.kill(os.getpid(), signal.SIGTERM)
    return ExitCode.INTERRUPTED
