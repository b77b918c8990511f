"""How the words of a command are parsed, where argparse does it."""

from __future__ import annotations

import argparse
from typing import NoReturn

from lineage_core.errors import ExitCode


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
