"""Which tasks have to do with one, and why; and the critical path of a task with subtasks. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import orjson

from lineage_core.base.clock import DAY, HOUR, format_duration
from lineage_core.model.entities import TaskRow
from lineage_core.model.error_fingerprint import fingerprint
from lineage_core.model.packed_facts import AnyOf, facts_of
from lineage_core.state.store import State

NEAR = DAY
"""Errors of one fingerprint are told of tasks that ended within that."""

FEW = 10
"""Tasks that share a branch or a repository: of more of them each says less, in proportion."""

SHORTEST = 6
"""Characters of a deliverable that is looked for in other tasks."""

WEIGHTS = {
    "blocks it": 0.9,
    "waits for it": 0.9,
    "named by it": 0.8,
    "names it": 0.8,
    "deliverable": 0.7,
    "parent": 0.7,
    "subtask": 0.7,
    "same worker": 0.6,
    "same error": 0.6,
    "same branch": 0.5,
    "same trace": 0.5,
    "sibling": 0.4,
    "same handoff": 0.3,
    "same repository": 0.1,
    "same session": 0.1,
}
"""How much a reason says, from 0 to 1; several add up like independent chances."""


class Reason(NamedTuple):
    """kind: a key of WEIGHTS. text: in words. weight: at most that of its kind."""

    kind: str
    text: str
    weight: float


class Related(NamedTuple):
    """A task that has to do with another. score: from 0 to 1."""

    task_id: str
    score: float
    reasons: tuple[Reason, ...]


def related(state: State, task_id: str, most: int = 50) -> list[Related]:
    """The tasks that have to do with one, the closest first; of equals what was heard of last."""
    found: dict[str, dict[str, Reason]] = {}
    for other, reason in _reasons(state, task_id):
        if other != task_id and other in state.rows:
            mine = found.setdefault(other, {})
            if reason.kind not in mine or mine[reason.kind].weight < reason.weight:
                mine[reason.kind] = reason
    scored = []
    for other, reasons in found.items():
        left = 1.0
        for one in reasons.values():
            left *= 1 - one.weight
        ranked = tuple(sorted(reasons.values(), key=lambda one: (-one.weight, one.kind)))
        scored.append(Related(other, 1 - left, ranked))
    scored.sort(key=lambda one: (-round(one.score, 6), -state.rows[one.task_id].last_at, one.task_id))
    return scored[:most]


def _of(kind: str, text: str, share: float = 1.0) -> Reason:
    return Reason(kind, text, WEIGHTS[kind] * share)


def _reasons(state: State, task_id: str) -> Iterator[tuple[str, Reason]]:
    row = state.rows[task_id]
    with state.lock:
        task = state.task(task_id)
        if task is None:
            return
        workers = {run.worker_id for run in task.runs}
        handoffs = set(task.handoffs)
        deliverables = [one for one in task.deliverables if len(one) >= SHORTEST]
        named = list(task.related)
        waits = [wait.name for wait in task.waits.values() if wait.name is not None]
    for name in waits:
        yield name, _of("blocks it", "blocks it")
    for name in named:
        yield name, _of("named by it", "is named by its events")
    parent = state.subtasks.parent(task_id)
    if parent is not None:
        yield parent, _of("parent", "is its parent")
        for child in state.subtasks.children(parent):
            yield child, _of("sibling", f"is a subtask of {parent} too")
    for child in state.subtasks.children(task_id):
        yield child, _of("subtask", "is a subtask of it")
    for other in list(state.rows.values()):
        if other.task_id != task_id:
            yield from _of_row(row, other)
    yield from _of_bytes(state, task_id, workers, handoffs, deliverables)
    yield from _of_code(state, task_id)


def _of_row(row: TaskRow, other: TaskRow) -> Iterator[tuple[str, Reason]]:
    """What two rows have in common."""
    name = other.task_id
    if any(wait.name == row.task_id for wait in other.waits):
        yield name, _of("waits for it", "waits for it")
    if row.trace and row.trace == other.trace:
        yield name, _of("same trace", "has the same trace")
    if row.session and row.session == other.session:
        yield name, _of("same session", "is of the same session")
    if row.reason and other.reason and row.failed_attempts and other.failed_attempts:
        apart = abs((row.ended_at or row.last_at) - (other.ended_at or other.last_at))
        if apart <= NEAR and fingerprint(row.reason) == fingerprint(other.reason):
            near = 1.0 if apart <= HOUR else 0.7
            yield name, _of("same error", f"failed {format_duration(apart)} apart with the same error", near)


def _of_bytes(
    state: State, task_id: str, workers: set[str], handoffs: set[str], deliverables: list[str]
) -> Iterator[tuple[str, Reason]]:
    """What the events of others name of it: found in their bytes, without deriving them."""
    sought = [(task_id, _of("names it", "names it in its events"))]
    sought += [(one, _of("deliverable", f"names its deliverable {one}")) for one in deliverables[:16]]
    sought += [(one, _of("same worker", f"had its worker {one}")) for one in sorted(workers)[:16]]
    sought += [(one, _of("same handoff", f"has its handoff {one}")) for one in sorted(handoffs)[:16]]
    needles = [(f'"{text}"'.encode("utf-8", "surrogatepass"), reason) for text, reason in sought]
    for other in list(state.rows):
        if other == task_id:
            continue
        with state.lock:
            packed = bytes(state.packed(other))
        for needle, reason in needles:
            if needle in packed:
                yield other, reason


def _of_code(state: State, task_id: str) -> Iterator[tuple[str, Reason]]:
    """What works on the same branch of the same repository, or on the same repository."""
    with state.lock:
        packed = bytes(state.packed(task_id))
    if b'"repository":' not in packed and b'"branch":' not in packed:
        return
    sought: dict[bytes, tuple[str, str]] = {}
    for fact in facts_of(packed, AnyOf()):
        repository, branch = fact.extra.get("repository"), fact.extra.get("branch")
        if repository:
            sought[orjson.dumps({"repository": repository})[1:-1]] = "same repository", f"is of {repository} too"
        if branch:
            both = {"repository": repository, "branch": branch} if repository else {"branch": branch}
            code = f"{repository}, branch {branch}" if repository else f"branch {branch}"
            sought[orjson.dumps(both)[1:-1]] = "same branch", f"is of {code} too"
    found: dict[bytes, list[str]] = {}
    for other in list(state.rows):
        if other != task_id:
            with state.lock:
                held = state.packed(other)
                for needle in sought:
                    if needle in held:
                        found.setdefault(needle, []).append(other)
    for needle, others in found.items():
        for other in others:
            yield other, _of(*sought[needle], min(1.0, FEW / len(others)))


class Link(NamedTuple):
    """A task of a tree of subtasks. critical: whether it is on the chain that sets the end. slack: how much later it
    could have ended without moving that (microseconds). start, end: from its first event to its end, or to now."""

    task_id: str
    depth: int
    start: int
    end: int
    open: bool
    critical: bool
    slack: int


def critical_path(state: State, task_id: str, now: int) -> list[Link]:
    """A task and all below it: which of them set its end. Empty without subtasks.

    From the end backwards: what ended last is on the chain, then what ended last before that began, and so on; the
    subtasks of each likewise. What runs counts as ending now.
    """
    children = state.subtasks.children(task_id)
    if not children:
        return []
    links: list[Link] = []
    seen: set[str] = set()

    def stretch(name: str) -> tuple[int, int]:
        row = state.rows[name]
        end = (row.ended_at or row.last_at) if row.status.ended else now
        return row.first_at, max(row.first_at, end)

    stack: list[tuple[str, int, bool, int]] = [(task_id, 0, True, 0)]
    while stack:
        name, depth, critical, slack = stack.pop()
        if name in seen or name not in state.rows:
            continue
        seen.add(name)
        start, end = stretch(name)
        links.append(Link(name, depth, start, end, not state.rows[name].status.ended, critical, slack))
        below = [child for child in state.subtasks.children(name) if child in state.rows]
        chain, until = {}, max((stretch(child)[1] for child in below), default=0)
        last, at = until, until
        while True:  # the chain of subtasks, from its end
            before = [child for child in below if child not in chain and stretch(child)[1] <= at]
            if not before:
                break
            chosen = max(before, key=lambda child: (stretch(child)[1], -stretch(child)[0], child))
            chain[chosen] = True
            at = stretch(chosen)[0]
        for child in sorted(below, key=lambda one: (stretch(one), one), reverse=True):
            on = child in chain
            later = min([stretch(other)[0] for other in chain if stretch(other)[0] >= stretch(child)[1]], default=last)
            own = 0 if on else max(0, later - stretch(child)[1])
            stack.append((child, depth + 1, critical and on, own + (0 if critical else slack)))
    return links
