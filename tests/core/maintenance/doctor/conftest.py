"""A directory in order and a checkout in order, and what doctor finds wrong with them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lineage_core import demo
from lineage_core.integration import install as shell_install
from lineage_core.maintenance.doctor import Surroundings, Word, examine
from tests.conftest import CORTEX
from tests.wallclock import now


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A directory of the last three days, in which everything is in order."""
    demo.backfill(tmp_path / "lineage", 300, days=2)
    return tmp_path / "lineage"


def problems(journal: Path, home: Path | None = None, **options: Any) -> list[tuple[str, str, str]]:
    """Check, text and advice of each problem."""
    found = list(examine(Surroundings(journal, home, now(), **options)))
    return [(v.check, v.text, v.advice) for v in found if v.word is Word.PROBLEM]


def only(journal: Path, home: Path | None = None, **options: Any) -> tuple[str, str, str]:
    """The one problem that there is."""
    found = problems(journal, home, **options)
    assert len(found) == 1, found
    return found[0]


def newest(journal: Path) -> Path:
    return max(journal.glob("lineage-*.jsonl"))


def oldest(journal: Path) -> Path:
    return min(journal.glob("lineage-*.jsonl"))


@pytest.fixture
def public() -> Iterator[Path]:
    """A directory that every user can come to, which few test folders are."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A checkout with our library in it."""
    home = Path(shutil.copytree(CORTEX, tmp_path / "cortex"))
    shell_install.install(home)
    return home
