"""A real program at a real pseudo-terminal, every byte it writes recorded."""

from __future__ import annotations

import base64
import fcntl
import os
import re
import signal
import struct
import sys
import termios
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pyte

from tests import forked

BIN = Path(sys.executable).parent

_SEQUENCE = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[PX^_\]][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]", re.DOTALL)


def without_sequences(data: bytes) -> str:
    """What a terminal would print of these bytes, its escape sequences taken out."""
    return _SEQUENCE.sub(b"", data).decode("utf-8", "replace")


class PtyProgram:
    """A program whose controlling terminal is a pseudo-terminal of ours; a context manager that ends it.

    output: all bytes written to the terminal so far.
    """

    def __init__(
        self, argv: Sequence[str | Path], *, size: tuple[int, int] = (120, 36), env: dict[str, str] | None = None
    ) -> None:
        self._master, slave = os.openpty()
        self._cooked = termios.tcgetattr(slave)
        self._slave = slave  # kept open, so that the modes can be asked for when the program is gone
        self.output = bytearray()
        self._screen = pyte.Screen(*size)
        self._drawing = pyte.ByteStream(self._screen)
        self._drawn = 0  # bytes of the output that stand on the screen
        self._resized(*size)
        environ = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES", "NO_COLOR")}
        environ |= {"TERM": "xterm-256color"} | (env or {})
        self.process = forked.start([str(word) for word in argv], environ, (slave, slave, slave), terminal=True)
        self._ended = threading.Event()
        self._reader = threading.Thread(target=self._record, daemon=True)
        self._reader.start()

    def _record(self) -> None:
        while not self._ended.is_set():
            try:
                data = os.read(self._master, 65536)
            except OSError:
                return
            if not data:
                return
            self.output += data

    def forget(self, most: int) -> None:
        """Keep only the last bytes of the output; what was forgotten undrawn shows with the next full drawing."""
        excess = max(0, len(self.output) - most)
        del self.output[:excess]
        self._drawn = max(0, self._drawn - excess)

    def screen(self) -> str:
        """What a person sees at the terminal now, line by line."""
        data = bytes(self.output[self._drawn :])
        self._drawn += len(data)
        self._drawing.feed(data)
        return "\n".join(self._screen.display)

    def _resized(self, width: int, height: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def resize(self, width: int, height: int) -> None:
        """Change the terminal's size, as a person pulling at its window does."""
        self._resized(width, height)
        self._screen.resize(height, width)
        self.process.send_signal(signal.SIGWINCH)

    def keys(self, text: str | bytes) -> None:
        """Type; or send bytes that no key makes."""
        os.write(self._master, text.encode() if isinstance(text, str) else text)

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Drag the mouse from one cell (column, row, from 0) to another, in the form of SGR mouse reports."""
        for button, (x, y), final in ((35, start, "M"), (0, start, "M"), (32, end, "M"), (0, end, "m")):
            self.keys(f"\x1b[<{button};{x + 1};{y + 1}{final}")
            time.sleep(0.1)  # as a hand would; the app learns from the first report where the mouse is

    def copied(self) -> list[str]:
        """What the program has asked the terminal to put on the clipboard (OSC 52)."""
        found = re.findall(rb"\x1b]52;c;([A-Za-z0-9+/=]*)\x07", bytes(self.output))
        return [base64.b64decode(text).decode() for text in found]

    def wait_until(self, holds: Callable[[], object], what: str, seconds: float = 120.0) -> None:
        """Wait for a condition, with a deadline; what an ended process printed last may still be on its way."""
        end, over = time.monotonic() + seconds, False
        while not holds():
            if time.monotonic() > end or over:
                shown = without_sequences(bytes(self.output[-6000:]))
                raise AssertionError(f"waited for {what} (exit code {self.process.poll()}); shown last:\n{shown}")
            over = self.process.poll() is not None
            self.settle() if over else time.sleep(0.01)

    def wait_for_output(self, text: str) -> None:
        """Wait until a text has been printed, wherever it stands now or whatever became of it."""
        self.wait_until(lambda: text in without_sequences(bytes(self.output)), repr(text))

    def wait_for(self, text: str, *, gone: bool = False, seconds: float = 120.0) -> None:
        """Wait until a text stands on the screen, or does not stand there any more."""
        self.wait_until(lambda: (text in self.screen()) != gone, f"{text!r} {'to go' if gone else 'to show'}", seconds)

    def press(self, keys: str, text: str) -> None:
        """Type, and wait until a text shows that did not stand on the screen before."""
        assert text not in self.screen()
        self.keys(keys)
        self.wait_for(text)

    def settle(self, seconds: float = 10.0) -> None:
        """Wait until nothing more is printed for a tenth of a second, or `seconds` are over.

        It is counted in looks: of a process that was not run for a while, the reader was not run either.
        """
        end, size, looks = time.monotonic() + seconds, len(self.output), 0
        while time.monotonic() < end and looks < 10:
            looks = looks + 1 if len(self.output) == size else 0
            size = len(self.output)
            time.sleep(0.01)

    def ends(self, seconds: float = 120.0) -> int:
        """Wait for the program's end, and for what it wrote last; its exit code."""
        code = self.process.wait(seconds)
        self.settle()
        return code

    @property
    def restored(self) -> bool:
        """Whether the terminal's modes are what they were before the program."""
        return termios.tcgetattr(self._slave) == self._cooked

    def stop_reading(self) -> None:
        """Let what the program writes pile up."""
        self._ended.set()
        self.process.send_signal(signal.SIGWINCH)  # something to draw, so that the read under way ends
        self._reader.join(5)

    def vanish(self) -> None:
        """Close the terminal, as a person closing its window does."""
        os.close(self._slave)
        self._slave = -1
        self.stop_reading()  # it would keep the master open
        os.close(self._master)
        self._master = -1

    def __enter__(self) -> PtyProgram:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._ended.set()
        if self._slave >= 0:
            os.close(self._slave)
        self._reader.join(5)
        if self._master >= 0:
            os.close(self._master)


def open_descriptors(pid: int) -> list[str]:
    """What the descriptors of a process lead to."""
    found = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.append(os.readlink(link))
        except FileNotFoundError:
            continue
    return found


def watches(pid: int) -> int:
    """How many inotify watches a process has."""
    count = 0
    for info in Path(f"/proc/{pid}/fdinfo").iterdir():
        try:
            count += info.read_text().count("inotify wd:")
        except FileNotFoundError:
            continue
    return count


def resident(pid: int) -> int:
    """Memory of a process in use, in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
