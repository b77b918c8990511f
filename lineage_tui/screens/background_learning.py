"""What the screen learns from the journal while nobody waits for it: usual silences, when tasks end, what is not
normal; and what it tells the terminal of what is urgent."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import replace
from functools import partial

from textual.widget import Widget

from lineage_core.rules.thresholds import Thresholds
from lineage_core.rules.usual_durations import UsualTimes
from lineage_tui.models.anomaly_watch import AnomalyWatch
from lineage_tui.models.expected_ends import ExpectedEnds
from lineage_tui.models.urgent_findings import urgent
from lineage_tui.screens.app_context import Context
from lineage_tui.screens.terminal_alarm import Alarm
from lineage_tui.views.attention import AttentionView
from lineage_tui.widgets.background_work import in_background, pause

COUNT = 2.0
"""Seconds between two counts of what is urgent, at least."""

PAUSE = 0.002
"""Seconds for others between two slices of learning."""


class Learning:
    """What is learned of the journal behind a screen. limits: when what is late counts as late, by what is usual."""

    def __init__(self, context: Context) -> None:
        self.usual = UsualTimes(context.state)
        self.limits: Thresholds = replace(context.thresholds, usual=self.usual.late)
        self.ends = ExpectedEnds(context.state, context.clock)
        self.odd = AnomalyWatch(context.state, context.clock)
        self.alarm = Alarm(context.notify_by, context.write_to_terminal)
        self._context = context
        self._urgent: set[Hashable] | None = None
        self._next_count = 0.0

    def heard(self, task_ids: set[str]) -> None:
        """Note that these tasks changed."""
        for one in (self.usual, self.ends, self.odd):
            one.heard(task_ids)

    def turn_back(self) -> None:
        """The state is now as it was at an earlier time: forget all, to be learned anew."""
        for one in (self.usual, self.ends, self.odd):
            one.turn_back()

    def go_on(
        self, worker: Widget, needs: AttentionView, take_in: Callable[[set[str]], None], grow: Callable[[], None]
    ) -> None:
        """Once a second: learn what there is to learn, in slices, in the name of a widget.

        take_in: judges tasks anew. grow: draws anew what depends on the clock.
        """
        if self.usual.behind and not self.usual.learning:
            in_background(worker, partial(self.learn_silences, needs, take_in, grow), "usual")
        if self._context.feed.health.loaded and not self._context.feed.waiting:
            if not self.ends.learned and not self.ends.learning:
                in_background(worker, partial(self._learn_ends, worker, grow), "ends")
            self.ends.update()
            if self.odd.due:
                in_background(worker, partial(self._look_for_anomalies, needs), "anomalies")
            self._tell_terminal(worker, needs)

    async def learn_silences(
        self, needs: AttentionView, take_in: Callable[[set[str]], None], grow: Callable[[], None]
    ) -> None:
        """Learn what silence is usual."""
        for _ in self.usual.learn():
            await pause(needs, PAUSE)
        if self.usual.moved():  # what was late by the defaults may not be so by what is usual
            take_in(needs.model.tasks())
        if not self._context.clock.paused:
            grow()

    async def _learn_ends(self, worker: Widget, grow: Callable[[], None]) -> None:
        """Learn when tasks end."""
        for step in self.ends.learn():
            if step % 20 == 0:
                await pause(worker, PAUSE)
        if not self._context.clock.paused:
            grow()

    async def _look_for_anomalies(self, needs: AttentionView) -> None:
        """Look for what is not normal, and list it."""
        for step in self.odd.look():
            if step % 20 == 0:
                await pause(needs, PAUSE)
        needs.show_anomalies(self.odd.found)

    def _tell_terminal(self, worker: Widget, needs: AttentionView) -> None:
        """Let the title tell what was counted last, and count again if that is long ago."""
        if self._urgent is not None:
            self.alarm.show(self._urgent)
        if self._context.notify_by != "off" and time.monotonic() >= self._next_count:
            self._next_count = time.monotonic() + COUNT
            worker.run_worker(partial(self._count_urgent, needs), thread=True, exclusive=True, group="urgent")

    def _count_urgent(self, needs: AttentionView) -> None:
        """Count what is urgent, in a thread; it may take one part in fifty of the time."""
        began = time.monotonic()
        now, acknowledged = self._context.clock.present(), needs.model.acknowledged
        self._urgent = urgent(self._context.state, now, self.limits, acknowledged)
        self._next_count = time.monotonic() + max(COUNT, 50 * (time.monotonic() - began))
