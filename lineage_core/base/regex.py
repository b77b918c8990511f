"""Regular expressions that a person typed: any mistake is one clear error, and none stops the screen.

A search may take exponential time (`(a+)+$` in a row of a's). A command can be interrupted; the screen cannot, so it
sets a limit: a search that takes longer is given up, and so is its pattern, which then matches nothing, and says so.
"""

from __future__ import annotations

import re
import signal
import threading
import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from lineage_core.base.errors import BadInputError

MAX_LENGTH = 2000
"""Characters of an expression."""

_REPEATS = frozenset("*+?{")
_limit = 0.0  # seconds; 0: none


def limit(seconds: float) -> None:
    """How long a search in one text may take on the main thread, from now on."""
    global _limit
    _limit = seconds


class _OverrunError(Exception):
    pass


def _overrun(_number: int, _frame: Any) -> None:
    raise _OverrunError


class Pattern:
    """A compiled expression. given_up: whether a search took longer than the limit; it matches nothing since."""

    __slots__ = ("_search", "_slow", "given_up")

    def __init__(self, expression: str | bytes, flags: int) -> None:
        self.given_up = False
        self._search: Callable[[Any], object] = re.compile(expression, flags).search
        text = expression if isinstance(expression, str) else expression.decode("latin-1")
        self._slow = not _REPEATS.isdisjoint(text)  # without repeats a search is quick

    def found_in(self, text: Any) -> bool:
        """Whether it occurs in a text (or bytes, if it is one for bytes)."""
        if self.given_up:
            return False
        if not (self._slow and _limit) or threading.current_thread() is not threading.main_thread():
            return self._search(text) is not None
        before = signal.signal(signal.SIGALRM, _overrun)  # the search looks for signals now and then
        try:
            signal.setitimer(signal.ITIMER_REAL, _limit)
            try:
                return self._search(text) is not None
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
        except _OverrunError:
            self.given_up = True
            return False
        finally:
            signal.signal(signal.SIGALRM, before)


def compiled(expression: str, frame: str = "") -> Pattern:
    """The pattern of an expression, without regard to case. The same one is given again for the same words.

    frame: an expression with `{}` in it, into which it is put, for a search in bytes. Raises BadInputError.
    """
    return _compiled(expression, frame)


@lru_cache(maxsize=256)
def _compiled(expression: str, frame: str) -> Pattern:
    if len(expression) > MAX_LENGTH:
        raise BadInputError(f"a regular expression of {len(expression)} characters; the longest is {MAX_LENGTH}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of constructs that will mean something else one day
            plain = Pattern(expression, re.IGNORECASE)  # also where it goes into a frame, so that `a)(b` is refused
            return Pattern(frame.format(expression).encode(), re.IGNORECASE) if frame else plain
    except (re.error, OverflowError, RecursionError, UnicodeEncodeError) as error:
        raise BadInputError(f"bad regular expression {expression!r}: {error}") from None
