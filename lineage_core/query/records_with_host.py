"""Records as several hosts wrote them, each with the name of its host."""

from __future__ import annotations

from collections.abc import Iterable

import orjson

from lineage_core.model.host_file_names import host_of
from lineage_core.read.compact_record import one_line
from lineage_core.read.journal_files import JournalFile


def tagged(raw: bytes, file: str) -> bytes:
    """A record that stands in a file (its canonical name), with a last key `host` if that is a host's.

    A key of that name in the record itself counts no more: of two the last one does.
    """
    host = host_of(file)
    return one_line(raw).rstrip()[:-1] + b',"host":' + orjson.dumps(host) + b"}" if host else raw


def are_hosts(files: Iterable[JournalFile]) -> bool:
    """Whether files are those of several hosts."""
    return len({host_of(file.name) for file in files}) > 1
