"""Events a second as traces, beside the SDK sending the same spans from memory; and the memory of a large export.

    python tests/benchmarks/bench_otel.py [--events 1000000] [--dir DIR] [--rounds 3]

1. `lineage otel export` of the whole directory to a collector on loopback that reads and throws away (a process of its
   own): events and spans a second by its processor time, from the cached snapshots, and its peak memory.
2. The same spans, made before as objects of the SDK and held in memory, sent by its exporter to the same collector.

Both sides take turns; medians.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import NamedTuple

COLLECTOR = """
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *words): pass
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
"""

FROM_MEMORY = """
import resource, sys
from itertools import islice
from pathlib import Path
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from lineage_core.otel.export import finished
from lineage_core.otel.sdk import Maker
from lineage_core.state.load import load
directory, url, most = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
state, make = load(directory).state, Maker()
spans = [make.span(span) for span in islice(finished(state, state.rows), most)]
exporter = OTLPSpanExporter(endpoint=url + "/v1/traces")
began = resource.getrusage(resource.RUSAGE_SELF)
for start in range(0, len(spans), 512):
    exporter.export(spans[start : start + 512])
ended = resource.getrusage(resource.RUSAGE_SELF)
print(len(spans), ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime)
"""

MOST = 100_000
"""Spans that are held in memory; more would tell nothing else."""


class Export(NamedTuple):
    """spans: sent. cpu: processor time in seconds. peak: memory in MB."""

    spans: int
    cpu: float
    peak: int


def export(directory: Path, url: str, environ: dict[str, str]) -> Export:
    """One `lineage otel export`."""
    words = [sys.executable, "-m", "lineage_core.cli", "otel", "export", "--dir", str(directory), "--endpoint", url]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=environ)
    assert process.stderr is not None
    told = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, told
    return Export(int(told.split()[2]), usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024)


def from_memory(directory: Path, url: str, environ: dict[str, str]) -> float:
    """Spans a second of processor time that the SDK sends from memory."""
    words = [sys.executable, "-c", FROM_MEMORY, str(directory), url, str(MOST)]
    spans, cpu = subprocess.run(words, capture_output=True, text=True, check=True, env=environ).stdout.split()
    return int(spans) / float(cpu)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--dir", type=Path, help="a directory with so many events (default: a simulated one)")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        directory = args.dir or Path(home) / "lineage"
        if args.dir is None:
            from lineage_core import demo

            demo.backfill(directory, args.events, days=30, seed=7)
        environ = os.environ | {"XDG_CACHE_HOME": f"{home}/cache"}
        collector = subprocess.Popen([sys.executable, "-c", COLLECTOR], stdout=subprocess.PIPE, text=True)
        assert collector.stdout is not None
        url = f"http://127.0.0.1:{collector.stdout.readline().strip()}"
        try:
            cold = export(directory, url, environ)
            print(f"cold: {cold.spans} spans, {cold.cpu:.1f} s of processor time, {cold.peak} MB at most", flush=True)
            ours, theirs = [], []
            for _ in range(args.rounds):
                ours.append(export(directory, url, environ))
                theirs.append(from_memory(directory, url, environ))
        finally:
            collector.kill()
            collector.wait()
    cpu, peak = median(one.cpu for one in ours), max(one.peak for one in ours)
    print(f"from the cache: {cpu:.1f} s, {peak} MB at most")
    print(f"ours: {args.events / cpu:,.0f} events/s, {ours[0].spans / cpu:,.0f} spans/s")
    print(f"the SDK from memory: {median(theirs):,.0f} spans/s, {median(theirs) * cpu / ours[0].spans:.2f} times ours")


if __name__ == "__main__":
    main()
