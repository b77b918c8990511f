"""Which events a query asks for: by task, type, actor, master, worker, session, trace, tag, time and text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from lineage_core.base.regex import Pattern
from lineage_core.model.record import Record
from lineage_core.query.search_terms import Search, as_pattern


class EventQuery(NamedTuple):
    """The values asked for, of each kind any, with `*` for any text; kinds are joined by and. None asked for: all."""

    tasks: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    masters: tuple[str, ...] = ()
    workers: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    traces: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    grep: Pattern | None = None
    since: int | None = None
    until: int | None = None

    def search(self, *, by_names: bool = False) -> Search:
        """The search that answers it: of all the values it looks for the rarest kind.

        by_names: let pass all events of an id that is asked for as `id@host`, for `NamedTasks` to judge.
        """
        tasks = (*self.tasks, *own_ids(self.tasks)) if by_names else self.tasks
        masters = (*self.masters, *(f"{name}-master" for name in self.masters))
        tests: list[tuple[frozenset[str], Callable[[Record], set[Any]]]] = [
            (frozenset(wanted), of)
            for wanted, of in (
                (tasks, lambda record: {record["task_id"]}),
                (self.workers, workers_of),
                (self.traces, lambda record: {context_of(record).get("trace_id")}),
                (self.sessions, lambda record: {context_of(record).get("session_id")}),
                (self.tags, tags_of),
                (self.actors, lambda record: {record["actor"]["id"]}),
                (masters if self.masters else (), masters_of),
                (self.types, lambda record: {record["event_type"]}),
            )
            if wanted
        ]

        def matches(record: Record) -> bool:
            return all(_meets(of(record), wanted) for wanted, of in tests)

        first = min((wanted for wanted, _ in tests), key=_vague, default=frozenset())
        exact, patterns = ((), ()) if _vague(first) else _split(first)
        return Search(exact, patterns, matches if tests else None, self.grep, self.since, self.until, self.hosts)


def own_ids(names: Iterable[str]) -> frozenset[str]:
    """The ids that `id@host` may stand for, of some names that were asked for."""
    return frozenset(own for name in names if "*" not in name and (own := name.rpartition("@")[0]))


def _split(wanted: frozenset[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names, and what stands before the `*` of patterns."""
    exact = tuple(sorted(name for name in wanted if "*" not in name))
    return exact, tuple(sorted(name.partition("*")[0] for name in wanted if "*" in name))


def _vague(wanted: frozenset[str]) -> bool:
    """Whether a pattern begins with `*`, which no search in bytes finds."""
    return any(name.startswith("*") for name in wanted)


def _meets(values: set[Any], wanted: frozenset[str]) -> bool:
    if not wanted.isdisjoint(values):
        return True
    patterns = [as_pattern(name) for name in wanted if "*" in name]
    return any(fnmatchcase(value, name) for name in patterns for value in values if isinstance(value, str))


def context_of(record: Record) -> dict[str, Any]:
    """The record's context, if it has one."""
    context = record.get("context")
    return context if isinstance(context, dict) else {}


def tags_of(record: Record) -> set[str]:
    """The tags of a record that are text."""
    tags = record.get("tags")
    return {tag for tag in tags if isinstance(tag, str)} if isinstance(tags, list) else set()


def workers_of(record: Record) -> set[str]:
    """The workers that an event names."""
    actor, data = record["actor"], record.get("event_data")
    names = {actor["id"]} if actor["type"] == "worker" else set()
    if isinstance(data, dict) and isinstance(worker := data.get("worker_id"), str):
        names.add(worker)
    return names


def masters_of(record: Record) -> set[str]:
    """The masters that an event names: who acted, was given the task, or stands at an end of a handoff."""
    actor, data = record["actor"], record.get("event_data")
    names = {actor["id"]} if actor["type"] in ("master", "coordinator") else set()
    if isinstance(data, dict):
        names.update(
            value for key in ("master_id", "from_master", "to_master") if isinstance(value := data.get(key), str)
        )
    if isinstance(master := context_of(record).get("master_type"), str):
        names.add(master)
    return names
