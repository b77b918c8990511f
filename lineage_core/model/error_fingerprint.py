"""Which reasons of failures have one fingerprint: those that differ in ids, numbers and quoted names only.

Of a path only the parts with digits go: where it failed is what one looks for.

The steps are regular expressions that Python and polars read alike, so that the figures and the filters agree.
"""

from __future__ import annotations

import re
from functools import lru_cache

STEPS = (
    (r"""'[^']*'|"[^"]*"|`[^`]*`""", "#"),
    (r"[\w.:@+-]*[0-9][\w.:@+%-]*|\b[0-9a-fA-F]{8,}\b", "#"),
    (r"[^\S\x1c-\x1f]+", " "),  # what both call a blank
    (r"#(?:[ ,]*#)+", "#"),
)
"""What is put in place of what, one after another; then blanks at the ends go."""

LENGTH = 160
"""Characters of a fingerprint."""

NO_REASON = "(no reason given)"

_MOST = 4000  # characters of a reason that are looked at
_WORD = STEPS[1][0]
# A word is tried from its beginning only, which is all the same and takes linear time.
_COMPILED = tuple((re.compile(r"(?<![\w.:@+-])" * (step == _WORD) + step), put) for step, put in STEPS)


def fingerprint(reason: str) -> str:
    """A reason without what differs from case to case, which becomes `#`."""
    return _masked(reason[:_MOST])


@lru_cache(maxsize=4096)
def _masked(reason: str) -> str:
    for pattern, put in _COMPILED:
        reason = pattern.sub(put, reason)
    return reason.strip(" ")[:LENGTH]
