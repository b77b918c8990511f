"""How many examples the property tests try: a third of what they are worth, unless THOROUGH is set."""

from __future__ import annotations

import os

THOROUGH = bool(os.environ.get("THOROUGH"))


def examples(count: int) -> int:
    """`count` for a thorough run; else a third of it, other ones each time, so that the suite ends while one waits."""
    return count if THOROUGH else -(-count // 3)
