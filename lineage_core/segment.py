"""A folded prefix of a journal file, as a file of its own: what a second start reads instead of the journal.

    line 1   JSON: format, position (`place.Place.to_json`: which file, how far, hashes to recognise it), lengths, CRCs;
             behind it, after a blank, its own CRC
    columns  JSON: the rows of the tasks, where the packed facts of each begin, their CRCs; how many copies there
             were; ids that were claimed
    facts    the packed facts, task after task

Rows become objects, and facts are read, only when somebody looks. A segment is never trusted blindly: lengths and
CRCs are checked, and `DamagedError` means that the journal has to be read instead.
"""

from __future__ import annotations

import os
import zlib
from bisect import bisect_right
from functools import reduce
from pathlib import Path
from typing import Any

import orjson

from lineage_core.decode import Rejected
from lineage_core.facts import Sought
from lineage_core.merge import State
from lineage_core.state import Status, TaskRow

FORMAT = 4
"""Of this file, and of what `fold.py` makes of events; a segment of another format is made again."""

_STATUS = TaskRow._fields.index("status")
_BLOCKED = TaskRow._fields.index("blocked_by")
_NEW_ROW: Any = tuple.__new__  # makes a row in a third of the time that its own constructor takes
_STATUSES = {status.value: status for status in Status}
_BLOCK = 4 << 20


class DamagedError(Exception):
    """A segment is not what was written."""


class Segment:
    """A segment that was opened.

    position: for `Tailer(positions=…)` to go on behind it. rejected: what was quarantined in the prefix.
    homes: the tasks of those events in it that a task names as the cause of its creation. copies: how many records of
    a task (by its number) were copies.
    """

    def __init__(self, path: Path) -> None:
        """Open a segment; raises DamagedError if it is cut short, altered or of another format, or cannot be read."""
        try:
            self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise DamagedError(str(error)) from error
        try:
            self._read()
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise DamagedError(f"{path}: {error!r}") from error

    def _read(self) -> None:
        head = os.pread(self._fd, 8192, 0).partition(b"\n")[0]
        text, _, crc = head.rpartition(b" ")
        if zlib.crc32(text) != int(crc):
            raise ValueError("checksum of the header")
        header = orjson.loads(text)
        start, length = len(head) + 1, header["columns"]
        self._base = start + length
        size = os.fstat(self._fd).st_size
        if header["format"] != FORMAT or size != self._base + header["facts"]:
            raise ValueError("length or format")
        self._columns: tuple[int, int, int] = (start, length, header["crc"])
        self._facts: tuple[int, int] = (header["facts"], header["facts_crc"])
        self.position: dict[str, Any] = header["position"]

    def sound(self) -> bool:
        """Read the columns; whether they and the facts are what was written. To be asked before anything else.

        Reads all of the segment (1 GB/s), mostly without the interpreter: others may go on meanwhile.
        """
        start, length, wanted = self._columns
        columns = os.pread(self._fd, length, start)
        if zlib.crc32(columns) != wanted or not self._facts_sound():
            return False
        try:
            parts = orjson.loads(columns)
            self._rows: list[Any] = parts["rows"]
            self._starts: list[int] = parts["starts"]
            self._crcs: list[int] = parts["crcs"]
            self.copies: dict[int, int] = dict(parts["copies"])
            self.homes: dict[str, str] = parts["homes"]
            self.rejected = [Rejected(*fields) for fields in parts["rejected"]]
        except (ValueError, KeyError, TypeError, IndexError):
            return False
        return bool(self._starts[-1] == self._facts[0])

    def _facts_sound(self) -> bool:
        length, wanted = self._facts
        crc, at, size = 0, self._base, self._base + length
        while at < size and (block := os.pread(self._fd, min(_BLOCK, size - at), at)):
            crc, at = zlib.crc32(block, crc), at + len(block)
        return crc == wanted

    def __len__(self) -> int:
        return len(self._rows)

    def __del__(self) -> None:
        if hasattr(self, "_fd"):
            os.close(self._fd)

    def row(self, number: int) -> TaskRow:
        """The row of a task, by its number in the segment."""
        fields = self._rows[number]
        if isinstance(fields, TaskRow):
            return fields
        fields[_STATUS] = _STATUSES[fields[_STATUS]]
        fields[_BLOCKED] = tuple(fields[_BLOCKED])
        row: TaskRow = _NEW_ROW(TaskRow, fields)
        self._rows[number] = row  # in place of the fields, which would take as much memory again
        return row

    def packed(self, number: int) -> bytes:
        """The packed facts of a task; raises DamagedError if they are not what was written."""
        start, end = self._starts[number], self._starts[number + 1]
        data = os.pread(self._fd, end - start, self._base + start)
        if zlib.crc32(data) != self._crcs[number]:
            raise DamagedError("the facts of a task were altered; delete the cache")
        return data

    def locate(self, sought: Sought) -> dict[str, str]:
        """The tasks of those of these events that stand in the prefix; of several tasks the smallest id.

        Raises DamagedError if the facts of one of them are not what was written.
        """
        homes: dict[str, str] = {}
        starts, begin = self._starts, 0
        while begin < len(self):
            end = max(begin + 1, bisect_right(starts, starts[begin] + _BLOCK) - 1)
            block = os.pread(self._fd, starts[end] - starts[begin], self._base + starts[begin])
            for number in {bisect_right(starts, starts[begin] + place) - 1 for place in sought.places(block)}:
                task_id = str(self._rows[number][0])
                for lineage_id in sought.within(self.packed(number)):
                    homes[lineage_id] = min(task_id, homes.get(lineage_id, task_id))
            begin = end
        return homes


def write(path: Path, state: State, position: dict[str, Any], rejected: list[Rejected]) -> None:
    """Write the segment of a state that one file was folded into; it appears whole or not at all."""
    rows, starts, crcs, facts = [], [0], [], []
    for task_id, row in state.rows.items():
        data = bytes(state.packed(task_id))
        rows.append([*row[:_BLOCKED], list(row.blocked_by), *row[_BLOCKED + 1 :]])
        facts.append(data)
        starts.append(starts[-1] + len(data))
        crcs.append(zlib.crc32(data))
    columns = orjson.dumps(
        {
            "rows": rows,
            "starts": starts,
            "crcs": crcs,
            "copies": [
                (number, copies)
                for number, task_id in enumerate(state.rows if state.copied else ())
                if (copies := state.copied.get(task_id))
            ],
            "homes": state.kin.homes(),
            "rejected": [list(item) for item in rejected],
        }
    )
    header = {
        "format": FORMAT,
        "position": position,
        "columns": len(columns),
        "crc": zlib.crc32(columns),
        "facts": starts[-1],
        "facts_crc": reduce(lambda crc, data: zlib.crc32(data, crc), facts, 0),
    }
    head = orjson.dumps(header)
    part = path.with_suffix(f".{os.getpid()}.part")
    part.unlink(missing_ok=True)
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with open(fd, "wb") as file:
        file.write(b"%b %d\n" % (head, zlib.crc32(head)) + columns)
        file.writelines(facts)
    path.unlink(missing_ok=True)  # a rename over a file would wait for the disk
    part.rename(path)
