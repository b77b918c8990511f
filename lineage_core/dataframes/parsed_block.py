"""What a block of lines holds, as far as its lines are plain: the result of `dataframes/native_lines.py` (the cutter in
C) and of `dataframes/lines_without_c.py` (regular expressions).

Both give what `dataframes/records.py` makes of a decoded record; property tests hold them together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import polars as pl


class Lines(NamedTuple):
    """What a block of lines holds.

    events: those of the plain lines, in order; the file's name is still to be told. odd: the lines that are left over,
    for the decoder, by their starts and ends (without the newline) in the block.
    """

    events: pl.DataFrame
    odd: list[tuple[int, int]]


ReadLines = Callable[[bytes, int, bool], Lines | None]
"""Gives the lines of a block that ends with a newline and stands at an offset of its file, the events with their
lineage_id or without; None if the whole block is for the decoder."""
