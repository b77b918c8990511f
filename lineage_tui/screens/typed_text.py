"""What was typed into the prompt, and what to do with it: a filter, words to find, a command, a time, a reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lineage_tui.screens.app_context import Context, key_of
from lineage_tui.screens.display_options import Display
from lineage_tui.screens.filtering import Filtering
from lineage_tui.screens.next_match import Seeking
from lineage_tui.screens.operator_decisions import PURPOSE, Deciding
from lineage_tui.screens.panes import Panes


class TypedText:
    """Does what was typed. run: runs a command by its name."""

    def __init__(
        self,
        context: Context,
        panes: Panes,
        filtering: Filtering,
        seeking: Seeking,
        display: Display,
        deciding: Deciding,
        run: Callable[[str], Any],
    ) -> None:
        self._context = context
        self._panes = panes
        self._filtering = filtering
        self._seeking = seeking
        self._display = display
        self._deciding = deciding
        self._run = run

    def submitted(self, text: str) -> bool:
        """Do what was typed for the purpose of the prompt; False: it stays there, with what is wrong below."""
        purpose, panes = self._panes.prompt.purpose, self._panes
        if purpose == "filter" and not self._filtering.set(text):
            return False
        panes.focus(panes.detail.tabs.view if purpose == "search" else panes.views.view)
        match purpose:
            case "search":
                self._seeking.find(text)
            case "filter":
                self._filtering.keep(text)
            case _ if purpose == PURPOSE:
                self._deciding.typed(text)
            case "time":
                self._context.travel.go_typed(text)
            case "since":
                self._context.travel.show_changed(text)
            case _:
                self._command(text)
        return True

    def _command(self, text: str) -> None:
        """Run a command by its name, or by the beginning of it if that is clear."""
        if text.strip().startswith("theme "):
            self._display.use_theme(text.strip().removeprefix("theme ").strip())
            return
        commands, name = self._context.commands, "-".join(text.strip().lower().split())
        found = [c for c in commands if c.name == name] or [c for c in commands if name and c.name.startswith(name)]
        if len(found) == 1:
            self._run(found[0].name)
        elif name:
            near = ", ".join(c.name for c in found) or f"{key_of(self._context, 'palette')} lists them all"
            self._context.say(f"no command {name!r}: {near}")

    def suggest(self, text: str) -> str | None:
        """What could be meant by what was typed so far."""
        if self._panes.prompt.purpose == "filter":
            return self._filtering.completion.complete(text)
        name = text.lower()
        return next(
            (c.name for c in self._context.commands if text and c.name.startswith(name) and c.name != name), None
        )
