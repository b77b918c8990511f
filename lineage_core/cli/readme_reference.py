"""The reference of all commands, generated from the parsers.

`python -m lineage_core.cli.readme_reference` writes it between the two markers of the README.md beside this module.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lineage_core.cli.parser_introspection import Command, Option, commands

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- commands -->", "<!-- /commands -->"


def markdown() -> str:
    """The reference of all commands as Markdown, with the markers around it."""
    return "\n".join([BEGIN, *_lines(), END])


def _lines() -> Iterator[str]:
    every = commands()
    yield "<!-- made by: python -m lineage_core.cli.readme_reference -->"
    yield ""
    yield "| command | |"
    yield "|---|---|"
    for one in every:
        yield f"| [`lineage {one.name}`](#lineage-{one.name}) | {_cell(one.summary)} |"
    yield ""
    yield "Every command takes `--help` and `--dir DIR`: the lineage directory (default: `LINEAGE_DIR`,"
    yield "`$CORTEX_HOME/coordination/lineage`, `./coordination/lineage`)."
    for one in every:
        yield from _section(one)
    yield ""


def _section(one: Command) -> Iterator[str]:
    yield ""
    yield f"#### lineage {one.name}"
    yield ""
    yield f"{one.summary[:1].upper()}{one.summary[1:]}."
    yield ""
    yield "```console"
    yield from one.examples
    yield "```"
    options = [option for option in one.options if not {"--help", "--dir"} & set(option.names)]
    if one.words or options:
        yield ""
        yield "| | |"
        yield "|---|---|"
    for word in one.words:
        name = f"{word.name}…" if word.many else word.name
        shown = f"[{name}]" if word.optional else name
        yield f"| `{shown}` | {_cell(_with_choices(word.help, word.choices))} |"
    for option in options:
        yield f"| {_names(option)} | {_cell(option.help)} |"
    about = one.about.partition("\n\n")[2]
    if about:
        yield ""
        yield "```text"
        yield about
        yield "```"


def _names(option: Option) -> str:
    value = f" {option.value}" if option.value else ""
    return ", ".join(f"`{name}{value}`" for name in option.names).replace("|", "\\|")


def _with_choices(text: str, choices: tuple[str, ...]) -> str:
    listed = all(choice in text for choice in choices)
    return text if listed else f"{text}: {', '.join(choices)}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def inserted(readme: str) -> str:
    """A page with its reference brought up to date."""
    before, _, rest = readme.partition(BEGIN)
    return before + markdown() + rest.partition(END)[2]


if __name__ == "__main__":
    README.write_text(inserted(README.read_text(encoding="utf-8")), encoding="utf-8")
