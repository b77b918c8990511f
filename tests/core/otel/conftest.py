"""What the tests of traces share: an environment without settings of OpenTelemetry, and a collector."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lineage_core import demo
from tests.cli.conftest import NOW
from tests.meaning_cases import NOW_AT

if TYPE_CHECKING:
    from tests.core.otel.receiver import Receiver

collect_ignore_glob = [] if find_spec("opentelemetry") else ["test_*.py"]  # without the extra `otel`


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A frozen clock, and exporters that do not wait for long."""
    for name in [*os.environ]:
        if name.startswith("OTEL_") or name == "TRACEPARENT":
            monkeypatch.delenv(name)
    monkeypatch.setenv("LINEAGE_NOW", NOW)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "2")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A collector on loopback."""
    from tests.core.otel.receiver import Receiver

    with Receiver() as made:
        yield made


@pytest.fixture(scope="session")
def cortex(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated cortex: 3,000 events of two days, always the same."""
    directory = tmp_path_factory.mktemp("otel") / "lineage"
    demo.backfill(directory, 3000, days=2, seed=11, clock=lambda: NOW_AT)
    return directory
