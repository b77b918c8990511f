"""Where the journal is and how its files are named. Looks only; creates nothing.

One rule for all writers, readers and the screen; `lineage.sh` and `lineage` have it in shell.
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

from lineage_core.base.errors import BadInputError, JournalError
from lineage_core.model.host_file_names import HOSTS_MARK

if TYPE_CHECKING:
    from pathlib import Path

COMBINED_NAME = "task-lineage.jsonl"
DAILY_NAME = re.compile(r"lineage-(\d{4}-\d\d-\d\d)\.jsonl")

ENVIRONMENTS = ("prod", "dev", "staging")
"""Environments that a host may keep apart, each below `coordination/NAME/lineage`; the first is the default."""

LIBRARY = os.path.join("scripts", "lib", "lineage.sh")
"""Where a cortex checkout has the shell library; what has it there is a checkout."""


def lineage_dir(option: str | os.PathLike[str] | list[str] | None = None) -> Path:
    """The lineage directory: option > LINEAGE_DIR > that of `coordination_dir`. It need not exist.

    Several directories are those of hosts, and become one directory of hosts. Raises JournalError that names all ways
    to give one when there is none.
    """
    from pathlib import Path

    if isinstance(option, list):
        from lineage_core.settings.host_directories import as_one

        return as_one(option)
    return Path(resolve(option))


def resolve(option: str | os.PathLike[str] | list[str] | None = None) -> str:
    """As `lineage_dir`, as text, for the writers, which start without pathlib. Raises BadInputError for several."""
    if isinstance(option, list):
        raise BadInputError("--dir: one directory only, as this writes there")
    if chosen := os.fspath(option or "") or os.environ.get("LINEAGE_DIR"):
        return chosen
    if coordination := coordination_dir():
        return os.path.join(coordination, *_environment(coordination), "lineage")
    raise JournalError(
        "no lineage directory: give --dir DIR, or set LINEAGE_DIR, or set CORTEX_HOME (then "
        "$CORTEX_HOME/coordination/lineage is used), or run where ./coordination exists"
    )


def coordination_dir() -> str | None:
    """`$CORTEX_HOME/coordination`, else that of the checkout in whose virtual environment this Python is (as
    `CHECKOUT/.venv`), else `./coordination` if it exists.
    """
    if home := os.environ.get("CORTEX_HOME"):
        return os.path.join(home, "coordination")
    checkout = os.path.dirname(sys.prefix)
    if sys.prefix != sys.base_prefix and os.path.isfile(os.path.join(checkout, LIBRARY)):
        return os.path.join(checkout, "coordination")
    return "coordination" if os.path.isdir("coordination") else None


def _environment(coordination: str) -> tuple[str, ...]:
    """The folder of CORTEX_ENV (default: `prod`) if that is set or any environment has one; else none.

    Raises JournalError where CORTEX_ENV could lead elsewhere.
    """
    chosen = os.environ.get("CORTEX_ENV", "")
    if not re.fullmatch(r"([A-Za-z0-9_][A-Za-z0-9_.-]*)?", chosen):
        raise JournalError(f"CORTEX_ENV must be a plain name, such as prod, not {chosen[:100]!a}")
    has_own = (os.path.isdir(os.path.join(coordination, name, "lineage")) for name in ENVIRONMENTS)
    return (chosen or ENVIRONMENTS[0],) if chosen or any(has_own) else ()


def holds_hosts(directory: str | os.PathLike[str]) -> bool:
    """Whether a directory has the mark of one that holds a lineage directory a host: nothing is logged into it."""
    return os.path.exists(os.path.join(directory, HOSTS_MARK))


def daily_name(date: str) -> str:
    """The name of the daily file of a UTC date `YYYY-MM-DD`."""
    return f"lineage-{date}.jsonl"
