"""How long a step of the line of time takes in the app: from the key to the frame that shows all that was known then.

    python tests/benchmarks/bench_past.py [--events 1100000] [--steps 10] [--directory DIR]

Milliseconds of wall time and of processor time of the whole process, by kind of step: one cell of the line earlier and
later, from event to event, a turn from one direction to the other among them. 1,100,000 events are 97,000 tasks.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from lineage_tui.app import LineageApp
from lineage_tui.screens.main import MainScreen
from lineage_tui.screenshots import ready


def standing(app: LineageApp, at: int) -> bool:
    """Whether the screen shows all that was known at a time; lists that nobody looks at may be behind."""
    past, screen = app.travel.past, app.screen
    if past is None or past.at != at or not isinstance(screen, MainScreen) or screen.context.state is not past:
        return False
    return not screen.context.feed.waiting and len(screen.tree_view.model.rows) == len(past.rows)


async def step(app: LineageApp, command: str) -> tuple[float, float]:
    """Milliseconds until a step is on the screen: of wall time, and of processor time."""
    before = app.travel.past.at if app.travel.past is not None else 0
    began, worked = time.monotonic(), time.process_time()
    await app.screen.action_do(command)  # type: ignore[attr-defined]
    while app.travel.past is None or app.travel.past.at == before or not standing(app, app.travel.past.at):
        await asyncio.sleep(0.001)
    drawn = asyncio.Event()
    app.screen.call_after_refresh(drawn.set)
    await drawn.wait()
    return (time.monotonic() - began) * 1000, (time.process_time() - worked) * 1000


async def measure(directory: Path, steps: int) -> dict[str, list[tuple[float, float]]]:
    """The times of each kind of step, in the order in which they were taken."""
    app = LineageApp(directory)
    found: dict[str, list[tuple[float, float]]] = {}
    async with app.run_test(size=(160, 50)):
        await ready(app)
        newest = max(row.last_at for row in app.state.rows.values())
        oldest = min(row.first_at for row in app.state.rows.values())
        app.travel.go(oldest + (newest - oldest) // 2)
        while app.travel.past is None or not standing(app, app.travel.past.at):
            await asyncio.sleep(0.01)
        print(f"{len(app.travel.past.rows):,} of {len(app.state.rows):,} tasks are known half-way", flush=True)
        await asyncio.sleep(5)  # attention and what is usual are learned
        await step(app, "earlier")
        for kind in ("earlier", "later", "event-before", "event-after"):
            for _ in range(steps):
                found.setdefault(kind, []).append(await step(app, kind))
                await asyncio.sleep(0.2)
        for _ in range(steps // 2):
            found.setdefault("to and fro", []).append(await step(app, "earlier"))
            found["to and fro"].append(await step(app, "later"))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_100_000)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--directory", type=Path, help="of a past that is there already")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        directory = args.directory or Path(home)
        if args.directory is None:
            lineage = str(Path(sys.executable).parent / "lineage")
            words = ["demo", "--dir", home, "--backfill", str(args.events), "--days", "30"]
            subprocess.run([lineage, *words], check=True, stderr=subprocess.DEVNULL)
        for kind, times in asyncio.run(measure(directory, args.steps)).items():
            walls, worked = zip(*times, strict=True)
            print(f"{kind:12}  p50 {median(walls):6.0f} ms  max {max(walls):6.0f} ms  cpu {median(worked):6.0f} ms")


if __name__ == "__main__":
    main()
