"""One question, one number: owners, failures and tokens by master from every query, over the incidents and the demo.

Where queries count different things they say so: `failed` counts attempts and runs, as the task pane does; `stats` and
the status line of the screen count tasks that are failed.
"""

from __future__ import annotations

from collections import Counter
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from lineage_core.base.clock import format_timestamp
from lineage_core.demo.simulation import plan
from lineage_core.demo.writer import record_of
from lineage_core.meaning.cost import cost_by_owner
from lineage_core.model.task_parts import Status
from lineage_core.state.load import load
from lineage_core.state.store import State
from tests.build import write
from tests.cli.conftest import Ask
from tests.incidents import NOW, stage

START = 1_795_334_400_000_000
NOBODY = "(none)"


@pytest.fixture(params=["incidents", "demo"])
def directory(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A journal, and the time at which it is looked at."""
    if request.param == "incidents":
        stage(tmp_path)
    else:
        write(tmp_path, *(record_of(one) for one in takewhile(lambda event: event.at <= START, plan(1, START))))
    monkeypatch.setenv("LINEAGE_NOW", format_timestamp(NOW if request.param == "incidents" else START))
    return tmp_path


def by_master(rows: list[dict[str, Any]], key: str) -> dict[str, Any]:
    return {row["key"]: row[key] for row in rows if row[key]}


def panes(state: State) -> tuple[Counter[str], Counter[str]]:
    """Tokens and failures by master, as the panes of all tasks give them."""
    tokens, failures = Counter[str](), Counter[str]()
    for task_id in state.rows:
        task = state.task(task_id)
        assert task is not None
        for cost in cost_by_owner(task, task.last_at):
            tokens[cost.master] += cost.tokens or 0
            failures[cost.master] += cost.failures
    return +tokens, +failures


def test_every_query_gives_the_same_numbers_by_master(ask: Ask, directory: Path) -> None:
    state = load(directory).state
    tokens, failures = panes(state)
    tasks = ask("tasks", "--json", directory).json
    grouped, whole = ask("stats", "--by", "master", "--json", directory).json, ask("stats", "--json", directory).json

    owners = Counter(row["master"] or NOBODY for row in tasks)
    assert owners == by_master(grouped, "tasks")

    assert tokens == by_master(grouped, "tokens") == by_master(whole["tokens"]["master"], "tokens")
    assert sum(tokens.values()) == sum(row["tokens"] or 0 for row in tasks)

    failed = ask("failed", "--json", directory).json
    assert failures == Counter(row["master"] for row in failed["failures"])

    over = Counter(row["master"] or NOBODY for row in tasks if row["status"] == "failed")
    assert over == by_master(grouped, "failed") == by_master(whole["failures"]["master"], "failed")
    assert failed["failed_tasks"] == over.total() == state.counts[Status.FAILED]

    text = ask("stats", directory).out
    assert "failed attempts that were retried: `lineage failed`" in text
    assert not tokens or "tokens by master: what each used" in text
    assert "tasks by their owner now or at the end" in ask("stats", "--by", "master", directory).out
