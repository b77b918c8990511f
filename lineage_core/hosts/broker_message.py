"""The message: a range of bytes of one file of one host. Pure.

The body is the bytes, as they stand in the file; the rest are headers:

| header | holds |
|---|---|
| `Lineage-Host` | the host; the subject names it too |
| `Lineage-Journal` | the identity of the file's content, which a file that takes its place has not |
| `Lineage-File` | the name below the lineage directory |
| `Lineage-Start`, `Lineage-End` | the range, in bytes |
| `Lineage-Was` | the name that the file had before, in the first message after it was renamed |
| `Lineage-Size` | of a packed file: how long all of it is; it is put together and verified before it appears |
| `Lineage-Time` | the host's clock, microseconds since the epoch |
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from lineage_core.hosts.message_limits import FIRST_LINE, MAX_MESSAGE
from lineage_core.hosts.subjects import host_of, is_file, is_host
from lineage_core.read.compression import is_packed

_NUMBER = re.compile(r"\d{1,15}")
_IDENTITY = re.compile(r"[0-9a-f]{16}(?:-[0-9a-f]{1,16})?|[0-9a-f]{32}")


class RefusedError(Exception):
    """A message is not taken. Says why, in words."""


class Piece(NamedTuple):
    """A range of bytes. size: of the whole file, if it is packed. sent_at: by the host's clock, microseconds.

    stored_at: by the broker's clock, microseconds; 0 before it was stored.
    """

    host: str
    identity: str
    file: str
    start: int
    end: int
    data: bytes
    was: str = ""
    size: int | None = None
    sent_at: int = 0
    stored_at: int = 0

    def headers(self) -> dict[str, str]:
        """What goes beside the bytes."""
        found = {
            "Lineage-Host": self.host,
            "Lineage-Journal": self.identity,
            "Lineage-File": self.file,
            "Lineage-Start": str(self.start),
            "Lineage-End": str(self.end),
            "Lineage-Time": str(self.sent_at),
        }
        if self.was:
            found["Lineage-Was"] = self.was
        if self.size is not None:
            found["Lineage-Size"] = str(self.size)
        return found


def read_message(subject: str, headers: Mapping[str, str] | None, data: bytes, stored_at: int = 0) -> Piece:
    """The piece that a message holds. Raises RefusedError for what errs or lies."""
    headers = headers or {}
    host = host_of(subject)
    if not is_host(host):
        raise RefusedError(f"no name of a host: {_short(host)}")
    if headers.get("Lineage-Host") != host:
        raise RefusedError(f"it says to come from {_short(headers.get('Lineage-Host'))}")
    if len(data) > MAX_MESSAGE:
        raise RefusedError(f"{len(data)} bytes in one message; {MAX_MESSAGE} are the most")
    file, was = headers.get("Lineage-File", ""), headers.get("Lineage-Was", "")
    for name in (file, was) if was else (file,):
        if not is_file(name):
            raise RefusedError(f"no plain name of a journal file: {_short(name)}")
    identity = headers.get("Lineage-Journal", "")
    if not _IDENTITY.fullmatch(identity):
        raise RefusedError(f"no identity of a journal: {_short(identity)}")
    start, end, size = (_number(headers, name) for name in ("Lineage-Start", "Lineage-End", "Lineage-Size"))
    if start is None or end is None or end != start + len(data):
        raise RefusedError(
            f"{file}: from {_short(headers.get('Lineage-Start'))} to {_short(headers.get('Lineage-End'))} "
            f"are not the {len(data)} bytes that it holds"
        )
    if (size is not None) != is_packed(Path(file)) or (size is not None and end > size):
        raise RefusedError(f"{file}: to {end}, of a file of {_short(headers.get('Lineage-Size'))} bytes")
    if size is None and start == 0 and identity_of(data) not in (None, identity[:16]):
        raise RefusedError(f"{file}: its beginning is not that of the journal {identity}")
    return Piece(host, identity, file, start, end, data, was, size, _number(headers, "Lineage-Time") or 0, stored_at)


def identity_of(beginning: bytes) -> str | None:
    """The identity of a plain file that begins so: a hash of its first line. None where that is not whole yet."""
    line, newline, _ = beginning[:FIRST_LINE].partition(b"\n")
    if not newline and len(line) < FIRST_LINE:
        return None
    return blake2b(line, digest_size=8).hexdigest()


def _number(headers: Mapping[str, str], name: str) -> int | None:
    said = headers.get(name, "")
    return int(said) if _NUMBER.fullmatch(said) and said.isascii() else None


def _short(said: str | None) -> str:
    """What somebody said, for one line."""
    return ascii((said or "")[:80])
