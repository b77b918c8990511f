"""`--demo`: a simulated cortex in a temporary directory, for as long as a program shows it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from lineage_core import demo


@contextmanager
def demo_directory(*, rate: float, seed: int) -> Iterator[Path]:
    """A lineage directory that a simulated cortex writes into; ended and removed on leaving."""
    with TemporaryDirectory(prefix="lineage-demo-", ignore_cleanup_errors=True) as home:
        directory = Path(home) / "coordination" / "lineage"
        stop = threading.Event()
        writer = threading.Thread(
            target=demo.run, args=(directory,), kwargs={"rate": rate, "seed": seed, "stop": stop}, name="demo"
        )
        writer.start()
        try:
            yield directory
        finally:
            stop.set()
            writer.join()
