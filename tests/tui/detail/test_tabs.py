"""The tabs of events and records: what they show in full, and where the focus stays."""

from __future__ import annotations

import pytest

from tests.build import Log
from tests.tui.conftest import until
from tests.tui.detail.detail_app import events_of, failing, session_log, shown, text_of


async def test_the_event_under_the_cursor_is_read_in_full_below_the_list() -> None:
    log = Log()
    log.add("task_created", "task-1", 60)
    words = " ".join(f"word{n:02}" for n in range(20))
    log.add("task_blocked", "task-1", 30, reason=words)
    async with shown(log, size=(80, 36)) as (pilot, app):
        app.detail.open_tab("events")
        app.detail.tabs.events.edge(1)
        await pilot.pause()
        below = " ".join(line.strip() for line in text_of(app).splitlines()[-12:])
        assert words in below


@pytest.mark.parametrize("tab", ["explain", "related", "record"])
async def test_a_tab_without_more_to_tell_of_a_line_has_the_whole_height(tab: str) -> None:
    async with shown(failing()) as (pilot, app):
        app.detail.open_tab(tab)
        await pilot.pause()
        assert not [line for line in text_of(app).splitlines() if line.startswith("──")]


async def test_a_record_is_wrapped_and_broken_at_its_line_breaks_and_copied_as_it_is() -> None:
    log = Log()
    log.add("task_created", "task-1", 60)
    message = "a" * 60 + " " + "b" * 60
    record = '{\n  "message": "' + message + '",\n  "trace": "first\\n\\tsecond \\\\n \\"third\\"\\nlast"\n}'
    async with shown(log, size=(60, 30), record=record) as (pilot, app):
        app.detail.open_tab("events")
        app.detail.open_tab("record")
        await until(lambda: app.detail.tabs.record.lines[:1] == ["{"], "the record")
        await pilot.pause()
        text = text_of(app)
        flat = "".join(line.strip(" │┃") for line in text.splitlines())
        assert "a" * 40 in text and flat.count("a") >= 60 and flat.count("b") >= 60
        lines = [line.strip(" │┃") for line in text.splitlines()]
        at = next(n for n, line in enumerate(lines) if line.startswith('"trace"'))
        assert lines[at].endswith('"first\\n')
        assert lines[at + 1 : at + 3] == ['second \\\\n \\"third\\"\\n', 'last"']
        assert "\n".join(app.detail.tabs.record.lines) == record


async def test_the_record_tab_shows_an_event_of_its_own_task_whatever_was_looked_at_before() -> None:
    log = Log()
    log.add("task_created", "task-1", 60)
    log.add("task_created", "task-2", 50)
    async with shown(log) as (pilot, app):
        app.detail.open_tab("events")
        app.detail.open_tab("timeline")
        app.detail.show("task-2")
        app.detail.turn(-1)
        await pilot.pause()
        assert app.detail.tab == "record" and app.detail.tabs.events.fact() == log.state.facts("task-2")[0]


async def test_the_focus_stays_in_the_pane_when_its_record_goes() -> None:
    async with shown(session_log()) as (pilot, app):
        app.detail.open_tab("events")
        app.detail.tabs.events.focus()
        app.detail.open_tab("record")
        await pilot.pause()
        app.detail.show("task-ok-1")
        await pilot.pause()
        assert app.detail.tab == "events" and app.focused is app.detail.tabs.events


async def test_many_events_are_read_in_slices_and_the_one_that_was_asked_for_is_found() -> None:
    log = events_of(12_000)
    async with shown(log) as (pilot, app):
        last = log.state.facts("task-1")[-1]
        app.detail.show_event(last.digest)
        assert app.detail.tabs.events.count() < 12_000  # the key was answered before everything was read
        await until(lambda: app.detail.tabs.events.count() == 12_000, "all events")
        await pilot.pause()
        assert app.detail.tabs.events.fact() == last
