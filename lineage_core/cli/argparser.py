"""How the words of a command are parsed, where argparse does it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import NoReturn

from lineage_core.base.errors import ExitCode
from lineage_core.model.event_types import nearest

MARK = "\0"
"""Stands before words that are not to be judged: no word of a command line can hold it."""


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Help as wide as the terminal. argparse would import shutil to ask for its width, also when it prints no help."""

    def __init__(self, prog: str) -> None:
        try:
            width = int(os.environ.get("COLUMNS", "")) or 80
        except ValueError:
            try:
                width = os.get_terminal_size().columns or 80
            except OSError:
                width = 80
        super().__init__(prog, width=max(40, width - 2))

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        """Lines stay as they are, but for those that are too long: what goes on hangs below its beginning."""
        import re
        import textwrap

        lines = []
        for line in text.splitlines():
            key = re.match(r" +\S+  +| *", line)
            hang = " " * min(key.end() if key else 0, width // 2)
            lines += textwrap.wrap(line, width, subsequent_indent=hang, break_on_hyphens=False) or [""]
        return "\n".join(lines)


class CommandParser(argparse.ArgumentParser):
    """Usage errors are one line that starts with the command's name. In the help the examples come first, and what
    the description says after its first paragraph comes last.
    """

    def parse_words(self, words: Sequence[str]) -> argparse.Namespace:
        """Parse the words of a command; options and arguments may be mixed.

        What follows `--` are arguments, and what follows an option that takes a value is its value unless it is an
        option of this command: so every id can be given. argparse by itself loses `--` and what begins with a dash.
        """
        return self.parse_intermixed_args(self.plain(words))

    def plain(self, words: Sequence[str]) -> list[str]:
        """The words with those that argparse is not to judge marked: `_get_value` takes the mark away."""
        left = list(reversed(words))
        marked: list[str] = []
        while left:
            word = left.pop()
            name, equals, value = word.partition("=")
            if word == "--":
                marked += [MARK + rest for rest in reversed(left)]
                break
            if not name.startswith("--"):
                marked.append(word)
                continue
            action = self._option_string_actions.get(name)
            if not equals and action is not None and action.nargs is None and left and self._is_value(left[-1]):
                equals, value = "=", left.pop()
            marked.append(f"{name}={MARK}{value.removeprefix(MARK)}" if equals else word)
        return marked

    def _is_value(self, word: str) -> bool:
        return word != "--" and word.partition("=")[0] not in self._option_string_actions

    def _get_value(self, action: argparse.Action, arg_string: str) -> object:
        return super()._get_value(action, arg_string.removeprefix(MARK))

    def error(self, message: str) -> NoReturn:
        """End with 2 and one line on stderr, which names the option that is nearest to an unknown one."""
        message = message.replace(MARK, "")
        kind, _, word = message.partition(": ")
        if kind == "unrecognized arguments" and word.startswith("-"):
            option = word.partition(" ")[0].partition("=")[0]
            hint = nearest(option, self._option_string_actions)
            if not hint and self._get_positional_actions():
                hint = "; put -- before words that begin with a dash"
            message = f"unknown option {option}{hint}"
        self.exit(ExitCode.USAGE, f"{self.prog}: {message} (see {self.prog} --help)\n")

    def format_help(self) -> str:
        """The examples first, then what argparse has."""
        examples, about = self.epilog or "", self.description or ""
        self.description, _, self.epilog = about.partition("\n\n")
        try:
            return f"{examples}\n{super().format_help()}" if examples else super().format_help()
        finally:
            self.description, self.epilog = about, examples
