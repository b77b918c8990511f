"""The timeline of a task in the detail pane: bars, marks, phases, dates."""

from __future__ import annotations

import pytest

from lineage_core.base.clock import SECOND
from lineage_core.present.timeline import timeline
from tests.build import NOW, Log
from tests.tui.alone import styles
from tests.tui.detail.detail_app import DAY, failing, lane_of, night, shown, text_of


async def test_escalations_and_progress_are_marked_on_the_bars() -> None:
    async with shown(night()) as (_, app):
        assert "▲" in lane_of(app, "phases")
        assert lane_of(app, "worker-fix-1").count("╵") == 3


async def test_a_mark_stands_where_it_belongs_and_leaves_the_bar_behind_it() -> None:
    async with shown(night(), ascii_only=True) as (_, app):
        lane = lane_of(app, "phases")
        bar = lane[lane.index(" running") :]
        assert bar.count("!") == 1 and "=!=" in bar


async def test_the_timeline_of_what_goes_on_ends_at_now_and_of_what_ended_does_not() -> None:
    async with shown(night()) as (_, app):
        axis = next(line for line in text_of(app).splitlines() if "┊+" in line)
        assert axis.index("now") == lane_of(app, "worker-fix-1").index("│") - 2
        assert "│" in lane_of(app, "worker-fix-1")
    async with shown(failing()) as (_, app):
        assert "│" not in lane_of(app, "worker-scan-1")


async def test_a_retry_is_joined_to_the_failure_it_follows() -> None:
    async with shown(failing(), ascii_only=True) as (_, app):
        first, second = lane_of(app, "worker-scan-1"), lane_of(app, "worker-scan-2")
        joint = second.index("`")
        assert second[joint + 1] == "-" and "=" in first[joint - 1 : joint + 1]


async def test_below_the_timeline_stand_the_phases_with_durations_shares_and_times() -> None:
    async with shown(failing()) as (pilot, app):
        text = text_of(app)
        assert "── phases" in text
        row = next(line for line in text.splitlines() if line.startswith(" ● running"))
        assert "6m40s" in row and "98%" in row and "02:50:10.000 – 02:56:50.000" in row
        app.detail.tabs.timeline.focus()
        app.detail.tabs.timeline.move(2)
        await pilot.pause()
        assert "── worker-scan-2 scan-worker retry of worker-scan-1" in text_of(app)
        assert "   no disk" in text_of(app)


async def test_exact_times_never_take_room_from_the_lanes_at_80_columns() -> None:
    async with shown(failing(), size=(80, 14)) as (_, app):
        assert app.detail.tabs.timeline.size.width == 80
        assert all(name in text_of(app) for name in ("phases", "worker-scan-1", "worker-scan-2"))


def test_a_thousand_times_more_progress_costs_a_timeline_no_more() -> None:
    """A lane asks for as many ticks as it has cells, and a timeline makes none before."""
    from lineage_core.present.time_axis import Axis
    from lineage_core.present.timeline import Reports
    from lineage_tui.models.gantt_cells import paint

    log = Log()
    log.worker("task-1", "worker-1", "fix-worker", (900, 890), None)
    task = log.state.task("task-1")
    assert task is not None
    task.workers["worker-1"].progress += [(NOW - 800 * SECOND + n * 30_000, 50.0) for n in range(20_000)]
    looked_at = 0

    class Counted(Reports):
        def time(self, number: int) -> int:
            nonlocal looked_at
            looked_at += 1
            return super().time(number)

    lane = timeline(task).lanes[1]
    lane = lane._replace(ticks=Counted(task.workers["worker-1"]))
    painted = paint(lane, Axis(NOW - 900 * SECOND, NOW, 80), NOW, styles())
    assert 0 < looked_at < 80 * 4
    assert sum(cell.text == "╵" for cell in painted) > 20


@pytest.mark.clock
async def test_what_happened_on_another_day_is_shown_with_its_date() -> None:
    log = Log()
    log.add("task_started", "task-1", 3 * DAY)
    log.add("task_failed", "task-1", 3 * DAY - 60, reason="no disk")
    async with shown(log) as (pilot, app):
        assert "03-11 03:01:00 (2d23h ago): no disk" in text_of(app)
        assert "03-11 03:00:00" in text_of(app).splitlines()[4]  # where the axis begins
        app.detail.open_tab("events")
        await pilot.pause()
        lines = text_of(app).splitlines()
        assert any(line.startswith("03-11 03:00:00 ") for line in lines) and "2026-03-11 03:00:00.000Z" in text_of(app)
