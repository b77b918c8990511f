"""How the screen was left: taken up by the next run, and read off when this one ends."""

from __future__ import annotations

from lineage_tui.models.task_order import SORTS
from lineage_tui.models.worker_columns import COLUMNS
from lineage_tui.screens.app_context import Context
from lineage_tui.screens.display_options import Display
from lineage_tui.screens.filtering import Filtering
from lineage_tui.screens.layout import ARRANGEMENTS, Layout
from lineage_tui.screens.navigation import Navigation
from lineage_tui.settings.config import SavedState
from lineage_tui.stats.page_thread import WINDOWS
from lineage_tui.theme.styles import TIME_MODES
from lineage_tui.views.stats import StatsView
from lineage_tui.views.stats_title import PANES
from lineage_tui.views.switcher import Views
from lineage_tui.views.task_tree import TaskTreeView
from lineage_tui.views.workers import WorkersView


class SavedView:
    """What of the screen is kept between runs."""

    def __init__(
        self,
        context: Context,
        views: Views,
        tree: TaskTreeView,
        workers: WorkersView,
        figures: StatsView,
        filtering: Filtering,
        navigation: Navigation,
        display: Display,
        layout: Layout,
    ) -> None:
        self._context = context
        self._views = views
        self._tree = tree
        self._workers = workers
        self._figures = figures
        self._filtering = filtering
        self._navigation = navigation
        self._display = display
        self._layout = layout

    def take_up(self, saved: SavedState) -> None:
        """Go on as the last run was left."""
        if saved.times in TIME_MODES:
            self._context.looks.times = saved.times
        if saved.theme in self._context.looks.palettes:
            self._display.use_theme(saved.theme)
        model = self._tree.model
        model.orders.sorted_by = saved.sort if saved.sort in SORTS else model.orders.sorted_by
        model.orders.inverted = saved.inverted
        if saved.workers_sort in COLUMNS:
            self._workers.sort(saved.workers_sort, inverted=saved.workers_inverted)
        if saved.arrangement in ARRANGEMENTS:
            self._layout.arrangement, self._layout.share = saved.arrangement, saved.share
        if saved.pane in PANES:
            self._figures.pane = saved.pane
        if saved.window in WINDOWS:
            self._figures.window, self._figures.window_chosen = saved.window, True
        model.folds = dict.fromkeys(saved.open, True) | dict.fromkeys(saved.closed, False)
        if saved.filter:
            self._filtering.set(saved.filter)
        if saved.view in self._views.views:
            self._navigation.show(saved.view)

    def state(self) -> SavedState:
        """What the next run is to go on with."""
        model, looks = self._tree.model, self._context.looks
        folds = list(model.folds.items())[-500:]
        return SavedState(
            view=self._views.shown,
            filter=self._filtering.settled,
            theme=looks.palette if looks.palette != self._context.first_theme else "",
            times=looks.times,
            sort=model.orders.sorted_by,
            inverted=model.orders.inverted,
            workers_sort=self._workers.sorted_by,
            workers_inverted=self._workers.inverted,
            pane=self._figures.pane,
            window=self._figures.window if self._figures.window_chosen else "",
            arrangement=self._layout.arrangement,
            share=self._layout.share,
            open=tuple(name for name, expanded in folds if expanded),
            closed=tuple(name for name, expanded in folds if not expanded),
        )
