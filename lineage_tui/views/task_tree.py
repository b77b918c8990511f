"""The tree of tasks, drawn: a line for each session, task, worker and handoff."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any, NamedTuple

from lineage_core.base.cells import named
from lineage_core.base.clock import Clock, format_duration
from lineage_core.model.entities import Handoff, Status, TaskRow
from lineage_core.present.sentences import route, short
from lineage_core.rules.silence import STUCK, over, task_look, worker_look
from lineage_core.rules.stuck_work import clock_off
from lineage_core.rules.thresholds import Thresholds
from lineage_core.state.store import State
from lineage_tui.models.task_tree import TaskTree
from lineage_tui.models.tree_index import Node
from lineage_tui.theme.line import Line, bar, cut
from lineage_tui.theme.styles import Styles
from lineage_tui.widgets.following_list import FollowingList
from lineage_tui.widgets.list_view import Operation

BAD = (Status.FAILED, Status.CANCELLED, Status.BLOCKED)
"""States of subtasks that are told of, the worst first."""

MOST_SUBTASKS = 1000
"""Subtasks of a task that are looked at to draw its line."""

MAX_INDENT = 12
"""Levels that are indented; deeper ones tell their depth in a number."""


class Columns(NamedTuple):
    """Widths in cells; 0 where there is no room."""

    name: int
    master: int
    meter: int
    work: int
    words: int


class TaskTreeView(FollowingList):
    """The tree view `1`.

    thresholds: when an open worker that says nothing is shown as silent, and as a zombie.
    """

    title_lines = 1

    def __init__(self, styles: Styles, state: State, clock: Clock, thresholds: Thresholds, **options: Any) -> None:
        super().__init__(styles, **options)
        self.state = state
        self.model = TaskTree(state)
        self.clock = clock
        self.thresholds = thresholds
        self.filter_text = ""
        self.on_filtered: Callable[[], None] = lambda: None
        self.expected: Callable[[str], str] = lambda task_id: ""  # when a task will end, in words

    def arrived(self, task_ids: set[str]) -> None:
        """Take in what changed in these tasks."""
        before = len(self.model.rows)
        self.model.still = self.model.live and not self.following
        self.model.update(task_ids)
        self.settle(len(self.model.rows) - before, lambda key: _is_about(key, task_ids))

    def follow(self) -> None:
        self.model.still = False
        self.model.settle()
        super().follow()

    def home(self) -> int:
        """The newest task: the first that is not a heading."""
        return next((n for n in range(min(self.count(), 3)) if self.model.line(n).kind == "task"), 0)

    def set_filter(self, matches: Callable[[TaskRow], bool] | None, text: str = "") -> None:
        """Show the tasks that match, and what they hang on."""
        self.filter_text = text
        self.in_slices(self._filtered(matches))

    def _filtered(self, matches: Callable[[TaskRow], bool] | None) -> Iterator[int]:
        yield from self.model.set_filter(matches)
        self.settle(0)
        self.on_filtered()

    def sort_by(self, step: int) -> None:
        """Sort by the next order (1) or the one before (-1)."""
        self.in_slices(self.model.set_sort(step=step))

    def invert(self) -> None:
        """Turn the order round."""
        self.in_slices(self.model.set_sort(invert=True))

    def operations(self) -> Mapping[str, Operation]:
        return {
            "sort": self.sort_by,
            "invert": lambda _: self.invert(),
            "sideways": lambda step: self.unfold() if step > 0 else self.fold(),
            "toggle": lambda _: self.toggle_fold(),
        }

    def target(self) -> tuple[str, str | None] | None:
        """The task under the cursor, and the worker or handoff of it."""
        node = self.node()
        if node is None or node.kind == "group":
            return None
        return (node.ident, None) if node.kind == "task" else (node.owner, node.ident)

    def group(self) -> str | None:
        """The session whose heading is under the cursor."""
        node = self.node()
        return node.ident if node is not None and node.kind == "group" else None

    def count_line(self) -> str:
        """The order of the tree, in a few words, if it is not the usual one."""
        order = f"by {self.model.sorted_by}" if self.model.sorted_by != "newest" else ""
        return f"{order}, inverted".removeprefix(", ") if self.model.inverted else order

    def look_at(self, line: int) -> str:
        """The state that a line is shown in; nothing for a heading."""
        return self.look_of_node(self.model.line(line))

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

    def walk(self, step: int, tell: Callable[[int], str] | None = None) -> Iterator[tuple[Hashable, str]]:
        """Keys and states of the lines after the cursor (before it, for -1), round and back to it: also of tasks
        that are folded away and have no line; None for what the filter hides, so that whoever walks can pause."""
        model, start = self.model, self.node()
        at = start
        turned = False
        while at is not None:
            at = model.beside(at, step)
            if at is None:
                if turned or start is None or start.parent is None:
                    return
                turned, at = True, model.end(step)
            if at is None:
                return
            if at.own and (at.kind in ("group", "task") or (at.parent is not None and at.parent.open)):
                yield at.key, self.look_of_node(at)
            else:
                yield None, ""
            if at is start:
                return

    def reveal(self, key: Hashable) -> bool:
        node = self.model.find(key)  # type: ignore[arg-type]
        if node is not None and node.own:
            self.model.reveal(node)
        return self.select_key(key)

    def count(self) -> int:
        return len(self.model)

    def key_at(self, line: int) -> Hashable:
        return self.model.line(line).key

    def line_of(self, key: Hashable) -> int | None:
        node = self.model.find(key)  # type: ignore[arg-type]
        return None if node is None or not node.own else self.model.line_of(node)

    def node(self) -> Node | None:
        """The node under the cursor."""
        return self.model.line(self.cursor) if self.cursor < self.count() else None

    def unfold(self) -> None:
        node = self.node()
        if node is None:
            return
        if not node.open and self._foldable(node):
            self._fold(node, True)
        elif node.kids.lines and self.cursor + 1 < self.count():
            self.select(self.cursor + 1)

    def fold(self) -> None:
        node = self.node()
        if node is None:
            return
        if node.open and self._foldable(node):
            self._fold(node, False)
        elif node.parent is not None and node.parent.kind != "root":
            self.select(self.model.line_of(node.parent))

    def toggle_fold(self) -> None:
        node = self.node()
        if node is not None and self._foldable(node):
            self._fold(node, not node.open)

    def _fold(self, node: Node, expanded: bool) -> None:
        self.following = False
        self.model.expand(node, expanded)
        self.sync()

    def _foldable(self, node: Node) -> bool:
        if node.kids.count:
            return True
        row = self.model.rows.get(node.ident) if node.kind == "task" else None
        return row is not None and bool(row.workers or row.handoffs)

    # Drawing. Columns right of the name appear as there is room.

    def _columns(self, width: int) -> Columns:
        master = 12 if width >= 72 else 0
        meter = 13 if width >= 64 else 0
        work = 5 if width >= 90 else 0
        fixed = 9 + 1 + 6 + 1 + sum(c + 1 for c in (master, meter, work) if c)
        name = max(8, min(width - fixed, 46))
        words = width - fixed - name - 2
        if words < 12:
            return Columns(max(8, width - fixed - 1), master, meter, work, 0)
        return Columns(name, master, meter, work, words)

    def draw_title(self, line: int, out: Line) -> None:
        columns = self._columns(out.width)
        out.col(" task", columns.name, "muted").col("status", 9, "muted")
        if columns.master:
            out.col("master", columns.master, "muted")
        if columns.meter:
            out.col("progress", columns.meter, "muted")
        if columns.work:
            out.col("work", columns.work, "muted", right=True)
        out.col("time", 6, "muted", right=True)
        if columns.words:
            out.put(" last word", "muted")

    def draw(self, line: int, out: Line) -> None:
        node = self.model.line(line)
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
        if self._foldable(node):
            out.put(self.looks.glyph("▾ ", "- ") if node.open else self.looks.glyph("▸ ", "+ "), "muted")
        else:
            out.put("  ")

    def _draw_group(self, node: Node, out: Line) -> None:
        self._lead(node, out)
        status_counts = self.model.tallies[node.ident]
        count = status_counts.total()
        filtered = self.model.matches is not None
        hits = f"{self.model.hits[node.ident]:,} of " if filtered else ""
        out.put(named(node.ident), "accent", bold=True).put(
            f"  {hits}{count:,} task{'s' if count != 1 else ''}", "muted"
        )
        for state in () if filtered else ("running", "blocked", "failed"):
            if status_counts[state]:
                glyph, word, role = self.looks.look(state)
                out.put(f"  {glyph} {status_counts[state]} {word}", role)

    def _row_line(
        self,
        node: Node,
        out: Line,
        state: str,
        *,
        master: str,
        percent: float | None,
        work: str,
        time: str,
        words: str,
        meter: str = "",
    ) -> None:
        glyph, word, role = self.looks.look(state)
        columns = self._columns(out.width)
        start = out.left
        self._lead(node, out)
        out.put(glyph + " ", role)
        task = node.kind == "task"
        name = max(6, columns.name - (start - out.left))
        ident = cut(node.ident, f"{node.kind}-", name, self.looks)
        # What goes on, and what failed, stands out; what is over and done steps back.
        loud = task and state not in ("completed", "cancelled")
        out.col(ident, name, "text" if task else "muted", bold=loud).col(word, 9, role)
        if columns.master:
            out.col(master, columns.master, "muted")
        if columns.meter:
            meter = f"{bar(percent, 8, self.looks)}{percent:4.0f}%" if percent is not None else meter
            out.col(meter, columns.meter, role)
        if columns.work:
            out.col(work, columns.work, "muted", right=True)
        out.col(time, 6, "text", right=True)
        if columns.words:
            loud = state in ("failed", "blocked", *STUCK) or words.startswith("escalated")
            out.put(" " + words, role if loud else "muted")

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
        words = ", ".join(filter(None, (worst, clock_off(row.skew), row.reason)))
        words = words or ("" if ended else self.expected(row.task_id))
        if row.escalated:
            words = f"escalated: {words}"
        self._row_line(
            node,
            out,
            state,
            master=short(row.master),
            percent=None if ended or meter else row.percent,
            meter=meter,
            work=work,
            time=format_duration(max(0, elapsed)),
            words=words,
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
        with self.state.lock:
            task = self.state.task(row.task_id)
            return (task_look(task, now, self.thresholds) if task is not None else "") or row.status.value

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
            if worker.retry_of:
                words = f"retry of {worker.retry_of} {words}"
            if look in ("silent", "zombie", "orphaned") and worker.open:
                words = f"silent for {format_duration(now - worker.last_at)} {words}"
            run = f"run {worker.number} of {worker.number}" if worker.number > 1 else ""
            words = ", ".join(filter(None, (run, clock_off(task.skews.get(worker.worker_id, 0)), words)))
            kind = worker.worker_type or ""
            percent = worker.percent if worker.open else None
        self._row_line(
            node, out, look, master=kind.removesuffix("-worker"), percent=percent, work="",
            time=format_duration(max(0, elapsed)), words=words, meter=run,
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
        self._row_line(
            node, out, look, master=f"→ {short(handoff.to_master)}", percent=None, work="",
            time=format_duration(max(0, elapsed)), words=words,
        )  # fmt: skip


def _is_about(key: Hashable, task_ids: set[str]) -> bool:
    """Whether the line of a key tells of one of these tasks; a heading tells of all below it."""
    match key:
        case ("group", _, _):
            return True
        case (_, ident, owner):
            return ident in task_ids or owner in task_ids
    return True


def _handoff_look(handoff: Handoff, now: int) -> tuple[str, int]:
    """The state to show a handoff in, and how long it took or has taken."""
    start = handoff.created_at or handoff.accepted_at or handoff.completed_at or now
    if handoff.completed_at is not None:
        return "handoff done", handoff.completed_at - start
    return ("handoff" if handoff.accepted_at is not None else "handoff wait"), now - start
