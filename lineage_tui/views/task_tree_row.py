"""How the lines of the tree look: sessions, tasks, workers and handoffs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from lineage_core.base.clock import Clock, format_duration
from lineage_core.base.terminal_cells import cell_width
from lineage_core.meaning.task_row import task_of
from lineage_core.model.entities import TaskRow
from lineage_core.model.task_parts import Handoff, Status
from lineage_core.present.sentences import route, short
from lineage_core.rules.late_sentences import clock_off
from lineage_core.rules.silence import STUCK, over, task_look, worker_look
from lineage_core.rules.thresholds import Thresholds
from lineage_core.state.store import State
from lineage_tui.models.column_widths import EVERYTHING, Columns, Step
from lineage_tui.models.task_tree import TaskTree
from lineage_tui.models.tree_index import Node
from lineage_tui.models.tree_lines import MAX_INDENT
from lineage_tui.theme.styled_line import Line, bar, compact, cut, hosts_in
from lineage_tui.theme.styles import Styles

BAD = (Status.FAILED, Status.CANCELLED, Status.BLOCKED)
"""States of subtasks that are told of, the worst first."""

MOST_SUBTASKS = 1000
"""Subtasks of a task that are looked at to draw its line."""

STEPS = tuple(
    Step(*step)
    for step in (
        ("name", 20), ("status", 9), ("time", 6), ("words", 20), ("progress", 4), ("host", 10), ("name", 30),
        ("words", 26), ("progress", 13), ("master", 12), ("name", 40), ("work", 5), ("words", 30), ("name", 46),
        ("master", 16), ("words", 44), ("type", 12), ("began", 14), ("tokens", 7), ("words", 64),
        ("name", EVERYTHING), ("words", EVERYTHING),
    )
)  # fmt: skip
"""What a line shows, the most important first. At 80 columns that is what needs somebody, and why."""

SCREEN_ORDER = ("name", "status", "type", "host", "master", "progress", "work", "began", "time", "tokens", "words")
RIGHT = ("work", "time", "tokens")
NAMES = ("type", "master")
SORTED = {
    "name": "name", "status": "status", "time": "time taken", "began": "newest", "tokens": "tokens",
    "words": "last event",
}  # fmt: skip
"""The orders (`task_order.SORTS`) that go by a column."""


class TreeRows:
    """Draws the nodes of a tree.

    thresholds: when an open worker that says nothing is shown as silent, and as a zombie. late: of a task, since when
    it is late and a word for what. urgent_in: how much of what needs somebody is in a session. expected: when a task
    will end, in words.
    """

    def __init__(self, styles: Styles, model: TaskTree, state: State, clock: Clock, thresholds: Thresholds) -> None:
        self.looks = styles
        self.model = model
        self.state = state
        self.clock = clock
        self.thresholds = thresholds
        self.late: Callable[[str], tuple[int, str] | None] = lambda task_id: None
        self.urgent_in: Callable[[str], Mapping[str, int]] = lambda group: {}
        self.expected: Callable[[str], str] = lambda task_id: ""
        self._columns = Columns(STEPS, SCREEN_ORDER)

    def foldable(self, node: Node) -> bool:
        """Whether there is anything below a node that can be shown or hidden."""
        if node.kids.count:
            return True
        row = self.model.rows.get(node.ident) if node.kind == "task" else None
        return row is not None and bool(row.workers or row.handoffs)

    def look_of_node(self, node: Node) -> str:
        """The state that a node is shown in; nothing for a heading."""
        now = self.clock()
        if node.kind == "task":
            return self.look_of(self.model.rows[node.ident], now)
        if node.kind == "worker":
            with self.state.lock:
                task = self.state.task(node.owner)
                worker = task.workers.get(node.ident) if task else None
                return worker_look(worker, now, self.thresholds, over(task)) if task and worker else ""
        return ""

    def columns(self, width: int) -> Mapping[str, int]:
        """The widths of the columns in a list of this width, as they stand on the screen."""
        content = {"name": max(12, self.model.widest)}
        if len(self.state.hosts) < 2:
            content["host"] = 0
        return self._columns.fit(width, content)

    def draw_title(self, out: Line, sorted_by: str) -> None:
        """Draw the names of the columns. sorted_by: the order of the tasks, told by the column that it goes by."""
        titles = {"name": " task", "words": "last word"}
        for column, width in self.columns(out.width).items():
            title = "%" if column == "progress" and width < 8 else titles.get(column, column)
            here = sorted_by != "newest" and SORTED.get(column) == sorted_by
            out.col(title, width, "accent" if here else "muted", right=column in RIGHT, bold=here)

    def draw(self, node: Node, out: Line) -> None:
        """Draw the line of a node."""
        drawers: dict[str, Callable[[Node, Line], None]] = {
            "group": self._draw_group,
            "task": self._draw_task,
            "worker": self._draw_worker,
            "handoff": self._draw_handoff,
        }
        drawers[node.kind](node, out)

    def _lead(self, node: Node, out: Line) -> None:
        """Indentation and the fold mark."""
        level = node.depth - 1
        out.put("  " * min(level, MAX_INDENT))
        if level > MAX_INDENT:
            out.put(f"{level}› ", "muted")
        if self.foldable(node):
            out.put(self.looks.glyph("▾ ", "- ") if node.open else self.looks.glyph("▸ ", "+ "), "muted")
        else:
            out.put("  ")

    def _draw_group(self, node: Node, out: Line) -> None:
        self._lead(node, out)
        status_counts = self.model.tallies[node.ident]
        count = status_counts.total()
        filtered = self.model.matches is not None
        hits = f"{self.model.hits[node.ident]:,} of " if filtered else ""
        numbers = {**status_counts, **self.urgent_in(node.ident)}
        parts = [(f"  {hits}{count:,} task{'s' if count != 1 else ''}", "muted")]
        for state in () if filtered else ("late", "zombie", "escalated", "failed", "blocked", "running"):
            if numbers.get(state):
                glyph, word, role = self.looks.look(state)
                parts.append((f"  {glyph} {numbers[state]:,} {word}", role))
        room = out.left - sum(cell_width(text) for text, _ in parts)
        out.put(cut(node.ident, "session-", max(20, room), self.looks), "accent", bold=True)
        for text, role in parts:
            out.put(text, role)

    def _row_line(self, node: Node, out: Line, state: str, percent: float | None, words: str, **texts: str) -> None:
        """The line of a task, worker or handoff. texts: by column, muted."""
        glyph, word, role = self.looks.look(state)
        task = node.kind == "task"
        # What goes on, and what failed, stands out; what is over and done steps back.
        loud = task and state not in ("completed", "cancelled")
        pressing = state in ("failed", "blocked", *STUCK) or words.startswith("escalated")
        for column, width in self.columns(out.width).items():
            if column == "name":
                start = out.left
                self._lead(node, out)
                out.put(glyph + " ", role)
                room = max(1, width - (start - out.left))
                out.col(
                    cut(node.ident, f"{node.kind}-", room, self.looks), room, "text" if task else "muted", bold=loud
                )
            elif column == "status":
                out.col(word, width, role)
            elif column == "progress" and percent is not None:
                number = f"{percent:.0f}%"
                out.col(f"{bar(percent, 8, self.looks)}{number:>5}" if width >= 13 else number, width, role)
            elif column == "words" and words.startswith("late "):
                out.col(words, width, self.looks.look("late")[2])
            elif column == "words":
                out.col(words, width, role if pressing else "muted")
            else:
                shade = "text" if column == "time" else role if column == "progress" else "muted"
                text = texts.get(column, "")
                if column == "host":
                    text = hosts_in(text.split(","), width, self.looks)
                elif column in NAMES and len(text) > width:
                    text = cut(text, "", width, self.looks)
                out.col(text, width, shade, right=column in RIGHT)

    def _draw_task(self, node: Node, out: Line) -> None:
        row = self.model.rows[node.ident]
        now = self.clock()
        state = self.look_of(row, now)
        ended = row.status.ended
        elapsed = (row.ended_at or row.last_at) - row.first_at if ended else now - row.first_at
        work = ""
        if row.workers:
            done = row.workers - row.open_workers
            work = f"{done}/{row.workers}"
        meter, worst = ("", "") if ended else self._subtasks(node.ident)
        late = self.late(row.task_id) if not ended else None
        due = f"late {format_duration(max(0, now - late[0]))}: {late[1]}" if late is not None else ""
        words = ", ".join(filter(None, (due, worst, clock_off(row.skew), row.reason)))
        words = words or ("" if ended else self.expected(row.task_id))
        if row.escalated:
            words = f"escalated: {words}"
        self._row_line(
            node,
            out,
            state,
            None if ended or meter else row.percent,
            words,
            master=short(row.master),
            host=",".join(row.hosts),
            progress=meter,
            work=work,
            time=format_duration(max(0, elapsed)),
            type=row.task_type or "",
            tokens=compact(row.tokens) if row.tokens is not None else "",
            began=self.looks.moment(row.first_at, now),
        )

    def _subtasks(self, task_id: str) -> tuple[str, str]:
        """How many subtasks are done of how many, and the worst state of them if it is bad; nothing if there are
        none."""
        children = self.state.subtasks.children(task_id)
        if not children:
            return "", ""
        if len(children) > MOST_SUBTASKS:
            return f"{len(children):,} subtasks", ""
        statuses = Counter(row.status for child in children if (row := self.model.rows.get(child)) is not None)
        worst = next((f"{statuses[status]} {status.value}" for status in BAD if statuses[status]), "")
        return (
            f"{statuses[Status.COMPLETED]}/{statuses.total()} {'subtask' if statuses.total() == 1 else 'subtasks'}",
            worst,
        )

    def look_of(self, row: TaskRow, now: int) -> str:
        """The state to show a task in: its status, or `zombie` or `silent` when a worker of it is."""
        if row.status.ended or row.silent_since is None:
            return row.status.value
        return task_look(task_of(row), now, self.thresholds) or row.status.value

    def _draw_worker(self, node: Node, out: Line) -> None:
        with self.state.lock:
            task = self.state.task(node.owner)
            worker = task.workers.get(node.ident) if task else None
            if task is None or worker is None:
                return
            now = self.clock()
            look = worker_look(worker, now, self.thresholds, over(task))
            elapsed = (worker.ended_at if worker.ended_at is not None else now) - worker.first_at
            words = worker.error or worker.step or ""
            if look in ("silent", "zombie", "orphaned") and worker.open:
                words = f"silent for {format_duration(now - worker.last_at)} {words}"
            run = f"run {worker.number} of {worker.number}" if worker.number > 1 else ""
            skew = clock_off(task.skews.get(worker.host or worker.worker_id, 0))
            retry = f"retry of {worker.retry_of}" if worker.retry_of else ""
            words = ", ".join(filter(None, (run, skew, words.strip(), retry)))
            kind = worker.worker_type or ""
            percent = worker.percent if worker.open else None
            tokens, began, host = worker.tokens, worker.first_at, worker.host
        self._row_line(
            node, out, look, percent, words, master=kind.removesuffix("-worker"), progress=run,
            time=format_duration(max(0, elapsed)), tokens=compact(tokens) if tokens is not None else "",
            began=self.looks.moment(began, now), host=host,
        )  # fmt: skip

    def _draw_handoff(self, node: Node, out: Line) -> None:
        with self.state.lock:
            task = self.state.task(node.owner)
            handoff = task.handoffs.get(node.ident) if task else None
            if handoff is None:
                return
            now = self.clock()
            look, elapsed = _handoff_look(handoff, now)
            words = route(handoff.from_master, handoff.to_master, "→")
        master, time = f"→ {short(handoff.to_master)}", format_duration(max(0, elapsed))
        self._row_line(node, out, look, None, words, master=master, time=time)


def _handoff_look(handoff: Handoff, now: int) -> tuple[str, int]:
    """The state to show a handoff in, and how long it took or has taken."""
    start = handoff.created_at or handoff.accepted_at or handoff.completed_at or now
    if handoff.completed_at is not None:
        return "handoff done", handoff.completed_at - start
    return ("handoff" if handoff.accepted_at is not None else "handoff wait"), now - start
