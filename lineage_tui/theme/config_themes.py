"""Themes of the operator's own, from the config file: some colours in place of those of a theme of ours.

    theme = "mine"
    [themes.mine]
    base = "light"         # dark, light or clear; the colours that are not named are its
    failed = "#b00020"

Every colour of text has to read on every background (WCAG 2.2, level AA: a contrast of 4.5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from lineage_core.model.event_types import nearest
from lineage_core.settings.config_file import Problem
from lineage_tui.theme.palettes import PALETTES, Palette

BASES = ("dark", "light", "clear")
BACKGROUNDS = ("background", "panel", "cursor")
DECORATION = (*BACKGROUNDS, "line")
"""The roles that no text has."""

LEAST = 4.5
"""The contrast of text that WCAG 2.2 asks for at level AA."""

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def own_palettes(config: Mapping[str, Any]) -> dict[str, Palette]:
    """The palettes of a config that has no problems, by name."""
    return {name: _made(theme) for name, theme in config.get("themes", {}).items()}


def _made(theme: Mapping[str, str]) -> Palette:
    return PALETTES[theme.get("base", "dark")] | {role: value for role, value in theme.items() if role != "base"}


def theme_problems(config: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with the themes of a config: unknown roles, what is no colour, colours that cannot be read."""
    roles = PALETTES["dark"]
    for name, theme in config.get("themes", {}).items():
        if name in PALETTES:
            yield ("themes", name), f"themes: {name} is one of ours; give yours another name"
        wrong = False
        for role, value in theme.items():
            where, known = ("themes", name, role), ("base", *roles)
            if role not in known:
                problem = f"themes.{name}: unknown colour {role!r}{nearest(role, known)} (known: {', '.join(known)})"
            elif role == "base" and value not in BASES:
                problem = f"themes.{name}: base must be one of {', '.join(BASES)}, not {value!r}"
            elif role != "base" and not (isinstance(value, str) and _COLOUR.fullmatch(value)):
                problem = f"themes.{name}: {role} must be a colour like #b00020, not {value!r}"
            else:
                continue
            wrong = True
            yield where, problem
        if not wrong:
            yield from _unreadable(name, theme)


def _unreadable(name: str, theme: Mapping[str, str]) -> Iterator[Problem]:
    palette = _made(theme)
    for role, on in product((role for role in palette if role not in DECORATION), BACKGROUNDS):
        if (found := contrast(palette[role], palette[on])) < LEAST:
            where = role if role in theme else on
            said = f"{role} {palette[role]} on {on} {palette[on]} has a contrast of {found:.1f}"
            yield ("themes", name, where), f"themes.{name}: {said}; {LEAST} is needed to read it (WCAG AA)"


def contrast(one: str, other: str) -> float:
    """The contrast of two colours `#rrggbb`, 1 to 21, as WCAG 2.2 defines it."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
