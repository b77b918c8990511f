"""The attention view `3`: what needs a person, the most urgent first, with the reason and since when.

What has the same cause (failures of one fingerprint, stuck workers of one type) is one line until somebody opens it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import Any

from textual.geometry import Region

from lineage_core.base.clock import Clock
from lineage_core.forecast.anomalies import Anomaly
from lineage_core.model.entities import TaskRow
from lineage_core.model.expectations import Severity
from lineage_core.rules.feed_health import FeedHealth, feed_findings
from lineage_core.rules.thresholds import Thresholds
from lineage_core.rules.usual_durations import Usually
from lineage_core.state.store import State
from lineage_tui.models.attention import AttentionList
from lineage_tui.models.attention_item import AttentionItem, Cause
from lineage_tui.models.grouped_list import GroupedList
from lineage_tui.settings.acknowledgements import Acknowledgements, Key
from lineage_tui.theme.styled_line import Line
from lineage_tui.theme.styles import Styles
from lineage_tui.views.attention_row import ODD, RULE_LOOKS, AttentionRows, look_of
from lineage_tui.widgets.grouped_list import GroupedLines
from lineage_tui.widgets.list_view import Operation

_DUE = "due"


class AttentionView(GroupedLines):
    """What needs a person in a lineage directory, and what the operator has acknowledged.

    usually: what silence is usual for a worker type. feed: how the directory is read, None if nobody knows.
    known: whether a task that is not in the state may have been.
    """

    title_lines = 2

    def __init__(
        self,
        styles: Styles,
        state: State,
        clock: Clock,
        thresholds: Thresholds,
        directory: Path,
        usually: Usually = lambda kind: None,
        feed: Callable[[], FeedHealth | None] = lambda: None,
        known: Callable[[str], bool] = lambda task_id: False,
        **options: Any,
    ) -> None:
        super().__init__(styles, **options)
        self.clock = clock
        self.feed = feed
        self.whole: Callable[[], bool] = lambda: True  # whether it has taken in all there is: before, nothing is held
        self._in_view: set[Hashable] = set()
        self.model = AttentionList(
            state,
            thresholds,
            Acknowledgements(directory),
            known,
            still=lambda: not self.following and self.whole(),
            in_view=lambda key: key in self._in_view,
        )
        self._rows = AttentionRows(styles, self.model, usually)
        self._title = ""

    # What changes.

    def arrived(self, task_ids: set[str]) -> None:
        """Take in what changed in these tasks."""
        self._look_around()
        self.model.update(task_ids, self.clock())
        self._rows.forget(task_ids)
        self.settle(lambda key: isinstance(key, Cause) or key[1] in task_ids)  # type: ignore[index]

    def turn_back(self, task_ids: set[str]) -> bool:
        self.model.turn_back(self.clock())
        self.show_anomalies([])
        self.keep_time()
        return False

    def show_anomalies(self, found: list[Anomaly]) -> None:
        """List what is not normal, in place of what was listed of that before."""
        self._look_around()
        self.model.put_anomalies(found, self.clock())
        self._rows.forget()
        self.settle()

    def tick(self) -> None:
        """Once a second: ages grow, and the rules speak whose time has come."""
        self._rows.forget()
        if self.model.matches is None:
            self.empty = self._nothing()
        self.keep_time()
        self.refresh()

    def keep_time(self) -> None:
        """Let the rules speak whose time has come."""
        if self.model.waits(self.clock()):
            self._look_around()
            self.in_slices(self.model.settle(self.clock()), _DUE)

    def _look_around(self) -> None:
        """Note what is in view before it changes: there nothing vanishes."""
        self._in_view = {self.key_at(line) for line in range(self.top, min(self.count(), self.top + self.page))}

    def set_filter(self, matches: Callable[[TaskRow], bool] | None, text: str = "") -> None:
        """List what concerns the tasks that match (None: all)."""
        self._refilter(matches, self.model.with_acknowledged)

    def acknowledge(self) -> str:
        """Acknowledge what is under the cursor, all that is folded there, or take that back; what was done, in a few
        words."""
        if self.cursor >= self.count():
            return "nothing to acknowledge"
        item, group = self.model.lines.at(self.cursor)
        keys = [item] if item is not None and item not in self.model.shown.resolved else []
        keys = list(self.model.shown.going_on(group)) if item is None else keys
        if not keys:
            return "it is resolved: nothing to acknowledge"
        what = keys[0][1] if len(keys) == 1 else f"all {len(keys):,}"
        try:
            done = self.model.acknowledge(keys, self.clock())
        except OSError as error:
            said = f"acknowledged until you quit: it cannot be kept: {error.strerror or error}"
        else:
            said = "acknowledged; what gets worse comes back" if done else "no longer acknowledged"
        self.in_slices(self.model.settle(self.clock()), _DUE)
        return f"{what}: {said}"

    def show_acknowledged(self) -> str:
        """List what was acknowledged too, at the end; or leave it out again. What was done, in a few words."""
        wanted = not self.model.with_acknowledged
        self._refilter(self.model.matches, wanted)
        if not wanted:
            return "what was acknowledged is hidden"
        seen = self.model.counts.seen
        return f"{seen:,} acknowledged, at the end: a takes it back" if seen else "nothing is acknowledged"

    def _refilter(self, matches: Callable[[TaskRow], bool] | None, with_acknowledged: bool) -> None:
        self.in_slices(self.model.refilter(matches, with_acknowledged=with_acknowledged, now=self.clock()))

    def release(self) -> None:
        self.model.shown.release()

    def held(self) -> int:
        return self.model.shown.held

    def waiting(self) -> list[str]:
        resolved = len(self.model.shown.resolved)
        return [*super().waiting(), *([f"{resolved:,} resolved"] if resolved else [])]

    def settle(self, touched: Callable[[Hashable], bool] | None = None) -> None:
        super().settle(touched)
        if self._title != (title := self._banner() or self.count_line()):
            self._title = title
            self.refresh(Region(0, 0, self.size.width, 1))

    # What is asked.

    def operations(self) -> Mapping[str, Operation]:
        return {
            **super().operations(),
            "acknowledge": lambda _: self.acknowledge(),
            "show-acknowledged": lambda _: self.show_acknowledged(),
        }

    def target(self) -> tuple[str, str | None] | None:
        """The task under the cursor, and the worker or handoff that it is about; of what is folded, one of them: the
        first when the cursor came; of what is not normal the newest in which it shows."""
        if self.cursor >= self.count():
            return None
        key = self.item()
        if (anomaly := self.model.anomaly(key)) is not None:
            return (anomaly.tasks[-1], None) if anomaly.tasks else None
        _, task_id, subject = key
        return task_id, subject if subject != task_id else None

    @property
    def lines(self) -> GroupedList[Key, Cause | Key]:
        return self.model.lines

    def count_line(self) -> str:
        """How much there is of what, in a few words."""
        parts = [f"{count:,} {word}" for _, count, word in self._parts()]
        return ", ".join(parts or ["nothing that needs you matches" if self.model.matches else self._nothing()])

    def _parts(self) -> list[tuple[str, int, str]]:
        """How many there are of each kind: the state they are shown in, the count, the word."""
        if self.model.matches is not None:  # all the others are counted in the status line
            listed = self.model.lines.total - len(self.model.shown.resolved)
            return [("", listed, f"of {len(self.model):,} match")] if listed else []
        counts: dict[tuple[str, str], int] = {}
        for (rule, severity), count in self.model.counts.of_rule.items():
            look = look_of(rule, severity)
            counts[look] = counts.get(look, 0) + count
        known = [("escalated", "escalated"), ("zombie", "zombie"), *RULE_LOOKS.values()]
        parts = [(state, counts.get((state, word), 0), word) for state, word in dict.fromkeys(known) if state != ODD]
        parts.insert(2, (ODD, sum(count for (state, _), count in counts.items() if state == ODD), "not normal"))
        masters = self.model.unseen_masters()
        parts.insert(1, ("zombie", masters, "silent master" if masters == 1 else "silent masters"))
        parts += [("", self.model.counts.old, "older"), ("", self.model.counts.seen, "acknowledged")]
        return [part for part in parts if part[1]]

    def look_at(self, line: int) -> str:
        """The state that a line is shown in."""
        key, finding = (item := self._first(line)).key, item.finding
        return "completed" if key in self.model.shown.resolved else look_of(finding.rule, finding.severity)[0]

    def _first(self, line: int) -> AttentionItem:
        """The item of a line; of what is folded, the most urgent one, of what goes on if anything does."""
        item, group = self.model.lines.at(line)
        if item is None:
            item = next(self.model.shown.going_on(group), self.model.lines.items(group)[0])
        entry = self.model.item(item)
        assert entry is not None
        return entry

    def late_word(self, task_id: str) -> tuple[int, str] | None:
        """Since when a task is late, and a word for what: of what was not acknowledged the most urgent."""
        finding = self.model.most_late_of(task_id)
        if finding is None or finding.late_since is None:
            return None
        return finding.late_since, look_of(finding.rule, finding.severity)[1]

    def _unsound(self) -> str:
        """What is wrong with the feed, the worst first; empty if it is sound."""
        feed = self.feed()
        found = feed_findings(feed, self.clock()) if feed is not None else []
        return next((one.sentence for one in found if one.severity is Severity.BAD), "")

    def _nothing(self) -> str:
        """What is said where nothing is listed: that all is well only if all was read."""
        return "nothing of what could be read needs you" if self._unsound() else "nothing needs you"

    def _banner(self) -> str:
        if unsound := self._unsound():
            return unsound
        top = self.model.crowd() or self.model.feed(self.clock())
        return top.sentence if top is not None else ""

    # Drawing.

    def draw_title(self, line: int, out: Line) -> None:
        if line == 0:
            if banner := self._banner():
                glyph, _, role = self.looks.look("zombie")
                out.put(f" {glyph} {banner} ", "background", bold=True, on=role)
            for state, count, word in [] if banner else self._parts():
                glyph, _, role = self.looks.look(state) if state else (" ", "", "muted")
                out.put(f"{glyph} {count:,} {word}  ", role)
        else:
            self._rows.draw_title(out)

    def columns(self, width: int) -> Mapping[str, int]:
        """The widths of the columns in a list of this width, as they stand on the screen."""
        return self._rows.columns(width)

    def draw(self, line: int, out: Line) -> None:
        item, group = self.model.lines.at(line)
        now = self.clock()
        if item is not None:
            self._rows.draw(item, out, now, inside=self.model.lines.group(item) is not None)
        elif isinstance(group, Cause):
            self._rows.draw_cause(group, out, now)
