"""The command palette (Ctrl+P), from the same registry as the keys and the help."""

from __future__ import annotations

from functools import partial
from typing import cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from lineage_tui.screens.app_context import Context
from lineage_tui.settings.keymap import does, first_key


class Commands(Provider):
    """All commands of the screen, and the themes."""

    def _entries(self) -> list[tuple[str, str, str]]:
        context = cast("Context", self.app)
        plain = context.looks.plain
        entries = [
            (c.name.replace("-", " "), does(c.name), plain(f"{c.text}  ({first_key(c)})" if c.keys else c.text))
            for c in context.commands
            if c.name != "palette"
        ]
        return entries + [(f"theme {name}", f"theme('{name}')", "colours") for name in context.looks.palettes]

    async def discover(self) -> Hits:
        for name, action, text in self._entries():
            yield DiscoveryHit(name, partial(self.screen.run_action, action), help=text)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name, action, text in self._entries():
            if (score := matcher.match(f"{name} {text}")) > 0:
                yield Hit(score, matcher.highlight(name), partial(self.screen.run_action, action), help=text)
