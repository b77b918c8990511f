"""Where the values of workers stand: slots that they keep, and that others get when they are gone."""

from __future__ import annotations

from lineage_core.rules.silence import watch
from lineage_core.rules.thresholds import Thresholds
from lineage_core.state.store import State
from lineage_tui.models.worker_value_arrays import WorkerSlots
from tests.build import placed


def filled(*names: str) -> tuple[WorkerSlots, State]:
    """These workers of one task, written in this order."""
    state = State()
    state.merge_facts(
        [
            placed("task_created", "task-1", 1),
            *(placed("worker_spawned", "task-1", 2 + n, worker_id=name) for n, name in enumerate(names)),
        ]
    )
    slots, task = WorkerSlots(), state.task("task-1")
    assert task is not None
    for name in names:
        worker = task.workers[name]
        slots.write(slots.add("task-1"), state.rows["task-1"], worker, watch(worker, None, Thresholds()), "")
    return slots, state


def ids(slots: WorkerSlots) -> list[str]:
    return [slots.id_of(slot) for slot in slots.of_task("task-1")]


def test_a_worker_is_found_by_its_task_and_id_newest_first() -> None:
    slots, _ = filled("a", "b", "c")
    assert len(slots) == 3
    assert ids(slots) == ["c", "b", "a"]
    assert slots.slot_of("task-1", "b") == 2
    assert slots.slot_of("task-1", "x") is slots.slot_of("task-2", "b") is None
    assert slots.is_open(2)


def test_a_slot_that_is_given_up_is_the_next_that_is_given() -> None:
    for gone in ("a", "b", "c"):
        slots, _ = filled("a", "b", "c")
        slot = slots.slot_of("task-1", gone)
        assert slot is not None
        slots.drop(slot)
        assert ids(slots) == [one for one in ("c", "b", "a") if one != gone]
        assert (len(slots), slots.free, slots.end) == (2, {slot}, 4)
        assert slots.add("task-2") == slot
        assert (len(slots), slots.free, slots.end) == (3, set(), 4)


def test_a_task_without_workers_is_forgotten() -> None:
    slots, _ = filled("a")
    slots.drop(1)
    assert ids(slots) == []
    assert slots.slot_of("task-1", "a") is None
    assert len(slots) == 0


def test_a_seat_tells_what_was_written() -> None:
    slots, _ = filled("a", "b")
    seat = slots.seat(2, None)
    assert (seat.worker_id, seat.task_id, seat.state, seat.first, seat.ended, seat.percent) == (
        "b", "task-1", "spawn", 3, None, None,
    )  # fmt: skip
