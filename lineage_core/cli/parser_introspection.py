"""What every command takes, read from the parsers: for the completion scripts and for the reference."""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import NamedTuple

from lineage_core.cli import COMMANDS, parser_of

Choices = tuple[str, ...]


class Word(NamedTuple):
    """A positional argument. many: whether it may be repeated; optional: whether it may be left out."""

    name: str
    choices: Choices
    many: bool
    optional: bool
    help: str


class Option(NamedTuple):
    """An option. value: the name of its value, or None if it takes none."""

    names: tuple[str, ...]
    value: str | None
    choices: Choices
    help: str


class Command(NamedTuple):
    """A subcommand of `lineage`. about: its description, with the keys of its answer."""

    name: str
    summary: str
    about: str
    examples: tuple[str, ...]
    words: tuple[Word, ...]
    options: tuple[Option, ...]


def commands() -> list[Command]:
    """All commands, in the order of the help."""
    return [command(name) for name in COMMANDS]


def command(name: str) -> Command:
    """What one command takes."""
    module = import_module(f"lineage_core.cli.commands.{name}")
    found = described(name, parser_of(name), COMMANDS[name], tuple(module.EXAMPLES))
    if name == "export":  # which parses its words itself
        query = Word("QUERY", tuple(module.QUERIES), False, True, "the query, with its own words after it")
        return found._replace(words=(query, *found.words))
    return found


def described(name: str, parser: argparse.ArgumentParser, summary: str, examples: tuple[str, ...]) -> Command:
    """What a parser takes, with all of its help texts expanded. name: of the command. summary: its line in the list."""
    expand = parser._get_formatter()._expand_help  # `%(choices)s` and the like
    words = [_word(action, expand(action)) for action in parser._actions if not action.option_strings]
    options = [_option(action, expand(action)) for action in parser._actions if action.option_strings]
    return Command(name, summary, parser.description or "", examples, tuple(words), tuple(options))


def _word(action: argparse.Action, text: str) -> Word:
    name = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    return Word(
        name,
        tuple(map(str, action.choices or ())),
        action.nargs in ("*", "+"),
        action.nargs in ("*", "?"),
        text,
    )


def _option(action: argparse.Action, text: str) -> Option:
    choices = tuple(map(str, action.choices or ()))
    value = None
    if action.nargs != 0:
        value = action.metavar if isinstance(action.metavar, str) else "|".join(choices) or action.dest.upper()
    return Option(tuple(action.option_strings), value, choices, text)
