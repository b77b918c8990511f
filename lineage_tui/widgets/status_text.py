"""The counts of the status line, fitted to the room there is: what needs somebody first, nothing cut in the middle."""

from __future__ import annotations

from collections.abc import Mapping

from lineage_core.base.clock import SECOND, format_duration
from lineage_core.base.terminal_cells import cell_width
from lineage_tui.theme.styles import Styles
from lineage_tui.widgets.status_line import Part

ALARMS = ("late", "zombie", "escalated", "failed", "blocked", "silent", "never-started", "orphaned")
CALM = ("running", "assigned", "queued", "completed")
DETAILS = {
    "silent-master": ("zombie", "silent master"),
    "deadlock": ("blocked", "deadlocked"),
    "handoff-unaccepted": ("handoff wait", "unaccepted"),
    "retries-in-vain": ("failed", "retried in vain"),
}
"""What has its word only where there is room, the most urgent first: the state it is drawn as, and the word. All but
the last is late, and counted there too."""

_ALWAYS = ("failed", "running")  # also when there are none

QUIET = 10 * SECOND
"""After so long without an event, the line tells since when instead of how many come in a second."""


def counts(numbers: Mapping[str, int], room: int, looks: Styles) -> list[Part]:
    """How many there are in each state, in at most `room` cells: the words of what is calm go first, then the DETAILS,
    then the words of alarms, the least urgent first; what is calm stands at the end where there is room."""
    every, needed = (*ALARMS, *CALM), (*ALARMS, "running")
    parts: list[Part] = []
    details = [name for name in DETAILS if numbers.get(name)]
    for states, worded, detailed, gap in (
        (every, every, details, 2),
        (every, every, details, 1),
        (every, needed, details, 1),
        *((needed, needed, details[:some], 1) for some in range(len(details), 0, -1)),
        *((needed, needed[:words], [], 1) for words in range(len(needed), 0, -1)),
        (every, (), [], 1),
    ):
        parts = [(" ", "text")]
        for state in states:
            if state == "escalated":  # they stand behind what is late and dead
                for name in detailed:
                    glyph, _, role = looks.look(DETAILS[name][0])
                    parts.append((f"{glyph} {numbers[name]:,} {DETAILS[name][1]}" + " " * gap, role))
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
