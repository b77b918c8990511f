"""The environment of writers that log into a directory of the test."""

import os
import sys
from pathlib import Path

import pytest

from tests.shell.bash_writer import LIBRARY


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "LINEAGE_DIR": str(tmp_path / "journal"),
        "LINEAGE_PYTHON": sys.executable,
        "LIB": str(LIBRARY),
    }
