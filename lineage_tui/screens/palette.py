"""The command palette (Ctrl+P), from the same registry as the keys and the help."""

from __future__ import annotations

from functools import partial
from typing import cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from lineage_tui.settings.keymap import Command, first_key
from lineage_tui.theme.styles import PALETTES


class Commands(Provider):
    """All commands of the screen, and the themes."""

    def _entries(self) -> list[tuple[str, str, str]]:
        commands = cast("tuple[Command, ...]", self.app.commands)  # type: ignore[attr-defined]
        plain = self.app.looks.plain  # type: ignore[attr-defined]
        entries = [
            (c.name.replace("-", " "), c.action, plain(f"{c.text}  ({first_key(c)})" if c.keys else c.text))
            for c in commands
            if c.name != "palette"
        ]
        return entries + [(f"theme {name}", f"use_theme('{name}')", "colours") for name in PALETTES]

    async def discover(self) -> Hits:
        for name, action, text in self._entries():
            yield DiscoveryHit(name, partial(self.screen.run_action, action), help=text)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name, action, text in self._entries():
            if (score := matcher.match(f"{name} {text}")) > 0:
                yield Hit(score, matcher.highlight(name), partial(self.screen.run_action, action), help=text)
