"""The tasks that changed, between the threads that read and the one that shows."""

from __future__ import annotations

from lineage_core.state.changed_tasks import ChangedTasks


def made() -> tuple[ChangedTasks, list[int]]:
    """Nothing that changed yet, and what was there at each notice."""
    notices: list[int] = []
    changed = ChangedTasks(lambda: notices.append(len(changed)))
    return changed, notices


def test_what_happens_now_comes_before_history_and_history_in_its_order() -> None:
    changed, _ = made()
    changed.announce(["old-1", "old-2", "old-3"], history=True)
    changed.announce(["now-1", "now-2"])
    assert changed.take(2) == {"now-1", "now-2"}
    assert changed.take(1) == {"old-1"}
    assert changed.take(1) == {"old-2"}


def test_of_more_than_are_taken_the_rest_stays() -> None:
    changed, _ = made()
    changed.announce(f"task-{number}" for number in range(5))
    taken = changed.take(3)
    assert len(taken) == 3
    assert len(changed) == 2
    assert taken | changed.take(9) == {f"task-{number}" for number in range(5)}


def test_one_notice_is_under_way_until_all_was_taken() -> None:
    changed, notices = made()
    changed.announce(["task-1", "task-2"])
    changed.announce(["task-3"])
    changed.take(2)
    changed.announce(["task-4"])
    assert notices == [2]
    changed.take(9)
    changed.announce()
    assert notices == [2, 0]


def test_who_begins_anew_is_given_these_tasks_and_no_others() -> None:
    changed, _ = made()
    changed.announce(["task-1"])
    changed.announce(["task-2"], history=True)
    changed.begin_again(["task-3"])
    assert changed.take(9) == {"task-3"}
