"""Where the journal is and how its files are named. Looks only; creates nothing."""

from __future__ import annotations

import os
import re
from pathlib import Path

from lineage_core.errors import JournalError

COMBINED_NAME = "task-lineage.jsonl"
DAILY_NAME = re.compile(r"lineage-(\d{4}-\d\d-\d\d)\.jsonl")


def lineage_dir(option: str | os.PathLike[str] | None = None) -> Path:
    """The lineage directory: option > LINEAGE_DIR > $CORTEX_HOME/coordination/lineage > ./coordination/lineage.

    The first three need not exist. Raises JournalError, naming all four, when none is given and the last is missing.
    """
    if option:
        return Path(option)
    if chosen := os.environ.get("LINEAGE_DIR"):
        return Path(chosen)
    if home := os.environ.get("CORTEX_HOME"):
        return Path(home) / "coordination" / "lineage"
    here = Path("coordination") / "lineage"
    if here.is_dir():
        return here
    raise JournalError(
        "no lineage directory: give --dir DIR, or set LINEAGE_DIR, or set CORTEX_HOME "
        "(then $CORTEX_HOME/coordination/lineage is used), or run where ./coordination/lineage exists"
    )


def daily_name(date: str) -> str:
    """The name of the daily file of a UTC date `YYYY-MM-DD`."""
    return f"lineage-{date}.jsonl"
