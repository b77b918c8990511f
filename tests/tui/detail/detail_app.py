"""The detail pane alone in a small app: what the tests of its parts share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual.app import App, ComposeResult
from textual.pilot import Pilot

from lineage_core.base.clock import SECOND
from lineage_core.rules.thresholds import Thresholds
from lineage_core.rules.usual_durations import Usual
from lineage_core.state.store import State
from lineage_tui.detail.pane import DetailPane
from lineage_tui.models.session_summary import Session
from lineage_tui.models.task_tree import TaskTree
from tests.build import Log
from tests.tui.alone import Clock, styles

DAY = 86400.0


class DetailApp(App[None]):
    """The pane and nothing else, over what a test has logged."""

    CSS = """
    ContentSwitcher { height: 1fr; } ContentSwitcher > * { height: 1fr; } #heading { height: 4; } #foot { height: 0; }
    """

    def __init__(self, log: Log, *, record: str = "{}", ascii_only: bool = False, **options: Any) -> None:
        super().__init__()
        self.clock = Clock()
        self.model = TaskTree(log.state)
        self.model.update(log.state.rows)
        self.under_cursor: str | None = None
        self.gone_to: list[str] = []
        self.detail = DetailPane(
            styles(ascii_only=ascii_only),
            log.state,
            self.clock,
            Thresholds(),
            lambda _fact: record,
            Session(self.model),
            group=lambda: self.under_cursor,
            go_to=self.gone_to.append,
            usually=lambda kind: Usual(10 * SECOND, 102 * SECOND) if kind == "fix-worker" else None,
            **options,
        )

    def compose(self) -> ComposeResult:
        yield self.detail


@asynccontextmanager
async def shown(
    log: Log, task: str | None = "task-1", size: tuple[int, int] = (100, 40), **options: Any
) -> AsyncIterator[tuple[Pilot[None], DetailApp]]:
    """The pane with a task in it."""
    app = DetailApp(log, **options)
    async with app.run_test(size=size) as pilot:
        app.detail.show(task)
        await pilot.pause()
        yield pilot, app


def text_of(app: DetailApp) -> str:
    """What the pane shows."""
    width, height = app.size
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip)[:width] for strip in lines[:height])


def lane_of(app: DetailApp, name: str) -> str:
    """The line of a lane."""
    return next(line for line in text_of(app).splitlines() if line.startswith(name))


def failing() -> Log:
    """A task whose two workers fail, the second in place of the first."""
    log = Log()
    log.add("task_created", "task-1", 600)
    log.add("task_started", "task-1", 590)
    log.worker("task-1", "worker-scan-1", "scan-worker", (580, 570, 500, 400), "failed")
    log.worker("task-1", "worker-scan-2", "scan-worker", (300, 290, 200), "failed")
    log.add("task_failed", "task-1", 190, reason="two scans failed")
    return log


def events_of(count: int, state: State | None = None) -> Log:
    log = Log(state)
    word: dict[str, Any] = {"worker_id": "worker-1", "progress_percentage": 5}
    agos = (9000 - n / 10 for n in range(count))
    log.state.merge_facts([("task-1", log.fact("worker_progress", "task-1", ago, **word)) for ago in agos])
    return log


def night() -> Log:
    """A task with marks over its bars."""
    log = Log()
    log.add("task_created", "task-1", 1000)
    log.add("task_started", "task-1", 990)
    log.add("task_escalated", "task-1", 700, reason="needs a person")
    log.worker("task-1", "worker-fix-1", "fix-worker", (980, 970, 600, 400, 350), None)
    return log


def session_log() -> Log:
    log = failing()
    for n in range(3):
        log.add("task_created", f"task-ok-{n}", 500 - n)
        log.add("task_completed", f"task-ok-{n}", 400 - n, completion_status="success", token_usage=1000)
    return log
