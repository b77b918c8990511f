"""How the words of a command are parsed, where argparse does it."""

from __future__ import annotations

import argparse
import os
from typing import NoReturn

from lineage_core.errors import ExitCode


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


class CommandParser(argparse.ArgumentParser):
    """Usage errors are one line that starts with the command's name; the examples come first in the help."""

    def error(self, message: str) -> NoReturn:
        self.exit(ExitCode.USAGE, f"{self.prog}: {message} (see {self.prog} --help)\n")

    def format_help(self) -> str:
        examples = self.epilog or ""
        self.epilog, kept = None, self.epilog
        try:
            return f"{examples}\n{super().format_help()}" if examples else super().format_help()
        finally:
            self.epilog = kept
