"""`--dir`: once for a lineage directory or a directory of hosts, many times for several hosts."""

from __future__ import annotations

import argparse
from typing import Any


class AppendDirectory(argparse.Action):
    """One directory is a text, several are a list."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        if not values and parser.prog != "lineage log":  # there an event would be lost for it
            raise argparse.ArgumentError(self, "which directory? it is empty")
        before = getattr(namespace, self.dest)
        value: str | list[str] = values
        if before is not None:
            value = [*(before if isinstance(before, list) else [before]), values]
        setattr(namespace, self.dest, value)
