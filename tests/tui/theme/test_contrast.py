"""Text can be read: WCAG 2.2 asks for a contrast of 4.5 (level AA) between text and what it stands on."""

from __future__ import annotations

from itertools import product

import pytest

from lineage_tui.theme.styles import LOOKS, PALETTES

BACKGROUNDS = ("background", "panel", "cursor")
DECORATION = {*BACKGROUNDS, "line"}
OURS = [name for name in PALETTES if name != "ansi"]  # the colours of `ansi` are those of the user's terminal


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`, as WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize(("theme", "background"), list(product(OURS, BACKGROUNDS)))
def test_every_colour_of_text_reads_on_every_background(theme: str, background: str) -> None:
    palette = PALETTES[theme]
    poor = {
        role: round(contrast(colour, palette[background]), 2)
        for role, colour in palette.items()
        if role not in DECORATION and contrast(colour, palette[background]) < 4.5
    }
    assert not poor


@pytest.mark.parametrize("theme", PALETTES)
def test_every_state_has_a_colour_in_every_theme(theme: str) -> None:
    assert {look.role for look in LOOKS.values()} <= PALETTES[theme].keys()
