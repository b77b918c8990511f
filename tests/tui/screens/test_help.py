"""The help: every sign in its colour, keys by task, what a filter can ask, the search in it; first hints."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineage_core.query.filter_parser import LANGUAGE
from lineage_core.write.journal import Journal
from lineage_tui.models.help_page import TEXT, page
from lineage_tui.screens.help import HelpScreen
from lineage_tui.screens.hints import MARK_FILE, wanted
from lineage_tui.settings.keymap import COMMANDS, GROUPS
from lineage_tui.theme.styles import LOOKS, SIGNS, Styles
from tests.tui.conftest import opened, text_of, until


def test_every_sign_is_explained_in_its_colour_once() -> None:
    listed = [state for states in SIGNS.values() for state in states]
    assert sorted(listed) == sorted(LOOKS), "no state without a line in the legend, none twice"
    assert all(look.means and len(look.means) <= TEXT for look in LOOKS.values()), "with a blank before the next column"
    assert all(len(command.text) <= TEXT for command in COMMANDS if not command.joined)
    looks = Styles("dark")
    parts = [part for line in page(COMMANDS, looks, 120).lines for part in line]
    for state in listed:
        glyph, word, role = looks.look(state)
        assert any(text.strip() == f"{glyph} {word}" and colour == role for text, colour, _ in parts)


def test_the_keys_stand_by_task_and_every_command_has_one() -> None:
    assert {"Find", "Move", "Read", "Judge"} <= set(GROUPS.values())
    assert {command.group for command in COMMANDS} == set(GROUPS)


@pytest.mark.parametrize("room", [30, 80, 120, 200])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_all_of_it_is_there_at_any_width(room: int, ascii_only: bool) -> None:
    looks = Styles("dark", ascii_only=ascii_only)
    text = "\n".join("".join(part[0] for part in line) for line in page(COMMANDS, looks, room).lines)
    assert all(command.joined or looks.plain(command.text) in text for command in COMMANDS)
    assert all(look.means in text for look in LOOKS.values())
    assert all(example in text and looks.plain(said) in text for example, said in LANGUAGE)
    assert not ascii_only or text.isascii()


async def test_what_is_typed_finds_keys_signs_and_filter_words(lineage: Path) -> None:
    async with opened(lineage) as pilot:
        await pilot.press("question_mark", "slash", *"ZOMBIE")
        await until(lambda: "the tree of tasks" not in text_of(pilot), "what holds the word")
        text = text_of(pilot)
        assert "☠ zombie" in text and "silent for too long" in text and "is:zombie" in text
        await pilot.press("enter", "escape")
        await until(lambda: "the tree of tasks" in text_of(pilot), "all of it")
        await pilot.press("slash", *"judge")
        await until(lambda: "the event that caused it" in text_of(pilot), "all keys of a task by its name")
        assert "freeze the picture" not in text_of(pilot)
        await pilot.press(*"xyz")
        await until(lambda: "nothing holds that" in text_of(pilot), "that nothing was found")
        await pilot.press("escape", "escape")
        assert not isinstance(pilot.app.screen, HelpScreen)


async def test_the_first_run_shows_five_hints_until_a_key_which_does_what_it_does(
    lineage: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("LINEAGE_HINTS")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    Journal(lineage).log("task_created", "task-1", "user-kim")
    assert wanted({}) and not wanted({"LINEAGE_HINTS": "0"})
    async with opened(lineage, hints=wanted({})) as pilot:
        await until(lambda: "new here?" in text_of(pilot), "the hints")
        lines = text_of(pilot).splitlines()
        first = next(n for n, line in enumerate(lines) if "new here?" in line) + 1
        shown = [line.split("│")[1].split()[0] for line in lines[first : first + 5]]
        assert shown == ["3", "e", "Enter", "/", "?"] and "any key" in lines[first + 5]
        await pilot.press("2")
        await until(lambda: "new here?" not in text_of(pilot), "them to go")
        assert pilot.app.main_screen.views.shown == "workers"  # type: ignore[attr-defined]
    assert (tmp_path / "lineage-tui" / MARK_FILE).exists() and not wanted({})
    async with opened(lineage, hints=wanted({})) as pilot:
        assert "new here?" not in text_of(pilot)


async def test_hints_wait_for_a_terminal_that_has_room(lineage: Path) -> None:
    async with opened(lineage, size=(60, 15), hints=True) as pilot:
        assert "new here?" not in text_of(pilot)
        await pilot.press("2")
    assert wanted({})
