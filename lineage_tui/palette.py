"""The command palette (Ctrl+P), from the same registry as the keys and the help."""

from __future__ import annotations

from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from lineage_tui.commands import COMMANDS, shown
from lineage_tui.style import PALETTES


class Commands(Provider):
    """All commands of the screen, and the themes."""

    def _entries(self) -> list[tuple[str, str, str]]:
        entries = [(c.name.replace("-", " "), c.action, f"{c.text}  ({shown(c.keys[0])})") for c in COMMANDS]
        return entries + [(f"theme {name}", f"use_theme('{name}')", "colours") for name in PALETTES]

    async def discover(self) -> Hits:
        for name, action, text in self._entries():
            yield DiscoveryHit(name, partial(self.screen.run_action, action), help=text)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name, action, text in self._entries():
            if (score := matcher.match(f"{name} {text}")) > 0:
                yield Hit(score, matcher.highlight(name), partial(self.screen.run_action, action), help=text)
