"""The tree model: lines and nodes agree whatever happens, and nothing loops over everything."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_core.state.store import State
from lineage_core.state.subtasks import Subtasks
from lineage_tui.models.task_tree import TaskTree
from lineage_tui.models.tree_index import Node
from tests.build import placed


def created(task: str, at: int, parent: str | None = None, session: str = "session-a") -> tuple[str, Any]:
    return placed("task_created", task, at, actor="kim", session=session, parent_task_id=parent)


def spawned(task: str, worker: str, at: int) -> tuple[str, Any]:
    return placed("worker_spawned", task, at, worker_id=worker, worker_type="scan-worker")


def tree_of(*facts: tuple[str, Any]) -> TaskTree:
    state = State()
    tree = TaskTree(state)
    tree.update(state.merge_facts(facts))
    return tree


def lines(tree: TaskTree) -> list[str]:
    return [tree.line(n).ident for n in range(len(tree))]


def walk(node: Node) -> list[Node]:
    """The visible nodes below one, the plain way: what `line` must agree with."""
    result = []
    for kid in node.kids:
        if kid.own:
            result.append(kid)
        if kid.open:
            result += walk(kid)
    return result


def every(node: Node) -> list[Node]:
    """All nodes below one, folded ones too."""
    return [below for kid in node.kids for below in (kid, *every(kid))]


def follow(tree: TaskTree, step: int) -> Iterator[Node]:
    """All nodes from the first on (from the last back), each as the one beside the one before it."""
    node = tree.end(step)
    while node is not None:
        yield node
        node = tree.beside(node, step)


def test_tasks_stand_under_their_session_with_workers_and_subtasks_below_newest_first() -> None:
    tree = tree_of(
        created("task-1", 1),
        spawned("task-1", "worker-1", 2),
        created("task-2", 3),
        created("task-1a", 4, parent="task-1"),
        created("task-3", 5, session="session-b"),
    )
    assert lines(tree) == ["session-b", "task-3", "session-a", "task-2", "task-1", "worker-1", "task-1a"]


def test_a_subtask_seen_before_its_parent_moves_under_it() -> None:
    state = State()
    tree = TaskTree(state)
    tree.update(state.merge_facts([created("task-child", 5, parent="task-parent")]))
    assert lines(tree) == ["session-a", "task-child"]
    tree.update(state.merge_facts([created("task-parent", 1)]))
    assert lines(tree) == ["session-a", "task-parent", "task-child"]


def test_a_subtask_that_is_taken_before_its_parent_moves_under_it_when_that_is_taken() -> None:
    state = State()
    changed = state.merge_facts([created("task-parent", 1), created("task-child", 5, parent="task-parent")])
    assert changed == {"task-parent", "task-child"}
    tree = TaskTree(state)
    tree.update(["task-child"])
    tree.update(["task-parent"])
    assert lines(tree) == ["session-a", "task-parent", "task-child"]


@given(order=st.permutations(range(12)), cuts=st.sets(st.integers(1, 11), max_size=3))
@settings(max_examples=60)
def test_the_past_looks_the_same_in_whatever_order_its_tasks_are_taken(order: list[int], cuts: set[int]) -> None:
    """Three tasks with two subtasks each, one of those with one more, in other sessions than their parents."""
    parents = {4: 1, 5: 1, 6: 2, 7: 2, 8: 3, 9: 3, 10: 9, 11: 10}
    state = State()
    for n in range(12):
        parent = f"task-{parents[n]}" if n in parents else None
        end = [placed("task_completed", f"task-{n}", 100 + n)] if n % 4 else []
        state.merge_facts([created(f"task-{n}", n + 1, parent, f"session-{n}"), *end])
    trees = TaskTree(state), TaskTree(state)
    for tree in trees:
        tree.live = False
    starts = [0, *sorted(cuts), 12]
    for start, stop in pairwise(starts):
        trees[0].update([f"task-{n}" for n in order[start:stop]])
    trees[1].update(sorted(state.rows))
    assert lines(trees[0]) == lines(trees[1])
    assert trees[0].tallies == trees[1].tallies and trees[0].found == 12


def test_subtasks_may_come_while_the_tree_takes_their_parent() -> None:
    """The feed's thread merges while the interface thread looks at who belongs to whom."""
    state = State()
    state.merge_facts([created(f"task-{n}", n + 10, "task-p") for n in range(300)])
    state.merge_facts([created("task-p", 1), placed("task_completed", "task-p", 2)])
    more = [created(f"task-more-{n}", n + 1000, "task-p") for n in range(8000)]

    def merge() -> None:
        for start in range(0, len(more), 100):
            state.merge_facts(more[start : start + 100], settle=False)

    with ThreadPoolExecutor() as pool:
        merging = pool.submit(merge)
        while not merging.done():
            TaskTree(state).update(["task-p"])
        merging.result()


def test_subtasks_may_come_at_any_step_of_a_look_at_the_others() -> None:
    """As above, where each garbage collection lets the other thread go on: what is looked at is copied in one step."""
    subtasks = Subtasks()
    for n in range(1000):
        subtasks.claim(f"task-{n}", "task-p", None)
    fresh = iter(range(1000, 100_000))
    before = gc.get_threshold()
    gc.callbacks.append(other := lambda _phase, _info: subtasks.claim(f"task-{next(fresh)}", "task-p", None))
    gc.set_threshold(1)
    try:
        for _ in range(20):
            assert len(subtasks.children("task-p")) >= 1000
    finally:
        gc.callbacks.remove(other)
        gc.set_threshold(*before)


def test_a_filter_keeps_matches_and_what_they_hang_on() -> None:
    tree = tree_of(created("task-1", 1), created("task-1a", 2, parent="task-1"), created("task-2", 3))
    list(tree.set_filter(lambda row: row.task_id == "task-1a"))
    assert lines(tree) == ["session-a", "task-1", "task-1a"]
    list(tree.set_filter(None))
    assert lines(tree) == ["session-a", "task-2", "task-1", "task-1a"]


def test_a_tree_5000_levels_deep_and_one_with_100000_children_can_be_read_anywhere() -> None:
    deep = tree_of(*[created(f"task-{n:05}", n, parent=f"task-{n - 1:05}" if n else None) for n in range(5000)])
    for n in range(4999, 0, -1):
        node = deep.find(("task", f"task-{n:05}", ""))
        assert node is not None
        deep.expand(node, True)
    assert deep.line(5000).ident == "task-04999"
    assert deep.line_of(deep.line(4321)) == 4321
    wide = tree_of(*[created(f"task-{n:06}", n) for n in range(100_000)])
    assert len(wide) == 100_001
    assert wide.line(100_000).ident == "task-000000"
    assert wide.line_of(wide.line(54_321)) == 54_321


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_lines_and_nodes_agree_after_any_changes(data: Any) -> None:
    state = State()
    tree = TaskTree(state)
    names = [f"task-{n}" for n in range(12)]
    for at in range(1, data.draw(st.integers(1, 40))):
        match data.draw(st.sampled_from(["create", "spawn", "toggle", "filter", "sort"])):
            case "create":
                parent = data.draw(st.none() | st.sampled_from(names))
                late = data.draw(st.integers(0, 50))
                session = data.draw(st.sampled_from(["session-a", "session-b"]))
                tree.update(state.merge_facts([created(data.draw(st.sampled_from(names)), late, parent, session)]))
            case "spawn":
                tree.update(state.merge_facts([spawned(data.draw(st.sampled_from(names)), f"worker-{at}", at)]))
            case "toggle" if len(tree):
                node = tree.line(data.draw(st.integers(0, len(tree) - 1)))
                tree.expand(node, not node.open)
            case "sort":
                steps = tree.set_sort(step=data.draw(st.integers(-1, 1)), invert=data.draw(st.booleans()))
                if data.draw(st.booleans()):
                    list(steps)
                else:
                    next(steps, None)  # given up half-way, as a second key press does
            case "filter":
                wanted = data.draw(st.none() | st.sets(st.sampled_from(names)))
                list(tree.set_filter(None if wanted is None else lambda row, w=wanted: row.task_id in w))
    for group, status_counts in tree.tallies.items():
        rows = [row for row in tree.rows.values() if row.group == group]
        assert status_counts.total() == len(rows)
        assert tree.hits[group] == sum(tree.matches is None or tree.matches(row) for row in rows)
    assert tree.found == tree.hits.total()
    nodes = every(tree.root)
    assert list(follow(tree, 1)) == nodes and list(follow(tree, -1)) == nodes[::-1]
    plain = walk(tree.root)
    assert [tree.line(n) for n in range(len(tree))] == plain
    assert [tree.line_of(node) for node in plain] == list(range(len(plain)))


def test_a_task_that_ends_closes_unless_subtasks_may_go_on() -> None:
    tree = tree_of_three_with_workers(created("task-d", 90, parent="task-c"))
    assert workers_shown(tree) == ["worker-task-c", "worker-task-b", "worker-task-a"]
    end(tree, "task-a", "task-b", "task-c")
    assert lines(tree) == ["session-a", "task-c", "worker-task-c", "task-d", "task-b", "task-a"]
    tree.update(tree.state.merge_facts([placed("task_reassigned", "task-a", 200, to_master="b-master")]))
    assert lines(tree)[-1] == "worker-task-a"  # it goes on, so it opens again


def test_what_is_held_still_keeps_its_order_and_closes_nothing_until_it_may_move() -> None:
    tree = tree_of_three_with_workers(created("task-z", 5, session="session-z"))
    tree.orders.sorted_by = "last event"
    for _ in tree.set_sort():
        pass
    tree.still = True
    before = lines(tree)
    end(tree, "task-b")
    tree.update(tree.state.merge_facts([created("task-y", 300, session="session-z")]))
    assert [name for name in lines(tree) if name != "task-y"] == before
    tree.still = False
    tree.settle()
    after = lines(tree)
    assert after[0] == "session-z" and "worker-task-b" not in after  # newest first, and what is over closes
    assert after[3:5] == ["session-a", "task-b"]  # of which the last event is the newest


def tree_of_three_with_workers(*more: tuple[str, Any]) -> TaskTree:
    facts = [
        fact
        for number, task in enumerate(("task-a", "task-b", "task-c"))
        for fact in (created(task, 10 * number + 1), spawned(task, f"worker-{task}", 10 * number + 2))
    ]
    return tree_of(*facts, *more)


def workers_shown(tree: TaskTree) -> list[str]:
    return [ident for ident in lines(tree) if ident.startswith("worker")]


def end(tree: TaskTree, *tasks: str) -> None:
    ends = [placed("task_completed", task, 100 + n, completion_status="success") for n, task in enumerate(tasks)]
    tree.update(tree.state.merge_facts(ends))
