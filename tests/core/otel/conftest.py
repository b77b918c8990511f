"""What the tests of traces share: an environment without settings of OpenTelemetry, and a collector."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lineage_core import demo
from tests.cli.conftest import NOW
from tests.meaning_cases import NOW_AT

pytest.importorskip("opentelemetry.exporter.otlp.proto.http", reason="needs the extra `otel`")

from tests.core.otel.receiver import Receiver


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
    with Receiver() as made:
        yield made


@pytest.fixture(scope="session")
def cortex(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated cortex: 3,000 events of two days, always the same."""
    directory = tmp_path_factory.mktemp("otel") / "lineage"
    demo.backfill(directory, 3000, days=2, seed=11, clock=lambda: NOW_AT)
    return directory
