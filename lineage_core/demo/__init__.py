"""A simulated cortex that logs through the real writers: for the demo, for tests and benchmarks.

>>> import threading
>>> from lineage_core import demo
>>> stop = threading.Event()
>>> demo.run("/tmp/cortex/lineage", rate=5, stop=stop)   # until stop.set() in another thread
>>> demo.backfill("/tmp/cortex/lineage", 1_000_000, days=30)
"""

from lineage_core.demo.writer import backfill, run

__all__ = ["backfill", "run"]
