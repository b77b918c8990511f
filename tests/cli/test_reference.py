"""The README's reference of commands is current and leaves nothing out."""

import pytest

from lineage_core.cli import COMMANDS, parser_of
from lineage_core.cli.introspection import commands
from lineage_core.cli.readme_reference import inserted, markdown
from tests.conftest import ROOT

README = ROOT / "README.md"


def test_the_readme_has_the_reference_as_it_is_generated() -> None:
    text = README.read_text(encoding="utf-8")
    assert markdown() in text, "run: python -m lineage_core.cli.readme_reference README.md"


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


def test_a_readme_without_a_reference_gets_one_and_keeps_the_rest() -> None:
    fresh = inserted("# x\n\nwords\n")
    assert fresh.startswith("# x\n\nwords\n\n## Commands\n\n<!-- commands -->")
    stale = fresh.replace("lineage follow", "lineage fallow") + "\n## After\n"
    assert inserted(stale) == fresh + "\n## After\n"
