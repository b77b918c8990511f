"""The lines at the edges of the screen: where the operator is, what there is of what, how the feed is, the keys."""

from __future__ import annotations

from lineage_core.base.cells import cell_width, fit, named
from lineage_core.base.clock import format_local, format_timestamp
from lineage_tui.models.status_counts import StatusCounts
from lineage_tui.screens.display import Showing
from lineage_tui.settings.keymap import HINTED, first_key
from lineage_tui.widgets.edge_line import EdgeLine, Part
from lineage_tui.widgets.status_text import counts, pulse


class Edges(Showing):
    """What is told at the edges."""

    status_counts: StatusCounts
    top_line: EdgeLine
    status_line: EdgeLine
    key_line: EdgeLine
    _said = ""

    def _show_status(self) -> None:
        app, health, looks = self.app, self.app.feed.health, self.app.looks
        now = app.clock()
        right: list[Part] = []
        if app.clock.paused:
            right.append((f" paused, {health.aside:,} events wait ", "escalated"))
        if (fresh := self.views.view.fresh) and not self.views.view.following:  # type: ignore[attr-defined]
            right.append((f" +{fresh} new ({self.key('follow')}) ", "accent"))
        if health.rejected:
            right.append((f" {health.rejected} quarantined ", "failed"))
        if app.state.copies:
            right.append((f" {app.state.copies} copies ", "muted"))
        if health.problems:
            right.append((f" {len(health.problems)} unreadable ", "failed"))
        status_counts = self.status_counts
        busy = bool(status_counts.by_status["running"] or status_counts.by_status["assigned"])
        right.append(pulse(app.feed.rate(), status_counts.last_at, now, app.thresholds.warned, busy))
        if not health.loaded:
            right.append((f" reading {health.history:.0%} ", "blocked"))
        elif self.views.behind:
            right.append((f" filling {self.views.filled:.0%} ", "blocked"))
        elif health.backlog:
            right.append((f" lag {_size(health.backlog)} ", "blocked"))
        mode = "blocked" if health.mode == "polling" else "done"
        right.append((f" {'waiting' if health.missing else health.mode} ", "blocked" if health.missing else mode))
        numbers = {**status_counts.by_status, **status_counts.stuck(now), "escalated": len(status_counts.escalated)}
        room = self.size.width - sum(cell_width(text) for text, _ in right)
        self.status_line.show(counts(numbers, room, looks), right)
        time_of_day = (format_local if looks.times == "local" else format_timestamp)(now)[11:19]
        self.top_line.show(
            [(" lineage ", "accent"), *self._crumbs()],
            [("" if self.filter_text else f" {len(app.state.rows):,} tasks ", "muted"),
             (f" {app.state.events:,} events  ", "muted"),
             (time_of_day + ("Z " if looks.times != "local" else " "), "text")],
        )  # fmt: skip
        if self._said:
            self.key_line.show([(f" {self._said}", "escalated")], [])
        elif self.typing:
            keys = "Tab completes  Enter keeps it  Esc drops it  F1 what can be asked"
            self.key_line.show([(f" {self.hits}  ", "accent"), (keys, "muted")], [])
        elif self.searching:
            self.key_line.show([(" Enter finds the next line that says so, n and N go on  Esc leaves it", "muted")], [])
        else:
            self.key_line.show(self._tabs(), [])

    def _crumbs(self) -> list[Part]:
        """Where the operator is: directory, view, and what is selected, down to the record."""
        parts: list[Part] = []
        if self.size.width >= 100:
            parts.append((f" {self.app.directory} ", "muted"))
        if self.filter_text:
            written = fit(self.filter_text, max(20, self.size.width // 3)).rstrip()
            parts.append((f" {self.hits} match {written} ", "escalated"))
        if words := self.views.view.count_line():  # type: ignore[attr-defined]
            parts.append((f" {words} ", "text"))
        target = self.shown_target()
        row = self.tree_view.model.rows.get(target[0]) if target is not None else None
        if row is not None and target is not None:
            way = [row.group, *target] if self.views.shown == "tasks" else list(target)
            way += [self.detail.tab] if self.in_detail else []
            parts.append(
                (
                    " " + " › ".join(named(name) for name in way if name is not None),
                    "accent" if self.in_detail else "text",
                )
            )
        return parts

    def _tabs(self) -> list[Part]:
        """The views with their number keys, and the keys that are wanted most."""
        plain = self.app.looks.ascii_only
        commands = self.app.commands
        parts: list[Part] = [(" ", "text")]
        for number, name in enumerate(self.views.views, 1):
            key = next(first_key(c, ascii_only=plain) for c in commands if c.name == name)
            here = name == self.views.shown
            label = f"{key} {name}".strip()
            parts.append((label if not here else f"[{label}]", "accent" if here else "muted"))
            parts.append((" " if number < len(self.views.views) else "  ", "text"))
        hinted = sorted((c for c in commands if c.name in HINTED and c.keys), key=lambda c: HINTED.index(c.name))
        hints = [f" {first_key(c, ascii_only=plain)} {c.hint} " for c in hinted]
        return [*parts, *((hint, "muted") for hint in hints)]

    def say(self, text: str) -> None:
        if text != self._said:
            self._said = text
            self._show_status()


def _size(count: int) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count //= 1000
    return f"{count} GB"
