"""The heading of the detail pane in lines: of a task, and of a session. Pure: from what is told to lines that fit."""

from __future__ import annotations

from collections.abc import Sequence

from lineage_core.base.clock import format_duration
from lineage_core.base.terminal_cells import cell_width, named
from lineage_core.present.sentences import counted
from lineage_tui.models.session_summary import Session, Sums
from lineage_tui.models.task_brief import Sentence, TaskBrief
from lineage_tui.models.text_wrap import wrap
from lineage_tui.theme.styled_line import Parts
from lineage_tui.theme.styles import Styles


def task_lines(task_id: str, task_brief: TaskBrief, width: int, height: int, looks: Styles) -> list[Parts]:
    """What is told of a task, in a pane of this width and height: sentences in full where there is room."""
    glyph, word, role = looks.look(task_brief.state)
    state: Parts = [(f"{glyph} {word} ", role, True)]
    about: Parts = [("  " + task_brief.about, "muted", False)] if task_brief.about else []
    name = named(task_id)
    if cell_width(state[0][0] + name) <= width:
        lines = [[*state, (name, "text", True), *about]]
    else:  # an id is whole here, if it is nowhere else
        lines = [[*state, *about], *([(part, "text", True)] for part in wrap(name, max(8, width), 4))]
    most = 3 if height >= 20 else 2 if height >= 9 else 1
    for said in _most_telling(task_brief.said, 4 if height >= 20 else 3 if height >= 9 else 2 if height >= 7 else 1):
        glyph, _, role = looks.look(said.state)
        lead = f"{glyph} " if said.marked else ""
        short = said.brief if most == 1 and cell_width(lead + said.text) > width else ""
        for number, text in enumerate(wrap(short or said.text, max(8, width - cell_width(lead)), most)):
            lines.append([((lead if number == 0 else " " * cell_width(lead)) + text, role, False)])
    lines += _figures(task_brief.figures, width, 3 if height >= 20 else 2 if height >= 13 else 1, looks)
    if task_brief.chain and height >= 13:
        lines.append([(_chain(task_brief.chain, width, looks), "muted", False)])
    return lines


def _chain(names: Sequence[str], width: int, looks: Styles) -> str:
    """From the root to the task, without those in the middle that there is no room for."""
    arrow, more = looks.glyph(" › ", " > "), looks.glyph("…", "..")
    shown = [named(name) for name in names]
    text = arrow.join(shown)
    while cell_width(text) > width and len(shown) > 2:
        del shown[1]
        text = arrow.join([shown[0], more, *shown[1:]])
    return text


def _most_telling(said: Sequence[Sentence], room: int) -> list[Sentence]:
    """The first sentence, and of the others those first that tell of something that is wrong; in their order."""
    chosen = sorted(range(1, len(said)), key=lambda n: not said[n].marked)[: room - 1]
    if room == 2:  # a line of its own is only for what is wrong
        chosen = [n for n in chosen if said[n].marked]
    return [said[n] for n in (*range(min(1, len(said))), *sorted(chosen))]


def session_lines(session: Session, drawn: int, now: int, width: int, looks: Styles) -> list[Parts]:
    """What a session is about. drawn: how many of its tasks have a bar."""
    counts: Parts = [("  ", "text", False)]
    total = 0
    for status, count in session.by_status():
        glyph, word, role = looks.look(status)
        counts.append((f"{glyph} {count:,} {word}  ", role, False))
        total += count
    title: Parts = [
        (looks.glyph("▾ ", "- "), "muted", False),
        (session.name or "", "accent", True),
        (f"  {total:,} task{'s' if total != 1 else ''}", "muted", False),
    ]
    lines, which, sums = [title, counts], "its tasks", session.sums
    if sums is not None:
        if sums.escalated:
            glyph, word, role = looks.look("escalated")
            counts.append((f"{glyph} {sums.escalated:,} {word}", role, False))
        if drawn < sums.tasks:
            which = f"the first {drawn:,} of {sums.tasks:,} tasks"
        price = ""
        if session.prices is not None and session.money is not None:
            price = f", {session.money.text(session.prices.currency)}"
        lines += _figures(_sums(sums, now, looks, price), width, 2, looks)
    return [*lines, [(f"{which}, in the order of the list; Enter goes to one", "muted", False)]]


def _sums(sums: Sums, now: int, looks: Styles, price: str) -> list[str]:
    until = now if sums.open else sums.last_at
    lasts = format_duration(max(0, until - sums.first_at))
    task_brief = [
        f"began {looks.stamp(sums.first_at, now)}",
        f"goes on for {lasts}" if sums.open else f"took {lasts}",
        f"last event {format_duration(max(0, now - sums.last_at))} ago",
    ]
    if sums.workers:
        failed = f", {sums.failed_workers:,} failed" if sums.failed_workers else ""
        task_brief.append(f"{counted(sums.workers, 'worker')}{failed}")
    if sums.retries:
        task_brief.append(f"{sums.retries:,} retr{'ies' if sums.retries != 1 else 'y'}")
    if sums.tokens:
        task_brief.append(f"{sums.tokens:,} tokens{price}")
    return [*task_brief, f"{sums.events:,} event{'s' if sums.events != 1 else ''}"]


def _figures(task_brief: Sequence[str], width: int, most: int, looks: Styles) -> list[Parts]:
    """Figures in at most so many lines, broken between them."""
    dot = looks.glyph(" · ", ", ")
    rows = [""]
    for text in task_brief:
        longer = f"{rows[-1]}{dot}{text}" if rows[-1] else text
        if cell_width(longer) > width and len(rows) < most and rows[-1]:
            rows.append(text)
        else:
            rows[-1] = longer
    return [[(row, "muted", False)] for row in rows]
