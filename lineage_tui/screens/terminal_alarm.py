"""What the terminal itself tells while nobody looks at the screen: how many need somebody, in its title, and a bell or
a notification for what is new. Only counts of ours: no text from events goes there."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Set

PUSH_TITLE, POP_TITLE = "\x1b[22;0t", "\x1b[23;0t"
"""Keep the title that the terminal has, and go back to it (xterm's ctlseqs, XTWINOPS)."""


class Alarm:
    """mode: `off`, `title`, `bell` (the title too) or `notify` (an OSC 9 notification too). write: sends to the
    terminal."""

    def __init__(self, mode: str, write: Callable[[str], None]) -> None:
        self._mode = mode
        self._write = write
        self._shown: int | None = None
        self._known: Set[Hashable] | None = None

    def show(self, urgent: Set[Hashable]) -> None:
        """Tell what is urgent and not acknowledged, by keys; what was there at the first call is not new."""
        if self._mode == "off":
            return
        count = len(urgent)
        if count != self._shown:
            push = PUSH_TITLE if self._shown is None else ""
            self._write(f"{push}\x1b]2;lineage: {_words(count)}\x1b\\")
            self._shown = count
        new = len(urgent - self._known) if self._known is not None else 0
        self._known = urgent
        if new and self._mode == "bell":
            self._write("\x07")
        elif new and self._mode == "notify":
            more = f", {count} in all" if count > new else ""
            self._write(f"\x1b]9;lineage: {_words(new)}{more}\x1b\\")

    def end(self) -> None:
        """Give the terminal its title back."""
        if self._shown is not None:
            self._write(POP_TITLE)
            self._shown = None


def _words(count: int) -> str:
    if not count:
        return "nothing needs you"
    return f"{count:,} need{'s' if count == 1 else ''} you"
