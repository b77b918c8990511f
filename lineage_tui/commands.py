"""The commands of the screen: one registry from which the key map, the help, the palette and `:` are made.

A command's name is what `:` and the config file call it; its action is a method of `MainScreen`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from textual.binding import Binding


class Command(NamedTuple):
    """One thing that the operator can do.

    keys: as Textual names them. hint: a word for the line of keys at the bottom, if it belongs there.
    """

    name: str
    action: str
    keys: tuple[str, ...]
    text: str
    group: str
    hint: str = ""


COMMANDS: tuple[Command, ...] = (
    Command("down", "move(1)", ("down", "j"), "one line down", "move"),
    Command("up", "move(-1)", ("up", "k"), "one line up", "move"),
    Command("page-down", "page(1)", ("pagedown", "ctrl+f"), "one page down", "move"),
    Command("page-up", "page(-1)", ("pageup", "ctrl+b"), "one page up", "move"),
    Command("first", "edge(-1)", ("home", "g"), "to the first line", "move"),
    Command("last", "edge(1)", ("end", "G"), "to the last line", "move"),
    Command("open", "unfold", ("right", "l"), "open what is below; in the detail pane: the next tab", "move", "open"),
    Command("close", "fold", ("left", "h"), "close it, or go to what it is below; the tab before", "move", "close"),
    Command("toggle", "toggle_fold", ("o",), "open or close the line under the cursor", "move"),
    Command("enter", "enter", ("enter",), "deeper: task, timeline, events, record", "go", "deeper"),
    Command("back", "back", ("escape",), "back by one", "go", "back"),
    Command("pane", "switch_pane", ("tab", "shift+tab"), "between the list and the detail pane", "go", "pane"),
    Command("filter", "filter", ("slash",), "words, status: master: worker: is: (! means not)", "find", "filter"),
    Command("follow", "follow", ("f",), "follow the newest until you move", "find", "follow"),
    Command("pause", "pause", ("p",), "freeze the picture; reading goes on", "find", "pause"),
    Command("help", "help", ("question_mark", "f1"), "this page", "app", "help"),
    Command("quit", "leave", ("q",), "back by one; at the root: quit", "app", "quit"),
)

_SHOWN = {
    "up": "↑", "down": "↓", "left": "←", "right": "→", "slash": "/", "question_mark": "?", "enter": "Enter",
    "escape": "Esc", "tab": "Tab", "pageup": "PgUp", "pagedown": "PgDn", "home": "Home", "end": "End", "space": "Space",
    "left_square_bracket": "[", "right_square_bracket": "]", "less_than_sign": "<", "greater_than_sign": ">",
    "colon": ":", "f1": "F1", "shift+tab": "⇧Tab",
}  # fmt: skip
_ASCII = {"↑": "Up", "↓": "Down", "←": "Left", "→": "Right", "⇧Tab": "S-Tab"}


def shown(key: str, *, ascii_only: bool = False) -> str:
    """A key as people read it: `↑`, `/`, `Esc`, `^F`."""
    text = _SHOWN.get(key) or (f"^{key[5:].upper()}" if key.startswith("ctrl+") else key)
    return _ASCII.get(text, text) if ascii_only else text


def bindings(rebound: Mapping[str, tuple[str, ...]] | None = None) -> list[Binding]:
    """The key map, for a screen. rebound: keys by command name, in place of the default ones.

    All have priority: the screen takes keys one after another, so that what is typed ahead goes where it should.
    """
    changed = rebound or {}
    return [
        Binding(",".join(changed.get(c.name, c.keys)), c.action, c.text, show=False, priority=True)
        for c in COMMANDS
        if changed.get(c.name, c.keys)
    ]
