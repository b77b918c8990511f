"""The three lines above the figures."""

from __future__ import annotations

from lineage_core.base.clock import parse_timestamp
from lineage_tui.theme.styled_line import Line
from lineage_tui.views.stats_title import StatsTitle
from tests.tui.alone import styles

NOON = parse_timestamp("2026-11-22T12:00:00Z")
TITLE = StatsTitle("flow", "24h", None, NOON, False, 0.0123, False, "12 tasks")


def text(title: StatsTitle, line: int) -> str:
    out = Line(200, styles())
    title.draw(line, out)
    return "".join(segment.text for segment in out.strip()).rstrip()


def test_the_pane_and_the_window_that_are_shown_stand_in_brackets() -> None:
    assert "[flow] durations " in text(TITLE, 0)
    assert "[24h]" in text(TITLE, 1)
    assert text(TITLE, 2) == " 12 tasks"


def test_it_tells_of_when_the_figures_are_and_whether_a_row_leads_to_tasks() -> None:
    assert text(TITLE, 1).endswith("as of 12:00:00Z, made in 12 ms")
    assert text(TITLE._replace(leads=True), 1).endswith("ms  Enter: the tasks")


def test_it_tells_how_far_the_journal_was_read() -> None:
    assert text(TITLE._replace(part=0.42), 1).endswith("reading the journal 42%")
    assert text(TITLE._replace(as_of=None), 1).endswith("reading the journal")


def test_the_outlook_has_no_window() -> None:
    assert "if nothing is added" in text(TITLE._replace(pane="outlook"), 1)
    assert "24h" not in text(TITLE._replace(pane="outlook"), 1)
