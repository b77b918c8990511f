"""One registry of commands: the operator's keys are in force, and they are the ones that the screen names."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from lineage_core.base.errors import BadInputError
from lineage_core.write.journal import Journal
from lineage_tui.app import LineageApp
from lineage_tui.models.help_page import page
from lineage_tui.screens.help import HelpScreen
from lineage_tui.screens.main import MainScreen
from lineage_tui.screens.palette import Commands
from lineage_tui.settings.config import SavedState, read_config
from lineage_tui.settings.keymap import COMMANDS, Command, rebind, shown, table, with_joined
from lineage_tui.theme.styled_line import Parts
from lineage_tui.theme.styles import Styles
from lineage_tui.views.stats import StatsView
from lineage_tui.views.workers import WorkersView
from tests.tui.conftest import opened, screen_text, until

MINE = {"follow": ("F",), "pause": ("?",), "workers": ("f6",)}


def app_of(pilot: object) -> LineageApp:
    return pilot.app  # type: ignore[attr-defined, no-any-return]


def main_of(pilot: object) -> MainScreen:
    screen = app_of(pilot).main_screen
    assert screen is not None
    return screen


def test_a_key_that_is_given_to_one_command_is_taken_from_the_others() -> None:
    keys = {command.name: command.keys for command in rebind(MINE)}
    assert keys["follow"] == ("F",)
    assert keys["pause"] == ("question_mark",) and keys["help"] == ("f1",)


def test_two_commands_with_one_key_are_an_error_that_names_them(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[keys]\nfollow = ["/"]\npause = ["slash"]\n')
    with pytest.raises(BadInputError, match=r"line 3: slash is a key of follow and of pause"):
        read_config(path)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('follow = ["q"]', "q is the only key of quit: give quit another"),
        ('follow = ["blah blah"]', "'blah blah' is no key; write one like F, ctrl+f or f5"),
        ('follow = ["ctrl+nothing"]', "'ctrl+nothing' is no key"),
    ],
)
def test_a_key_that_is_none_or_the_only_one_of_another_command_is_an_error(
    line: str, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f"[keys]\n{line}\n")
    with pytest.raises(BadInputError, match=re.escape(said)):
        read_config(path)


@pytest.mark.parametrize("key", ["F", "%", "+", "ctrl+f", "f5", "shift+left", "question_mark", "ä", "alt+x", "insert"])
def test_keys_are_written_as_people_and_textual_write_them(key: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'[keys]\nfollow = ["{key}"]\n', encoding="utf-8")
    assert read_config(path)["keys"] == {"follow": [key]}


def test_the_letters_stand_beside_the_arrows() -> None:
    keys = {command.name: with_joined(command) for command in COMMANDS}
    assert keys["up"] == ("up", "down", "k", "j")
    assert keys["first"] == ("home", "end", "g", "G")
    assert keys["command"] == ("colon", "ctrl+p")


async def test_rebound_keys_work_and_stand_in_the_key_line_the_help_and_the_palette(lineage: Path) -> None:
    Journal(lineage).log("task_created", "task-1", "user-kim")
    async with opened(lineage, size=(160, 40), keys=MINE) as pilot:
        app, screen = app_of(pilot), main_of(pilot)
        last = screen_text(app).splitlines()[-1]
        assert "F6 workers" in last and "F follow" in last and "? pause" in last and "F1 help" in last
        await pilot.press("2")
        assert screen.views.shown == "tasks"
        await pilot.press("f6")
        assert screen.views.shown == "workers"
        texts = {hit.help async for hit in Commands(screen).discover()}
        assert "stay with the newest  (F)" in texts and "freeze the picture  (?)" in texts
        await pilot.press("n")
        assert "no filter: / sets one" in screen_text(app)
        await pilot.press("5", "k")
        Journal(lineage).log("task_created", "task-2", "user-kim")
        await until(lambda: screen_text(app).count("↓ 1 new (F)") == 1, "the hint above the list")
        await until(lambda: screen_text(app).count(" 1 new below (F) ") == 1, "the hint on the status line")
        await pilot.press("question_mark")
        assert app.clock.paused
        await pilot.press("f1")
        lines = screen_text(app).splitlines()
        assert any("F            stay with the newest" in line for line in lines)
        assert any("↑ ↓ k j      one line up, down" in line for line in lines)
        assert any(": ^P         run a command by name" in line for line in lines)


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_the_help_is_one_page_on_which_nothing_is_cut(size: tuple[int, int], lineage: Path) -> None:
    async with opened(lineage, size=size) as pilot:
        await pilot.press("question_mark")
        text = screen_text(app_of(pilot))
        for command in COMMANDS:
            assert command.joined or command.text in text
        await pilot.press("question_mark")
        assert not isinstance(app_of(pilot).screen, HelpScreen)


async def test_ctrl_p_finds_a_command(lineage: Path) -> None:
    async with opened(lineage) as pilot:
        await pilot.press("ctrl+p", *"all work")
        await until(lambda: "all workers" in screen_text(app_of(pilot)), "the command")
        await pilot.press("enter", "enter")
        await until(lambda: main_of(pilot).views.shown == "workers", "the workers")


async def test_order_of_the_workers_and_pane_and_window_of_the_figures_return_on_the_next_start(lineage: Path) -> None:
    Journal(lineage).log("task_created", "task-1", "user-kim")
    async with opened(lineage, saved=SavedState()) as pilot:
        await pilot.press("2", "greater_than_sign", "i", "4", "right")
        await until(lambda: main_of(pilot).views.views["stats"].settled, "the first look, which chooses a window")
        await pilot.press("comma")
        saved = main_of(pilot).keep()
    assert saved.workers_inverted and (saved.pane, saved.window) == ("durations", "7d")
    async with opened(lineage, saved=saved) as pilot:
        workers, figures = main_of(pilot).views.views["workers"], main_of(pilot).views.views["stats"]
        assert isinstance(workers, WorkersView) and isinstance(figures, StatsView)
        assert (workers.sorted_by, workers.inverted) == (saved.workers_sort, True)
        assert workers.sorted_by != "silent"
        assert (figures.pane, figures.window) == ("durations", "7d")


async def test_every_command_does_something_and_nothing_else_does(tmp_path: Path) -> None:
    async with opened(tmp_path) as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, MainScreen)
        assert set(screen.handlers) == {command.name for command in COMMANDS}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_each_command_has_its_key_in_help_readme_and_config(command: Command, tmp_path: Path) -> None:
    key = shown(command.keys[0])
    keys, _ = _keys_and_texts(page(COMMANDS, Styles("dark"), 160).lines)
    assert key in keys, "the help"
    assert f"`{key}`" in table(), "the README's table"
    path = tmp_path / "config.toml"
    path.write_text(f'[keys]\n{command.name} = ["f7"]\n')
    mine = {one.name: one.keys for one in rebind(read_config(path)["keys"])}
    assert mine[command.name] == ("f7",), "the config file"
    assert {name: keys for name, keys in mine.items() if name != command.name} == {
        one.name: one.keys for one in COMMANDS if one is not command
    }


def _keys_and_texts(lines: list[Parts]) -> tuple[set[str], set[str]]:
    """The keys that the help names, and what it says of them."""
    entries = [(sign[0], text[0]) for line in lines for sign, text in pairwise(line) if sign[2] and not text[2]]
    keys = {key for signs, _ in entries for key in signs.split()}
    return keys | {key for pair in keys & {"{}", "()"} for key in pair}, {text.strip() for _, text in entries}


def test_each_command_that_speaks_for_itself_is_told_of_in_the_help() -> None:
    _, texts = _keys_and_texts(page(COMMANDS, Styles("dark"), 160).lines)
    assert {command.text for command in COMMANDS if not command.joined} <= texts


async def test_each_command_is_in_the_palette_and_is_run_by_its_name(lineage: Path) -> None:
    async with opened(lineage) as pilot:
        screen = main_of(pilot)
        entries = {str(hit.display): hit.help async for hit in Commands(screen).discover()}
        for command in COMMANDS:
            if command.name != "palette":
                assert f"({shown(command.keys[0])})" in (entries[command.name.replace("-", " ")] or "")
        assert set(screen.handlers) == {command.name for command in COMMANDS}


TWELVE = {
    "tasks": "1", "workers": "2", "attention": "3", "stats": "4", "events": "5", "filter": "/", "next-failure": "e",
    "only-open": "O", "blame": "b", "enter": "Enter", "pane": "Tab", "help": "?",
}  # fmt: skip
"""The keys by which the questions of README, "How to find out", are answered."""


def test_the_questions_keep_their_keys() -> None:
    assert TWELVE.items() <= {command.name: shown(command.keys[0]) for command in COMMANDS}.items()
