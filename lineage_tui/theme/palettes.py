"""The colours of our themes, by role.

Text reads on every background of its theme with a contrast of at least 4.5 (WCAG 2.2, AA); of `ansi`, whose colours are
the terminal's, with those of xterm on black. The colour-blind theme takes the palette of Okabe and Ito (2008), which
people with the common kinds of colour blindness tell apart, lighter where that contrast needs it.
"""

from __future__ import annotations

from collections.abc import Mapping

from textual.theme import BUILTIN_THEMES, Theme

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
    "cursor": "ansi_default",  # and the other way round
    "accent": "ansi_bright_cyan",
    "queued": "ansi_white",
    "assigned": "ansi_bright_magenta",
    "running": "ansi_cyan",
    "blocked": "ansi_yellow",
    "done": "ansi_green",
    "failed": "ansi_bright_red",
    "zombie": "ansi_bright_magenta",
    "handoff": "ansi_bright_cyan",
    "escalated": "ansi_bright_yellow",
}
Palette = dict[str, str]
"""Colours by role."""

PALETTES: dict[str, Palette] = {"dark": _DARK, "light": _LIGHT, "clear": _CLEAR, "ansi": _ANSI}
"""Our themes: `dark`, `light`, `clear` (safe for the colour-blind) and `ansi` (the colours of the user's terminal)."""


def themes(palettes: Mapping[str, Palette] = PALETTES) -> list[Theme]:
    """The Textual themes of palettes."""
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
            ansi=colors["background"] == "ansi_default",
            dark=not colors["background"].startswith(("#f", "#e", "#d", "#c")),
            variables={
                **(BUILTIN_THEMES["ansi-dark"].variables if colors["background"] == "ansi_default" else {}),
                "line": colors["line"],
                "muted": colors["muted"],
                "cursor": colors["cursor"],
            },
        )
        for name, colors in palettes.items()
    ]
