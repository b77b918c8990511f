"""What `lineage serve` was told: where it listens, who may ask, and the limits of a request."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from lineage_core.base.errors import BadInputError, JournalError
from lineage_core.rules.thresholds import Thresholds

LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))

MAX_TARGET = 32 << 10
"""Bytes of path and query string; a cursor over a thousand files is 20 KiB."""

MAX_BODY = 64 << 10
"""Bytes of the body of a request."""

MAX_HEADERS = 64 << 10
"""Bytes of the head of a request."""

HEADER_SECONDS = 10.0
"""The time in which the head of a request has to be there."""

MAX_CONNECTIONS = 1000

SHORTEST_TOKEN = 16

_TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True)
class ServerSettings:
    """directory: the journal. address, port: where it listens. names: the hosts by which it may be called, in lower
    case and without a port. token: what has to be known to ask anything; None on loopback. cert, key: files for TLS.
    limits: when something is late. as_of: the time that is shown, in microseconds since the epoch, if that is not now;
    then `directory` is a copy of then, and `source` what it is of."""

    directory: Path
    address: str = "127.0.0.1"
    port: int = 8765
    names: frozenset[str] = LOOPBACK
    token: str | None = None
    cert: Path | None = None
    key: Path | None = None
    limits: Thresholds = Thresholds()  # noqa: RUF009 (it is frozen)
    as_of: int | None = None
    source: Path | None = None

    @property
    def origin(self) -> str:
        """Where a browser of this host finds it."""
        host = "127.0.0.1" if self.address in ("0.0.0.0", "::") else self.address  # noqa: S104
        return f"{'https' if self.cert else 'http'}://{f'[{host}]' if ':' in host else host}:{self.port}/"


def names_of(address: str, more: list[str], token: str | None) -> frozenset[str]:
    """The hosts by which a server at this address may be called. Raises BadInputError where a token is missing."""
    names = {*LOOPBACK, *(name.lower().strip("[]") for name in more)}
    if address not in ("0.0.0.0", "::"):  # noqa: S104
        names.add(address.lower())
    if token is None and (names - LOOPBACK or address not in LOOPBACK):
        raise BadInputError(
            "only this host may ask without a token: give --token-file FILE (`openssl rand -hex 32 > FILE; chmod 600 "
            "FILE`), and put TLS before it or give --tls-cert"
        )
    return frozenset(names)


def read_token(path: Path) -> str:
    """The token in a file that only its owner may read. Raises JournalError or BadInputError, never with the token."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(fd, "rb") as file:
            mode = os.fstat(fd).st_mode
            text = file.read(4097).decode("ascii", "replace").strip() if stat.S_ISREG(mode) else ""
    except OSError as error:
        raise JournalError(f"cannot read the token file {path}: {error.strerror}") from None
    if not stat.S_ISREG(mode):
        raise BadInputError(f"{path} is no regular file")
    if mode & 0o077:
        raise BadInputError(f"others may read the token in {path}: chmod 600 {path}")
    if len(text) < SHORTEST_TOKEN or len(text) > 4096 or not _TOKEN.fullmatch(text):
        raise BadInputError(
            f"{path} holds no token: one line of {SHORTEST_TOKEN} or more printable ASCII characters without blanks"
        )
    return text
