"""Regular expressions that a person typed: any mistake is one clear error, and none runs for ever.

The language is that of Python's `re`. Backtracking may take exponential time (`(a+)+$` in a row of a's), so what
could branch is searched for with the `regex` package, which takes a deadline: in any thread and any process. An
expression that needs more than its budget is given up, which is an error; the screen, which has to go on, is told
instead (`given_up`).
"""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NoReturn

from lineage_core.base.errors import BadInputError

MAX_LENGTH = 2000
"""Characters of an expression."""

MAX_SIZE = 100_000
"""Characters of an expression with its repeats written out, as the matcher has it in memory: about 30 MB."""

BUDGET = 1.0
"""Seconds of processor time that all searches with one expression may take beyond QUICK and PER_CHARACTER."""

QUICK, PER_CHARACTER = 1e-4, 1e-7
"""Seconds that each search is worth in any case, and for each character of its text: 20 times what is usual."""

_BRANCHES = frozenset("*+?{|")
_TOKEN = re.compile(r"\\.|\{(\d+)(?:,\d*)?\}|.", re.DOTALL)
_budget = BUDGET
_on_screen = False


def limit(seconds: float, *, on_screen: bool = False) -> None:
    """Set the budget of the expressions compiled from now on.

    on_screen: an expression that is given up matches nothing from then on, in place of an error.
    """
    global _budget, _on_screen
    _budget, _on_screen = seconds, on_screen


class Pattern:
    """A compiled expression. given_up: whether its searches took longer than its budget."""

    __slots__ = ("_budget", "_expression", "_search", "_timed", "given_up")

    def __init__(self, expression: str | bytes, flags: int) -> None:
        self.given_up = False
        self._expression, self._budget = expression, _budget
        search: Callable[..., object] = re.compile(expression, flags).search
        text = expression if isinstance(expression, str) else expression.decode("latin-1")
        self._timed = not _BRANCHES.isdisjoint(text)  # without branches a search is quick
        if self._timed:
            import regex  # 20 ms

            try:
                search = regex.compile(expression, flags | regex.VERSION0).search
            except regex.error as error:
                raise re.error(str(error)) from None
        self._search = search

    def found_in(self, text: Any) -> bool:
        """Whether it occurs in a text (or bytes, if it is one for bytes). Raises BadInputError when it is given up."""
        if not self._timed:
            return self._search(text) is not None
        if self.given_up:
            return self._give_up()
        try:
            return self._search(text, timeout=QUICK + PER_CHARACTER * len(text)) is not None
        except TimeoutError:
            return self._slowly(text)

    def _slowly(self, text: Any) -> bool:
        """The search again, on the budget that is left."""
        began = time.process_time()
        try:
            return self._search(text, timeout=max(QUICK, self._budget)) is not None
        except (TimeoutError, MemoryError):
            return self._give_up()
        finally:
            self._budget -= time.process_time() - began

    def _give_up(self) -> bool:
        self.given_up = True
        if not _on_screen:
            raise BadInputError(
                f"the regular expression {self._expression!r} takes too long to search for; make it simpler: no "
                "repeats inside repeats, no alternatives that begin alike"
            )
        return False


def compiled(expression: str, frame: str = "", *, ignore_case: bool = True) -> Pattern:
    """The pattern of an expression. The same one is given again for the same words.

    frame: an expression with `{}` in it, into which it is put, for a search in bytes. Raises BadInputError.
    """
    return _compiled(expression, frame, re.IGNORECASE if ignore_case else 0)


@lru_cache(maxsize=256)
def _compiled(expression: str, frame: str, flags: int) -> Pattern:
    if len(expression) > MAX_LENGTH:
        raise BadInputError(f"a regular expression of {len(expression)} characters; the longest is {MAX_LENGTH}")
    if (size := _size(expression)) > MAX_SIZE:
        _refuse(expression, f"its repeats stand for {size} characters; {MAX_SIZE} are the most")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of constructs that will mean something else one day
            plain = Pattern(expression, flags)  # also where it goes into a frame, so that `a)(b` is refused
            return Pattern(frame.format(expression).encode(), flags) if frame else plain
    except (re.error, OverflowError, RecursionError, UnicodeEncodeError) as error:
        _refuse(expression, error)


def _refuse(expression: str, why: object) -> NoReturn:
    raise BadInputError(f"bad regular expression {expression!r}: {why}") from None


def _size(expression: str) -> int:
    """How many characters an expression has with its repeats written out; rather too many than too few."""
    groups, last = [0], 0
    for token in _TOKEN.finditer(expression):
        if token[0] == "(":
            groups.append(0)
        elif token[0] == ")":
            last = groups.pop()
            groups = groups or [0]
            groups[-1] += last
        elif token[1] is not None:
            times = int(token[1][:9]) - 1
            groups[-1] += last * max(0, times)
            last *= max(1, times + 1)
        else:
            last = 1
            groups[-1] += 1
    return sum(groups)
