"""Lines of the attention view stay where they are while one reads, also those of what is resolved meanwhile."""

from __future__ import annotations

import re

from lineage_core.base.clock import MINUTE
from tests.build import NOW, Log
from tests.tui.alone import Clock, alone, text_of
from tests.tui.views.attention_lists import attention, listed, troubles


async def test_the_cursor_stays_with_its_line_when_others_come() -> None:
    log = troubles()
    view = attention(log)
    async with alone(view, (100, 12)):
        view.move(6)
        chosen, place = view.cursor_key, view.cursor - view.top
        for n in range(30):
            view.arrived(log.add("task_failed", f"task-new-{n}", 20 - n / 10, reason="no disk"))
        assert (view.cursor_key, view.cursor - view.top) == (chosen, place)
        assert view.waiting() == ["1 to move"]  # the line into which they are folded
        view.follow()
        assert view.cursor == 0 and not view.waiting()


async def test_lines_keep_their_order_while_one_reads_until_the_operator_asks() -> None:
    log = Log()
    for n in range(4):
        log.add("task_created", f"task-{n}", 900 - n)
        log.add("task_escalated", f"task-{n}", 500 + n, reason="needs a person")
    for n in range(2):
        log.add("task_failed", f"task-full-{n}", 700, reason="no disk")
    clock = Clock()
    view = attention(log, clock)
    async with alone(view):
        stood = listed(view)
        tasks = [key[1] for key in stood if key[0] == "escalated"]
        assert tasks == ["task-0", "task-1", "task-2", "task-3"]
        view.select(stood.index(("escalated", "task-2")))
        view.arrived(log.add("task_escalated", "task-0", 5, reason="needs a person now"))
        view.arrived(log.add("task_failed", "task-full-2", 4, reason="no disk"))
        clock.at += MINUTE
        view.tick()
        assert listed(view) == stood and view.target() == ("task-2", None)
        assert view.waiting() == ["2 to move"] and "3 " in text_of(view)
        view.arrived(log.add("task_escalated", "task-new", 3, reason="needs a person"))
        assert [key for key in listed(view) if key[1] != "task-new"] == stood and view.target() == ("task-2", None)
        view.follow()
        assert listed(view) == listed(attention(log, clock)) != [*stood, ("escalated", "task-new")]
        assert [key for key in listed(view) if key[1] != "task-new"] != stood and not view.waiting()
        assert all(view.line_of(view.key_at(line)) == line for line in range(view.count()))


async def test_what_is_resolved_stays_in_its_line_until_the_operator_asks_and_counts_no_more() -> None:
    log = Log()
    for n in range(4):
        log.add("task_created", f"task-{n}", 900 - n)
        log.add("task_escalated", f"task-{n}", 500 - n, reason="needs a person")
    view = attention(log)
    async with alone(view):
        stood = listed(view)
        view.select(1)
        selected = view.target()
        view.arrived(log.add("task_completed", "task-2", 3) | log.add("task_completed", "task-1", 3))
        assert listed(view) == stood and view.target() == selected
        assert "▲ 2 escalated" in text_of(view) and text_of(view).count("✓ resolved") == 2
        assert view.model.by_rule(NOW)["escalated"] == 2 and view.waiting() == ["2 resolved"]
        assert "nothing to acknowledge" in view.acknowledge()
        assert [look for _, look in view.walk(1)].count("escalated") == 2
        again = log.add("task_created", "task-2", 1) | log.add("task_escalated", "task-2", 1, reason="as before")
        view.arrived(again)
        assert text_of(view).count("✓ resolved") == 1 + ("task-2" not in view.model.tasks())
        view.follow()
        assert listed(view) == listed(attention(log)) and "resolved" not in text_of(view) and not view.waiting()


async def test_what_was_not_seen_goes_when_it_is_resolved_and_headings_count_what_goes_on() -> None:
    log = Log()
    for n in range(30):
        log.add("task_created", f"task-{n:02}", 900 - n)
        log.add("task_escalated", f"task-{n:02}", 500 - n, reason="needs a person")
    for n in range(3):
        log.add("worker_spawned", f"task-mute-{n}", 9000, worker_id=f"worker-{n}", worker_type="scan-worker")
        log.add("worker_started", f"task-mute-{n}", 9000, worker_id=f"worker-{n}")
    view = attention(log)
    async with alone(view, (100, 12)):
        view.select(2)
        assert view.key_at(30) == ("zombie", "scan-worker", 0)
        last = view.key_at(29)
        count = view.count()
        view.arrived(log.add("task_completed", last[1], 3))  # type: ignore[index]
        assert view.count() == count - 1 and not view.waiting()
        view.select(29)
        view.unfold()
        view.move(1)
        key = view.key_at(view.cursor)
        view.arrived(log.add("worker_progress", key[1], 2, worker_id=key[2]))  # type: ignore[index]
        assert view.key_at(view.cursor) == key and "resolved" in text_of(view) and "☠ 2 zombie" in text_of(view), (
            text_of(view)
        )
        view.fold()
        assert re.search(r"☠ 2 zombie +2h30m ▸ scan workers", text_of(view)), text_of(view)


async def test_a_worker_that_was_found_dead_stays_in_its_line_when_its_task_ends_without_it() -> None:
    log = Log()
    for n in range(3):
        log.add("task_started", f"task-{n}", 900 - n)
        log.add("worker_spawned", f"task-{n}", 800, worker_id=f"worker-{n}", worker_type=f"{n}-worker")
        log.add("worker_failed", f"task-{n}", 300 - n, worker_id=f"worker-{n}", error_details="zombie_timeout")
    view = attention(log)
    async with alone(view):
        stood = listed(view)
        assert [key[0] for key in stood] == ["found-dead"] * 3, stood
        view.select(1)
        view.arrived(log.add("task_completed", stood[0][1], 1))
        assert listed(view) == stood and view.waiting() == ["1 to move"]
        assert "1 older" in text_of(view)
        view.follow()
        assert listed(view) == [stood[1], stood[2], stood[0]] and not view.waiting()
