"""The cutter in C, where there is one: see README.md. `cutter.cut` takes it, `library()` says whether it is there."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

LIBRARY = Path(__file__).with_name("libcutter.so")
"""What the build hook makes of cutter.c where there is a C compiler."""


@cache
def library() -> Path | None:
    """The library that is at work; None where it was not built, or LINEAGE_NATIVE=0 switches it off."""
    return LIBRARY if os.environ.get("LINEAGE_NATIVE") != "0" and LIBRARY.exists() else None
