"""The attention view `3`: what needs a person, the most urgent first, with the reason and since when.

What has the same cause (failures of one fingerprint, stuck workers of one type) is one line until somebody opens it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import Any

from textual.geometry import Region

from lineage_core.base.cells import cell_width, fit
from lineage_core.base.clock import Clock, format_duration
from lineage_core.model.entities import TaskRow
from lineage_core.model.expectations import Severity
from lineage_core.present.sentences import short
from lineage_core.rules.feed_health import FeedHealth, feed_findings
from lineage_core.rules.folding import says
from lineage_core.rules.silence import ZOMBIE
from lineage_core.rules.silent_masters import master_finding
from lineage_core.rules.stuck_work import AT_ONCE, RULES, UNTYPED
from lineage_core.rules.thresholds import Thresholds
from lineage_core.rules.usual import Usually
from lineage_core.state.store import State
from lineage_tui.models.attention import AttentionList
from lineage_tui.models.attention_item import ACKNOWLEDGED, MASTER_SILENT, AttentionItem, Cause, key_of
from lineage_tui.models.grouped_list import GroupedList
from lineage_tui.settings.acknowledgements import Acknowledgements, Key
from lineage_tui.theme.line import Line, cut
from lineage_tui.theme.styles import Styles
from lineage_tui.widgets.grouped_list import GroupedLines
from lineage_tui.widgets.list_view import Operation

_LOOKS = {
    "failed": ("failed", "failed"),
    "new-error": ("failed", "new error"),
    "escalated": ("escalated", "escalated"),
    "silent": ("silent", "silent"),
    "never-started": ("never-started", "no start"),
    "orphaned": ("orphaned", "orphaned"),
    "found-dead": ("zombie", "dead"),
    "deadlock": ("blocked", "deadlock"),
    "blocked": ("blocked", "blocked"),
    "unassigned": ("queued", "unassigned"),
    "unstarted": ("assigned", "unstarted"),
    "idle": ("silent", "idle"),
    "parent-waiting": ("silent", "parent"),
    "master-silent": ("zombie", "of silent"),
    "feed-silent": ("silent", "feed"),
    "handoff-unaccepted": ("handoff wait", "unaccepted"),
    "handoff-uncompleted": ("handoff wait", "handed over"),
    "ping-pong": ("reassigned", "ping-pong"),
    "retries-in-vain": ("failed", "retries"),
    "same-worker": ("never-started", "two tasks"),
    "ends-disagree": ("failed", "disagree"),
    "spawned-twice": ("never-started", "spawned 2x"),
    "accepted-by-other": ("handoff wait", "other took"),
    "unblocked-by-other": ("blocked", "unblocked?"),
}
"""By rule: the state that it is shown in, and a word for it."""

_DUE = "due"

_WHY = 12
"""Cells for why something is listed, with how many there are of it."""


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
        self.usually = usually
        self.feed = feed
        self.model = AttentionList(state, thresholds, Acknowledgements(directory), known)
        self._known = 0
        self._words: dict[Key, str] = {}
        self._title = ""

    # What changes.

    def arrived(self, task_ids: set[str]) -> None:
        """Take in what changed in these tasks."""
        self.model.update(task_ids, self.clock())
        for key in [key for key in self._words if key[1] in task_ids]:
            del self._words[key]
        self.settle(self.news(), lambda key: isinstance(key, Cause) or key[1] in task_ids)  # type: ignore[index]

    def tick(self) -> None:
        """Once a second: ages grow, and the rules speak whose time has come."""
        self._words.clear()
        if self.model.matches is None:
            self.empty = self._nothing()
        self.keep_time()
        self.refresh()

    def keep_time(self) -> None:
        """Let the rules speak whose time has come."""
        if self.model.waits(self.clock()):
            self.in_slices(self.model.settle(self.clock()), _DUE)

    def set_filter(self, matches: Callable[[TaskRow], bool] | None, text: str = "") -> None:
        """List what concerns the tasks that match (None: all)."""
        self._refilter(matches, self.model.with_acknowledged)

    def acknowledge(self) -> str:
        """Acknowledge what is under the cursor, all that is folded there, or take that back; what was done, in a few
        words."""
        if self.cursor >= self.count():
            return "nothing to acknowledge"
        item, group = self.model.lines.at(self.cursor)
        keys = [item] if item is not None else list(self.model.lines.items(group))
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
        seen = self.model.seen
        return f"{seen:,} acknowledged, at the end: a takes it back" if seen else "nothing is acknowledged"

    def _refilter(self, matches: Callable[[TaskRow], bool] | None, with_acknowledged: bool) -> None:
        self.in_slices(self.model.refilter(matches, with_acknowledged=with_acknowledged, now=self.clock()))

    def news(self) -> int:
        known, self._known = self._known, self.model.entered
        return self._known - known

    def settle(self, new: int, touched: Callable[[Hashable], bool] | None = None) -> None:
        super().settle(new, touched)
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
        first when the cursor came."""
        if self.cursor >= self.count():
            return None
        _, task_id, subject = self.item()
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
            listed = self.model.lines.total
            return [("", listed, f"of {len(self.model):,} match")] if listed else []
        counts: dict[tuple[str, str], int] = {}
        for (rule, severity), count in self.model.counts.items():
            look = self._look(rule, severity)
            counts[look] = counts.get(look, 0) + count
        known = [("escalated", "escalated"), ("zombie", "zombie"), *_LOOKS.values()]
        parts = [(state, counts.get((state, word), 0), word) for state, word in dict.fromkeys(known)]
        masters = len(self.model.silent)
        parts.insert(1, ("zombie", masters, "silent master" if masters == 1 else "silent masters"))
        parts += [("", self.model.old, "older"), ("", self.model.seen, "acknowledged")]
        return [part for part in parts if part[1]]

    def look_at(self, line: int) -> str:
        """The state that a line is shown in."""
        finding = self._first(line).finding
        return self._look(finding.rule, finding.severity)[0]

    def _first(self, line: int) -> AttentionItem:
        """The item of a line; of what is folded, the most urgent one."""
        item, group = self.model.lines.at(line)
        entry = self.model.item(item if item is not None else self.model.lines.items(group)[0])
        assert entry is not None
        return entry

    def _look(self, rule: str, severity: Severity) -> tuple[str, str]:
        """The state to show a finding in, and a word for it."""
        if rule in AT_ONCE and severity is Severity.BAD:
            return "zombie", "zombie"  # as the status line counts them
        return _LOOKS.get(rule, ("unknown", rule))

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
            task, master = self._widths(out.width)
            out.put("  ").col("why", _WHY, "muted").col("since", 6, "muted", right=True).col("task", task, "muted")
            if master:
                out.col("master", master, "muted")
            out.put("what", "muted")

    def _widths(self, width: int) -> tuple[int, int]:
        """Cells for the task and the master."""
        return max(8, min(36, width // 4)), 11 if width >= 110 else 0

    def draw(self, line: int, out: Line) -> None:
        entry = self._first(line)
        finding = entry.finding
        item, group = self.model.lines.at(line)
        state, word = self._look(finding.rule, finding.severity)
        since = finding.since
        if item is None and isinstance(group, Cause) and group.name == MASTER_SILENT:
            state, word = "zombie", "late"
            since = self.model.silent[group.what].since if group.what in self.model.silent else since
        glyph, _, role = self.looks.look(state)
        if entry.acknowledged:
            role = "muted"
        now = self.clock()
        shade = "muted" if entry.acknowledged else "text"
        loud = role if finding.severity is Severity.BAD and not entry.acknowledged else "muted"
        if item is None:
            word = f"{len(self.model.lines.items(group)):,} {word}"
        out.put(glyph + " ", role).col(word, _WHY, role)
        out.col(format_duration(max(0, now - since)), 6, shade, right=True)
        if item is None:
            self._draw_cause(group, out, now, loud)
            return
        task, master = self._widths(out.width)
        if self.model.lines.group(item) is not None:
            out.put("  ")
            task -= 2
        out.col(cut(finding.task_id, "task-", task, self.looks), task, shade)
        if master:
            row = self.model.state.rows[finding.task_id]
            out.col(short(row.master), master, "muted")
        if entry.acknowledged:
            out.put("acknowledged: ", "muted")
        priority = self.model.state.rows[finding.task_id].priority
        if priority in ("critical", "high"):
            out.put(f"{priority} ", shade, bold=True)
        usual = self._usual(finding.cause) if finding.rule == "silent" else ""
        text = self._sentence(entry, now)
        if cell_width(text + usual) > out.left:  # the name can be missed best: the task's stands before it
            text = text.removeprefix(f"{finding.subject} ").removeprefix("has been ")
        out.put(text, loud).put(usual, "muted")

    def _draw_cause(self, group: Cause | Key, out: Line, now: int, role: str) -> None:
        """The rest of a line that stands for several: what they have in common, and since when there are such."""
        assert isinstance(group, Cause)
        closed = group not in self.model.lines.opened
        out.put(self.looks.glyph("▸ ", "+ ") if closed else self.looks.glyph("▾ ", "- "), "muted")
        items = self.model.lines.items(group)
        ages = []
        for entry in map(self.model.item, (items[0], items[len(items) - 1])):
            assert entry is not None
            ages.append(format_duration(max(0, now - entry.finding.since)))
        tail = f"  newest {ages[0]}, first {ages[1]}" if out.width >= 100 else f"  first {ages[1]}"
        text = group.what
        if group.name == MASTER_SILENT and (silent := self.model.silent.get(group.what)) is not None:
            text, tail = master_finding(group.what, list(silent.under), silent.since, now).sentence, ""
        elif group.name in (ZOMBIE, *(name for name, rule in RULES.items() if rule.zombie)):
            usual = self._usual(group.what) if group.name in (ZOMBIE, "silent") else ""
            text = f"{group.what.removesuffix('-worker')} workers{usual}"
        elif group.name != "failed":
            text = says(group.name, group.what, len(items))
        if group.band == ACKNOWLEDGED:
            text = f"acknowledged: {text}"
        out.put(fit(text, max(8, out.left - cell_width(tail))), role).put(tail, "muted")

    def _usual(self, kind: str) -> str:
        """The silence that is usual for a worker type, in brackets."""
        usual = self.usually("" if kind == UNTYPED else kind)
        return f" (usual {self.looks.glyph('≤', '<')}{format_duration(usual.p95)})" if usual is not None else ""

    def _sentence(self, entry: AttentionItem, now: int) -> str:
        """What is the matter, as of now; told again once a second at most."""
        if entry.key not in self._words:
            self._words[entry.key] = entry.finding.sentence
            for found in reversed(self.model.findings(entry.finding.task_id, now)):
                self._words[key_of(found)] = found.sentence
        return self._words[entry.key]
