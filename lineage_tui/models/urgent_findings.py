"""What is urgent and not acknowledged, whichever view is shown: for the terminal's title. Asked in a thread."""

from __future__ import annotations

from collections.abc import Hashable

from lineage_core.model.expectations import Severity
from lineage_core.rules.attention import attention
from lineage_core.rules.new_errors import NewErrors
from lineage_core.rules.stuck_work import CROWD
from lineage_core.rules.thresholds import Thresholds
from lineage_core.state.store import State
from lineage_tui.models.attention_item import LONG_AGO, key_of, rated
from lineage_tui.settings.acknowledgements import Acknowledgements


def urgent(state: State, now: int, limits: Thresholds, acknowledged: Acknowledgements) -> set[Hashable]:
    """The keys of what `lineage attention` calls bad, without what is old and what was acknowledged. What is folded
    under a silent master counts once."""
    found: set[Hashable] = set()
    for one in attention(state, now, limits, errors=NewErrors(state)):  # those are warnings: not sought
        if one.severity is not Severity.BAD or one.rule == CROWD:
            continue
        row = state.rows.get(one.task_id)
        if row is not None:
            item = rated(one, row, acknowledged, now)
            if item.acknowledged or item.rank[0] == LONG_AGO:
                continue
        found.add(key_of(one))
    return found
