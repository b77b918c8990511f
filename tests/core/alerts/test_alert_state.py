"""The book of alerts: each fires once and resolves once, after a restart too; rules and their file."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineage_core.alerts.alert_state import AlertBook
from lineage_core.alerts.conditions import Holding, condition
from lineage_core.alerts.settings import Rule, read_settings
from lineage_core.base.clock import MINUTE
from lineage_core.base.errors import BadInputError, JournalError

RULES = {"r": Rule("r", "status:failed", 2 * MINUTE, ("page", "log"))}


def look(book: AlertBook, minute: int, *keys: str) -> list[str]:
    holding = {"r": {key: Holding(key, key, f"{key} is failed", 0, "", "") for key in keys}}
    told = book.look(RULES, holding, lambda task_id: {"master": "dev"}, minute * MINUTE)
    return [f"{one['task_id']} {one['status']}" for one in told]


def test_what_holds_for_long_enough_fires_once_and_resolves_once() -> None:
    book = AlertBook()
    told = [look(book, minute, *("ab" if minute < 5 else "b")) for minute in range(1, 8)]
    assert told == [[], [], ["a firing", "b firing"], [], ["a resolved"], [], []]
    assert [(one.hook, one.message["status"]) for one in book.outbox if one.message["task_id"] == "a"] == [
        ("page", "firing"), ("log", "firing"), ("page", "resolved"), ("log", "resolved"),
    ]  # fmt: skip
    assert len({one.message["alert_id"] for one in book.outbox}) == 2


def test_what_stops_before_its_time_begins_anew() -> None:
    book = AlertBook()
    assert [look(book, minute, *("" if minute == 2 else "a")) for minute in range(1, 7)] == [
        [], [], [], [], ["a firing"], [],
    ]  # fmt: skip


def test_it_goes_on_from_its_file(tmp_path: Path) -> None:
    path, whole = tmp_path / "book.json", AlertBook()
    told = []
    for minute in range(1, 8):
        book = AlertBook.load(path)
        keys = "a" if minute < 5 else ""
        told.append(look(book, minute, *keys))
        assert told[-1] == look(whole, minute, *keys)
        book.save(path)
    assert AlertBook.load(path).outbox == whole.outbox and len(whole.outbox) == 4
    path.write_text(path.read_text()[:-3])
    with pytest.raises(JournalError, match="damaged"):
        AlertBook.load(path)


WRONG = {
    "[[rule]]\nname = 'a'\nwhen = 'x'\nhooks = ['paeg']\n[hooks.page]\nfile = 'x'": "line 4: there is no [hooks.paeg]",
    "[hooks.p]\nfile='x'\n[[rule]]\nname = 'a'\nwhen = 'x'\nhooks=['p']\nfro='5m'": "line 7: unknown setting 'fro'",
    "[[rule]]\nname = 'a'\nwhen = 'x'\nfor = 'soon'\nhooks = ['p']\n[hooks.p]\nfile = 'x'": "line 4: for: 'soon' is no",
    "every = '1s'": "there is no rule",
    "[hooks.p]\nexec = 'rm -rf /'\n[[rule]]\nname='a'": "line 2: exec must be a list of words",
    "[hooks.p]\nwebhook = 'file:///etc/passwd'": "line 2: webhook must be an http or https address",
    "[hooks.p]\nfile = 'x'\nexec = ['x']": "must have one of exec, webhook, alertmanager, file",
    "[hooks.p]\nwebhook = 'http://x'\nsecret_file = '/nowhere'": "line 3: secret_file: No such file",
    "[heartbeat]\nevery = '1m'": "heartbeat must have a url or a file",
    "every = 1": "'1' is no duration",
    "every = '1s": "alerts.toml: ",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_file_is_one_line_that_names_the_place(text: str, tmp_path: Path) -> None:
    path = tmp_path / "alerts.toml"
    path.write_text(text)
    with pytest.raises(BadInputError) as error:
        read_settings(path)
    assert WRONG[text] in str(error.value) and "\n" not in str(error.value).strip()


def test_a_condition_that_asks_for_what_does_not_exist_is_told() -> None:
    for when, text in (
        ("finding:silnet", "did you mean silent"),
        ("anomaly:fails", "known: any, fails-more"),
        ("severity:worst", "known: any, bad, warning, past"),
        ("  ", "it asks for nothing"),
    ):
        with pytest.raises(BadInputError, match=text):
            condition(when)
    assert condition("finding:silent,blocked owner:dev 'two words'").words == "owner:dev 'two words'"
