"""A journal file -> packed facts, task by task, and the rows of plain tasks, by facts.c: its face in Python.

Other threads run while the C code does.
"""

from __future__ import annotations

import ctypes
import os
import zlib
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

import orjson

from lineage_core.native import LIBRARY, library

AT_ONCE = 4 << 20
"""Bytes of packed facts that are taken over at once."""

Kind = tuple[str, str | None, str | None]
"""As `meaning/durations.py` has it."""

_POINTER, _SIZE = ctypes.c_void_p, ctypes.c_int64
_SECRET = (ctypes.c_uint64 * 2).from_buffer_copy(os.urandom(16))


def available() -> bool:
    """Whether there is such a library here, compiled from the sources that stand beside it: rows of an older one might
    mean something else than `meaning/` has it (after a `git pull`, until it is installed again)."""
    return library() is not None and _functions() is not None


Length = tuple[Kind, int, int]
"""What is alike, when it was met, and how long that took, in microseconds."""


class NativeTask(NamedTuple):
    """What a file holds of a task. packed: its facts as `facts.pack_all` gives them, in the order of facts, copies
    among them. row: the fields of its TaskRow as JSON has them; None: they are to be told from the facts."""

    task_id: str
    packed: bytes
    row: list[Any] | None


class FileFacts:
    """The facts of proven lines of one file. For use in one thread at a time."""

    def __init__(self, file: str, hosts: Iterable[str]) -> None:
        """file: its canonical name. hosts: those of the rows. Raises MemoryError, as all methods do."""
        self._functions = _functions()
        self._facts = self._functions.facts_new(orjson.dumps(file), orjson.dumps([*hosts]), _SECRET)
        if not self._facts:
            raise MemoryError("no memory for facts")

    def __del__(self) -> None:
        if facts := getattr(self, "_facts", None):
            self._functions.facts_free(facts)

    def take(self, block: bytes, base: int) -> list[tuple[int, int]]:
        """Take the lines of a block, which stands at `base` of the file behind all that was taken before; bytes behind
        its last newline are left alone. Gives those that are not proven, by their starts and ends in the block."""
        count = self._functions.facts_take(self._facts, block, len(block), base)
        if count < 0:
            raise MemoryError("no memory for facts")
        edges = (_SIZE * (2 * count)).from_address(self._functions.facts_odd(self._facts))[:] if count else []
        return list(zip(edges[::2], edges[1::2], strict=True))

    def withdraw(self, offset: int) -> None:
        """Take back the fact of the line that stands at an offset of the file."""
        self._functions.facts_withdraw(self._facts, offset)

    def tasks(self) -> Iterator[NativeTask]:
        """The tasks in the order in which they were met; only once, when all was taken."""
        functions, facts = self._functions, self._facts
        while (count := functions.facts_next(facts, AT_ONCE)) > 0:
            ends = (_SIZE * count).from_address(functions.facts_ends(facts))[:]
            rows = self._answer(count)
            packed = ctypes.string_at(functions.facts_packed(facts), ends[-1])
            start = 0
            for row, end in zip(rows, ends, strict=True):
                known = isinstance(row, list)
                yield NativeTask(row[0] if known else row, packed[start:end], row if known else None)
                start = end
        if count < 0:
            raise MemoryError("no memory for facts")

    def lengths(self, task_ids: Iterable[str]) -> list[list[Length] | None]:
        """What `durations.lengths_of` gives for each of these tasks, which have all their facts here; None: that is to
        be told from the facts."""
        lines = "".join([f"{task_id}\n" for task_id in task_ids]).encode()
        lengths = self._answer(self._functions.facts_lengths(self._facts, lines, len(lines)))
        return [some and [((name, kind, owner), at, took) for name, kind, owner, at, took in some] for some in lengths]

    def homes(self, lineage_ids: Iterable[str]) -> list[tuple[str, str]]:
        """The tasks of those of these events that are here, as pairs of both ids."""
        lines = b"".join([orjson.dumps(one)[1:-1] + b"\n" for one in lineage_ids])
        return [(one, home) for one, home in self._answer(self._functions.facts_homes(self._facts, lines, len(lines)))]

    def _answer(self, count: int) -> list[Any]:
        if count < 0:
            raise MemoryError("no memory for facts")
        functions, facts = self._functions, self._facts
        rows: list[Any] = orjson.loads(ctypes.string_at(functions.facts_rows(facts), functions.facts_rows_size(facts)))
        return rows


@cache
def _functions() -> Any:
    """The functions of facts.c; None if the library has none, or was compiled from other sources."""
    functions = ctypes.CDLL(str(LIBRARY))
    crc = zlib.crc32(b"".join(path.read_bytes() for path in sorted(LIBRARY.parent.glob("*.[ch]"))))
    try:
        functions.facts_sources.restype = ctypes.c_uint32
        if functions.facts_sources() != crc:
            return None
    except AttributeError:
        return None
    signatures: dict[str, tuple[Any, list[Any]]] = {
        "facts_new": (_POINTER, [ctypes.c_char_p, ctypes.c_char_p, _POINTER]),
        "facts_take": (_SIZE, [_POINTER, ctypes.c_char_p, _SIZE, _SIZE]),
        "facts_odd": (_POINTER, [_POINTER]),
        "facts_withdraw": (None, [_POINTER, _SIZE]),
        "facts_next": (_SIZE, [_POINTER, _SIZE]),
        "facts_lengths": (_SIZE, [_POINTER, ctypes.c_char_p, _SIZE]),
        "facts_homes": (_SIZE, [_POINTER, ctypes.c_char_p, _SIZE]),
        "facts_packed": (_POINTER, [_POINTER]),
        "facts_ends": (_POINTER, [_POINTER]),
        "facts_rows": (_POINTER, [_POINTER]),
        "facts_rows_size": (_SIZE, [_POINTER]),
        "facts_free": (None, [_POINTER]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(functions, name)
        function.restype, function.argtypes = result, arguments
    return functions
