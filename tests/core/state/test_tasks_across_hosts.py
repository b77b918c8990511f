"""One id on two hosts is one task, or two: a function of the facts, in whatever order they come."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_core import Journal
from lineage_core.model.facts import Fact
from lineage_core.state.feed import Feed
from lineage_core.state.load import load
from lineage_core.state.store import State
from tests.build import DAILY, created, facts_of, handoff, started, worker


def on(host: str, events: Iterable[Any], number: int = 0, **extra: str) -> list[Fact]:
    """Facts of task `t` as a host logged them, with ids of its own."""
    return [
        fact._replace(
            file=f"{host}/{DAILY}",
            lineage_id=f"{host}-{number}-{n}",
            digest=hash((host, number, n)) & (1 << 63) - 1,
            extra=dict(extra),
        )
        for n, fact in enumerate(facts_of([*events]))
    ]


def merged(facts: Iterable[Fact]) -> State:
    state = State()
    for fact in facts:
        state.merge_facts([("t", fact)])
    return state


def test_hosts_that_share_nothing_have_two_tasks() -> None:
    state = merged([*on("a", [created(0)]), *on("b", [created(0), started(1)])])
    assert {name: row.hosts for name, row in state.rows.items()} == {"t": ("a",), "t@b": ("b",)}
    assert state.hosts == {"a", "b"}
    assert state.events == 3


@pytest.mark.parametrize("shared", [{"session_id": "s"}, {"trace_id": "x"}])
def test_hosts_that_share_a_session_or_trace_have_one(shared: dict[str, str]) -> None:
    state = merged([*on("a", [created(0)], **shared), *on("b", [started(1)], **shared)])
    assert {name: row.hosts for name, row in state.rows.items()} == {"t": ("a", "b")}


def test_hosts_that_share_a_handoff_have_one() -> None:
    state = merged(
        [
            *on("b", [handoff("accepted", 5, "b-master", to_master="b-master")]),
            *on("a", [created(0), handoff("created", 4, "a-master", from_master="a-master", to_master="b-master")]),
        ]
    )
    assert state.rows.keys() == {"t"}


def test_a_parent_event_on_another_host_makes_one() -> None:
    (first,) = on("a", [created(0)])
    (second,) = on("b", [started(1)])
    assert merged([first, second._replace(parent=first.lineage_id)]).rows.keys() == {"t"}


def test_a_link_that_comes_late_joins_and_gives_up_a_name() -> None:
    state = merged([*on("b", [started(1)], session_id="s"), *on("a", [created(0)])])
    assert state.rows.keys() == {"t", "t@b"}
    changed = state.merge_facts([("t", *on("a", [worker("P", 2)], 1, session_id="s"))])
    assert changed == {"t", "t@b"}
    assert {name: row.events for name, row in state.rows.items()} == {"t": 3}
    assert sum(state.counts.values()) == 1
    assert state.events == 3


def test_a_wait_and_a_parent_mean_the_task_of_the_same_host() -> None:
    from lineage_core.present.task_rows import blockers
    from tests.build import task

    state = merged([*on("a", [created(0)]), *on("b", [created(0)])])
    (mine,) = on("b", [task("blocked", 5, blocked_by=["t"])], 7)
    (child,) = on("b", [created(6, parent_task_id="t")], 8)
    state.merge_facts([("waiting", mine), ("child", child)])
    assert blockers(state.rows["waiting"], state.rows) == ["t@b"]
    assert state.subtasks.parent("child") == "t@b"


_FACTS = [
    *on("c", [created(0), started(1)]),
    *on("a", [worker("P", 2)], session_id="s"),
    *on("b", [started(3)], trace_id="x"),
    *on("d", [worker("P", 4, "w2")], 1, trace_id="x"),
    *on("b", [worker("P", 5, "w3")], 2, session_id="s"),
    *on("e", [created(9)]),
]


@given(st.permutations(_FACTS), st.integers(0, len(_FACTS)))
def test_the_order_of_arrival_does_not_matter(facts: list[Fact], cut: int) -> None:
    wanted = {"t": ("a", "b", "d"), "t@c": ("c",), "t@e": ("e",)}
    for state in (merged(facts), _folded(facts, cut)):
        assert {name: tuple(sorted(row.hosts)) for name, row in state.rows.items()} == wanted
        assert state.events == len(facts)
        assert {name: len(state.facts(name)) for name in wanted} == {"t": 4, "t@c": 2, "t@e": 1}


def _folded(facts: list[Fact], cut: int) -> State:
    state = State()
    for part in (facts[:cut], facts[cut:]):
        if part:
            state.fold_tasks({"t": list(part)})
    state.settle()
    return state


def _log_many(directory: Path, hosts: int, tasks: int) -> None:
    for host in range(hosts):
        journal = Journal(directory / f"host{host}", environ={"CORTEX_SESSION_ID": f"session-{host % 2}"})
        for number in range(tasks):
            journal.log("task_created", f"task-{number}", "kim", data={"note": "x" * 2000})
            journal.log("task_started", f"task-{number}", "dev-master")


def test_history_from_snapshots_and_live_are_what_a_load_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("lineage_core.state.snapshot_cache.SMALL", 1 << 16)
    journals = tmp_path / "hosts"
    _log_many(journals, 4, 40)
    wanted = {f"task-{n}{suffix}" for n in range(40) for suffix in ("", "@host1")}
    for _ in range(2):  # snapshots are made, then read
        state = load(journals).state
        assert state.rows.keys() == wanted
        assert state.hosts == {f"host{n}" for n in range(4)}
        assert state.events == 4 * 40 * 2
    feed = Feed(journals, State(), lambda: None)
    feed.start()
    while not feed.health.loaded or feed.state.rows.keys() != wanted:
        feed.take(1000)
        assert feed.is_alive()
    feed.stop()
    assert feed.state.events == 4 * 40 * 2


def test_a_host_that_says_nothing_though_work_is_open_there_is_a_finding() -> None:
    from lineage_core.base.clock import MINUTE
    from lineage_core.rules.attention import attention
    from lineage_core.rules.thresholds import Thresholds

    state = State()
    state.merge_facts([("quiet", one) for one in on("a", [created(0)])])
    state.merge_facts([("busy", one) for one in on("b", [created(3000)])])
    now = 3001 * 1_000_000
    (found,) = [one for one in attention(state, now, Thresholds()) if one.rule == "feed-silent"]
    assert found.sentence == "no event from a for 50m01s, though 1 task is open there"
    assert not [one for one in attention(state, 20 * MINUTE, Thresholds()) if one.rule == "feed-silent"]
