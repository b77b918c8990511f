"""A journal with days of a closed month: what the tests of the archive share."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

DAYS = ["lineage-2026-11-11.jsonl", "lineage-2026-11-12.jsonl", "lineage-2026-11-13.jsonl", "lineage-2026-11-22.jsonl"]


def archived(journal: Path, name: str) -> Path:
    return journal / "archive" / name[8:15] / f"{name}.gz"


WRITER = """
import os, sys
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND)
print("open", flush=True)
os.write(fd, sys.stdin.buffer.readline())
"""


def open_writer(path: Path) -> subprocess.Popen[bytes]:
    """A process that has the file open and writes the line it is given before it ends."""
    writer = subprocess.Popen(
        [sys.executable, "-S", "-c", WRITER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert writer.stdout and writer.stdout.readline() == b"open\n"
    return writer
