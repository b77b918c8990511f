"""How a host stands, which it says every few seconds, and what a mirror asks of it. JSON objects. Pure.

A status: `time` (its clock, microseconds), `every` (seconds until the next), `behind` (bytes that were not shipped
yet), `number` (of its last message in the stream), and now and then `files`: a list of name, identity and how far the
file was shipped.
A question: `file`, `journal` (the identity), `from` (offset in bytes), `differs` (the mirror has other bytes there).
"""

from __future__ import annotations

from typing import NamedTuple

import orjson

from lineage_core.hosts.mirror_files import Gap
from lineage_core.hosts.subjects import is_file

_LONGEST = 3600  # seconds between two statuses
_MOST = 1 << 53


class Status(NamedTuple):
    """What a host says. files: None if it says nothing of them this time."""

    time: int
    every: int
    behind: int
    number: int
    files: list[tuple[str, str, int]] | None

    def encode(self) -> bytes:
        """As it is sent."""
        return orjson.dumps({name: value for name, value in self._asdict().items() if value is not None})


def read_status(data: bytes) -> Status | None:
    """What a host sent; None for what is no status."""
    try:
        said = orjson.loads(data)
        files = said.get("files")
        if files is not None:
            files = [(name, identity, _count(end)) for name, identity, end in files if _plain(name, identity)]
        every = min(max(_count(said["every"]), 1), _LONGEST)
        return Status(_count(said["time"]), every, _count(said["behind"]), _count(said["number"]), files)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def question(gap: Gap) -> bytes:
    """What a host is asked for."""
    return orjson.dumps({"file": gap.file, "journal": gap.identity, "from": gap.start, "differs": gap.differs})


def read_question(host: str, data: bytes) -> Gap | None:
    """What a mirror asks; None for what is no question."""
    try:
        said = orjson.loads(data)
        file, identity = said["file"], said["journal"]
        if not _plain(file, identity):
            return None
        return Gap(host, file, identity, _count(said["from"]), said.get("differs") is True)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _plain(name: object, identity: object) -> bool:
    return isinstance(name, str) and isinstance(identity, str) and is_file(name)


def _count(said: object) -> int:
    if not isinstance(said, int) or isinstance(said, bool) or not 0 <= said <= _MOST:
        raise ValueError
    return said
