"""The keys in the README of the screen are current."""

from lineage_tui.settings.keymap import COMMANDS, table
from tests.conftest import ROOT

README = (ROOT / "lineage_tui" / "README.md").read_text(encoding="utf-8")


def test_the_keys_in_the_readme_are_those_of_the_registry() -> None:
    assert f"<!-- keys -->\n{table()}\n<!-- end keys -->" in README


def test_no_two_commands_share_a_key_or_a_name() -> None:
    keys = [key for command in COMMANDS for key in command.keys]
    assert len(keys) == len(set(keys))
    assert len({command.name for command in COMMANDS}) == len(COMMANDS)
