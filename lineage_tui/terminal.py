"""The terminal that the screen is drawn on: whether there is one, what comes from it, and how it is left."""

from __future__ import annotations

import errno
import os
import re
import selectors
import signal
import termios
from codecs import getincrementaldecoder
from contextlib import suppress
from typing import Any

from textual import events
from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from lineage_tui.widgets.pending_key import pending_key

_LEAVE = b"\x1b[?2004l\x1b[?7h\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1004l\x1b[<u\x1b[?1049l\x1b[?25h"
"""Ends what a Textual driver switches on: bracketed paste, no wrapping, mouse and focus reports, the keyboard protocol
of kitty, the alternate screen, the hidden cursor."""

_X10_MOUSE = re.compile(rb"\x1b\[M([ -\xff]{3})", re.DOTALL)
_BEGUN_X10_MOUSE = re.compile(rb"\x1b\[M[ -\xff]{0,2}\Z", re.DOTALL)


class InputDecoder:
    """Bytes from a terminal to text, whatever they are: what is not UTF-8 becomes U+FFFD.

    Mouse reports in the form of X10 (xterm's ctlseqs, "Normal tracking mode": ESC [ M and three bytes of 32 + value)
    are rewritten in the form of SGR, the one that the parser of Textual understands; their bytes are no text.
    """

    def __init__(self) -> None:
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._begun = b""

    def __call__(self, data: bytes) -> str:
        """The text of the next bytes; empty bytes: nothing came for a while, what was begun is complete."""
        whole = self._begun + data
        begun = _BEGUN_X10_MOUSE.search(whole) if data else None
        self._begun = begun[0] if begun else b""
        return self._decode(_X10_MOUSE.sub(_sgr_mouse, whole[: len(whole) - len(self._begun)]), final=not data)


def _sgr_mouse(report: re.Match[bytes]) -> bytes:
    button, x, y = (byte - 32 for byte in report[1])
    if button & 0b1100011 == 3:  # X10 does not say which button was released
        return b"\x1b[<%d;%d;%dm" % (button & ~3, x, y)
    return b"\x1b[<%d;%d;%dM" % (button, x, y)


class TerminalDriver(LinuxDriver):
    """Textual's driver for Linux and macOS, which takes input that is not UTF-8, and dies of errors aloud.

    An error in the thread that reads is left to `threading.excepthook` (see `lineage_tui.shutdown`).
    """

    _resuming = False

    def _run_input_thread(self) -> None:
        self.run_input_thread()

    def process_message(self, message: Message) -> None:
        if isinstance(message, events.Key):
            pending_key(self._app).pressed()
        super().process_message(message)

    def write(self, data: str) -> None:
        super().write(data)
        pending_key(self._app).drawn()

    def suspend(self) -> None:
        """Stop until the shell lets us go on, and all that was started with us, as Ctrl-Z does with other programs."""
        self.suspend_application_mode()  # before the signal: the shell takes the terminal as soon as its job stops
        self._must_signal_resume = True
        handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(0, signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, handler)

    def _sigcont_application(self, *_: Any) -> None:
        """Take the terminal again. After SIGSTOP, which nobody is told of, the threads of before are still there."""
        if self._resuming:
            return
        self._resuming = True
        try:
            if self._key_thread is not None and self._key_thread.is_alive():
                self._must_signal_resume = True
                self.suspend_application_mode()
            super()._sigcont_application()
        finally:
            self._resuming = False

    def run_input_thread(self) -> None:
        """Hand on what is typed, until the driver stops. Raises OSError (EIO) when the terminal is gone."""
        parser, decode = XTermParser(self._debug), InputDecoder()
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                data = b""
                if selector.select(0.1):
                    data = os.read(self.fileno, 4096)
                    if not data:
                        raise OSError(errno.EIO, os.strerror(errno.EIO))
                for events in (parser.feed(text) if (text := decode(data)) else (), parser.tick()):
                    for event in events:
                        self.process_message(event)
        with suppress(EOFError, ParseError):
            for _ in parser.feed(""):
                pass


def has_shell() -> bool:
    """Whether there is a shell with job control to suspend to: without, nobody would let us go on again."""
    return os.getpgrp() != os.getsid(0)


class TerminalState:
    """The state of the terminal at the start, to go back to whatever happened since."""

    def __init__(self) -> None:
        self._modes = termios.tcgetattr(0)

    def restore(self) -> None:
        """Leave the alternate screen, and set the modes of the start. Does not wait for a terminal that hangs."""
        with suppress(OSError, termios.error):
            if termios.tcgetattr(0) == self._modes:
                return  # the driver has left it in order
            termios.tcsetattr(0, termios.TCSANOW, self._modes)
            os.set_blocking(2, False)
            os.write(2, _LEAVE)
            os.set_blocking(2, True)


def missing() -> str:
    """Why nothing can be drawn here; nothing if it can."""
    for number, name in enumerate(("standard input", "standard output", "standard error")):
        if not os.isatty(number):
            return f"{name} is no terminal"
    if (kind := os.environ.get("TERM", "")) in ("dumb", "unknown"):
        return f"a terminal of the kind {kind!r} has no screen to draw on"
    return ""
