"""The reference of commands is current, leaves nothing out, and its examples are understood."""

import shlex
from importlib import import_module
from itertools import takewhile

import pytest

from lineage_core.cli import COMMANDS, parser_of
from lineage_core.cli.parser_introspection import commands
from lineage_core.cli.readme_reference import README, inserted, markdown


def test_the_page_has_the_reference_as_it_is_generated() -> None:
    text = README.read_text(encoding="utf-8")
    assert markdown() in text, "run: python -m lineage_core.cli.readme_reference"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_a_command_is_in_its_section(command: str) -> None:
    section = markdown().partition(f"#### lineage {command}\n")[2].partition("\n#### ")[0]
    assert COMMANDS[command] in section.lower() or COMMANDS[command][1:] in section
    for action in parser_of(command)._actions:
        for name in action.option_strings:
            if name not in ("-h", "--help", "--dir"):
                assert f"`{name}" in section
        if not action.option_strings:
            metavar = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
            assert f"{metavar}" in section


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_option_has_help(command: str) -> None:
    (one,) = (one for one in commands() if one.name == command)
    assert all(line.split()[0] in ("lineage", "source", "eval") for line in one.examples)
    for word in (*one.words, *one.options):
        assert word.help, word


def test_only_what_is_between_the_markers_is_written_anew() -> None:
    page = README.read_text(encoding="utf-8")
    assert inserted(page.replace("lineage follow", "lineage fallow") + "\n## After\n").endswith("\n## After\n")
    assert inserted(page.replace("| `--dry-run` |", "| `--wet-run` |")) == page


EXAMPLES = [example for one in commands() for example in one.examples if example.startswith("lineage ")]


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_understood(example: str) -> None:
    shell = shlex.shlex(example, posix=True, punctuation_chars="|&;<>")
    shell.whitespace_split, shell.commenters = True, ""
    words = list(takewhile(lambda word: word[0] not in "|&;<>", shell))[1:]
    module = import_module(f"lineage_core.cli.commands.{words[0]}")
    if not hasattr(module, "parse"):
        parser_of(words[0]).parse_args(words[1:])
