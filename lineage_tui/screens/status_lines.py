"""The lines at the edges of the screen: where the operator is, what there is of what, how the feed is, the keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lineage_core.base.clock import format_local, format_timestamp
from lineage_core.base.terminal_cells import cell_width, fit, named, shown
from lineage_tui.models.status_counts import StatusCounts
from lineage_tui.screens.app_context import Context, key_of
from lineage_tui.screens.filtering import Filtering
from lineage_tui.screens.panes import Panes
from lineage_tui.settings.keymap import HINTED, first_key
from lineage_tui.theme.styled_line import cut
from lineage_tui.widgets.status_line import EdgeLine, Part
from lineage_tui.widgets.status_text import counts, pulse

ROOMY = 100
"""Columns from which on the lines tell more."""


class EdgeLines:
    """Makes and fills the three lines. status_counts: of tasks; numbers: what there is of what, as of now."""

    def __init__(
        self,
        context: Context,
        panes: Panes,
        filtering: Filtering,
        status_counts: StatusCounts,
        numbers: Callable[[int], Mapping[str, int]],
    ) -> None:
        self._context = context
        self._panes = panes
        self._filtering = filtering
        self._status_counts = status_counts
        self._numbers = numbers
        self._said = ""
        self.top = EdgeLine(context.looks, id="top")
        self.status = EdgeLine(context.looks, id="status")
        self.keys = EdgeLine(context.looks, on="background", id="keys")

    def say(self, text: str) -> None:
        """Show a line to the operator in place of the keys; nothing: the keys again."""
        if text != self._said:
            self._said = text
            self.show()

    def show(self) -> None:
        """Draw the lines as things are now."""
        context, looks, panes = self._context, self._context.looks, self._panes
        health, now = context.feed.health, context.clock()
        right: list[Part] = []
        if context.clock.paused:
            right.append((f" paused, {health.aside:,} events wait ", "escalated"))
        beside = len(right)
        if health.rejected:
            right.append((f" {health.rejected} quarantined ", "failed"))
        if context.state.copies:
            right.append((f" {context.state.copies} copies ", "muted"))
        if health.problems:
            right.append((f" {len(health.problems)} unreadable ", "failed"))
        status_counts = self._status_counts
        busy = bool(status_counts.by_status["running"] or status_counts.by_status["assigned"])
        right.append(pulse(context.feed.rate(), status_counts.last_at, now, context.thresholds.warned, busy))
        if not health.loaded:
            right.append((f" reading {health.history:.0%} ", "blocked"))
        elif panes.views.behind:
            right.append((f" filling {panes.views.filled:.0%} ", "blocked"))
        elif health.backlog:
            right.append((f" lag {_size(health.backlog)} ", "blocked"))
        mode = "blocked" if health.mode == "polling" else "done"
        right.append((f" {'waiting' if health.missing else health.mode} ", "blocked" if health.missing else mode))
        width, numbers = self.status.app.size.width, self._numbers(now)
        room = width - sum(cell_width(text) for text, _ in right)
        found = counts(numbers, room, looks)
        if waiting := panes.views.view.waiting():
            words = waiting if width >= ROOMY else waiting[:1]
            text = f" {', '.join(words)} ({key_of(context, 'follow')}) "
            less = counts(numbers, room - cell_width(text), looks)
            if sum(cell_width(part) for part, _ in less) <= room - cell_width(text):  # what needs somebody comes first
                found = less
                right.insert(beside, (text, "accent"))
        self.status.show(found, right)
        time_of_day = (format_local if looks.times == "local" else format_timestamp)(now)[11:19]
        right = [
            ("" if self._filtering.text else f" {len(context.state.rows):,} tasks ", "muted"),
            (f" {context.state.events:,} events  ", "muted"),
            (time_of_day + ("Z " if looks.times != "local" else " "), "text"),
        ]
        name = (" lineage ", "accent")
        room = self.top.app.size.width - sum(cell_width(text) for text, _ in (name, *right))
        self.top.show([name, *self._crumbs(room)], right)
        if self._said:
            self.keys.show([(f" {self._said}", "escalated")], [])
        elif panes.prompt.purpose == "filter":
            keys = "Tab completes  Enter keeps it  Esc drops it  F1 what can be asked"
            self.keys.show([(f" {self._filtering.hits}  ", "accent"), (keys, "muted")], [])
        elif panes.prompt.purpose == "search":
            self.keys.show([(" Enter finds the next line that says so, n and N go on  Esc leaves it", "muted")], [])
        else:
            self.keys.show(self._tabs(), [])

    def _crumbs(self, room: int) -> list[Part]:
        """Where the operator is, in so many cells: view, and what is selected, down to the record; the directory too
        where there is room for it beside all that."""
        parts: list[Part] = []
        panes, looks = self._panes, self._context.looks
        if self._filtering.text:
            written = fit(self._filtering.text, max(20, self.top.app.size.width // 3)).rstrip()
            parts.append((f" {self._filtering.hits} match {written} ", "escalated"))
        if panes.views.shown != "attention" and (words := panes.views.view.count_line()):  # that one says so itself
            parts.append((f" {words} ", "text"))
        left = room - sum(cell_width(shown(text)) for text, _ in parts)
        target = panes.shown_target()
        row = panes.tree.model.rows.get(target[0]) if target is not None else None
        if row is not None and target is not None:
            session = row.group if panes.views.shown == "tasks" else ""
            tab = panes.detail.tab if panes.in_detail else ""
            way = [("session-", session), ("task-", target[0]), ("worker-", target[1] or ""), ("", tab)]
            names = [(prefix, named(name)) for prefix, name in way if name] or [("task-", named(""))]
            between = " › "
            each = (left - 1 - len(between) * (len(names) - 1)) // len(names)
            if 1 + cell_width(between.join(shown(name) for _, name in names)) > left:
                names = [(prefix, cut(name, prefix, max(8, each), looks)) for prefix, name in names]
            text = " " + between.join(name for _, name in names)
            parts.append((text, "accent" if panes.in_detail else "text"))
            left -= cell_width(shown(text))
        directory = f" {self._context.directory} "
        return [(directory, "muted"), *parts] if cell_width(shown(directory)) <= left else parts

    def _tabs(self) -> list[Part]:
        """The views with their number keys, and the keys that are wanted most."""
        plain = self._context.looks.ascii_only
        commands = self._context.commands
        parts: list[Part] = [(" ", "text")]
        for number, name in enumerate(self._panes.views.views, 1):
            key = next(first_key(c, ascii_only=plain) for c in commands if c.name == name)
            here = name == self._panes.views.shown
            label = f"{key} {name}".strip()
            parts.append((label if not here else f"[{label}]", "accent" if here else "muted"))
            parts.append((" " if number < len(self._panes.views.views) else "  ", "text"))
        hinted = sorted((c for c in commands if c.name in HINTED and c.keys), key=lambda c: HINTED.index(c.name))
        hints = [f" {first_key(c, ascii_only=plain)} {c.hint} " for c in hinted]
        return [*parts, *((hint, "muted") for hint in hints)]


def _size(count: int) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count //= 1000
    return f"{count} GB"
