"""The list of what needs a person: equal to the list made anew, whatever happens, and each change looks at little."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_core.base.clock import HOUR, MINUTE
from lineage_core.rules.attention import others_of
from lineage_core.rules.stuck_work import check
from lineage_core.rules.thresholds import Thresholds
from lineage_tui.models.attention import AttentionList
from lineage_tui.settings.acknowledgements import Acknowledgements
from tests.build import NOW, Log
from tests.tui.alone import Clock, alone
from tests.tui.conftest import until
from tests.tui.views.attention_lists import DIRECTORY, attention, pushes


async def test_a_second_that_passes_looks_at_no_task_that_it_does_not_concern(monkeypatch: pytest.MonkeyPatch) -> None:
    log, clock = Log(), Clock()
    for n in range(200):
        log.worker(f"task-{n}", f"worker-{n}", "scan-worker", [20.0 + n, 10.0 + n, n])
    view = attention(log, clock)
    looked: list[str] = []
    look = view.model._look
    monkeypatch.setattr(view.model, "_look", lambda task_id, now: (looked.append(task_id), look(task_id, now)))
    async with alone(view):
        clock.at += 5 * MINUTE - 100 * 1_000_000
        view.tick()
        await until(lambda: not view.model.waits(clock()), "all that is due")
        numbers = {int(task_id.removeprefix("task-")) for task_id in looked}
        assert set(range(100, 200)) <= numbers <= set(range(80, 200)), "those silent for long, or spawned long ago"
        looked.clear()
        view.tick()
        assert looked == []


async def test_a_change_in_a_long_list_looks_at_little_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log()
    pushes(log, range(2000), ago=3000)
    view = attention(log)
    async with alone(view):
        view.unfold()
        looked = 0
        rank = view.model.lines._rank

        def counted(key: Any) -> Any:
            nonlocal looked
            looked += 1
            return rank(key)

        for lines in (*view.model.lines._members.values(), view.model.lines):
            monkeypatch.setattr(lines, "_rank" if lines is view.model.lines else "sort", counted)
        view.arrived(pushes(log, [2001], ago=3000))
        assert view.count() == 2002 and looked < 300


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_list_kept_up_to_date_equals_the_list_made_at_once(data: Any) -> None:
    log, clock = Log(), Clock()
    kept = Acknowledgements(DIRECTORY)
    quiet = data.draw(st.booleans(), "whether nothing moves until the end")
    attention = AttentionList(
        log.state, Thresholds(), kept, still=lambda: quiet, in_view=lambda key: data.draw(st.booleans())
    )
    steps = (
        "task_started", "task_blocked", "task_unblocked", "task_escalated", "task_completed", "task_failed",
        "worker_spawned", "worker_started", "worker_progress", "worker_failed", "handoff_created", "handoff_accepted",
    )  # fmt: skip
    for _ in range(data.draw(st.integers(1, 25))):
        if data.draw(st.booleans()):
            clock.at += data.draw(st.sampled_from([1, 4 * MINUTE, 31 * MINUTE, 11 * HOUR]))
            for _done in attention.settle(clock.at):
                pass
        number = data.draw(st.integers(0, 3))
        changed = log.add(
            data.draw(st.sampled_from(steps)),
            f"task-{number}",
            (NOW - clock.at) / 1_000_000 + data.draw(st.sampled_from([0, 100, 900])),
            worker_id=f"worker-{number}",
            handoff_id=f"handoff-{number}",
            blocked_by=[f"task-{(number + 1) % 4}"],
            error_details=data.draw(st.sampled_from(["zombie_timeout", "no disk"])),
        )
        attention.update(changed, clock.at)
        for _done in attention.settle(clock.at):
            pass
    quiet = False
    attention.shown.release()
    plain = AttentionList(log.state, Thresholds(), kept)
    plain.update(log.state.rows, clock.at)
    for _done in plain.settle(clock.at):
        pass
    assert list(attention.lines) == list(plain.lines) and attention.masters.silent.keys() == plain.masters.silent.keys()
    assert {key: item.grade for key, item in attention._items.items()} == {
        key: item.grade for key, item in plain._items.items()
    }
    mine, theirs = attention.counts, plain.counts
    assert mine.of_rule + theirs.of_rule == theirs.of_rule + theirs.of_rule and mine.old == theirs.old
    for task_id, row in log.state.rows.items():
        task = log.state.task(task_id)
        assert task is not None
        rules = {one.rule for one in check(task, others_of(log.state), clock.at)}
        mine = {key[0] for key in plain._items if key[1] == task_id}
        assert mine - {"failed"} >= rules - {"found-dead"}
        assert ("escalated" in mine) is row.escalated and ("failed" in mine) is (row.status.value == "failed")
