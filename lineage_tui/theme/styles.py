"""How states look: a glyph, a word and a colour for each, and the themes that hold the colours.

A state is never told by colour alone. `--ascii` has its own glyphs. Text reads on every background of its theme with a
contrast of at least 4.5 (WCAG 2.2, AA). The colour-blind theme takes the palette of Okabe and Ito (2008), which people
with the common kinds of colour blindness tell apart, lighter where that contrast needs it.
"""

from __future__ import annotations

from typing import NamedTuple

from rich.style import Style
from textual.theme import Theme

from lineage_core.base.cells import PLAIN
from lineage_core.base.clock import format_duration, format_local, format_timestamp


class Look(NamedTuple):
    """glyph, ascii: one cell each. role: the name of the colour in a theme."""

    glyph: str
    ascii: str
    word: str
    role: str


LOOKS: dict[str, Look] = {
    # the status of a task
    "unknown": Look("?", "?", "unknown", "muted"),
    "queued": Look("◌", ".", "queued", "queued"),
    "assigned": Look("◔", "o", "assigned", "assigned"),
    "running": Look("●", "*", "running", "running"),
    "blocked": Look("◫", "#", "blocked", "blocked"),
    "completed": Look("✓", "+", "completed", "done"),
    "failed": Look("✗", "x", "failed", "failed"),
    "cancelled": Look("⊘", "-", "cancelled", "muted"),
    # workers
    "spawn": Look("◌", ".", "spawned", "queued"),
    "run": Look("●", "*", "running", "running"),
    "success": Look("✓", "+", "done", "done"),
    "partial": Look("◑", "~", "partial", "blocked"),
    "zombie": Look("☠", "Z", "zombie", "zombie"),
    "silent": Look("◍", "z", "silent", "zombie"),
    "never-started": Look("◒", "z", "no start", "zombie"),
    "late": Look("◷", "L", "late", "escalated"),
    "orphaned": Look("◎", "z", "orphaned", "zombie"),
    # handoffs
    "handoff wait": Look("⇢", ">", "offered", "handoff"),
    "handoff": Look("⇄", "=", "accepted", "handoff"),
    "handoff done": Look("⇥", "]", "handed", "done"),
    # marks
    "escalated": Look("▲", "!", "escalated", "escalated"),
    "reassigned": Look("↷", "~", "reassigned", "assigned"),
    "progress": Look("╵", "'", "progress", "running"),
}

_DARK = {
    "background": "#11151c",
    "panel": "#1a202b",
    "text": "#d5dbe5",
    "muted": "#919ba9",
    "line": "#2c3543",
    "cursor": "#22324a",
    "accent": "#79b8ff",
    "queued": "#9aa7b8",
    "assigned": "#b39df3",
    "running": "#4fb8d8",
    "blocked": "#e0af68",
    "done": "#7fbf7a",
    "failed": "#f76d7e",
    "zombie": "#e678c8",
    "handoff": "#79b8ff",
    "escalated": "#ff9e57",
}
_LIGHT = {
    "background": "#fbfaf7",
    "panel": "#efede7",
    "text": "#22272e",
    "muted": "#61666e",
    "line": "#d8d5cc",
    "cursor": "#dbe7f6",
    "accent": "#0b5cad",
    "queued": "#5e6773",
    "assigned": "#6d4bc3",
    "running": "#006f87",
    "blocked": "#8b5d00",
    "done": "#2b742e",
    "failed": "#c5233e",
    "zombie": "#a8328a",
    "handoff": "#0b5cad",
    "escalated": "#a84b0a",
}
_CLEAR = _DARK | {
    "queued": "#bbbbbb",
    "assigned": "#d082ad",
    "running": "#56b4e9",
    "blocked": "#e69f00",
    "done": "#00b080",
    "failed": "#fe7000",
    "zombie": "#f0e442",
    "handoff": "#56b4e9",
    "escalated": "#f0e442",
}
_ANSI = {
    "background": "ansi_default",
    "panel": "ansi_default",
    "text": "ansi_default",
    "muted": "ansi_bright_black",
    "line": "ansi_bright_black",
    "cursor": "ansi_blue",
    "accent": "ansi_bright_blue",
    "queued": "ansi_white",
    "assigned": "ansi_magenta",
    "running": "ansi_cyan",
    "blocked": "ansi_yellow",
    "done": "ansi_green",
    "failed": "ansi_red",
    "zombie": "ansi_bright_magenta",
    "handoff": "ansi_blue",
    "escalated": "ansi_bright_yellow",
}
PALETTES: dict[str, dict[str, str]] = {"dark": _DARK, "light": _LIGHT, "clear": _CLEAR, "ansi": _ANSI}


def themes() -> list[Theme]:
    """The Textual themes of our palettes: `dark`, `light`, `clear` (safe for the colour-blind) and `ansi`."""
    return [
        Theme(
            name=name,
            primary=colors["accent"],
            accent=colors["accent"],
            foreground=colors["text"],
            background=colors["background"],
            surface=colors["background"],
            panel=colors["panel"],
            error=colors["failed"],
            warning=colors["blocked"],
            success=colors["done"],
            dark=name != "light",
            variables={"line": colors["line"], "muted": colors["muted"], "cursor": colors["cursor"]},
        )
        for name, colors in PALETTES.items()
    ]


TIME_MODES = ("UTC", "local", "ago")
"""How times are written: in UTC, in the time zone of the user, or relative to now."""


class Styles:
    """How everything looks: Rich styles by role for one palette, glyphs, and how times are written.

    One object is shared by all widgets; `use` changes the palette for all of them.
    """

    def __init__(self, palette: str, *, ascii_only: bool = False) -> None:
        self.ascii_only = ascii_only
        self.times = TIME_MODES[0]
        self.use(palette)

    def use(self, palette: str) -> None:
        """Take the colours of another palette (a key of PALETTES)."""
        self.palette = palette
        self._colors = PALETTES[palette]
        self._made: dict[tuple[str, str, bool, bool], Style] = {}

    def __call__(self, role: str, on: str = "background", *, bold: bool = False, reverse: bool = False) -> Style:
        """The style of a role (a key of the palette) on a background role."""
        key = (role, on, bold, reverse)
        style = self._made.get(key)
        if style is None:
            color, back = (self._colors[name].replace("ansi_", "") for name in (role, on))
            style = self._made[key] = Style(color=color, bgcolor=back, bold=bold, reverse=reverse)
        return style

    def look(self, state: str) -> tuple[str, str, str]:
        """The glyph, word and role of a state (a key of LOOKS)."""
        look = LOOKS.get(state) or LOOKS["unknown"]
        return (look.ascii if self.ascii_only else look.glyph), look.word, look.role

    def glyph(self, unicode_glyph: str, ascii_glyph: str) -> str:
        """One of two spellings of a decoration."""
        return ascii_glyph if self.ascii_only else unicode_glyph

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
