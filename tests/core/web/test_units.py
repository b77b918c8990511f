"""The units of the README files are units for systemd: `systemd-analyze verify` says nothing of them."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT

_UNIT = re.compile(r"^# /etc/systemd/system/(\S+)\n(.*?)(?=^# /etc|^```)", re.DOTALL | re.MULTILINE)
UNITS = {
    name: text
    for page in sorted((ROOT / "lineage_core").rglob("README.md"))
    for name, text in _UNIT.findall(page.read_text())
}


def test_the_documented_services_are_found() -> None:
    assert {"lineage-serve.service", "lineage-alert.service"} <= set(UNITS)


@pytest.mark.parametrize("name", UNITS)
def test_systemd_finds_nothing_wrong_with_a_unit(name: str, need_tool: Callable[[str], str], tmp_path: Path) -> None:
    program = need_tool("systemd-analyze")
    lineage = Path(sys.executable).with_name("lineage")
    for other, text in UNITS.items():
        (tmp_path / other).write_text(text.replace("/opt/lineage/bin/lineage", str(lineage)))
    asked = subprocess.run(
        [program, "verify", "--man=no", str(tmp_path / name)], capture_output=True, text=True, check=False
    )
    said = [line for line in asked.stderr.splitlines() if str(tmp_path) in line or name in line]
    assert asked.returncode == 0 and said == []
