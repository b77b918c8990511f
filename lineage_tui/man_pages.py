"""The manual pages of `lineage`, of each of its commands and of `lineage-tui`, made from their parsers.

`python -m lineage_tui.man_pages` writes them into lineage_core/man, from where they are installed.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from argparse_manpage.manpage import Manpage

from lineage_core import cli
from lineage_core.cli.commands import help as pages
from lineage_core.cli.lineage_tui_options import parser as lineage_tui_parser

_ENVIRONMENT = {
    "LINEAGE_DIR": "the lineage directory; --dir goes before it",
    "CORTEX_HOME": "the checkout whose coordination/lineage is the directory if nothing else says so",
    "LINEAGE_PAGER": "the pager for long answers at a terminal, before PAGER and less; empty or cat: none",
    "NO_COLOR": "if it is set to anything, no colours",
    "LINEAGE_NOW": "the present time in ISO-8601, for tests",
}
_EXITS = {
    "0": "fine, also when nothing is found",
    "1": "a name is unknown, or a check failed",
    "2": "wrong words",
    "3": "the journal cannot be read or written, or the answer not written",
    "70": "a defect of ours",
    "130": "interrupted",
}
_WAIT_EXITS = _EXITS | {"0": "it completed", "1": "it failed or was cancelled", "4": "nobody knows the task"}
_WAIT_EXITS |= {"124": "the time was up before"}


def made() -> dict[str, str]:
    """The text of each page by the name of its file."""
    os.environ["COLUMNS"] = "80"
    texts = {"lineage.1": _overview(), "lineage-tui.1": _screen()}
    for name in cli.COMMANDS:
        texts[f"lineage-{name}.1"] = _command(name)
    return texts


def write(folder: Path) -> None:
    """Write all pages; pages of commands that are no more go."""
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.1"):
        old.unlink()
    for name, text in made().items():
        (folder / name).write_text(text, encoding="utf-8")


def _command(name: str) -> str:
    parser = cli.parser_of(name)
    first, *others = (parser.description or "").split("\n\n")
    parser.description, parser.epilog, parser.man_short_description = first, None, cli.COMMANDS[name]  # type: ignore[attr-defined]
    sections = []
    for paragraph in others:
        heading, *lines = paragraph.splitlines()
        if lines and all(line.startswith("  ") for line in lines):
            sections.append((heading.rstrip(":"), _list(dict(_pairs(lines)))))
        else:
            sections.append(("notes", _plain(paragraph)))
    examples = import_module(f"lineage_core.cli.commands.{name}").EXAMPLES
    sections.append(("examples", "\n".join([".nf", *map(_line, examples), ".fi"])))
    sections.append(("exit status", _list(_WAIT_EXITS if name == "wait" else _EXITS)))
    sections.append(("see also", "\\fBlineage\\fR(1), \\fBlineage\\-tui\\fR(1)"))
    return _page(parser, f"lineage-{name}", sections)


def _overview() -> str:
    parser = argparse.ArgumentParser(
        "lineage",
        usage="lineage [--dir DIR] [--no-pager] COMMAND [OPTIONS]",
        description="Writes, follows and queries the lineage of tasks: who did what to a task, when, and why.",
    )
    parser.add_argument("--dir", metavar="DIR", help="the lineage directory, also behind the command")
    parser.add_argument("--no-pager", action="store_true", help="long answers go straight to the terminal")
    parser.add_argument("--version", action="store_true", help="print the version")
    parser.man_short_description = "write, follow and query the lineage of tasks"  # type: ignore[attr-defined]
    every = {f"\\fBlineage\\-{name}\\fR(1)": text for name, text in cli.COMMANDS.items()}
    sections = [
        ("commands", _list(every, marked=True)),
        ("environment", _list(_ENVIRONMENT)),
        ("exit status", _list(_EXITS)),
        ("see also", "\\fBlineage\\-tui\\fR(1)"),
    ]
    return _page(parser, "lineage", sections)


def _screen() -> str:
    parser = lineage_tui_parser()
    parser.man_short_description = "watch the lineage of tasks live, by keyboard"  # type: ignore[attr-defined]
    sections = [("environment", _list(_ENVIRONMENT)), ("see also", "\\fBlineage\\fR(1)")]
    return _page(parser, "lineage-tui", sections)


def _page(parser: argparse.ArgumentParser, name: str, sections: list[tuple[str, str]]) -> str:
    page = Manpage(parser)
    page.prog, page.date, page.manual = name, "", "Lineage"
    page.source = f"lineage-tui {version('lineage-tui')}"
    for heading, text in sections:
        page.add_section(heading, ">", text + "\n")
    return "\n".join(line.rstrip() for line in str(page).splitlines()) + "\n"


def _pairs(lines: list[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        key, _, text = line.strip().partition("  ")
        yield key, text.strip()


def _list(items: dict[str, str], *, marked: bool = False) -> str:
    return "\n".join(
        f".TP\n{key if marked else f'{chr(92)}fB{_line(key)}{chr(92)}fR'}\n{_line(text)}" for key, text in items.items()
    )


def _plain(text: str) -> str:
    return "\n".join(map(_line, text.splitlines()))


def _line(text: str) -> str:
    """A line of text as it is, for roff."""
    safe = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{safe}" if safe[:1] in (".", "'") else safe


if __name__ == "__main__":
    write(pages.FOLDER)
