"""The documented cron and systemd lines, run as they are written: quiet while all is well, loud when it is not."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.core.maintenance.closed_month import november

PAGES = {"crontab": ROOT / "README.md", "ini": ROOT / "lineage_core" / "maintenance" / "README.md"}


def block(language: str) -> str:
    """The one code block in that language on the page that has it."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGES[language].read_text(), re.DOTALL)
    return found


@pytest.fixture
def place(tmp_path: Path) -> dict[str, str]:
    """An environment as bare as cron's, with the README's paths in a folder for tests."""
    november(tmp_path / "cortex" / "coordination" / "lineage")
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "lineage"
    command.write_text(
        f"#!/bin/sh\nexec {shlex.quote(sys.executable)} -c "
        "'import sys; from lineage_core.cli import main; sys.exit(main())' \"$@\"\n"
    )
    command.chmod(0o755)
    return {"HOME": str(tmp_path), "LINEAGE_NOW": "2026-12-03T04:27:00Z"}


def here(text: str, place: dict[str, str]) -> str:
    """The README's text with its two folders moved to those of the test."""
    return text.replace("/srv/cortex", f"{place['HOME']}/cortex").replace("/opt/lineage", place["HOME"])


def run(command: str, environment: dict[str, str]) -> tuple[int, str]:
    done = subprocess.run(["/bin/sh", "-c", command], env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def plant(place: dict[str, str]) -> Path:
    """Faults that each of the three must tell of; gives the directory."""
    directory = Path(place["HOME"], "cortex", "coordination", "lineage")
    with (directory / "lineage-2026-12-03.jsonl").open("ab") as file:
        file.write(b"garbage\n")
    shutil.rmtree(directory / "archive", ignore_errors=True)
    (directory / "lineage-2026-11-02.jsonl").touch()
    (directory / "lineage-2026-11-02.jsonl.archiving").symlink_to("nothing")
    with (directory / "task-lineage.jsonl").open("ab") as file:
        file.truncate(101_000_000)
    return directory


def test_the_lines_for_cron(place: dict[str, str]) -> None:
    lines = here(block("crontab"), place).splitlines()
    settings = dict(line.split("=", 1) for line in lines if re.match(r"[A-Z_]+=", line))
    jobs = [line.split(None, 5) for line in lines if not re.match(r"[A-Z_]+=", line)]
    assert [" ".join(job[:5]) for job in jobs] == ["17 4 * * 1", "27 4 3 * *", "37 * * * *"]
    assert not [job for job in jobs if "%" in job[5]], "cron takes % for a newline"
    for job in jobs:
        assert run(job[5], place | settings) == (0, "")
    directory = plant(place)
    for job in jobs:
        assert run(job[5], place | settings)[1] != "", job
    assert directory.is_dir()


def test_the_units_for_systemd(place: dict[str, str]) -> None:
    units = {}
    files = re.findall(r"# (/etc/systemd/system/\S+)\n(.*?)(?=\n# |\Z)", here(block("ini"), place), re.DOTALL)
    for path, text in files:
        units[Path(path).name] = parser = configparser.ConfigParser(interpolation=None)
        parser.optionxform = str  # type: ignore[assignment]
        parser.read_string(text)
    service = units.pop("lineage@.service")["Service"]
    settings = dict(word.split("=", 1) for word in service["Environment"].split())
    asked = [re.fullmatch(r"lineage@(\w+)\.service", unit["Timer"]["Unit"])[1] for unit in units.values()]
    assert asked == ["validate", "archive", "size"]
    commands = [shlex.join(shlex.split(service["ExecStart"].replace("%i", name))) for name in asked]
    assert [run(command, place | settings)[0] for command in commands] == [0, 0, 0]
    plant(place)
    assert [run(command, place | settings)[0] for command in commands] == [1, 1, 1]
