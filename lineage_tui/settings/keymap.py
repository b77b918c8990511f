"""The commands of the screen: one registry from which the key map, the help, the palette and `:` are made.

A command's name is what `:` and the config file call it; what it does, the `handlers` of the parts of the main screen
say (`screens/navigation.py`, `screens/next_match.py`, `screens/display_options.py` …). COMMANDS has the default keys;
`rebind` gives the operator's.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile, zip_longest
from typing import NamedTuple

from textual.binding import Binding
from textual.keys import Keys

from lineage_core.settings.user_commands import OwnCommand


class Command(NamedTuple):
    """One thing that the operator can do.

    keys: as Textual names them. hint: a word for the line of keys at the bottom, if it belongs there. joined: in the
    help it stands on the line of the command before it, which speaks for both.
    """

    name: str
    keys: tuple[str, ...]
    text: str
    group: str
    hint: str = ""
    joined: bool = False


COMMANDS: tuple[Command, ...] = (
    Command("tasks", ("1",), "the tree of tasks", "views"),
    Command("workers", ("2",), "all workers", "views"),
    Command("attention", ("3",), "what needs you first", "views"),
    Command("stats", ("4",), "statistics", "views"),
    Command("events", ("5",), "all events, as they come", "views"),
    Command("up", ("up", "k"), "one line up, down", "move"),
    Command("down", ("down", "j"), "one line down", "move", joined=True),
    Command("page-up", ("pageup",), "one page up, down", "move"),
    Command("page-down", ("pagedown",), "one page down", "move", joined=True),
    Command("first", ("home", "g"), "the first line, the last", "move"),
    Command("last", ("end", "G"), "to the last line", "move", joined=True),
    Command("open", ("right", "l"), "open, close; change tab", "move"),
    Command("close", ("left", "h"), "close; tab before", "move", joined=True),
    Command("toggle", ("o",), "open or close", "move", joined=True),
    Command("enter", ("enter",), "into task, event, record", "move", "deeper"),
    Command("up-level", ("escape",), "out by one", "move", "out"),
    Command("pane", ("tab", "shift+tab"), "list or detail pane", "move", "pane"),
    Command("jump", ("J",), "to what the line names", "move"),
    Command("back", ("left_square_bracket",), "back, forward", "move"),
    Command("forward", ("right_square_bracket",), "forward again", "move", joined=True),
    Command("filter", ("slash",), "filter; in the pane: find", "find", "filter"),
    Command("saved-filter", ("B",), "a filter of the config", "find", joined=True),
    Command("only-open", ("O",), "only what goes on, or all", "find"),
    Command("next-match", ("n",), "next match, previous", "find"),
    Command("previous-match", ("N",), "match before", "find", joined=True),
    Command("next-failure", ("e",), "next failure; w: warning", "find"),
    Command("previous-failure", ("E",), "failure before", "find", joined=True),
    Command("next-warning", ("w",), "next warning", "find", joined=True),
    Command("previous-warning", ("W",), "the one before", "find", joined=True),
    Command("mark", ("space",), "mark; compare two marked", "find"),
    Command("next-mark", ("m",), "next marked line", "find", joined=True),
    Command("diff", ("D",), "compare the two marked", "find", joined=True),
    Command("follow", ("f",), "stay with the newest", "read", "follow"),
    Command("pause", ("p",), "freeze the picture", "read", "pause"),
    Command("sort-next", ("greater_than_sign",), "sort column; i: inverted", "read"),
    Command("sort-previous", ("less_than_sign",), "by the one before", "read", joined=True),
    Command("invert", ("i",), "invert the order", "read", joined=True),
    Command("zoom-in", ("z",), "time: closer, wider", "read"),
    Command("zoom-out", ("Z",), "time: wider", "read", joined=True),
    Command("pan-left", ("H", "shift+left"), "time: earlier, later", "read"),
    Command("pan-right", ("L", "shift+right"), "time: later", "read", joined=True),
    Command("longer-window", ("full_stop",), "window (4): more, less", "read"),
    Command("shorter-window", ("comma",), "shorter window", "read", joined=True),
    Command("at-time", ("at",), "as of a time; steps, now", "read"),
    Command("earlier", ("left_curly_bracket",), "a step earlier", "read", joined=True),
    Command("later", ("right_curly_bracket",), "a step later", "read", joined=True),
    Command("event-before", ("left_parenthesis",), "to the event before", "read", joined=True),
    Command("event-after", ("right_parenthesis",), "to the next event", "read", joined=True),
    Command("play", ("P",), "let time pass, faster", "read", joined=True),
    Command("now", ("R",), "back to what happens now", "read", joined=True),
    Command("log", ("u",), "the worker's own log", "read"),
    Command("changed", ("C",), "what changed since when", "read"),
    Command("layout", ("v",), "the pane's place and size", "read"),
    Command("larger-pane", ("plus", "equals_sign"), "pane larger", "read", joined=True),
    Command("smaller-pane", ("minus",), "pane smaller", "read", joined=True),
    Command("times", ("t",), "UTC, local, relative time", "read"),
    Command("theme", ("T",), "next theme", "read"),
    Command("blame", ("b",), "the event that caused it", "judge", "why"),
    Command("explain", ("x",), "why a task stands so", "judge"),
    Command("acknowledge", ("a",), "acknowledge, show all (3)", "judge"),
    Command("show-acknowledged", ("A",), "show what was acknowledged", "judge", joined=True),
    Command("decide", ("d",), "log what you decided", "judge"),
    Command("copy", ("y",), "copy the id, the view", "app"),
    Command("copy-view", ("Y",), "copy and save the view", "app", joined=True),
    Command("command", ("colon",), "run a command by name", "app"),
    Command("palette", ("ctrl+p",), "find a command in a list", "app", joined=True),
    Command("help", ("question_mark", "f1"), "keys, signs, filter words", "app", "help"),
    Command("quit", ("q",), "out; at the root: quit", "app", "quit"),
)

HINTED = ("help", "filter", "blame", "enter", "up-level", "pane", "follow", "pause", "quit")
"""The commands of the line of keys, those first that a newcomer needs to find all the others."""

GROUPS = {
    "views": "See",
    "move": "Move",
    "find": "Find",
    "read": "Read",
    "judge": "Judge",
    "app": "Do",
}

_SHOWN = {
    "up": "↑", "down": "↓", "left": "←", "right": "→", "slash": "/", "question_mark": "?", "enter": "Enter",
    "escape": "Esc", "tab": "Tab", "pageup": "PgUp", "pagedown": "PgDn", "home": "Home", "end": "End", "space": "Space",
    "left_square_bracket": "[", "right_square_bracket": "]", "less_than_sign": "<", "greater_than_sign": ">",
    "colon": ":", "comma": ",", "full_stop": ".", "plus": "+", "minus": "-", "equals_sign": "=", "at": "@",
    "left_curly_bracket": "{", "right_curly_bracket": "}", "left_parenthesis": "(", "right_parenthesis": ")",
    "shift+tab": "⇧Tab", "shift+left": "⇧←", "shift+right": "⇧→",
}  # fmt: skip
_NAMES = {text: name for name, text in _SHOWN.items() if len(text) == 1}
"""What Textual calls the keys that people write as one character."""

_ASCII = {"↑": "Up", "↓": "Down", "←": "Left", "→": "Right", "⇧Tab": "S-Tab", "⇧←": "S-Left", "⇧→": "S-Right"}


def shown(key: str, *, ascii_only: bool = False) -> str:
    """A key as people read it: `↑`, `/`, `Esc`, `^F`, `F6`."""
    text = _SHOWN.get(key) or (f"^{key[5:].upper()}" if key.startswith("ctrl+") else key)
    text = text.upper() if text[:1] == "f" and text[1:].isdecimal() else text
    return _ASCII.get(text, text) if ascii_only else text


def rebind(rebound: Mapping[str, Iterable[str]]) -> tuple[Command, ...]:
    """The commands with the operator's keys.

    rebound: keys by command name, in place of the default ones; `?` and `question_mark` are the same key. A key that
    is given to one command is taken from the others.
    """
    chosen = {name: tuple(map(named, keys)) for name, keys in rebound.items()}
    taken = {key for keys in chosen.values() for key in keys}
    return tuple(
        c._replace(keys=chosen[c.name] if c.name in chosen else tuple(key for key in c.keys if key not in taken))
        for c in COMMANDS
    )


def with_own(commands: Sequence[Command], own: Iterable[OwnCommand]) -> tuple[Command, ...]:
    """The commands, and those of the operator's own."""
    added = [Command(one.name, (named(one.key),), f"{one.name}: {one.argv[0]}"[:25], "app") for one in own]
    return (*commands, *added)


def named(key: str) -> str:
    """A key as Textual names it: `slash` for `/`."""
    return _NAMES.get(key.strip(), key.strip())


def is_key(name: str) -> bool:
    """Whether Textual knows a key of this name: a character, or a name with modifiers before it."""
    base = name.rpartition("+")[2] or "+"
    if len(base) == 1 or base in {key.value for key in Keys}:
        return True
    try:
        return bool(unicodedata.lookup(base.replace("_", " ")))
    except KeyError:
        return base in _SHOWN


def does(name: str) -> str:
    """The Textual action that does a command."""
    return f"do('{name}')"


def bindings(commands: Iterable[Command]) -> list[Binding]:
    """The key map, for a screen.

    All have priority: the screen takes keys one after another, so that what is typed ahead goes where it should.
    """
    return [Binding(key, does(c.name), c.text, show=False, priority=True) for c in commands for key in c.keys]


def first_key(command: Command, *, ascii_only: bool = False) -> str:
    """The key to name a command by; nothing if it has none."""
    return shown(command.keys[0], ascii_only=ascii_only) if command.keys else ""


def with_joined(command: Command, commands: Sequence[Command] = COMMANDS) -> tuple[str, ...]:
    """The keys of a command and of those that are joined to it: the first of each, then the second of each, …"""
    after = commands[commands.index(command) + 1 :]
    of_each = [command.keys, *(other.keys for other in takewhile(lambda other: other.joined, after))]
    return tuple(key for keys in zip_longest(*of_each) for key in keys if key is not None)


def table() -> str:
    """The keys as a Markdown table, for the README of the screen."""
    lines = ["| key | does |", "|---|---|"]
    for command in COMMANDS:
        if not command.joined:
            keys = " ".join(f"`{shown(key)}`" for key in with_joined(command))
            lines.append(f"| {keys} | {command.text} |")
    return "\n".join(lines)
