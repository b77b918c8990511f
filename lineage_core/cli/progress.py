"""A progress bar on stderr for work that takes long, when stderr is a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lineage_core.state.load import Loaded

_AFTER = 0.4  # seconds; what is done by then shows nothing
_EVERY = 0.1
_WIDTH = 30


_LIVE: ContextVar[Callable[[], Loaded] | None] = ContextVar("live", default=None)


@contextmanager
def answered_from(live: Callable[[], Loaded]) -> Iterator[None]:
    """Within this context `load_all` reads nothing, but gives what a feed has folded already."""
    token = _LIVE.set(live)
    try:
        yield
    finally:
        _LIVE.reset(token)


def load_all(directory: Path) -> Loaded:
    """The state of a directory, with a progress bar if it takes long. Raises JournalError when it does not exist."""
    if (live := _LIVE.get()) is not None:
        return live()
    from lineage_core.state.load import load

    with ProgressBar("reading") as bar:
        return load(directory, progress=lambda done, total: bar(done / max(1, total)))


class ProgressBar:
    """Call it with the part that is done, from 0 to 1; leaving its `with` block wipes it away."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._wanted = sys.stderr.isatty() and _LIVE.get() is None
        self._next = time.monotonic() + _AFTER
        self._shown = False

    def __enter__(self) -> ProgressBar:
        return self

    def __call__(self, part: float) -> None:
        """It has come so far, from 0 to 1: drawn a few times a second, after the first moment."""
        if not self._wanted or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _EVERY
        self._shown = True
        filled = round(max(0.0, min(1.0, part)) * _WIDTH)
        sys.stderr.write(f"\r{self._label} [{'#' * filled}{'.' * (_WIDTH - filled)}] {part:4.0%}")
        sys.stderr.flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
