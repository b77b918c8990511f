"""Whether folders hold journals of their own, or parts and copies of one: told by how their files of one day begin.

Two journals never begin a day with the same line. A copy does; and what was rotated away lies in one folder only,
beside what is still written.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from lineage_core.base.errors import JournalError
from lineage_core.read.compression import is_packed, unpack

_ENOUGH = 1 << 16  # bytes of a line by which it is known


def hold_several_journals(found: Iterable[tuple[str, str, Path]]) -> bool:
    """Whether two folders hold files of one day that do not begin alike: of the newest day that two of them hold.

    found: folder, date and path of each daily file. What cannot be read, or is empty, tells nothing.
    """
    days: dict[str, dict[str, list[Path]]] = {}
    for folder, date, path in found:
        days.setdefault(date, {}).setdefault(folder, []).append(path)
    for date in sorted(days, reverse=True):
        if len(days[date]) < 2:
            continue
        known: set[bytes] = set()
        compared = False
        for paths in days[date].values():
            lines = {line for path in paths if (line := _first_line(path))}
            if known and lines:
                if known.isdisjoint(lines):
                    return True
                compared = True
            known = known or lines
        if compared:
            return False
    return False


def _first_line(path: Path) -> bytes:
    """How a file begins; nothing where it cannot be read."""
    with suppress(OSError, JournalError), open(path, "rb", opener=_never_waiting) as file:
        begin = next(unpack(file.fileno(), _ENOUGH), b"") if is_packed(path) else file.read(_ENOUGH)
        return begin[:_ENOUGH].partition(b"\n")[0]
    return b""


def _never_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)
