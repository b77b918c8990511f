"""How the words of a command are parsed, where argparse does it."""

from __future__ import annotations

import argparse
import os
from typing import NoReturn

from lineage_core.base.errors import ExitCode
from lineage_core.model.event_types import nearest


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

    def error(self, message: str) -> NoReturn:
        kind, _, word = message.partition(": ")
        if kind == "unrecognized arguments" and word.startswith("-"):
            option = word.partition(" ")[0].partition("=")[0]
            message = f"unknown option {option}{nearest(option, self._option_string_actions)}"
        self.exit(ExitCode.USAGE, f"{self.prog}: {message} (see {self.prog} --help)\n")

    def format_help(self) -> str:
        examples, about = self.epilog or "", self.description or ""
        self.description, _, self.epilog = about.partition("\n\n")
        try:
            return f"{examples}\n{super().format_help()}" if examples else super().format_help()
        finally:
            self.description, self.epilog = about, examples
