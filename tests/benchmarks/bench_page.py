"""The page with many tasks, beside vis-timeline on the same data: first paint, and frames a second while it moves.

    python tests/benchmarks/bench_page.py --tasks 100000

Needs chromium and npm; vis-timeline is fetched into a temporary folder for this alone.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import orjson

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from lineage_core.base import clock  # noqa: E402
from tests.core.web.browser import chromium, until  # noqa: E402
from tests.core.web.conftest import serving  # noqa: E402
from tests.wallclock import now  # noqa: E402

VIS = "vis-timeline@8"

MOVES = """async (act) => {
  const move = {
    zoom: (i, [a, b]) => {
      const [middle, half] = [(a + b) / 2, ((b - a) / 2) * (i % 40 < 20 ? 0.88 : 1 / 0.88)];
      return [middle - half, middle + half];
    },
    pan: (i, [a, b]) => [a, b].map((at) => at + (b - a) * (i < 30 ? -0.01 : 0.01)),
  }[act];
  const times = []; let last = performance.now();
  for (let i = 0; i < 60; i++) {
    window.setRange(...move(i, window.getRange()));
    await new Promise((done) => requestAnimationFrame(done));
    times.push(performance.now() - last); last = performance.now();
  }
  times.sort((a, b) => a - b);
  return { fps: 60000 / times.reduce((a, b) => a + b), p95: times[57] };
}"""


def journal(directory: Path, tasks: int) -> None:
    """Tasks of ten minutes on average over thirty days, one in twelve failed."""
    rng, end = random.Random(5), now()
    span = 30 * clock.DAY
    days: dict[str, list[tuple[int, bytes]]] = {}
    number = 0

    def write(at: int, task: str, kind: str, master: str) -> None:
        nonlocal number
        number += 1
        record = {
            "lineage_id": f"lineage-{at:016d}{number:010d}",
            "task_id": task,
            "event_type": kind,
            "timestamp": clock.format_timestamp(at),
            "actor": {"type": "master", "id": master, "principal": "system"},
            "event_data": {"master_id": master},
            "context": {"session_id": f"session-{at // (6 * clock.HOUR)}"},
            "version": "1.0.0",
        }
        days.setdefault(clock.utc_date(at), []).append((at, orjson.dumps(record)))

    for index in range(tasks):
        at, master = (
            end - span + span * index // tasks,
            f"{rng.choice(('dev', 'security', 'cicd', 'inventory'))}-master",
        )
        task, over = f"task-{index:06d}", at + int(rng.expovariate(1 / (10 * clock.MINUTE)))
        write(at, task, "task_created", "coordinator-master")
        write(at + 1, task, "task_assigned", master)
        write(at + 2, task, "task_started", master)
        if over < end:
            write(over + 3, task, "task_failed" if rng.random() < 1 / 12 else "task_completed", master)
    directory.mkdir()
    for day, lines in days.items():
        (directory / f"lineage-{day}.jsonl").write_bytes(b"\n".join(line for _, line in sorted(lines)) + b"\n")


def cpu_of(page: Any, act: str) -> dict[str, float]:
    """Frames a second while the page moves, and the processor's time of its main thread for each frame, in ms."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def ticks() -> float:
        return {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}["TaskDuration"]

    before = ticks()
    told: dict[str, float] = page.evaluate(MOVES, act)
    return told | {"cpu": (ticks() - before) * 1000 / 60}


def measure_ours(browser: Any, url: str) -> dict[str, Any]:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(url)
    until(page, "() => window.lineage?.store.tasks.size > 0 && window.lineage.timeline.frames > 0")
    told = page.evaluate(
        """() => ({ paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
        tasks: performance.getEntriesByName("first tasks")[0]?.startTime })"""
    )
    until(page, "() => window.lineage.store.tasks.size === window.lineage.store.total")
    told["all"] = page.evaluate("() => performance.now()")
    page.wait_for_timeout(2500)
    page.evaluate(
        """() => { const t = window.lineage.timeline; t.follow = false; t.fit();
        window.getRange = () => t.domain(); window.setRange = (a, b) => t.view(a, b); }"""
    )
    told |= {act: cpu_of(page, act) for act in ("zoom", "pan")}
    page.close()
    return dict(told)


def measure_vis(browser: Any, folder: Path, rows: list[Any]) -> dict[str, Any]:
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent", VIS], cwd=folder, check=True)
    script = next((folder / "node_modules/vis-timeline/standalone/umd").glob("*.min.js"))
    style = next((folder / "node_modules/vis-timeline/styles").glob("*graph2d.min.css"))
    items = [
        {"id": n, "content": row[0], "start": row[1], "end": row[2] or row[9], "group": row[4] or ""}
        for n, row in enumerate(rows)
    ]
    (folder / "items.js").write_bytes(b"window.items = " + orjson.dumps(items))
    (folder / "index.html").write_text(
        f'<!DOCTYPE html><link rel="stylesheet" href="{style}"><div id="t"></div><script src="{script}"></script>'
        '<script src="items.js"></script><script>const began = performance.now();'
        "const groups = [...new Set(items.map((one) => one.group))].map((id) => ({ id, content: id }));"
        'const t = new vis.Timeline(document.getElementById("t"), new vis.DataSet(items), new vis.DataSet(groups), '
        "{ height: '700px', stack: false }); t.on('changed', () => (window.drawn ??= performance.now()));"
        "window.getRange = () => { const w = t.getWindow(); return [+w.start, +w.end]; };"
        "window.setRange = (a, b) => t.setWindow(a, b, { animation: false });</script>"
    )
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(600_000)
    page.goto((folder / "index.html").as_uri())
    told: dict[str, Any] = {"all": None}
    for _ in range(1200):
        if (drawn := page.evaluate("() => window.drawn ?? null")) is not None:
            told["all"] = drawn
            break
        page.wait_for_timeout(250)
    for act in ("zoom", "pan") if told["all"] is not None else ():
        told[act] = cpu_of(page, act)
    page.close()
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=2)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        journal(folder / "lineage", args.tasks)
        (folder / "vis").mkdir()
        with serving(folder / "lineage", folder / "server", seconds=300) as one, chromium() as browser:
            rows = one.client.get("/page/tasks").json()["tasks"]
            for _ in range(args.rounds):
                print("ours", measure_ours(browser, one.url), flush=True)
                print("vis-timeline", measure_vis(browser, folder / "vis", rows), flush=True)


if __name__ == "__main__":
    main()
