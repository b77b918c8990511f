"""`lineage chain`: what caused what, as a tree across tasks."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from lineage_core.cli import one_task_queries, output
from lineage_core.cli.output import Answer
from lineage_core.cli.text_output import Line, Paper, Piece
from lineage_core.present.rows import iso, moment
from lineage_core.present.sentences import say
from lineage_core.rules.cause_tree import Link, chain
from lineage_core.state.store import State

EXAMPLES = (
    "lineage chain task-1",
    "lineage chain task-1 --json | jq '.events[] | select(.inferred | not)'",
)

KEYS = {
    "depth": "how far down in the tree, from 0",
    "timestamp": "when",
    "lineage_id": "the event",
    "task_id": "its task",
    "event_type": "what happened",
    "actor_id": "who did it",
    "cause": "the lineage_id of the event that it hangs from",
    "inferred": "whether that was not logged, but follows from task, worker or handoff ids",
}

MAX_TASKS = 1000
"""Tasks below the one asked for whose events are shown."""

DEEPEST = 40
"""Levels that text is indented by; what is deeper says how deep."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage chain`."""
    parser.add_argument("task", metavar="TASK", type=output.name, help="the task")
    parser.add_argument("--ascii", action="store_true", help="draw with ASCII characters only")
    output.add_arguments(parser, "events")
    output.describe(parser, KEYS, "keys of an event; as JSON, one object: task_id, above, below, events")


def answer(args: argparse.Namespace) -> Answer:
    """The tree of causes of a task. Raises UnknownNameError, with the nearest ids."""
    loaded = one_task_queries.with_all_others(args)
    state = loaded.state
    above, below, parents = relatives_of(state, args.task)
    facts = {name: state.facts(name) for name in [*reversed(above), args.task, *below]}
    links = chain(facts, parents, args.task)[: args.limit]
    rows = [_row(link) for link in links]
    return Answer(
        text=lambda paper: text_lines(links, args.task, paper),
        columns=tuple(KEYS),
        rows=rows,
        document={"task_id": args.task, "above": above, "below": below, "events": rows},
        problems=loaded.problems,
        timelines=lambda: output.timelines_of(loaded.state, facts),
        title=f"Chain of {args.task}",
    )


def relatives_of(state: State, task_id: str) -> tuple[list[str], list[str], dict[str, str]]:
    """The tasks above a task, from its parent up; those below it, MAX_TASKS at most; and who is whose parent."""
    parents: dict[str, str] = {}
    at = task_id
    while (parent := state.subtasks.parent(at)) is not None and at not in parents:
        parents[at] = parent
        at = parent
    above = list(parents.values())
    below: list[str] = []
    level = [task_id]
    while level and len(below) < MAX_TASKS:
        following: list[str] = []
        for name in level:
            for child in sorted(state.subtasks.children(name)):
                if child in state.rows and child not in parents:
                    parents[child] = name
                    following.append(child)
        below += following
        level = following
    return above, below[:MAX_TASKS], parents


def _row(link: Link) -> dict[str, object]:
    return {
        "depth": link.depth,
        "timestamp": iso(link.fact.at),
        "lineage_id": link.fact.lineage_id,
        "task_id": link.task_id,
        "event_type": link.fact.event_type,
        "actor_id": link.fact.actor_id,
        "cause": link.cause.lineage_id if link.cause else None,
        "inferred": link.inferred,
    }


def text_lines(links: list[Link], task_id: str, paper: Paper) -> Iterator[Line]:
    """The tree with branches; a task is named where it differs from the one above, inferred links are marked."""
    last, go_on, inferred = ("`-", "|-", "~") if paper.ascii else ("└─", "├─", "╌")
    rail = "| " if paper.ascii else "│ "
    more_below = _has_sibling_below(links)
    rails: list[bool] = []
    before: list[str] = []
    for at, link in enumerate(links):
        del rails[max(0, link.depth - 1) :]
        del before[link.depth :]
        indent = "".join(rail if more else "  " for more in rails[:DEEPEST])
        if link.depth > DEEPEST:
            indent += f"({link.depth}) "
        branch = ""
        if link.depth:
            branch = go_on if more_below[at] else last
            branch = branch[:-1] + inferred if link.inferred else branch
            branch += " "
            rails.append(more_below[at])
        above = before[-1] if before else None
        before.append(link.task_id)
        kind = link.fact.event_type
        line: list[Piece] = [(f"{indent}{branch}", "muted"), (kind, kind.rpartition("_")[2])]
        if link.task_id != above:
            line += ["  ", (link.task_id, "head")]
        said = say(kind, link.fact.actor_id, link.fact.data)
        yield [*line, f"  {said}  ", (f"{moment(link.fact.at)}Z", "muted")]
    if any(link.inferred for link in links):
        yield ""
        yield (f"{last[:1]}{inferred} inferred from ids: no parent was logged", "muted")


def _has_sibling_below(links: list[Link]) -> list[bool]:
    """For each link whether another one hangs from the same event further down."""
    result = [False] * len(links)
    path: list[int] = []  # from the root down to the link before: each is one level deeper
    for at, link in enumerate(links):
        if link.depth < len(path):
            result[path[link.depth]] = True
        path[link.depth :] = [at]
    return result
