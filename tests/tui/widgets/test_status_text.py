"""The status line: what needs somebody is told in words for as long as there is any room."""

from __future__ import annotations

import pytest

from lineage_core.base.clock import MINUTE, SECOND
from lineage_tui.theme.styles import Styles
from lineage_tui.widgets.status_text import ALARMS, CALM, counts, pulse

NUMBERS = {"zombie": 2, "escalated": 1, "failed": 27, "blocked": 3, "running": 60, "assigned": 5, "completed": 673}


def told(room: int) -> str:
    parts = counts(NUMBERS, room, Styles("dark"))
    return "".join(text for text, _ in parts)


def test_with_room_every_state_has_its_word_and_alarms_come_first() -> None:
    assert told(200).split("  ") == [
        " ☠ 2 zombie", "▲ 1 escalated", "✗ 27 failed", "◫ 3 blocked", "● 60 running", "◔ 5 assigned", "✓ 673 completed",
        "",
    ]  # fmt: skip


@pytest.mark.parametrize("room", range(60, 120))
def test_alarms_keep_their_words_and_nothing_is_cut(room: int) -> None:
    text = told(room)
    assert len(text) <= room
    for words in ("☠ 2 zombie", "▲ 1 escalated", "✗ 27 failed", "◫ 3 blocked", "● 60"):
        assert words in text


def test_none_failed_and_none_running_is_told_too() -> None:
    text = "".join(text for text, _ in counts({}, 80, Styles("dark")))
    assert "0 failed" in text and "0 running" in text


def test_every_part_has_a_colour() -> None:
    looks = Styles("dark")
    every = (*counts(dict.fromkeys((*ALARMS, *CALM), 1), 300, looks), pulse(0.0, 0, 10**15, 1, busy=True))
    for _text, role in every:
        looks(role)


def test_a_feed_that_has_gone_quiet_while_something_runs_is_loud() -> None:
    now = 1_000_000 * SECOND
    assert pulse(2.5, now - MINUTE, now, 5 * MINUTE, busy=True) == (" 2.5 ev/s ", "text")
    assert pulse(0.0, now - SECOND, now, 5 * MINUTE, busy=True) == (" 0.0 ev/s ", "text")
    assert pulse(0.0, now - 3 * MINUTE, now, 5 * MINUTE, busy=True) == (" last event 3m00s ago ", "muted")
    assert pulse(0.0, now - 6 * MINUTE, now, 5 * MINUTE, busy=True) == (" last event 6m00s ago ", "zombie")
    assert pulse(0.0, now - 6 * MINUTE, now, 5 * MINUTE, busy=False) == (" last event 6m00s ago ", "muted")
    assert pulse(0.0, None, now, 5 * MINUTE, busy=True) == (" 0.0 ev/s ", "text")


def test_what_is_calm_stands_at_the_end_where_there_is_room_for_its_number() -> None:
    few = {"zombie": 2, "running": 60, "assigned": 5, "queued": 7, "completed": 673}
    parts = "".join(text for text, _ in counts(few, 44, Styles("dark")))
    assert parts.split() == ["☠", "2", "zombie", "✗", "0", "failed", "●", "60", "running", "◔", "5", "◌", "7"]
    assert len(parts) <= 44


@pytest.mark.parametrize("room", range(60, 200))
def test_what_is_late_has_words_of_its_own_where_there_is_room_and_costs_no_alarm_its_word(room: int) -> None:
    details = {"silent-master": 1, "deadlock": 2, "handoff-unaccepted": 4, "retries-in-vain": 3}
    text = "".join(text for text, _ in counts(NUMBERS | details | {"late": 9}, room, Styles("dark")))
    assert len(text) <= room
    words = ["◷ 9 late", "☠ 2 zombie", "☠ 1 silent master", "◫ 2 deadlocked", "⇢ 4 unaccepted", "✗ 3 retried in vain",
             "▲ 1 escalated", "✗ 27 failed"]  # fmt: skip
    shown = [one for one in words[2:6] if one in text]
    assert shown == words[2 : 2 + len(shown)]
    assert len(shown) == 4 or room < 150
    if shown or room > 80:
        assert all(one in text for one in (*words[:2], *words[6:]))
