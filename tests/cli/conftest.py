"""What the tests of queries share: ways to ask, and journals to ask."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from lineage_core import demo
from lineage_core.base.clock import parse_timestamp
from lineage_core.cli import main
from tests.conftest import DATA

LEGACY = DATA / "legacy"
NOW = "2026-11-22T08:10:00Z"


class Asked(NamedTuple):
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


Ask = Callable[..., Asked]


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six minutes after the last event of the legacy sample."""
    monkeypatch.setenv("LINEAGE_NOW", NOW)


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    """`ask("task", "task-1", directory)` runs `lineage task task-1 --dir directory`; the legacy sample by default."""

    def run(*words: str | Path) -> Asked:
        directory = words[-1] if isinstance(words[-1], Path) else LEGACY
        texts = [word for word in words if isinstance(word, str)]
        capsys.readouterr()
        try:
            code = main([*texts, "--dir", str(directory)])
        except SystemExit as ended:  # argparse: usage errors and --help
            code = int(ended.code or 0)
        out, err = capsys.readouterr()
        return Asked(code, out, err)

    return run


@pytest.fixture
def legacy(tmp_path: Path) -> Path:
    """A copy of the legacy sample, to change."""
    return Path(shutil.copytree(LEGACY, tmp_path / "lineage"))


@pytest.fixture(scope="session")
def demo_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated cortex: 4,000 events of two days, always the same."""
    directory = tmp_path_factory.mktemp("demo") / "lineage"
    end = parse_timestamp(NOW)
    assert end is not None
    demo.backfill(directory, 4000, days=2, seed=7, clock=lambda: end)
    return directory
