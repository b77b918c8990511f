"""A list view alone in a small app, over a state that the test fills: what the tests of the views share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from textual.app import App, ComposeResult
from textual.pilot import Pilot

from lineage_core.base.clock import MINUTE, SECOND, parse_timestamp
from lineage_core.model.facts import Fact, fact_of
from lineage_core.rules.usual import UsualTimes
from lineage_core.state.store import State
from lineage_tui.theme.styles import Styles
from lineage_tui.widgets.following_list import FollowingList

NOW = parse_timestamp("2026-03-14T03:00:00Z") or 0


class Clock:
    """A clock that stands until the test moves it on."""

    def __init__(self, at: int = NOW) -> None:
        self.at = at

    def __call__(self) -> int:
        return self.at


class Alone(App[None]):
    """One view and nothing else; `view` may be put on the screen before or after it has lines."""

    CSS = "Screen { layout: vertical; } #view { height: 1fr; }"

    def __init__(self, view: FollowingList) -> None:
        super().__init__()
        self.view = view

    def compose(self) -> ComposeResult:
        yield self.view

    def on_mount(self) -> None:
        self.view.focus()


@asynccontextmanager
async def alone(view: FollowingList, size: tuple[int, int] = (120, 30)) -> AsyncIterator[Pilot[None]]:
    """A pilot of an app that shows this view."""
    async with Alone(view).run_test(size=size) as pilot:
        await pilot.pause()
        yield pilot


def text_of(view: FollowingList) -> str:
    """What the view shows, as text."""
    return "\n".join(view.render_line(y).text for y in range(view.size.height))


def usual_of(state: State) -> UsualTimes:
    """What silence is usual in a state, all of it learned."""
    usual = UsualTimes(state)
    usual.heard(state.rows)
    for _ in usual.learn():
        pass
    return usual


def styles(*, ascii_only: bool = False) -> Styles:
    return Styles("dark", ascii_only=ascii_only)


class Log:
    """Makes facts as the codec would, and merges them into a state at once."""

    def __init__(self, state: State | None = None) -> None:
        self.state = state or State()
        self._offset = 0

    def fact(self, event_type: str, task: str, ago: float, actor: str = "development-master", **data: Any) -> Fact:
        """A fact `ago` seconds before NOW; worker events are its worker's."""
        self._offset += 100
        kind = "worker" if event_type.startswith("worker") and event_type != "worker_spawned" else "master"
        at = NOW - round(ago * SECOND)
        record: dict[str, Any] = {
            "lineage_id": f"lineage-{self._offset:026}",
            "task_id": task,
            "event_type": event_type,
            "actor": {"type": kind, "id": data["worker_id"] if kind == "worker" else actor},
            "event_data": {key: value for key, value in data.items() if not key.startswith("_")},
            "context": {"session_id": data.get("_session", "session-a")},
        }
        return fact_of("lineage-2026-03-14.jsonl", self._offset, 100, at, record)

    def add(self, event_type: str, task: str, ago: float, actor: str = "development-master", **data: Any) -> set[str]:
        """Merge one event; the tasks that changed."""
        return self.state.merge_facts([(task, self.fact(event_type, task, ago, actor, **data))])

    def worker(self, task: str, worker: str, kind: str, words: Iterable[float], end: str | None = None) -> set[str]:
        """A worker that was spawned, started and made progress at these times (seconds ago), and perhaps ended."""
        times = list(words)
        changed = self.add("worker_spawned", task, times[0], worker_id=worker, worker_type=kind)
        if len(times) > 1:
            self.add("worker_started", task, times[1], worker_id=worker, worker_type=kind)
        last = times[-1:] if end else []
        for n, ago in enumerate(times[2 : len(times) - len(last)]):
            self.add("worker_progress", task, ago, worker_id=worker, progress_percentage=10 * n + 10)
        for ago in last:
            if end in ("failed", "zombie"):
                error = {"error_message": "zombie_timeout" if end == "zombie" else "no disk"}
                self.add("worker_failed", task, ago, worker_id=worker, error_details=error)
            else:
                self.add("worker_completed", task, ago, worker_id=worker, completion_status=end)
        return changed


__all__ = ["MINUTE", "NOW", "SECOND", "Clock", "Log", "alone", "styles", "text_of", "usual_of"]
