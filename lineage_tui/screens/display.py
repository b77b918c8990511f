"""How things are shown on the main screen, and how they are taken along: order, times, zoom, colours, copies."""

from __future__ import annotations

from lineage_core.base.escaping import visible
from lineage_tui.screens.filtering import Finding
from lineage_tui.theme.styles import PALETTES, TIME_MODES


class Showing(Finding):
    """Showing."""

    def action_follow(self) -> None:
        self.views.view.follow()  # type: ignore[attr-defined]
        self.set_focus(self.views.view)

    def action_pause(self) -> None:
        self.app.toggle_pause()
        self.resume()

    def action_help(self) -> None:
        from lineage_tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen())

    def action_sort(self, step: int) -> None:
        self._of_view("sort_by", step)

    def action_invert(self) -> None:
        self._of_view("invert")

    def action_window(self, step: int) -> None:
        self._of_view("turn_window", step)

    def action_acknowledge(self) -> None:
        self._of_view("acknowledge")

    def action_show_acknowledged(self) -> None:
        self._of_view("show_acknowledged")

    def _of_view(self, name: str, *args: object) -> None:
        """Call what only some lists have."""
        method = getattr(self.views.view, name, None)
        if method is None:
            able = [view for view, has in self.views.views.items() if hasattr(has, name)]
            where = " and ".join(f"{view} ({self.key(view)})" for view in able)
            self.say(f"that is for {where}")
        else:
            said = method(*args)
            self.resume()
            if isinstance(said, str):
                self.say(said)

    def action_zoom(self, step: int) -> None:
        self.detail.open_tab("timeline")
        self.detail.timeline_tab.zoom(step)

    def action_pan(self, step: int) -> None:
        self.detail.timeline_tab.pan(step)

    def action_times(self) -> None:
        looks = self.app.looks
        looks.times = TIME_MODES[(TIME_MODES.index(looks.times) + 1) % len(TIME_MODES)]
        self.views.view.tick()  # type: ignore[attr-defined]
        self.redraw()
        self.say(f"times: {looks.times}")

    def action_theme(self) -> None:
        names = list(PALETTES)
        self.use_theme(names[(names.index(self.app.looks.palette) + 1) % len(names)])

    def action_use_theme(self, name: str) -> None:
        self.use_theme(name)

    def use_theme(self, name: str) -> None:
        """Change the colours."""
        if name not in PALETTES:
            self.say(f"no theme {name!r}: {', '.join(PALETTES)}")
            return
        self.app.looks.use(name)
        self.app.theme = name
        self.redraw()
        self.say(f"theme: {name}")

    def redraw(self) -> None:
        """Draw everything again."""
        for widget in self.query("*"):
            widget.refresh()

    # Taking along.

    def action_copy(self) -> None:
        """Copy the record that is shown, else the id of what is under the cursor."""
        node = self.tree_view.node() if self.view is self.tree_view else None
        at = self.place()
        if node is not None and node.kind == "group":
            self.app.copy(node.ident, node.ident)
        elif at is None:
            self.say(f"this line has no id; {self.key('copy-view')} copies the view")
        elif at.fact is not None and self.in_detail and self.detail.tab == "record":
            self.app.copy("\n".join(self.detail.record.lines), f"the record of {at.fact.lineage_id}")
        else:
            ident = at.fact.lineage_id if at.fact is not None else at.below or at.task_id
            self.app.copy(ident, ident)

    def action_copy_view(self) -> None:
        text = "\n".join(map(visible, self.view.text_lines()))
        try:
            path = self.app.save_text(text)
        except OSError as error:
            self.app.copy(text, f"the view, which could not be saved: {error.strerror}")
        else:
            self.app.copy(text, f"the view, saved as {path}")
