"""What the operator decided about a task, logged as CORTEX_PRINCIPAL: off unless the config file allows it."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from lineage_core.base.errors import BadInputError, JournalError
from lineage_core.model.host_file_names import HOSTS_MARK
from lineage_core.model.record import Record
from lineage_core.write.journal import Journal
from lineage_core.write.record_builder import compose
from lineage_tui.models.operator_decision import Decision, arguments, possible
from lineage_tui.models.text_wrap import wrap
from lineage_tui.screens.app_context import Context, Handlers
from lineage_tui.screens.panes import Panes
from lineage_tui.screens.text_page import PageScreen, Row
from lineage_tui.widgets.background_work import in_background

YES = "yes"
PURPOSE = "decision"
"""What the prompt is asked for."""

_WIDEST, _MOST = 100, 200


class Asked(NamedTuple):
    """What is being decided, and about which task."""

    decision: Decision
    task_id: str


class Deciding:
    """Asks what was decided and why, shows what will be written, and writes it once that is confirmed.

    push: shows a page over the screen.
    """

    def __init__(
        self, context: Context, panes: Panes, push: Callable[[PageScreen, Callable[[str | None], None] | None], None]
    ) -> None:
        self._context = context
        self._panes = panes
        self._push = push
        self._asked: Asked | None = None

    def handlers(self) -> Handlers:
        return {"decide": self.begin}

    def begin(self) -> None:
        """Let the operator choose what was decided about the selected task."""
        target = self._panes.shown_target()
        row = self._context.state.rows.get(target[0]) if target is not None else None
        if refusal := self._context.own.refusal:
            self._context.say(refusal)
        elif not os.environ.get("CORTEX_PRINCIPAL"):
            self._context.say("CORTEX_PRINCIPAL is not set: it says who decides")
        elif row is None:
            self._context.say("no task is selected")
        elif row.hosts:
            self._context.say(f"these are journals of several hosts: log it on {', '.join(row.hosts)}, by lineage log")
        elif (self._context.directory.parent / HOSTS_MARK).exists():
            self._context.say("this is the copy of a host's journal: log it there, by lineage log")
        elif not (found := possible(row)):
            self._context.say(f"{row.task_id} is {row.status.value}: there is nothing to decide")
        else:
            rows = [
                Row([(f"{one.name:10}", "accent", True), (one.event_type, "muted", False)], one.name) for one in found
            ]
            page = PageScreen(self._context, f"what was decided about {row.task_id}?", rows)
            by_name = {one.name: Asked(one, row.task_id) for one in found}
            self._push(page, lambda name: self._ask(by_name[name]) if name is not None else None)

    def _ask(self, asked: Asked) -> None:
        self._asked = asked
        self._panes.ask(PURPOSE, "", f"{asked.decision.name}: {asked.decision.asks}")

    def typed(self, text: str) -> None:
        """What was typed for what is being decided: show what it makes, to be confirmed."""
        asked, self._asked = self._asked, None
        if asked is None:
            return
        try:
            record = self._record(asked, text)
        except BadInputError as error:
            self._context.say(str(error))
            return
        lines = ["into", f"  {self._context.directory}", *json.dumps(record, ensure_ascii=False, indent=2).splitlines()]
        width = min(_WIDEST, self._panes.detail.screen.size.width - 8)
        rows = [Row([(part, "text", False)], YES) for line in lines for part in wrap(line, width, _MOST)]
        page = PageScreen(self._context, "log this, with an id and the time? Enter does, Esc does not", rows)
        log = partial(self._log, asked, text, record)
        self._push(page, lambda answer: in_background(self._panes.detail, log, "decide") if answer == YES else None)

    def _arguments(self, asked: Asked, text: str) -> tuple[str, ...]:
        row = self._context.state.rows.get(asked.task_id)
        if row is None:
            raise BadInputError(f"{asked.task_id} is no longer there")
        return arguments(asked.decision, row, os.environ.get("CORTEX_PRINCIPAL", ""), text)

    def _record(self, asked: Asked, text: str) -> Record:
        """What will be written, but for its id and its time. Raises BadInputError."""
        args = self._arguments(asked, text)
        found = compose(asked.decision.event_type, asked.task_id, args, lineage_id="", timestamp="", environ=_environ())
        return {key: value for key, value in found.items() if key not in ("lineage_id", "timestamp")}

    async def _log(self, asked: Asked, text: str, shown: Record) -> None:
        try:
            if self._record(asked, text) != shown:
                raise BadInputError(f"{asked.task_id} is another one by now: nothing was logged")
            journal = Journal(self._context.directory, environ=_environ())
            args = self._arguments(asked, text)
            await asyncio.to_thread(journal.log, asked.decision.event_type, asked.task_id, *args)
        except (BadInputError, JournalError) as error:
            self._context.say(str(error))
        else:
            self._context.say(f"logged: {asked.decision.event_type} of {asked.task_id}")


def _environ() -> dict[str, str]:
    """That of the program; how long it takes to log is not measured, so that nothing is written that was not shown."""
    return {name: value for name, value in os.environ.items() if name != "LINEAGE_TIMING"}
