"""The rules of looks (lineage_tui/README.md), held on what is drawn: every view, in every theme."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.color import Color

from lineage_tui.app import LineageApp
from lineage_tui.screenshots import NOW, stage
from lineage_tui.theme.palettes import PALETTES
from lineage_tui.theme.styles import LOOKS
from tests.tui.conftest import opened, screen_text, until

STATES = {look.role for look in LOOKS.values()} - {"muted"}
VIEWS = {"tasks": ("1",), "workers": ("2",), "attention": ("3",), "statistics": ("4",), "tokens": ("right",) * 3}
PAGES = {"events": ("5",), "explain": ("1", "x"), "help": ("question_mark",)}


@pytest.mark.parametrize("theme", PALETTES)
async def test_three_weights_and_only_the_colours_of_the_theme(theme: str, tmp_path: Path) -> None:
    stage(tmp_path / "lineage")
    palette = {colour.removeprefix("ansi_") for colour in PALETTES[theme].values()}
    palette |= {f"color({Color.parse(name).number})" for name in palette}
    async with opened(tmp_path / "lineage", theme=theme, clock=lambda: NOW) as pilot:
        app = pilot.app
        assert isinstance(app, LineageApp)
        for name, keys in (VIEWS | PAGES).items():
            await pilot.press(*keys)
            await until(lambda: len(screen_text(app).strip()) > 500, name)
            for strip in app.screen._compositor.render_strips():
                for text, style, _ in strip:
                    if style is None or not text.strip():
                        continue
                    assert not (style.italic or style.dim or style.underline or style.strike or style.blink), text
                    for colour in (style.color, style.bgcolor):
                        drawn = "" if colour is None else colour.triplet.hex if colour.triplet else colour.name
                        assert drawn in palette | {"", "default"} or name == "help", (
                            name,
                            text,
                        )  # help: what is behind it is dimmed
            if name == "help":
                await pilot.press("escape")


def test_states_have_colours_of_their_own_and_the_rest_has_none() -> None:
    for name in ("dark", "light", "clear"):
        palette = PALETTES[name]
        plain = {palette[role] for role in ("background", "panel", "text", "muted", "line", "cursor")}
        assert not plain & {palette[role] for role in STATES}
