"""The archived months as Parquet, for analysis elsewhere: the events of each as `frames/columns.py` lays them out.

Imports polars when it is used. The files are made from the archive and may be deleted; readers of ours ignore them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from lineage_core.base.errors import JournalError
from lineage_core.read.journal_files import ARCHIVE


def write_months(directory: Path) -> Iterator[Path]:
    """Write `archive/YYYY-MM/events-YYYY-MM.parquet` for each month that has none, or an older one; gives their paths.

    Raises JournalError if one cannot be written.
    """
    for folder in sorted((directory / ARCHIVE).glob("[0-9][0-9][0-9][0-9]-[0-9][0-9]")):
        target = folder / f"events-{folder.name}.parquet"
        packed = [path.stat().st_mtime_ns for path in folder.glob("*.jsonl.gz")]
        if packed and not (target.exists() and target.stat().st_mtime_ns > max(packed)):
            _write(folder, target)
            yield target


def _write(folder: Path, target: Path) -> None:
    from lineage_core.dataframes.reader import write_parquet

    fresh = target.with_name(f"{target.name}.{os.getpid()}.tmp")
    try:
        write_parquet(folder, "events", fresh)
        fresh.chmod(next(folder.glob("*.jsonl.gz")).stat().st_mode & 0o777)
        fresh.replace(target)
    except OSError as error:
        raise JournalError(f"cannot write {target}: {error.strerror}") from error
    finally:
        fresh.unlink(missing_ok=True)
