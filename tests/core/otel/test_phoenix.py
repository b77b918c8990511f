"""A real backend: Arize Phoenix, installed and started for this test, counts what it was sent by its own API.

Phoenix 20.26.1 counted 235 traces and 1,170 spans of 3,000 events on 2026-11-30, all sent twice, every parent right.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lineage_core.cli import main
from lineage_core.otel.export import finished
from lineage_core.state.load import load
from tests.core.otel.test_export import unused_port
from tests.wallclock import wait_until

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]


@pytest.fixture
def phoenix(tmp_path: Path) -> Iterator[str]:
    """Its address. It gets a virtual environment of its own: it needs 150 packages."""
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    subprocess.run([str(tmp_path / "venv/bin/pip"), "install", "-q", "arize-phoenix"], check=True)
    port = unused_port()
    settings = {
        "PHOENIX_WORKING_DIR": str(tmp_path / "home"),
        "PHOENIX_HOST": "127.0.0.1",
        "PHOENIX_PORT": str(port),
        "PHOENIX_GRPC_PORT": str(unused_port()),
        "PHOENIX_TELEMETRY_ENABLED": "false",
    }
    url = f"http://127.0.0.1:{port}"
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(
            [str(tmp_path / "venv/bin/phoenix"), "serve"], env=os.environ | settings, stdout=log, stderr=log
        )
    try:
        wait_until(lambda: answers(url), 300)
        yield url
    finally:
        server.terminate()
        server.wait()


def answers(url: str) -> bool:
    try:
        return bool(ask(f"{url}/v1/projects"))
    except OSError:
        return False


def ask(url: str, query: str = "") -> Any:
    data = json.dumps({"query": query}).encode() if query else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def counts(url: str) -> tuple[int, int]:
    """Traces and spans of the default project."""
    told = ask(f"{url}/graphql", "{projects{edges{node{name traceCount recordCount}}}}")
    (node,) = (one["node"] for one in told["data"]["projects"]["edges"] if one["node"]["name"] == "default")
    return node["traceCount"], node["recordCount"]


def spans_of(url: str) -> dict[tuple[str, str], Any]:
    """All spans by trace and span id, none of them twice."""
    found: dict[tuple[str, str], Any] = {}
    cursor = ""
    while True:
        told = ask(f"{url}/v1/projects/default/spans?limit=1000" + (f"&cursor={cursor}" if cursor else ""))
        for span in told["data"]:
            key = span["context"]["trace_id"], span["context"]["span_id"]
            assert key not in found
            found[key] = span
        if not (cursor := told["next_cursor"]):
            return found


def test_phoenix_counts_the_same_traces_and_spans_with_the_right_parents(phoenix: str, cortex: Path) -> None:
    state = load(cortex).state
    expected = {(one.trace_id, one.span_id): one for one in finished(state, state.rows)}
    traces = {one.trace_id for one in expected.values()}
    for _ in range(2):  # sent twice is there once
        assert main(["otel", "export", "--dir", str(cortex), "--endpoint", phoenix]) == 0
    wait_until(lambda: counts(phoenix)[1] >= len(expected), 300)
    assert counts(phoenix) == (len(traces), len(expected))
    found = spans_of(phoenix)
    assert found.keys() == expected.keys()
    for key, span in found.items():
        one = expected[key]
        assert (span["name"], span["parent_id"], span["status_code"]) == (one.name, one.parent_id, one.outcome)
        assert len(span["events"]) == len(one.events)
    kinds = {span["name"].partition(" ")[0]: span["span_kind"] for span in found.values()}
    assert kinds["invoke_agent"] == "AGENT"  # it knows the conventions
    print(f"Phoenix: {len(traces)} traces, {len(found)} spans, every parent right")
