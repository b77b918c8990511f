"""Twenty hosts, and everything that can befall them at once: `storm.py` in its short and its long form.

Hosts stand in network namespaces, where the system lets have some; else a proxy on loopback cuts them off.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.core.hosts import network
from tests.core.hosts.brokers import SERVERS
from tests.namespaces import in_namespace


def storm(minutes: float, hosts: int, server: str, folder: Path, *, namespaces: bool) -> dict[str, Any]:
    """The figures of a storm, in a process of its own."""
    if not Path(SERVERS[server]).is_file():
        pytest.skip(f"needs the nats-server that is {server}")
    command = [sys.executable, "-m", "tests.core.hosts.storm", "--minutes", str(minutes), "--hosts", str(hosts)]
    command += ["--server", server, "--folder", str(folder)]
    command += ["--namespaces"] if namespaces else []
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr[-3000:]
    return dict(json.loads(done.stdout))


def judged(figures: dict[str, Any]) -> None:
    """Every byte of every host is in the mirror, and each event once on the screen."""
    assert figures["different files"] == {}, figures
    assert figures["of them not in the mirror"] == 0, figures
    assert figures["events on the screen"] == figures["events in the mirror"] >= figures["events in the journals"], (
        figures
    )
    assert figures["defects"] == 0, figures
    assert figures["told: behind"], figures


@pytest.fixture
def namespaces(need_tool: Callable[[str], str]) -> bool:
    """Whether the system lets have networks of one's own."""
    need_tool("ip")
    return in_namespace(need_tool, network.OPTIONS, network.PROBE) is not None


@pytest.mark.first
@pytest.mark.parametrize("server", sorted(SERVERS))
def test_a_quarter_of_a_minute_of_everything_at_once_loses_nothing(
    server: str, tmp_path: Path, namespaces: bool
) -> None:
    figures = storm(0.25, 10, server, tmp_path, namespaces=namespaces and server == "newest")
    judged(figures)
    assert figures["happened"]


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("server", sorted(SERVERS))
def test_ten_minutes_of_everything_at_once_lose_nothing(server: str, tmp_path: Path, namespaces: bool) -> None:
    figures = storm(10, 20, server, tmp_path, namespaces=namespaces)
    print(json.dumps(figures, indent=1))
    judged(figures)
    for word in ("broker killed", "broker wiped", "host cut off", "shipper killed", "mirror killed"):
        assert figures["happened"][word], figures
    for word in ("rotated", "archived", "replaced"):
        assert figures["happened"][word], figures
    for word in ("told: gaps", "told: silent", "told: lost by the broker"):
        assert figures[word], figures
