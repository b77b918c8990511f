"""Tables of workers over logs: what their tests share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lineage_core import demo
from lineage_core.rules.thresholds import Thresholds
from lineage_core.state.load import load
from lineage_core.state.store import State
from lineage_tui.views.workers import ENDED, WorkersView
from tests.tui.alone import Clock, styles, usual_of


def table(state: State, clock: Clock | None = None, **options: Any) -> WorkersView:
    usual = usual_of(state).of
    return WorkersView(styles(), state, clock or Clock(), Thresholds(), usual, id="view", **options)


def workers(view: WorkersView) -> list[str]:
    return [key[1] for line in range(view.count()) if (key := view.key_at(line)) != ENDED]


def history(directory: Path) -> State:
    demo.backfill(directory, 2000, days=1, clock=Clock())
    return load(directory).state
