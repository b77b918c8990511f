"""How lineage-tui ends when nobody pressed `q`: signals, a terminal that vanished, a thread that died of a defect.

In each case the screen is left as by `q`, so that the terminal is restored and what was begun is cleaned up; and when
that hangs, because nobody reads the terminal any more, the process ends all the same, after GRACE seconds.
"""

from __future__ import annotations

import errno
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol

from lineage_core.base import crash_report
from lineage_core.base.errors import ExitCode

GRACE = 3.0
"""Seconds that an orderly end may take."""

LOOK = 1.0
"""Seconds between two looks whether the terminal is still there: not every end of one sends a signal."""


class Program(Protocol):
    """What can be ended. defect: the unexpected error that ended it."""

    defect: BaseException | None

    def end_soon(self, code: int) -> bool:
        """Called from any thread: leave the screen, with this exit code; whether it is under way, so that it can."""


class Shutdown:
    """Ends the app, once, whoever asks first.

    app: the app, once there is one. clean: what has to be done even if the app hangs.
    """

    def __init__(self) -> None:
        self.app: Program | None = None
        self.clean: Callable[[], None] = lambda: None
        self._begun = False

    def begin(self, code: int, *, terminal: bool = True) -> None:
        """Leave the screen; the process ends with this code. terminal: whether there still is one."""
        if self._begun:
            return
        self._begun = True
        if not terminal:
            _let_go_of_terminal()
        watchdog = threading.Timer(GRACE, self._end_at_once, [code])
        watchdog.daemon = True
        watchdog.start()
        under_way = self.app is not None and self.app.end_soon(code)
        if not under_way and threading.current_thread() is threading.main_thread():
            raise SystemExit(code)

    def on_signal(self, number: int, _frame: Any) -> None:
        """A signal asks for the end."""
        self.begin(128 + number, terminal=os.isatty(0))

    def on_thread_death(self, args: threading.ExceptHookArgs) -> None:
        """A thread died: of a write to a terminal that is gone, or of a defect."""
        error = args.exc_value
        if isinstance(error, OSError) and error.errno == errno.EIO:
            self.begin(128 + signal.SIGHUP, terminal=False)
        elif error is not None:
            if self.app is not None:
                self.app.defect = self.app.defect or error
            self.begin(ExitCode.DEFECT)

    def look(self) -> None:
        """End if the terminal is gone."""
        if not os.isatty(0):
            self.begin(128 + signal.SIGHUP, terminal=False)

    def _end_at_once(self, code: int) -> None:
        self.clean()
        if self.app is not None and self.app.defect is not None:
            with suppress(OSError):  # nobody may be reading the terminal
                os.set_blocking(2, False)
                code = crash_report.report("lineage-tui", self.app.defect)
        os._exit(code)


def _let_go_of_terminal() -> None:
    """What is still written goes nowhere, instead of failing or waiting."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nowhere, fd)
    os.close(nowhere)


@contextmanager
def ending() -> Iterator[Shutdown]:
    """Within this, signals, a vanished terminal and dying threads end the app. What is ignored (nohup) stays so."""
    end = Shutdown()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    hook = threading.excepthook
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, end.on_signal)
    threading.excepthook = end.on_thread_death
    try:
        yield end
    finally:
        threading.excepthook = hook
        for number, handler in before.items():
            signal.signal(number, handler)
