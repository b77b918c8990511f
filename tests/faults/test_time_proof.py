"""No test depends on the hour, the date or how long something takes: tests/wallclock.py alone gives the present."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
MODULES = sorted(path for path in TESTS.rglob("*.py") if "benchmarks" not in path.parts)
THE_ONE = TESTS / "wallclock.py"

WALL_CLOCK = re.compile(
    r"\b(?:time\.time(?:_ns)?\b|date(?:time)?\.(?:now|utcnow|today)\b|time\.(?:gmtime|localtime|ctime)\(\)"
    r"|time\.strftime\((?:[^(),]+)\)|clock\.now\b|(?:clock|time|datetime) import [^\n]*\b(?:now|time|time_ns)\b)"
)
SPAN = re.compile(r"\bassert\b[^\n]*\b(?:monotonic|perf_counter)(?:_ns)?\(\) - ")
NO_TIME = r"(?:(?:wait_until|unshifted|SHIFT)(?:, |$))+"
HELPER = re.compile(rf"^(?:from tests\.wallclock import(?! {NO_TIME}$)|from tests import wallclock)", re.M)


def offences(text: str) -> list[str]:
    """What in a module asks for the present, or asserts how long something took."""
    return [match[0] for pattern in (WALL_CLOCK, SPAN) for match in pattern.finditer(text)]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(TESTS)))
def test_only_one_module_asks_for_the_present(path: Path) -> None:
    text = path.read_text()
    if path not in (THE_ONE, Path(__file__)):
        assert offences(text) == [], "take it from tests/wallclock.py; a deadline is a `wait_until`, a limit a timeout"
    if HELPER.search(text) and path.name.startswith("test_"):
        assert "pytest.mark.clock" in text, "what needs the present has the marker `clock`"


@pytest.mark.parametrize(
    "line",
    [
        "at = time.time()",
        "at = time.time_ns() // 1000",
        "day = time.strftime('%Y-%m-%d')",
        "day = time.strftime('%Y-%m-%d', time.gmtime())",
        "from time import monotonic, time",
        "day = date.today()",
        "at = datetime.datetime.now(UTC)",
        "at = datetime.utcnow()",
        "Surroundings(journal, home, clock.now())",
        "from lineage_core.base.clock import DAY, now",
        "    assert time.monotonic() - began < 30",
        "    assert elapsed > time.perf_counter() - began",
    ],
)
def test_the_check_sees_what_it_is_for(line: str) -> None:
    assert offences(f"x = 1\n{line}\n")


@pytest.mark.parametrize("line", ["import time", "time.sleep(0.1)", "at = clock.parse_timestamp(text)", "uptime.time_"])
def test_the_check_leaves_the_rest_alone(line: str) -> None:
    assert offences(f"x = 1\n{line}\n") == []
