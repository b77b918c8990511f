"""Text can be read: WCAG 2.2 asks for a contrast of 4.5 (level AA) between text and what it stands on."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from lineage_core.base.errors import BadInputError
from lineage_tui.app import LineageApp
from lineage_tui.settings.config import read_config, settings
from lineage_tui.theme.config_themes import BACKGROUNDS, DECORATION
from lineage_tui.theme.config_themes import contrast as of_product
from lineage_tui.theme.palettes import PALETTES
from lineage_tui.theme.styles import LOOKS, Styles
from tests.tui.conftest import opened, screen_text

XTERM = dict(
    zip(
        ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"),
        ("#000000", "#cd0000", "#00cd00", "#cdcd00", "#0000ee", "#cd00cd", "#00cdcd", "#e5e5e5"),
        strict=True,
    ),
    bright_black="#7f7f7f", bright_red="#ff0000", bright_green="#00ff00", bright_yellow="#ffff00",
    bright_blue="#5c5cff", bright_magenta="#ff00ff", bright_cyan="#00ffff", bright_white="#ffffff",
)  # fmt: skip
"""The 16 colours of xterm (XTerm-col.ad)."""


def palette_of(theme: str) -> dict[str, str]:
    """The colours of a theme as `#rrggbb`: those of the terminal as xterm has them, on black."""
    of_terminal = XTERM | {"default": XTERM["white"]}
    palette = {role: of_terminal.get(name.removeprefix("ansi_"), name) for role, name in PALETTES[theme].items()}
    return palette | (dict.fromkeys(BACKGROUNDS, XTERM["black"]) if theme == "ansi" else {})


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
    assert all(contrast(one, "#123456") == pytest.approx(of_product(one, "#123456")) for one in XTERM.values())


@pytest.mark.parametrize(("theme", "background"), list(product(PALETTES, BACKGROUNDS)))
def test_every_colour_of_text_reads_on_every_background(theme: str, background: str) -> None:
    palette = palette_of(theme)
    poor = {
        role: round(contrast(colour, palette[background]), 2)
        for role, colour in palette.items()
        if role not in DECORATION and contrast(colour, palette[background]) < 4.5
    }
    assert not poor


@pytest.mark.parametrize("theme", PALETTES)
def test_every_state_has_a_colour_in_every_theme(theme: str) -> None:
    assert {look.role for look in LOOKS.values()} <= PALETTES[theme].keys()


def test_the_cursor_of_the_terminals_own_colours_is_the_background_the_other_way_round() -> None:
    looks = Styles("ansi")
    assert looks("failed", "cursor") == looks("text", "cursor")
    assert looks("text", "cursor").reverse and not looks("failed").reverse
    assert not Styles("dark")("failed", "cursor").reverse
    bar = looks("background", "failed")  # what is written on a bar
    assert bar.reverse and bar.color == looks("failed").color and bar.bgcolor == looks("failed").bgcolor


async def test_the_theme_ansi_sends_the_terminals_own_colours(lineage: Path) -> None:
    async with opened(lineage, theme="ansi") as pilot:
        drawn = [style for strip in pilot.app.screen._compositor.render_strips() for _, style, _ in strip if style]
        colours = [colour for style in drawn for colour in (style.color, style.bgcolor) if colour is not None]
        assert colours and not any(colour.triplet for colour in colours)


# Themes of one's own.

MINE = """theme = "mine"
[themes.mine]
base = "light"
failed = "#b00020"
"""


async def test_a_theme_of_ones_own_is_shown_and_stands_among_the_others(tmp_path: Path, lineage: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(MINE)
    chosen = settings({}, {}, read_config(path))
    assert chosen.theme == "mine"
    assert chosen.themes["mine"] == PALETTES["light"] | {"failed": "#b00020"}
    async with opened(lineage, theme=chosen.theme, own_themes=chosen.themes) as pilot:
        app = pilot.app
        assert isinstance(app, LineageApp)
        assert app.looks("failed").color.name == "#b00020"  # type: ignore[union-attr]
        assert not app.current_theme.dark
        for _ in PALETTES:
            await pilot.press("T")
        assert app.looks.palette == "ansi"
        await pilot.press("T")
        assert app.looks.palette == "mine" and "theme: mine" in screen_text(app)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("themes = 1", 1, "themes must be tables"),
        ("[themes]\nmine = 1", 2, "themes.mine must be a table"),
        ('[themes."My Theme"]\nfailed = "#ffffff"', 1, "a name has letters a-z, digits and -, not 'My Theme'"),
        ('[themes.dark]\nfailed = "#ffffff"', 1, "dark is one of ours; give yours another name"),
        ('[themes.mine]\nbase = "drak"', 2, "base must be one of dark, light, clear, not 'drak'"),
        ('[themes.mine]\nfialed = "#ffffff"', 2, "themes.mine: unknown colour 'fialed'"),
        ('[themes.mine]\nfailed = "red"', 2, "failed must be a colour like #b00020, not 'red'"),
        ('[themes.mine]\nfailed = 7', 2, "failed must be a colour like #b00020, not 7"),
        (
            '[themes.mine]\n\nfailed = "#333333"', 3,
            "failed #333333 on background #11151c has a contrast of 1.4; 4.5 is needed to read it (WCAG AA)",
        ),
        ('[themes.mine]\ncursor = "#ffffff"', 2, "on cursor #ffffff has a contrast of"),
        ('theme = "mine"', 1, "theme must be one of dark, light, clear, ansi, not 'mine'"),
    ],
)  # fmt: skip
def test_a_theme_that_is_wrong_is_refused_in_one_line(text: str, line: int, said: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(BadInputError) as error:
        read_config(path)
    assert str(error.value).startswith(f"{path}: line {line}: ") and said in str(error.value)
    assert "\n" not in str(error.value)
