"""What lies in a journal directory, read without mercy."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from lineage_core.read.decoder import Decoder


class Content(NamedTuple):
    """The records of whole lines, the lines that are none, and what our reader finds in all of it."""

    records: list[dict[str, Any]]
    torn: list[bytes]
    read: list[dict[str, Any]]


def content_of(journal: Path) -> Content:
    """The content of the daily files of a directory, in order."""
    records, torn, read = [], [], []
    for path in sorted(journal.glob("lineage-*.jsonl")):
        decoder = Decoder()
        text = path.read_bytes()
        for found in (decoder.feed(text), decoder.flush()):
            read += [one.record for one in found[0]]
        for line in filter(None, text.split(b"\n")):
            try:
                records.append(json.loads(line))
            except ValueError:
                torn.append(line)
    return Content(records, torn, read)


def ids_of(records: list[dict[str, Any]]) -> list[str]:
    """Their lineage_ids."""
    return [record["lineage_id"] for record in records]
