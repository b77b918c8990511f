"""`--demo`: a simulated cortex in a temporary directory, for as long as a program shows it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from lineage_core import demo
from lineage_core.demo.hosts import run_hosts


@contextmanager
def demo_directory(*, rate: float, seed: int, hosts: int = 1) -> Iterator[Path]:
    """A lineage directory, or one of several hosts, that a simulated cortex writes into; removed on leaving."""
    with TemporaryDirectory(prefix="lineage-demo-", ignore_cleanup_errors=True) as home:
        directory = Path(home) / "coordination" / "lineage"
        stop = threading.Event()
        writer = threading.Thread(
            target=demo.run if hosts == 1 else partial(run_hosts, hosts=hosts),
            args=(directory,),
            kwargs={"rate": rate, "seed": seed, "stop": stop},
            name="demo",
        )
        writer.start()
        try:
            yield directory
        finally:
            stop.set()
            writer.join()
