"""What is in C, where it was compiled: see README.md. `cutter.cut` and `facts.FileFacts` take it."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

LIBRARY = Path(__file__).with_name("libcutter.so")
"""What the build hook makes of the sources in C where there is a C compiler."""


FORMAT = 3
"""Of the columns that it gives: the `cut_format` of cutter.c."""


@cache
def library() -> Path | None:
    """The library that is at work; None where it was not built, or was built from another cutter.c (a checkout that was
    updated and not installed again), or LINEAGE_NATIVE=0 switches it off."""
    if os.environ.get("LINEAGE_NATIVE") == "0" or not LIBRARY.exists():
        return None
    import ctypes

    try:
        made = ctypes.c_int.in_dll(ctypes.CDLL(str(LIBRARY)), "cut_format").value
    except (OSError, ValueError):  # it cannot be loaded, or has no such word
        return None
    return LIBRARY if made == FORMAT else None
