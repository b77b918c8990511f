"""The situations that a live demo begins with, and how they are judged."""

from __future__ import annotations

from itertools import takewhile

import pytest

from lineage_core.base.clock import MINUTE
from lineage_core.demo.simulation import plan
from lineage_core.demo.situations_at_start import SILENT_MASTER
from lineage_core.demo.writer import record_of
from lineage_core.meaning.cost import cost_by_owner
from lineage_core.meaning.rollup import parent as rollup_of
from lineage_core.model.expectations import Severity
from lineage_core.model.facts import fact_of
from lineage_core.model.task_parts import Status
from lineage_core.rules.attention import attention
from lineage_core.rules.thresholds import Thresholds
from lineage_core.settings.threshold_defaults import LateSettings
from lineage_core.state.store import State
from tests.build import DAILY

START = 1_795_334_400_000_000


@pytest.fixture(scope="module")
def state() -> State:
    state = State()
    placed = ((n, event) for n, event in enumerate(takewhile(lambda event: event.at <= START, plan(1, START))))
    state.merge_facts([(e.task_id, fact_of(DAILY, 100 * n, 100, e.at, record_of(e))) for n, e in placed])
    return state


def test_a_live_demo_begins_with_one_of_each_situation_and_all_are_judged_rightly(state: State) -> None:
    found = {(one.rule, one.task_id or one.subject): one for one in attention(state, START)}
    master = found["master-silent", SILENT_MASTER]
    assert master.sentence.endswith("5 tasks wait for it") and {one.rule for one in master.under} == {
        "idle",
        "unstarted",
    }
    assert found["unassigned", "task-leaked-signing-key-9004"].severity is Severity.BAD
    assert "waits for task-index-" in found["deadlock", "task-index-loader-9003"].sentence
    handed = state.task("task-checkout-rewrite-9005")
    assert handed is not None and handed.master == "cicd-master"
    costs = {one.master: one.tokens for one in cost_by_owner(handed, START)}
    assert costs == {"development-master": 31_000, "cicd-master": 48_000}
    again = state.task("task-cache-warmup-9006")
    assert again is not None and [len(again.attempts), len(again.runs), len(again.workers)] == [2, 2, 1]
    assert [one.retried for one in again.failures] == [True, True] and again.status is Status.RUNNING
    children = state.subtasks.children("task-monolith-split-9007")
    below = rollup_of("task-monolith-split-9007", state.rows, state.subtasks.children, START).subtasks
    assert (len(children), below.done, below.worst) == (8, 5, Status.FAILED)
    skewed = state.task("task-edge-rollout-9008")
    assert skewed is not None and skewed.skews["worker-deployment-9008-1"] > 4 * MINUTE
    assert skewed.status is Status.RUNNING and len(skewed.runs) == 1
    sound = {again.task_id, skewed.task_id, handed.task_id, "task-cold-storage-census-9001", "task-monolith-split-9007"}
    late = {one.task_id for one in found.values() if one.late_since is not None}
    assert not sound & late


def test_the_worker_that_speaks_hourly_would_be_a_zombie_by_the_default(state: State) -> None:
    task = state.task("task-cold-storage-census-9001")
    assert task is not None and START - task.runs[0].last_at > 30 * MINUTE
    strict = attention(state, START, Thresholds(LateSettings({"silent": 30 * MINUTE})))
    assert ("silent", task.task_id) in {(one.rule, one.task_id) for one in strict}
