"""The counts of the status line, fitted to the room there is: what needs somebody first, nothing cut in the middle."""

from __future__ import annotations

from collections.abc import Mapping

from lineage_core.base.cells import cell_width
from lineage_core.base.clock import SECOND, format_duration
from lineage_tui.theme.styles import Styles
from lineage_tui.widgets.edge_line import Part

ALARMS = ("late", "zombie", "escalated", "failed", "blocked", "silent", "never-started", "orphaned")
CALM = ("running", "assigned", "queued", "completed")
_ALWAYS = ("failed", "running")  # also when there are none

QUIET = 10 * SECOND
"""After so long without an event, the line tells since when instead of how many come in a second."""


def counts(numbers: Mapping[str, int], room: int, looks: Styles) -> list[Part]:
    """How many there are in each state, in at most `room` cells: the words of what is calm go first, then the words of
    alarms, the least urgent first; what is calm stands at the end where there is room."""
    every, needed = (*ALARMS, *CALM), (*ALARMS, "running")
    parts: list[Part] = []
    for states, worded, gap in (
        (every, every, 2),
        (every, every, 1),
        (every, needed, 1),
        *((needed, needed[:words], 1) for words in range(len(needed), 0, -1)),
        (every, (), 1),
    ):
        parts = [(" ", "text")]
        for state in states:
            number = numbers.get(state, 0)
            if number or state in _ALWAYS:
                glyph, word, role = looks.look(state)
                text = f"{glyph} {number:,}" + (f" {word}" if state in worded else "")
                parts.append((text + " " * gap, role if number else "muted"))
        if sum(cell_width(text) for text, _ in parts) <= room:
            break
    for state in CALM:  # what is left out may still fit without its word
        if state not in states and (number := numbers.get(state, 0)):
            glyph, _, role = looks.look(state)
            text = f"{glyph} {number:,} "
            if sum(cell_width(text) for text, _ in parts) + cell_width(text) <= room:
                parts.append((text, role))
    return parts


def pulse(rate: float, last_at: int | None, now: int, alarmed_after: int, busy: bool) -> Part:
    """How fast events come (per second), or since when none came: loud once that is long (`alarmed_after`, in
    microseconds) and something is still `busy`."""
    if rate or last_at is None or now - last_at < QUIET:
        return f" {rate:.1f} ev/s ", "text"
    quiet = now - last_at
    return f" last event {format_duration(quiet)} ago ", "zombie" if busy and quiet > alarmed_after else "muted"
