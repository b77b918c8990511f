"""How things are shown on the main screen, and how they are taken along: order, times, zoom, colours, copies."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from lineage_core.base.escaping import visible
from lineage_tui.screens.app_context import Context, Handlers, key_of
from lineage_tui.screens.panes import Panes
from lineage_tui.theme.styles import TIME_MODES


class Display:
    """refresh: brings the screen up to date."""

    def __init__(self, context: Context, panes: Panes, refresh: Callable[[], None]) -> None:
        self._context = context
        self._panes = panes
        self._refresh = refresh

    def handlers(self) -> Handlers:
        return {
            "follow": self.follow,
            "pause": self.pause,
            "sort-next": partial(self.operate, "sort", 1),
            "sort-previous": partial(self.operate, "sort", -1),
            "invert": partial(self.operate, "invert"),
            "zoom-in": partial(self.zoom, 1),
            "zoom-out": partial(self.zoom, -1),
            "pan-left": partial(self.pan, -1),
            "pan-right": partial(self.pan, 1),
            "longer-window": partial(self.operate, "window", 1),
            "shorter-window": partial(self.operate, "window", -1),
            "acknowledge": partial(self.operate, "acknowledge"),
            "show-acknowledged": partial(self.operate, "show-acknowledged"),
            "times": self.next_times,
            "theme": self.next_theme,
            "copy": self.copy,
            "copy-view": self.copy_view,
        }

    def follow(self) -> None:
        """Stay with the newest."""
        self._panes.views.view.follow()
        self._panes.focus(self._panes.views.view)

    def pause(self) -> None:
        """Freeze the picture, or let it go on."""
        self._context.toggle_pause()
        self._refresh()

    def operate(self, name: str, step: int = 1) -> None:
        """Do what only some lists can do."""
        views = self._panes.views
        if (operation := views.view.operations().get(name)) is None:
            able = [shown for shown, view in views.views.items() if name in view.operations()]
            self._context.say(f"that is for {' and '.join(f'{view} ({key_of(self._context, view)})' for view in able)}")
            return
        said = operation(step)
        self._refresh()
        if said:
            self._context.say(said)

    def zoom(self, step: int) -> None:
        """The timeline closer (1), or wider (-1)."""
        self._panes.detail.open_tab("timeline")
        self._panes.detail.tabs.timeline.zoom(step)

    def pan(self, step: int) -> None:
        """Earlier (-1) or later (1): what is read of a chart, else the timeline."""
        views = self._panes.views
        if "pan" in views.view.operations() and not self._panes.in_detail:
            views.view.operations()["pan"](step)
        else:
            self._panes.detail.tabs.timeline.pan(step)

    def next_times(self) -> None:
        """Times in the next way of writing them."""
        looks = self._context.looks
        looks.times = TIME_MODES[(TIME_MODES.index(looks.times) + 1) % len(TIME_MODES)]
        self._panes.views.view.tick()
        self._panes.redraw()
        self._context.say(f"times: {looks.times}")

    def next_theme(self) -> None:
        """The next colours."""
        names = list(self._context.looks.palettes)
        self.use_theme(names[(names.index(self._context.looks.palette) + 1) % len(names)])

    def use_theme(self, name: str) -> None:
        """Change the colours."""
        if name not in (names := self._context.looks.palettes):
            self._context.say(f"no theme {name!r}: {', '.join(names)}")
            return
        self._context.show_theme(name)
        self._panes.redraw()
        self._context.say(f"theme: {name}")

    def copy(self) -> None:
        """Copy the record that is shown, else the id of what is under the cursor."""
        panes, context = self._panes, self._context
        group = None if panes.in_detail else panes.views.view.group()
        at = panes.subject()
        if group is not None:
            context.copy(group, group)
        elif at is None:
            context.say(f"this line has no id; {key_of(context, 'copy-view')} copies the view")
        elif at.fact is not None and panes.in_detail and panes.detail.tab == "record":
            context.copy("\n".join(panes.detail.tabs.record.lines), f"the record of {at.fact.lineage_id}")
        else:
            ident = at.fact.lineage_id if at.fact is not None else at.below or at.task_id
            context.copy(ident, ident)

    def copy_view(self) -> None:
        """Copy the lines that are seen, and save them."""
        text = "\n".join(map(visible, self._panes.view.text_lines()))
        try:
            path = self._context.save_text(text)
        except OSError as error:
            self._context.copy(text, f"the view, which could not be saved: {error.strerror}")
        else:
            self._context.copy(text, f"the view, saved as {path}")
