"""A defect of ours ends a program: one paragraph for the person, and a report for whoever mends it.

Imported only when that happens.
"""

from __future__ import annotations

import os
import platform
import sys
import traceback
from pathlib import Path

from lineage_core.base import clock
from lineage_core.base.errors import ExitCode
from lineage_core.base.escaping import visible


def report(program: str, error: BaseException) -> int:
    """Write a report of the error, say so on stderr; returns the exit code, 70.

    program: as the person called it: `lineage tasks`. The report lies in the user's state directory, for the user
    only; it holds the traceback, without the values of variables, and the versions of what ran. Where it cannot be
    written, it is printed.
    """
    what = visible(f"{type(error).__name__}: {error}", 300)
    text = _text(program, error)
    print(f"{program}: a defect of ours ended this: {what}", file=sys.stderr)
    print("What is in the journal is safe; trying again does no harm.", file=sys.stderr)
    try:
        path = _write(text)
    except OSError as trouble:
        print(f"The report below could not be kept ({trouble.strerror}). Please send it to us.", file=sys.stderr)
        print(text, file=sys.stderr)
    else:
        print(f"Please send us {path} and what you did just before.", file=sys.stderr)
    return ExitCode.DEFECT


def _text(program: str, error: BaseException) -> str:
    from importlib.metadata import PackageNotFoundError, version

    names = ("lineage-tui", "textual", "orjson", "polars", "watchfiles")
    versions = []
    for name in names:
        try:
            versions.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            versions.append(f"{name} (not installed)")
    lines = [
        f"{program}, {clock.format_timestamp(clock.now())}",
        f"Python {platform.python_version()}, {platform.platform()}, TERM={os.environ.get('TERM', '')}",
        ", ".join(versions),
        "",
        *"".join(traceback.format_exception(error)).split("\n"),
    ]
    return "\n".join(map(visible, lines))


def _write(text: str) -> Path:
    """Keep a report as a private file. Raises OSError."""
    from lineage_core.base import user_files

    folder = user_files.need("state")
    stamp = clock.format_timestamp(clock.now())[:19].replace(":", "")
    path = folder / f"crash-{stamp}-{os.getpid()}.txt"
    with user_files.replacing(path) as file:
        file.write(text.encode())
    return path
