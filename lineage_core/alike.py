"""What reasons have in common: a reason without what differs from case to case, so that alike ones count together.

`stats` does the same to whole columns (`stats.failures.pattern_of`), with these expressions.
"""

from __future__ import annotations

import re
from functools import lru_cache

QUOTED = r"""'[^']*'|"[^"]*"|`[^`]*`"""
NUMBERED = r"[\w./:@+-]*[0-9][\w./:@+%-]*|\b[0-9a-fA-F]{8,}\b|(?:/[\w.-]+){2,}"
REPEATED = r"#(?:[\s,]*#)+"
LENGTH = 160
"""Characters of a pattern."""

_MOST = 4000  # characters of a reason that are looked at
_quoted = re.compile(QUOTED)
_numbered = re.compile(r"(?<![\w./:@+-])" + NUMBERED)  # a word is tried from its beginning only: in linear time
_repeated = re.compile(REPEATED)
_blank = re.compile(r"\s+")


def alike(reason: str) -> str:
    """A reason without ids, numbers, quoted names and paths: they become `#`."""
    return _alike(reason[:_MOST])


@lru_cache(maxsize=4096)
def _alike(reason: str) -> str:
    text = _numbered.sub("#", _quoted.sub("#", reason))
    return _blank.sub(" ", _repeated.sub("#", text)).strip()[:LENGTH]
