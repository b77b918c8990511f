"""The list views, the detail pane and the prompt of the main screen, and which of them keys go to."""

from __future__ import annotations

from textual.screen import Screen
from textual.widget import Widget

from lineage_tui.detail.pane import DetailPane
from lineage_tui.models.links import Subject
from lineage_tui.views.switcher import Views
from lineage_tui.views.task_tree import TaskTreeView
from lineage_tui.widgets.line_list import LineList
from lineage_tui.widgets.prompt import Prompt


class Panes:
    """The panes, and what is under the cursor.

    reading: whether the operator has gone into the detail pane; it then keeps its task, whatever the lists do.
    """

    def __init__(
        self, screen: Screen[None], views: Views, tree: TaskTreeView, detail: DetailPane, prompt: Prompt
    ) -> None:
        self._screen = screen
        self.views = views
        self.tree = tree
        self.detail = detail
        self.prompt = prompt
        self.reading = False

    @property
    def view(self) -> LineList:
        """The list that keys go to."""
        focused = self._screen.focused
        return focused if isinstance(focused, LineList) else self.views.view

    @property
    def in_detail(self) -> bool:
        """Whether keys go to the detail pane."""
        return self.detail.has_focus_within

    def focus(self, widget: Widget) -> None:
        """Let keys go to a widget."""
        self._screen.set_focus(widget)

    def focus_moved(self, widget: Widget) -> None:
        """Keys go to this widget now. Whoever goes into the detail pane stays with its task until coming out."""
        if widget is not self.prompt:
            self.prompt.display = False
        reading, self.reading = self.reading, self.in_detail or self.prompt.purpose == "search"
        if self.reading:
            self.views.view.following = False
        elif reading:
            self.select_target()

    def ask(self, purpose: str, value: str, hint: str) -> None:
        """Let the operator type something."""
        self.prompt.ask(purpose, value, hint)
        self.focus(self.prompt)

    def shown_target(self) -> tuple[str, str | None] | None:
        """The task that is shown, and the worker or handoff of it that is under the cursor of the list."""
        target = self.views.view.target()
        if self.reading and self.detail.task_id is not None and (target is None or target[0] != self.detail.task_id):
            return self.detail.task_id, None
        return target

    def subject(self) -> Subject | None:
        """What the line under the cursor stands for, in the list or in the detail pane."""
        if self.in_detail and self.detail.task_id is not None:
            return Subject(
                self.detail.tabs.subtask() or self.detail.task_id, self.detail.tabs.part(), self.detail.tabs.fact()
            )
        view = self.views.view
        target, fact = view.target(), view.fact()
        if target is None:
            return None
        return Subject(*target) if fact is None else Subject(target[0], None, fact)

    def select_target(self) -> None:
        """Let the detail pane show what is under the cursor of the list."""
        target = self.views.view.target()
        task_id, below = target if target is not None else (None, None)
        self.detail.show(task_id, below)

    def redraw(self) -> None:
        """Draw everything again."""
        for widget in self._screen.query("*"):
            widget.refresh()
