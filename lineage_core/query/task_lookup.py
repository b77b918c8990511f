"""One task and what it is linked to, found by raw search: a million events are not folded for one task's sake.

The task's own events hold its id, and so do those of tasks that it blocks or that name it their parent; these come
from the first search. A second one looks for the events of the tasks that it is linked to, and for subtasks that
name one of its events as their cause.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from lineage_core.base.clock import DAY
from lineage_core.base.errors import JournalError, UnknownNameError
from lineage_core.base.fork_pool import Progress
from lineage_core.model.entities import Task
from lineage_core.model.facts import Fact, fact_of
from lineage_core.model.host_file_names import host_of
from lineage_core.query import journal_search as hits
from lineage_core.query.event_query import own_ids
from lineage_core.query.ids_with_host import hosts_of, known_in
from lineage_core.query.records_with_host import tagged
from lineage_core.query.search_terms import Search
from lineage_core.read.compression import is_packed, unpack
from lineage_core.read.journal_files import files, host_folders, opened
from lineage_core.state.store import State

MAX_LINKED = 16
"""Linked tasks, subtasks apart, whose own state is looked up; the others are named only."""

MAX_SEARCHED = 48
"""Subtasks that are searched for. Of a task with more of them the whole journal is folded, or read from the cache."""

_SUGGEST_FROM = 64 << 20  # bytes of the newest files in which similar ids are looked for
_TASK_ID = re.compile(rb'"task_id"\s*:\s*"([^"\\]{1,300})"')


class Lookup(NamedTuple):
    """state: the task with all its events, and its linked tasks as far as they were looked up.
    raws: the records of its events as they were written, in order. linked: the tasks in `state` that are whole."""

    state: State
    task: Task
    raws: list[bytes]
    linked: frozenset[str]
    problems: dict[str, str]


def look_up(directory: Path, task_id: str, *, links: bool = True, progress: Progress | None = None) -> Lookup:
    """A task by its id; with `links` also the tasks that it is linked to.

    progress: is told how far it is, from 0 to 1. Raises UnknownNameError, with the nearest ids, and JournalError.
    """
    state = State()
    names = {task_id, *ids_named(directory, task_id)}
    first = hits.find(directory, Search(tuple(names)), progress)
    records: list[tuple[str, str, bytes]] = []
    state.merge_facts(_facts(first, names, records))
    raws = [tagged(raw, file) for of, file, raw in records if state.names.name(of, host_of(file)) == task_id]
    task = state.task(task_id)
    if task is None:
        raise unknown(directory, task_id)
    linked: frozenset[str] = frozenset()
    problems = first.problems
    if links:
        linked = _follow_links(directory, state, task, problems)
    return Lookup(state, task, raws, linked, problems)


def ids_named(directory: Path, task_id: str) -> list[str]:
    """The id that `id@host` names in a directory of hosts."""
    own, at, _ = task_id.rpartition("@")
    with suppress(JournalError, FileNotFoundError):
        return [own] if at and own and host_folders(directory) else []
    return []


def hosts_named(directory: Path, task_id: str) -> tuple[str, frozenset[str]] | None:
    """The id that `id@host` names in a directory of hosts, and the hosts whose events of it are of that task.

    None where it names none. Raises JournalError.
    """
    if not ids_named(directory, task_id):
        return None
    ids = own_ids([task_id]) | {task_id}
    return hosts_of([task_id], known_in(directory)(ids)).get(task_id)


def _facts(
    found: hits.Hits, ids: Container[str] = (), records: list[tuple[str, str, bytes]] | None = None
) -> Iterator[tuple[str, Fact]]:
    """The facts of what was found; the records with these ids, as they were written, are put into `records`, each with
    its id and file."""
    for hit, raw in hits.records(found):
        one, file = hits.found_of(hit, raw), found.files[hit.rank].name
        if records is not None and one.record["task_id"] in ids:
            records.append((one.record["task_id"], file, raw))
        yield one.record["task_id"], fact_of(file, one.offset, one.length, one.at, one.record)


def linked_ids(state: State, task: Task) -> list[str]:
    """The tasks that a task is linked to: its parent and subtasks, what it waits for or names, whom it blocks."""
    parent = state.subtasks.parent(task.task_id) or task.parent_id
    others = [row.task_id for row in state.rows.values() if row.task_id != task.task_id]
    waits = [wait.name for wait in task.waits.values()]
    names = [parent, *state.subtasks.children(task.task_id), *waits, *task.related, *others]
    return list(dict.fromkeys(name for name in names if name and name != task.task_id))


def _follow_links(directory: Path, state: State, task: Task, problems: dict[str, str]) -> frozenset[str]:
    """Find the subtasks and the parent by events, and the events of linked tasks; returns those that are whole."""
    own = {fact.lineage_id for fact in state.facts(task.task_id)}
    done: set[str] = set()
    prefix = _common_prefix(min(own), max(own))
    for step in range(2):
        children = state.subtasks.children(task.task_id)
        if len(children) > MAX_SEARCHED:
            _fold_subtasks(directory, state, children)
            done.update(children)
        others = [name for name in linked_ids(state, task) if name not in children][:MAX_LINKED]
        wanted = [name for name in (*children, *others) if name not in done]
        if step and not wanted:
            break
        needles = list(wanted)
        if step == 0 and task.parent_event and task.parent_id is None:
            needles.append(task.parent_event)
        names = frozenset(wanted)

        def matches(record: dict, names=names) -> bool:  # type: ignore[no-untyped-def, type-arg]
            return (
                record["task_id"] in names
                or record["lineage_id"] == task.parent_event
                or (record.get("parent_lineage_id") in own and record["event_type"] == "task_created")
            )

        since = None if needles else task.first_at - DAY  # subtasks are younger
        more = hits.find(directory, Search(tuple(needles), (prefix,) if step == 0 else (), matches, since=since))
        state.merge_facts(_facts(more))
        done |= names
        problems.update(more.problems)
    return frozenset(done)


def _fold_subtasks(directory: Path, state: State, children: Iterable[str]) -> None:
    """Take the subtasks of a task from the state of the whole directory."""
    from lineage_core.state.load import load

    whole = load(directory).state
    state.merge_facts((child, fact) for child in children for fact in whole.facts(child))


def _common_prefix(one: str, other: str) -> str:
    for at, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return one[:at]
    return min(one, other, key=len)


def check_known(directory: Path, task_ids: Iterable[str]) -> None:
    """Raise UnknownNameError for the first of these tasks that no event belongs to."""
    for task_id in task_ids:
        found = hits.find(directory, Search((task_id,), matches=lambda record: record["task_id"] == task_id))  # noqa: B023
        if not found.positions:
            raise unknown(directory, task_id)


def unknown(directory: Path, task_id: str) -> UnknownNameError:
    """The error for a task that no event belongs to, with the nearest ids of the newest files."""
    near = nearest_ids(task_id, recent_ids(directory))
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return UnknownNameError(f"no task {task_id} in {directory}{hint}")


def nearest_ids(task_id: str, known: Iterable[str]) -> list[str]:
    """Up to three of the known ids that are most like one; those that share most three-letter pieces are compared."""
    from difflib import get_close_matches

    names = list(known)
    holding = [name for name in names if task_id in name][:3]
    pieces = {task_id[at : at + 3] for at in range(max(1, len(task_id) - 2))}
    names.sort(key=lambda name: sum(piece in name for piece in pieces), reverse=True)
    return holding or get_close_matches(task_id, names[:300], n=3)


def recent_ids(directory: Path) -> list[str]:
    """The task ids in the newest files, the newest first."""
    ids: dict[bytes, None] = {}
    room = _SUGGEST_FROM
    for file in files(directory):
        if room <= 0:
            break
        try:
            data = _content(file.path, room)
        except (OSError, JournalError):
            continue  # named as a problem by the search before
        room -= len(data)
        ids.update(dict.fromkeys(reversed(_TASK_ID.findall(data))))
    return [name.decode("utf-8", "replace") for name in ids]


def _content(path: Path, room: int) -> bytes:
    """The last `room` bytes of a plain file, the first ones of a packed one."""
    import os

    with opened(path) as fd:
        if is_packed(path):
            data = b""
            for piece in unpack(fd, 1 << 20):
                data += piece
                if len(data) >= room:
                    break
            return data
        return os.pread(fd, room, max(0, os.fstat(fd).st_size - room))
