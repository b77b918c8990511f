"""How states look: a glyph, a word and a colour for each (`theme/palettes.py` has the colours of each theme).

A state is never told by colour alone. `--ascii` has its own glyphs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rich.style import Style

from lineage_core.base.clock import format_duration, format_local, format_timestamp
from lineage_core.base.terminal_cells import PLAIN
from lineage_tui.theme.name_cut import Names
from lineage_tui.theme.palettes import PALETTES, Palette


class Look(NamedTuple):
    """glyph, ascii: one cell each. role: the name of the colour in a theme. means: what the legend says."""

    glyph: str
    ascii: str
    word: str
    role: str
    means: str


LOOKS: dict[str, Look] = {
    # the status of a task
    "unknown": Look("?", "?", "unknown", "muted", "it was not said"),
    "queued": Look("◌", ".", "queued", "queued", "no master has it yet"),
    "assigned": Look("◔", "o", "assigned", "assigned", "a master has it"),
    "running": Look("●", "*", "running", "running", "it is being worked on"),
    "blocked": Look("◫", "#", "blocked", "blocked", "it waits for something"),
    "completed": Look("✓", "+", "completed", "done", "it ended well"),
    "failed": Look("✗", "x", "failed", "failed", "it ended badly"),
    "cancelled": Look("⊘", "-", "cancelled", "muted", "it was called off"),
    # workers
    "spawn": Look("◌", ".", "spawned", "queued", "not started yet"),
    "run": Look("●", "*", "running", "running", "at work"),
    "success": Look("✓", "+", "done", "done", "it ended well"),
    "partial": Look("◑", "~", "partial", "blocked", "it ended, a part is done"),
    "zombie": Look("☠", "Z", "zombie", "zombie", "silent for too long"),
    "silent": Look("◍", "z", "silent", "zombie", "silent for long"),
    "never-started": Look("◒", "z", "no start", "zombie", "spawned long ago, silent"),
    "late": Look("◷", "L", "late", "escalated", "past its expected time"),
    "orphaned": Look("◎", "z", "orphaned", "zombie", "open, its task is over"),
    # handoffs
    "handoff wait": Look("⇢", ">", "offered", "handoff", "no master took it yet"),
    "handoff": Look("⇄", "=", "accepted", "handoff", "another master took it"),
    "handoff done": Look("⇥", "]", "handed", "done", "the handoff is over"),
    "owner": Look("◇", "^", "owner", "muted", "a master that had it"),
    # marks
    "skew": Look("±", "~", "clock off", "escalated", "logged by a wrong clock"),
    "escalated": Look("▲", "!", "escalated", "escalated", "a person is to look"),
    "reassigned": Look("↷", "~", "reassigned", "assigned", "it went to another master"),
    "progress": Look("╵", "'", "progress", "running", "a worker reported"),
    # what statistics hold for not normal
    "odd": Look("≈", "%", "odd", "escalated", "not normal, by statistics"),
}

SIGNS: dict[str, tuple[str, ...]] = {
    "tasks": (
        "queued", "assigned", "running", "blocked", "completed", "failed", "cancelled", "unknown", "late", "escalated",
    ),
    "workers": ("spawn", "run", "success", "partial", "silent", "zombie", "never-started", "orphaned"),
    "handoffs": ("handoff wait", "handoff", "handoff done"),
    "timeline, statistics": ("progress", "reassigned", "owner", "skew", "odd"),
}  # fmt: skip
"""The states in the order of the legend."""

TIME_MODES = ("UTC", "local", "ago")
"""How times are written: in UTC, in the time zone of the user, or relative to now."""


class Styles:
    """How everything looks: Rich styles by role for one palette, glyphs, and how times are written.

    One object is shared by all widgets; `use` changes the palette for all of them. own: palettes besides PALETTES.
    """

    def __init__(self, palette: str, *, ascii_only: bool = False, own: Mapping[str, Palette] = {}) -> None:
        self.palettes = PALETTES | dict(own)
        self.ascii_only = ascii_only
        self.times = TIME_MODES[0]
        self.names: dict[str, Names] = {}  # by what most names of a kind begin with
        self.use(palette)

    def use(self, palette: str) -> None:
        """Take the colours of another palette (a key of `palettes`)."""
        self.palette = palette
        self._colors = self.palettes[palette]
        self._made: dict[tuple[str, str, bool, bool], Style] = {}

    def __call__(self, role: str, on: str = "background", *, bold: bool = False, reverse: bool = False) -> Style:
        """The style of a role (a key of the palette) on a background role."""
        key = (role, on, bold, reverse)
        style = self._made.get(key)
        if style is None:
            color, back = (self._colors[name].replace("ansi_", "") for name in (role, on))
            if (
                on == "cursor" and back == "default"
            ):  # the whole line the other way round, glyph and word tell the state
                color, reverse = back, not reverse
            elif role == "background" and color == "default":  # no colour to write with: the other way round it has one
                color, back, reverse = back, color, not reverse
            style = self._made[key] = Style(color=color, bgcolor=back, bold=bold, reverse=reverse)
        return style

    def look(self, state: str) -> tuple[str, str, str]:
        """The glyph, word and role of a state (a key of LOOKS)."""
        look = LOOKS.get(state) or LOOKS["unknown"]
        return (look.ascii if self.ascii_only else look.glyph), look.word, look.role

    def glyph(self, unicode_glyph: str, ascii_glyph: str) -> str:
        """One of two spellings of a decoration."""
        return ascii_glyph if self.ascii_only else unicode_glyph

    def names_like(self, prefix: str) -> Names:
        """What is known of the names of a kind, of which most begin so."""
        return self.names.setdefault(prefix, Names(prefix))

    def plain(self, text: str) -> str:
        """The text as it can be shown: without decorations that are not ASCII, if that is all there may be."""
        return text if not self.ascii_only or text.isascii() else text.translate(PLAIN)

    def time(self, at: int, now: int) -> str:
        """A moment in at most 12 characters, as the operator wants times: `08:03:48.123` or `3m05s ago`."""
        if self.times == "ago":
            return f"{format_duration(max(0, now - at))} ago"
        return (format_local(at) if self.times == "local" else format_timestamp(at))[11:23]

    def stamp(self, at: int, now: int) -> str:
        """As `time`, in at most 14 characters: `03-13 08:03:12` for another day than today, `2025-03-13` for one of
        another year."""
        return self._dated(at, now, 19)

    def exact(self, at: int) -> str:
        """A moment in full, whatever the operator wants elsewhere: `2026-03-14 08:03:48.123Z`, or local with its
        offset."""
        written = format_local(at) if self.times == "local" else format_timestamp(at)
        return f"{written[:10]} {written[11:23]}{written[26:]}"

    def moment(self, at: int, now: int) -> str:
        """As `stamp`, in at most 12 characters: `03-13 08:03`."""
        return self._dated(at, now, 16)

    def _dated(self, at: int, now: int, end: int) -> str:
        written = format_local if self.times == "local" else format_timestamp
        moment, present = written(at), written(now)
        if self.times == "ago" or moment[:10] == present[:10]:
            return self.time(at, now)
        return f"{moment[5:10]} {moment[11:end]}" if moment[:4] == present[:4] else moment[:10]
