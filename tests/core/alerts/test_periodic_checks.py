"""Looks that take in only what changed find what looks at everything would have found."""

from __future__ import annotations

from pathlib import Path

from lineage_core import demo
from lineage_core.alerts.periodic_checks import Looks
from lineage_core.alerts.settings import AlertSettings, Rule
from lineage_core.base.clock import DAY, MINUTE
from lineage_core.query.filter_terms import FilterContext
from lineage_core.read.tailer import Tailer
from lineage_core.rules.attention import attention
from lineage_core.rules.new_errors import NewErrors
from lineage_core.rules.thresholds import Thresholds
from tests.build import NOW

RULES = {
    "found": "finding:any severity:bad,warning",
    "failed": "status:failed",
    "late": "is:late",
    "escalated": "is:escalated owner:dev",
}


def test_what_holds_is_what_a_look_at_all_tasks_tells(tmp_path: Path) -> None:
    demo.backfill(tmp_path, 2500, days=3, seed=3, clock=lambda: NOW)
    rules = tuple(Rule(name, when, 0, ()) for name, when in RULES.items())
    looks = Looks(AlertSettings(rules, {}, every=11 * MINUTE), Thresholds())
    for batch in Tailer(tmp_path).scan():
        looks.put(batch.file, batch.found)
    errors = NewErrors(looks.state)
    seen, rested = 0, 0
    for at in range(NOW - 2 * DAY, NOW + DAY, 11 * MINUTE):
        holding = looks.look(at)
        for row in looks.state.rows.values():
            errors.put(row, at)
        findings = attention(looks.state, at, looks._limits, errors=errors)
        on = FilterContext(looks.state, at, looks._limits)
        for name, one in looks._conditions.items():
            assert holding[name] == one.holds(on, findings), (name, at)
            seen += len(holding[name])
        rested = max(rested, len(looks.state.rows) - len(looks._awake))
    assert seen > 1000 and rested > 50
