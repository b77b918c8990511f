"""What a new user reads in a terminal of 80 columns: help that fits, and usage errors that say what to type instead."""

from __future__ import annotations

import pytest

from lineage_core.cli import COMMANDS, main
from lineage_core.cli.readme_reference import markdown
from lineage_core.model.event_types import EVENTS
from tests.cli.conftest import Ask


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


@pytest.mark.parametrize("words", [["--help"], *([name, "--help"] for name in COMMANDS)], ids=" ".join)
def test_the_help_fits_into_80_columns(words: list[str], ask: Ask) -> None:
    told = ask(*words)
    assert told.code == 0
    assert [line for line in told.lines if len(line) > 80] == []
    assert "%(" not in told.out


def test_away_from_a_terminal_help_is_the_text_of_the_option(capsys: pytest.CaptureFixture[str]) -> None:
    for name in COMMANDS:
        with pytest.raises(SystemExit):
            main([name, "--help"])
        expected = capsys.readouterr().out
        assert main(["help", name]) == 0
        assert capsys.readouterr().out == expected
    assert main(["help"]) == main(["--help"]) == 0
    assert main(["help", "tusks"]) == 2
    assert "did you mean tasks?" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--help", "tasks"], ["-h", "tasks"]], ids=" ".join)
def test_help_may_stand_before_the_command(words: list[str], ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    expected = ask("tasks", "--help").out
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 0
    assert capsys.readouterr().out == expected


def test_the_keys_of_the_answer_come_after_the_options_and_hang_below_their_beginning(ask: Ask) -> None:
    lines = ask("tasks", "--help").lines
    assert lines.index("options:") < lines.index("keys of a row:")
    at = next(number for number, line in enumerate(lines) if line.startswith("  status "))
    column = lines[at].index("unknown")
    assert lines[at + 1] == " " * column + "completed, failed or cancelled"


def test_the_help_of_log_tells_each_event_type_with_its_arguments(ask: Ask) -> None:
    out = ask("log", "--help").out
    for spec in EVENTS.values():
        assert f"  {spec.name} " in out
    assert "worker_progress    WORKER [PERCENT] [DATA]" in out


def test_a_mistyped_option_is_told_with_the_right_one(ask: Ask) -> None:
    told = ask("tasks", "--limt", "3")
    assert told.code == 2
    assert told.err == "lineage tasks: unknown option --limt; did you mean --limit? (see lineage tasks --help)\n"
    assert "unknown option --zzzz; put -- before words that begin with a dash (see" in ask("tasks", "--zzzz=1").err


def test_a_missing_action_has_the_name_that_the_help_explains(ask: Ask) -> None:
    for command in ("shell", "integration"):
        assert "required: ACTION" in ask(command).err
        assert "  ACTION " in ask(command, "--help").out


def test_the_reference_holds_no_placeholder() -> None:
    assert "%(" not in markdown()
    assert "directory, permissions, names" in markdown()
