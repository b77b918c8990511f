"""Long answers at a terminal go through a pager, as those of git do; everywhere else they are just written."""

from __future__ import annotations

import os
import re
import signal
import sys
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import subprocess

_INVISIBLE = re.compile(r"\x1b\[[0-9;]*m|\x1b\]8;[^\x1b]*\x1b\\")


class Pager:
    """Takes the text of an answer; a `with` block. Text that fits the terminal is written when the block ends; from
    the first line that does not fit, all goes to the pager. Its end is waited for.

    for_people: False for formats that programs read, which are written at once.
    """

    def __init__(self, *, for_people: bool) -> None:
        self._room: float = 0
        self._width = 1
        self._pending: list[str] = []
        self._process: subprocess.Popen[str] | None = None
        self._words: list[str] = []
        self._interrupt: Any = signal.SIG_DFL
        if for_people and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb":
            self._words = command()
        if self._words:
            size = os.get_terminal_size(sys.stdout.fileno())
            self._room, self._width = size.lines - 1, max(1, size.columns)  # the prompt takes a line

    def write(self, text: str) -> None:
        """Take a line of text. Raises BrokenPipeError when the person has seen enough."""
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.write(text)
        elif not self._words:
            sys.stdout.write(text)
        else:
            self._pending.append(text)
            self._room -= max(1, -(-len(_INVISIBLE.sub("", text.rstrip("\n"))) // self._width))
            if self._room < 0:
                self._start()

    def _start(self) -> None:
        import subprocess

        environ = {"LESS": "FRX", "LV": "-c"} | os.environ
        sys.stdout.flush()
        try:
            self._process = subprocess.Popen(self._words, stdin=subprocess.PIPE, text=True, env=environ)  # noqa: S603
        except OSError:
            self._words = []
        else:  # Ctrl-C is for the pager, which has the terminal; its end ends this too
            self._interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
        pending, self._pending = self._pending, []
        for text in pending:
            self.write(text)

    def __enter__(self) -> Pager:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            assert self._process.stdin is not None
            with suppress(BrokenPipeError):
                self._process.stdin.close()
            self._process.wait()
            signal.signal(signal.SIGINT, self._interrupt)
        else:
            for text in self._pending:
                sys.stdout.write(text)


def command() -> list[str]:
    """The words of the pager: LINEAGE_PAGER, else PAGER, else less; none if that is empty, `cat`, or not there."""
    import shlex
    import shutil

    chosen = os.environ.get("LINEAGE_PAGER", os.environ.get("PAGER", "less"))
    try:
        words = shlex.split(chosen)
    except ValueError:
        return []
    return words if words and words != ["cat"] and shutil.which(words[0]) else []
