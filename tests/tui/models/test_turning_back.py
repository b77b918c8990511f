"""The models of the screen, taken back and forth in time, are at each time what they are when made anew then."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from lineage_core.base.clock import DAY, HOUR
from lineage_core.demo.writer import backfill
from lineage_core.rules.thresholds import Thresholds
from lineage_core.state.load import load
from lineage_core.state.state_as_of import Past
from lineage_core.state.store import State
from lineage_tui.models.attention import AttentionList
from lineage_tui.models.attention_item import AttentionItem
from lineage_tui.models.events import EventWindow
from lineage_tui.models.filter_completion import FilterCompletion
from lineage_tui.models.status_counts import StatusCounts
from lineage_tui.models.task_tree import TaskTree
from lineage_tui.models.workers import WorkerIndex
from lineage_tui.settings.acknowledgements import Acknowledgements
from tests.build import NOW

LIMITS = Thresholds()


class Models:
    """All models over a state that may move, and what each of them shows."""

    def __init__(self, state: State, directory: Path, now: int) -> None:
        self.state = state
        self.tree = TaskTree(state)
        self.workers = WorkerIndex(state)
        self.attention = AttentionList(state, LIMITS, Acknowledgements(directory))
        self.events = EventWindow(state, most=400)
        self.counts = StatusCounts(LIMITS)
        self.take(list(state.rows), now)

    def take(self, task_ids: Iterable[str], now: int) -> None:
        """As the screen takes changes."""
        ids = set(task_ids)
        before = {task_id: self.tree.rows.get(task_id) for task_id in ids}
        self.tree.update(ids)
        self.workers.turn(now)
        self.workers.update(ids)
        self.attention.update(ids, now)
        for _ in self.attention.settle(now):
            pass
        self.events.take(ids)
        for task_id, old in before.items():
            self.counts.take(old, self.tree.rows.get(task_id))

    def turn_back(self, task_ids: set[str], now: int) -> None:
        """As the screen does."""
        self.attention.turn_back(now)
        self.counts.turn_back(self.state.newest())
        self.workers.turn(now)
        again = self.events.turn_back(task_ids)
        self.events.take(self.state.rows if again else task_ids)

    def picture(self, now: int) -> dict[str, Any]:
        """What they show as of a time."""
        for node in list(self.tree.tasks()):
            if not node.open:
                self.tree.expand(node, True)
        attention = self.attention
        return {
            "lines": [self.tree.line(n).key for n in range(len(self.tree))],
            "tree": self.tree.rows,
            "statuses": {name: +count for name, count in self.tree.tallies.items() if +count},
            "workers": [self.workers.seat(slot) for slot in self.workers.order],
            "open": (len(self.workers), self.workers.open, self.workers.open_lines, self.workers.open_shown),
            "stuck": +self.workers.stuck(now),
            "attention": [_bare(item) for key in attention.lines if (item := attention.item(key)) is not None],
            "masters": {name: (one.since, one.times, len(one.under)) for name, one in attention.masters.silent.items()},
            "late": +attention.by_rule(now),
            "crowd": attention.crowd(),
            "feed": attention.feed(now),
            "sessions": {name: +count for name, count in attention.counts.urgent_in.items() if +count},
            "events": self.events.shown[-200:],
            "counts": (+self.counts.by_status, self.counts.escalated, +self.counts.stuck(now), self.counts.last_at),
        }


def _bare(item: AttentionItem) -> AttentionItem:
    """Without its sentence, which is as old as the last look at it."""
    return item._replace(finding=item.finding._replace(sentence="", under=()))


def same(past: Past, models: Models, directory: Path) -> None:
    fresh = Models(past.twin(), directory, past.at)
    wanted, found = fresh.picture(past.at), models.picture(past.at)
    for name, value in wanted.items():
        assert found[name] == value, name


def walk(chance: random.Random, past: Past) -> Callable[[], int]:
    """Times as an operator goes through them: mostly small steps, some far ones."""

    def following() -> int:
        if chance.random() < 0.2:
            return chance.randrange(past.first, past.last)
        by = chance.choice((HOUR, 6 * HOUR, DAY)) * chance.choice((-1, -1, 1))
        return max(past.first - 1, min(past.at + by, past.last))

    return following


@pytest.mark.parametrize("seed", range(4))
def test_back_and_forth_they_are_what_they_are_when_made_anew(tmp_path: Path, seed: int) -> None:
    directory = tmp_path / "lineage"
    backfill(directory, 2500, days=12, seed=seed, clock=lambda: NOW)
    past = Past(load(directory).state)
    for _ in past.index():
        pass
    chance = random.Random(seed)
    past.go(past.last)
    models = Models(past, directory, past.at)
    following = walk(chance, past)
    for _ in range(25):
        before, at = past.at, following()
        changed = past.go(at)
        if at < before:
            models.turn_back(changed, at)
        models.take(changed, at)
        same(past, models, directory)


def test_values_of_later_tasks_follow_in_no_filter(tmp_path: Path) -> None:
    backfill(tmp_path, 50, days=1, clock=lambda: NOW)
    completion = FilterCompletion()
    for row in load(tmp_path).state.rows.values():
        completion.take(row)
    assert completion.complete("master:") is not None
    completion.forget()
    assert completion.complete("master:") is None
