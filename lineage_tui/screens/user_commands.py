"""What the operator's config file adds: commands of one's own, a worker's log, filters by name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

from lineage_core.base.errors import BadInputError
from lineage_core.settings.user_commands import OwnCommand, Values, argv_of, cortex_dir, log_path
from lineage_tui.screens.app_context import Context, Handlers
from lineage_tui.screens.filtering import Filtering
from lineage_tui.screens.panes import Panes
from lineage_tui.screens.text_page import PageScreen, Row
from lineage_tui.user_program_output import GrowingFile, Lines, run
from lineage_tui.widgets.background_work import in_background

LOOK = 0.3
"""Seconds between two looks at what grows."""

YES = "yes"


class Own:
    """Runs the operator's commands on what is selected, and shows logs. push: shows a page over the screen."""

    def __init__(
        self,
        context: Context,
        panes: Panes,
        filtering: Filtering,
        push: Callable[[PageScreen, Callable[[str | None], None] | None], None],
    ) -> None:
        self._context = context
        self._panes = panes
        self._filtering = filtering
        self._push = push

    def handlers(self) -> Handlers:
        own: Handlers = {command.name: partial(self.begin, command) for command in self._context.own.commands}
        return {**own, "log": self.show_log, "saved-filter": self.choose_filter}

    # Commands.

    def begin(self, command: OwnCommand) -> None:
        """Run a command on what is selected; asked for first where it says so."""
        try:
            values = self._values(command.scope)
            argv = argv_of(command, values)
        except BadInputError as error:
            self._context.say(str(error))
            return
        if not command.confirm:
            self._run(command, argv)
            return
        rows = [Row([(word, "text", False)], YES) for word in argv]
        page = PageScreen(self._context, f"run {command.name}? Enter runs it, Esc does not", rows)
        self._push(page, lambda answer: self._run(command, argv) if answer == YES else None)

    def _values(self, scope: str) -> Values:
        """What is selected. Raises BadInputError where that is not what a command is for."""
        target = self._panes.shown_target()
        task_id, below = target if target is not None else (None, None)
        state = self._context.state
        row = state.rows.get(task_id) if task_id is not None else None
        with state.lock:
            task = state.task(task_id) if row is not None and task_id is not None else None
        worker = below if task is not None and below in task.workers else None
        if (scope == "task" and row is None) or (scope == "worker" and worker is None):
            raise BadInputError(f"it is for a {scope}, and none is selected")
        marked = self._panes.views.view.marked_tasks()
        return {
            "task_id": task_id,
            "task_ids": marked or ([task_id] if task_id is not None else []),
            "worker_id": worker,
            "session_id": row.session if row is not None else None,
            "status": row.status.value if row is not None else None,
            "master": row.master if row is not None else None,
            "directory": str(self._context.directory),
        }

    def _run(self, command: OwnCommand, argv: list[str]) -> None:
        lines, cwd = Lines(), cortex_dir(self._context.directory)
        if command.background:
            in_background(self._panes.detail, partial(self._in_background, command, argv, lines, cwd), command.name)
            return
        page = PageScreen(self._context, f"{command.name}: it runs; Esc ends it", [], whole=True)
        page.work = partial(self._on_page, page, command, argv, lines, cwd)
        self._push(page, None)

    async def _in_background(self, command: OwnCommand, argv: list[str], lines: Lines, cwd: Path) -> None:
        self._context.say(f"{command.name} runs")
        ended = await run(argv, cwd, lines, lambda: None)
        last = next((line for line in reversed(lines.text()) if line.strip()), "")
        self._context.say(f"{command.name} {ended}{': ' if last else ''}{last}")

    async def _on_page(self, page: PageScreen, command: OwnCommand, argv: list[str], lines: Lines, cwd: Path) -> None:
        fresh = asyncio.Event()
        program = asyncio.create_task(run(argv, cwd, lines, fresh.set))
        try:
            while not program.done():
                if fresh.is_set():
                    fresh.clear()
                    page.tell(_rows(lines.text()))
                await asyncio.wait([program], timeout=LOOK)
            page.tell(_rows(lines.text()))
            page.entitle(f"{command.name} {program.result()}; Esc closes this")
        finally:
            program.cancel()

    # A worker's log.

    def show_log(self) -> None:
        """The log of the selected worker, live; of a task with one worker that one's."""
        template = self._context.own.log
        if not template:
            self._context.say('no log is named: log = "logs/{worker_id}.log" in the config file says where they are')
            return
        target = self._panes.shown_target()
        state = self._context.state
        with state.lock:
            task = state.task(target[0]) if target is not None else None
        workers = list(task.workers) if task is not None else []
        chosen = target[1] if target is not None and target[1] in workers else workers[-1] if workers else None
        if task is None or chosen is None:
            self._context.say("no worker is selected")
            return
        try:
            base = cortex_dir(self._context.directory)
            path = log_path(template, base, {"worker_id": chosen, "task_id": task.task_id})
        except BadInputError as error:
            self._context.say(str(error))
            return
        page = PageScreen(self._context, f"log of {chosen}", [], whole=True, hint=str(path))
        page.work = partial(self._tail, page, GrowingFile(path))
        self._push(page, None)

    async def _tail(self, page: PageScreen, file: GrowingFile) -> None:
        while True:
            try:
                if await asyncio.to_thread(file.read):
                    page.tell(_rows(file.lines.text()))
            except OSError as error:
                page.tell([Row([(f"cannot be read: {(error.strerror or str(error)).lower()}", "failed", False)])])
            await asyncio.sleep(LOOK)

    # Filters.

    def choose_filter(self) -> None:
        """One of the filters of the config file."""
        filters = self._context.own.filters
        if not filters:
            self._context.say("no filter has a name: [filters] in the config file names them")
            return
        width = max(map(len, filters))
        rows = [
            Row([(f"{name:{width}}  ", "accent", True), (text, "text", False)], name) for name, text in filters.items()
        ]
        page = PageScreen(self._context, "filters", rows)
        self._push(page, lambda name: self._take(filters[name]) if name is not None else None)

    def _take(self, text: str) -> None:
        if self._filtering.set(text):
            self._filtering.keep(text)
        else:
            self._context.say(self._filtering.trouble or f"{text!r} is no filter")


def _rows(lines: list[str]) -> list[Row]:
    return [Row([(line, "text", False)]) for line in lines] or [Row([("nothing yet", "muted", False)])]
