"""Long chains and deep nests take time in proportion: four times as much takes four times as long, not sixteen."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lineage_core.cli.commands.chain import relatives_of, text_lines
from lineage_core.cli.text_output import Paper
from lineage_core.model.facts import Fact
from lineage_core.rules.cause_tree import chain
from lineage_core.state.load import load
from lineage_core.state.store import State
from lineage_core.state.subtasks import Subtasks
from tests.build import fact, record, write

SMALL, FACTOR, MOST = 2_000, 4, 9
"""MOST: linear is 4, what sorts 5, quadratic 16."""


def cost(work: Callable[[int], object], size: int) -> float:
    """Processor time of the best of three; as in timeit, the garbage collector looks through no memory meanwhile."""
    spent = []
    gc.disable()  # it would look through all that other tests have left
    try:
        for _ in range(3):
            began = time.process_time()
            work(size)
            spent.append(time.process_time() - began)
    finally:
        gc.enable()
    return min(spent)


def facts_of(size: int, kind: str) -> list[Fact]:
    steps = ("worker_spawned", "worker_started", "worker_failed")
    makers: dict[str, Callable[[int], Fact]] = {
        "one after the other": lambda at: fact(at, f"e{at}", "worker_progress", f"e{at - 1}", worker_id="w"),
        "inferred from workers": lambda at: fact(
            at, f"e{at}", steps[at * 3 // size], worker_id=f"w{at % 999}", worker_type=f"k{at % 7}"
        ),
        "workers of changing types": lambda at: fact(
            at, f"e{at}", steps[-at % 3], worker_id=f"w{at % 5}", worker_type=f"k{at % 3}"
        ),
        "one id for all": lambda at: fact(at, "same", "worker_progress", "same"),
        "all below the first": lambda at: fact(at, f"e{at}", "task_blocked", "e0"),
        "creations again and again": lambda at: fact(at, f"e{at}", "task_created"),
        "each names the next": lambda at: fact(at, f"e{at}", "task_started", f"e{at + 1}"),
    }
    return [makers[kind](at) for at in range(size)]


KINDS = (
    *("one after the other", "inferred from workers", "workers of changing types", "one id for all"),
    *("all below the first", "creations again and again", "each names the next"),
)


@pytest.mark.parametrize("kind", KINDS)
def test_the_chain_of_a_long_task(kind: str) -> None:
    def work(size: int) -> None:
        facts = {"above": facts_of(size // 4, kind), "t": facts_of(size, kind)}
        links = chain(facts, {"t": "above"}, "t")
        assert len(links) >= size
        assert sum(1 for _ in text_lines(links, "t", Paper())) >= size

    assert cost(work, SMALL * FACTOR) < MOST * cost(work, SMALL)


def nest(size: int, order: str) -> Iterator[tuple[str, str | None]]:
    numbers = list(range(size))
    if order == "deepest first":
        numbers.reverse()
    if order == "in any order":
        random.Random(7).shuffle(numbers)
    for number in numbers:
        yield f"t{number}", f"t{number - 1}" if number else None
    if order == "bent to a ring":
        yield "t0", f"t{size - 1}"


@pytest.mark.parametrize("order", ["as created", "deepest first", "in any order", "bent to a ring"])
def test_tasks_nested_in_each_other(order: str) -> None:
    def work(size: int) -> None:
        subtasks = Subtasks()
        for child, parent in nest(size, order):
            subtasks.claim(child, parent, None)
        subtasks.settle()
        assert subtasks.parent(f"t{size - 1}") == f"t{size - 2}"

    assert cost(work, SMALL * FACTOR) < MOST * cost(work, SMALL)


def journal(folder: Path, size: int, *, nested: bool) -> Path:
    lines = (
        record(n, task_id=f"task-{n}", event_type="task_created",
               event_data={"parent_task_id": f"task-{n - 1}"} if nested and n else {})
        for n in range(size)
    )  # fmt: skip
    return write(folder, *lines)


def test_a_directory_of_nested_tasks_costs_little_more_than_a_flat_one(tmp_path: Path) -> None:
    """20,000 levels: 100 times as long as flat, before; all of them above the last one stand in its chain."""
    size = 20_000
    flat, deep = (journal(tmp_path / name, size, nested=name == "deep") for name in ("flat", "deep"))
    assert cost(lambda _: load(deep), 0) < 5 * cost(lambda _: load(flat), 0)
    state: State = load(deep).state
    assert state.subtasks.parent("task-19999") == "task-19998"
    assert len(relatives_of(state, "task-19999")[0]) == size - 1
