"""Where the journal is and how its files are named. Looks only; creates nothing."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from lineage_core.base.errors import JournalError

if TYPE_CHECKING:
    from pathlib import Path

COMBINED_NAME = "task-lineage.jsonl"
DAILY_NAME = re.compile(r"lineage-(\d{4}-\d\d-\d\d)\.jsonl")


def lineage_dir(option: str | os.PathLike[str] | None = None) -> Path:
    """The lineage directory: option > LINEAGE_DIR > $CORTEX_HOME/coordination/lineage > ./coordination/lineage.

    The first three need not exist. Raises JournalError, naming all four, when none is given and the last is missing.
    """
    from pathlib import Path

    return Path(resolve(option))


def resolve(option: str | os.PathLike[str] | None = None) -> str:
    """As `lineage_dir`, as text: the writers start without pathlib."""
    if chosen := os.fspath(option or "") or os.environ.get("LINEAGE_DIR"):
        return chosen
    if home := os.environ.get("CORTEX_HOME"):
        return os.path.join(home, "coordination", "lineage")
    here = os.path.join("coordination", "lineage")
    if os.path.isdir(here):
        return here
    raise JournalError(
        "no lineage directory: give --dir DIR, or set LINEAGE_DIR, or set CORTEX_HOME "
        "(then $CORTEX_HOME/coordination/lineage is used), or run where ./coordination/lineage exists"
    )


def daily_name(date: str) -> str:
    """The name of the daily file of a UTC date `YYYY-MM-DD`."""
    return f"lineage-{date}.jsonl"
