"""The simulated cortex on several hosts: tasks and handoffs cross them, one clock is behind, one host is cut off."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from lineage_core.base.clock import MINUTE
from lineage_core.demo.hosts import BEHIND, CUT_OFF, backfill_hosts, run_hosts
from lineage_core.rules.attention import attention
from lineage_core.rules.thresholds import Thresholds
from lineage_core.state.load import load
from tests import wallclock

pytestmark = pytest.mark.clock


def test_a_live_demo_has_all_that_it_is_to_show(tmp_path: Path) -> None:
    stop = threading.Event()
    begin = wallclock.now()
    run_hosts(tmp_path, 5, rate=50, stop=stop, duration=2)
    state = load(tmp_path).state
    assert state.hosts == {f"cortex-{n}" for n in range(1, 6)}
    assert not state.rows.gone
    assert not [name for name in state.rows if "@" in name]
    assert any(len(row.hosts) > 2 and row.handoffs for row in state.rows.values())
    skews = [state.task(name).skews.get("cortex-4", 0) for name in state.rows]  # type: ignore[union-attr]
    assert BEHIND - MINUTE < max(skews) < BEHIND + MINUTE
    assert state.heard["cortex-5"] <= begin - CUT_OFF
    found = [one for one in attention(state, wallclock.now(), Thresholds()) if one.rule == "feed-silent"]
    assert [one.subject for one in found] == ["cortex-5"]


def test_a_past_is_written_at_once(tmp_path: Path) -> None:
    written = backfill_hosts(tmp_path, 5, 2000, days=2)
    state = load(tmp_path).state
    assert state.events == written
    assert 1900 < written <= 2000
    assert len(state.hosts) == 5
