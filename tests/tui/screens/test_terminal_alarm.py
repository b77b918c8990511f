"""The terminal's title and its bell: how many need somebody, and once for what is new."""

from __future__ import annotations

from pathlib import Path

from lineage_tui.screens.terminal_alarm import POP_TITLE, PUSH_TITLE, Alarm
from tests.build import NOW, record, write
from tests.tui.conftest import opened, until


def told(mode: str, *looks: set[str]) -> list[str]:
    written: list[str] = []
    alarm = Alarm(mode, written.append)
    for look in looks:
        alarm.show(look)
    alarm.end()
    return written


def test_the_title_counts_and_comes_back() -> None:
    assert told("title", {"a"}, {"a"}, {"a", "b"}, set()) == [
        f"{PUSH_TITLE}\x1b]2;lineage: 1 needs you\x1b\\",
        "\x1b]2;lineage: 2 need you\x1b\\",
        "\x1b]2;lineage: nothing needs you\x1b\\",
        POP_TITLE,
    ]
    assert told("off", {"a"}, {"b"}) == []


def test_a_bell_or_a_notification_comes_once_for_what_is_new() -> None:
    assert [one for one in told("bell", {"a"}, {"a"}, {"a", "b"}, {"b"}, {"b"}) if one == "\x07"] == ["\x07"]
    assert [one for one in told("notify", {"a"}, {"a", "b"}, {"a"}) if one.startswith("\x1b]9;")] == [
        "\x1b]9;lineage: 1 needs you, 2 in all\x1b\\"
    ]
    assert told("bell", {"a", "b"}, {"a"})[1:] == ["\x1b]2;lineage: 1 needs you\x1b\\", POP_TITLE]


async def test_what_is_acknowledged_is_not_counted(lineage: Path) -> None:
    data = {"priority": "critical", "reason": "\x1b]2;owned\x07"}
    actor = {"type": "user", "id": "kim"}
    made = record(1, task_id="task-1", event_type="task_created", timestamp="2026-03-14T01:00:00Z", actor=actor)
    write(lineage, made | {"event_data": data})
    async with opened(lineage, clock=lambda: NOW, notify="bell") as pilot:
        screen = pilot.app.main_screen  # type: ignore[attr-defined]
        written: list[str] = []
        screen.learning.alarm = Alarm("bell", written.append)
        await until(lambda: written, "a title")
        assert written == [f"{PUSH_TITLE}\x1b]2;lineage: 2 need you\x1b\\"], "the task, and the silent feed"
        await pilot.press("3", "a")
        await until(lambda: len(written) == 2, "the count without it")
        assert written[1] == "\x1b]2;lineage: 1 needs you\x1b\\"
