"""A journal with days of a closed month."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.maintenance.closed_month import november


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINEAGE_NOW", "2026-12-03T04:00:00Z")
    return november(tmp_path / "lineage")
