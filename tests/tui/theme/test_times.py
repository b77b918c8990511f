"""Times on the screen: of another day with its date, of another year with its year, whatever the zone."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_core.base.clock import FIRST, LAST, format_local, format_timestamp, parse_timestamp
from lineage_tui.stats.drilldown import moment
from lineage_tui.theme.styles import Styles

NOW = parse_timestamp("2026-01-01T03:00:00Z") or 0


@pytest.mark.parametrize(
    ("at", "stamp", "short"),
    [
        ("2026-01-01T02:59:59.5Z", "02:59:59.500", "02:59:59.500"),
        ("2026-03-14T08:03:12Z", "03-14 08:03:12", "03-14 08:03"),
        ("2025-12-31T23:59:59Z", "2025-12-31", "2025-12-31"),
        ("2025-01-01T02:00:00Z", "2025-01-01", "2025-01-01"),
        ("2027-01-01T02:00:00Z", "2027-01-01", "2027-01-01"),
        ("0001-01-01T00:00:00Z", "0001-01-01", "0001-01-01"),
    ],
)
def test_a_time_of_another_year_has_its_year(at: str, stamp: str, short: str) -> None:
    looks = Styles("dark")
    when = parse_timestamp(at) or 0
    assert (looks.stamp(when, NOW), looks.moment(when, NOW)) == (stamp, short)
    if when > 0:
        figure = moment(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=when), NOW)
        assert figure == (at[11:19] if at[:10] == "2026-01-01" else short)


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/Los_Angeles"])
def test_so_has_every_time_in_every_zone(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    looks = Styles("dark")

    @given(st.integers(FIRST, LAST), st.sampled_from(["UTC", "local"]))
    def holds(at: int, times: str) -> None:
        looks.times = times
        written = format_local if times == "local" else format_timestamp
        for text, room in ((looks.stamp(at, NOW), 14), (looks.moment(at, NOW), 12)):
            assert len(text) <= room
            assert (written(at)[:4] == written(NOW)[:4]) != bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text))

    try:
        holds()
    finally:
        monkeypatch.undo()
        time.tzset()
