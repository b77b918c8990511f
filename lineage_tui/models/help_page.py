"""The help as lines: keys by task, what each sign means, and what a filter can ask; all of it, or what holds a text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from lineage_core.base.terminal_cells import cell_width
from lineage_core.query.filter_parser import LANGUAGE
from lineage_tui.settings.keymap import GROUPS, Command, shown, with_joined
from lineage_tui.theme.styled_line import Parts
from lineage_tui.theme.styles import LOOKS, SIGNS, Styles

SIGN, TEXT = 12, 25
"""Cells of a column: what is explained, and what it means."""

PARTS = ("keys", "signs", "filter")


class Entry(NamedTuple):
    """One line of a column; sign: the key or the sign; role: its colour. A title has no text."""

    sign: str
    text: str
    role: str


class Page(NamedTuple):
    """lines: what is shown, all of one width. starts: at which line each of PARTS that has any begins."""

    lines: list[Parts]
    width: int
    starts: dict[str, int]


def page(commands: Sequence[Command], looks: Styles, room: int, needle: str = "") -> Page:
    """The help for a terminal of so many cells. needle: only what holds this text, without regard to case."""
    # Two columns, or three where there is room, so that all keys fit on one page; one where there is little.
    column = SIGN + TEXT + 2  # each has a blank behind it
    count = 3 if room >= 3 * column + 5 else 2 if room >= 2 * column else 1
    wide = max(len(example) for example, _ in LANGUAGE)
    lines: list[Parts] = []
    starts: dict[str, int] = {}
    for name, entries in (("keys", _keys(commands, looks)), ("signs", _signs(looks)), ("filter", _language())):
        found = narrowed(entries, needle.strip().lower())
        if found:
            lines += [[]] if lines else []
            starts[name] = len(lines)
            columns, sign, text = (1, wide, 0) if name == "filter" else (count, SIGN, TEXT)
            lines += _columns(found, columns, sign, text, looks)
    return Page(lines or [[("nothing holds that", "muted", False)]], column * count, starts)


def narrowed(entries: Iterable[Entry], needle: str) -> list[Entry]:
    """The entries that hold a text (all of a title that does), under their titles; an entry without a sign goes on with
    the one before it."""
    found: list[Entry] = []
    title, whole = None, False
    for entry, *more in _blocks(entries):
        if not entry.text:
            title, whole = entry, needle in entry.sign.lower()
        elif whole or needle in " ".join(f"{one.sign} {one.text}" for one in (entry, *more)).lower():
            found += [title, entry, *more] if title is not None else [entry, *more]
            title = None
    return found


def _blocks(entries: Iterable[Entry]) -> list[list[Entry]]:
    blocks: list[list[Entry]] = []
    for entry in entries:
        if entry.sign:
            blocks.append([entry])
        else:
            blocks[-1].append(entry)
    return blocks


def _keys(commands: Sequence[Command], looks: Styles) -> list[Entry]:
    entries = []
    for group, title in GROUPS.items():
        entries.append(Entry(title, "", "accent"))
        for command in commands:
            if command.group == group and not command.joined:
                keys = _fitting([shown(key, ascii_only=looks.ascii_only) for key in with_joined(command, commands)])
                entries.append(Entry(keys, looks.plain(command.text), "text"))
    return entries


def _signs(looks: Styles) -> list[Entry]:
    entries = []
    for title, states in SIGNS.items():
        entries.append(Entry(f"Signs: {title}", "", "accent"))
        for state in states:
            glyph, word, role = looks.look(state)
            entries.append(Entry(f"{glyph} {word}", LOOKS[state].means, role))
    return entries


def _language() -> list[Entry]:
    return [Entry("What a filter can ask", "", "accent"), *(Entry(ask, text, "accent") for ask, text in LANGUAGE)]


def _columns(entries: Sequence[Entry], count: int, sign: int, text: int, looks: Styles) -> list[Parts]:
    """The entries in so many columns, from top to bottom."""
    height = -(-len(entries) // count)
    lines: list[Parts] = []
    for row in range(height):
        line: Parts = []
        for entry in entries[row::height]:
            width = sign + text + 2
            if not entry.text:
                line.append((entry.sign + " " * max(0, width - cell_width(entry.sign)), entry.role, True))
            else:
                line.append((entry.sign + " " * (sign + 1 - cell_width(entry.sign)), entry.role, entry.role == "text"))
                line.append((looks.plain(entry.text).ljust(text + 1), "text", False))
        lines.append(line)
    return lines


def _fitting(keys: list[str]) -> str:
    """As many of the keys as there is room for; brackets stand together where there is little."""
    if len(" ".join(keys)) > SIGN:
        keys = " ".join(keys).replace("{ }", "{}").replace("( )", "()").split()
    while len(text := " ".join(keys)) > SIGN:
        keys = keys[:-1]
    return text
