"""What hosts and their files may be called, and the subjects that messages go by. Pure.

Names come from outside and become paths and subjects, so only plain ones are names at all.
"""

from __future__ import annotations

import re
import socket

from lineage_core.base.errors import BadInputError
from lineage_core.read.journal_files import ARCHIVE, canonical_name

STREAM = "LINEAGE"
"""The stream that holds the journals of all hosts."""

JOURNAL, STATUS, ASK = "lineage.journal", "lineage.status", "lineage.ask"
"""Subjects, each followed by `.HOST`: bytes of journals, which the stream stores; how a host stands; what a mirror
lacks. `lineage.ask` itself goes to all hosts."""

_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,62}(?:\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62}){0,7}")
_FILE = re.compile(
    rf"(?:{ARCHIVE}/(?:\d{{4}}-\d\d/)?|(?!{ARCHIVE}/)[A-Za-z0-9_][A-Za-z0-9_.-]{{0,99}}/)?([A-Za-z0-9][A-Za-z0-9_.-]{{0,199}})"
)


def is_host(name: str) -> bool:
    """Whether a host may have this name: letters, digits, `_`, `-`, and dots between them; not that of the archive."""
    return _HOST.fullmatch(name) is not None and name != ARCHIVE


def is_file(name: str) -> bool:
    """Whether this is the plain name of a journal file, or of one in the archive or another folder."""
    match = _FILE.fullmatch(name)
    return match is not None and canonical_name(match[1]) is not None


def host_name(option: str | None) -> str:
    """The name that this host ships under: the option, or its own. Raises BadInputError for one that cannot be."""
    name = option or socket.gethostname()
    if not is_host(name):
        raise BadInputError(
            f"{name!r} is no name for a host: give --host, of letters, digits, -, _ and dots in between"
        )
    return name


def host_of(subject: str) -> str:
    """The host that a subject belongs to."""
    return subject.split(".", 2)[2] if subject.count(".") >= 2 else ""
