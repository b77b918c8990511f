"""What the tests of the server share: a server in a process of its own, and clients of it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from tests.cli.conftest import LEGACY, NOW, ask, demo_dir  # noqa: F401 (fixtures)
from tests.wallclock import wait_until

TOKEN = "0123456789abcdef0123456789abcdef"


class Served(NamedTuple):
    """A running server. client: asks it. log: what it says."""

    url: str
    client: httpx.Client
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def port(self) -> int:
        return int(self.url.rstrip("/").rpartition(":")[2])

    @property
    def websocket(self) -> str:
        return self.url.replace("http", "ws", 1)


_ADDRESS = re.compile(r" at (https?://\S+)\n")


@contextmanager
def serving(
    directory: Path,
    folder: Path,
    *words: str,
    port: int = 0,
    ready: int = 200,
    seconds: float = 120,
    **environment: str,
) -> Iterator[Served]:
    """`lineage serve` over a directory, until the block ends. ready: the status that it has when the block begins."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "serve.log"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LINEAGE_", "CORTEX_"))}
    xdg = {name: str(folder / name.lower()) for name in ("XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME")}
    command = [sys.executable, "-m", "lineage_core.cli", "serve", "--dir", str(directory), "--port", str(port), *words]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stderr=out, stdout=out, env=kept | xdg | environment)
    try:
        addresses: list[str] = []
        wait_until(
            lambda: process.poll() is not None or addresses.extend(_ADDRESS.findall(log.read_text())) or addresses
        )
        assert addresses, log.read_text()
        url = addresses[0]
        with httpx.Client(base_url=url, transport=httpx.HTTPTransport(retries=5, verify=False), timeout=120) as client:
            wait_until(lambda: client.get("/healthz").status_code == ready, seconds)
            yield Served(url, client, process, log)
    finally:
        process.terminate()
        process.wait(120)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, demo_dir: Path) -> Iterator[Served]:  # noqa: F811
    """A server over a simulated cortex of 4,000 events, at a frozen time."""
    with serving(demo_dir, tmp_path_factory.mktemp("served"), LINEAGE_NOW=NOW) as one:
        yield one


@pytest.fixture(scope="session")
def served_legacy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server over the legacy sample."""
    with serving(LEGACY, tmp_path_factory.mktemp("served_legacy"), LINEAGE_NOW=NOW) as one:
        yield one


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that asks for TOKEN."""
    folder = tmp_path_factory.mktemp("guarded")
    file = folder / "token"
    file.write_text(TOKEN + "\n")
    file.chmod(0o600)
    with serving(LEGACY, folder, "--token-file", str(file), "--name", "cortex.example", LINEAGE_NOW=NOW) as one:
        yield one
