"""Which events a query asks for: by task, type, actor, master, worker, session, trace, tag, time and text."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from lineage_core.scan import Search

Record = dict[str, Any]


class Pick(NamedTuple):
    """The values asked for, of each kind any; kinds are joined by and. None asked for: all."""

    tasks: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    masters: tuple[str, ...] = ()
    workers: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    traces: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    grep: re.Pattern[str] | None = None
    since: int | None = None
    until: int | None = None

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return self == Pick()

    def search(self) -> Search:
        """The search that answers it: of all the values it looks for the rarest kind."""
        masters = (*self.masters, *(f"{name}-master" for name in self.masters))
        tests: list[tuple[frozenset[str], Callable[[Record], set[Any]]]] = [
            (frozenset(wanted), of)
            for wanted, of in (
                (self.tasks, lambda record: {record["task_id"]}),
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
            return all(not wanted.isdisjoint(of(record)) for wanted, of in tests)

        needles = tuple(sorted(tests[0][0])) if tests else ()
        return Search(needles, (), matches if tests else None, self.grep, self.since, self.until)


def context_of(record: Record) -> dict[str, Any]:
    """The record's context, if it has one."""
    context = record.get("context")
    return context if isinstance(context, dict) else {}


def tags_of(record: Record) -> set[str]:
    """The record's tags."""
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
