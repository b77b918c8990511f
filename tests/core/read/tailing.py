"""What the tests of the tailer share: lines of numbered records, and what a pass gives of them."""

from pathlib import Path

from lineage_core.read.tailer import Tailer
from tests.build import compact, record

DAY = "lineage-2026-11-22.jsonl"


def lines(*numbers: int) -> bytes:
    return b"".join(compact(record(number)) for number in numbers)


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def numbers(tailer: Tailer) -> list[int]:
    """The numbers of the records that one pass gives, in the order in which they come."""
    return [int(found.record["task_id"][5:]) for batch in tailer.scan() for found in batch.found]


def rejected(tailer: Tailer) -> int:
    return sum(len(batch.rejected) for batch in tailer.scan())
