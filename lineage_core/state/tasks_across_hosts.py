"""One id on two hosts: one task where the hosts share its trace, session, a handoff or its parent, else `id@host`.

A function of the set of facts, whatever their order: the hosts that have an id fall into groups, those that share
something of the task (also over a third host) into one. The group with the first host in the alphabet keeps the id,
each other is called `id@host`, by its own first host. Groups only ever join, so a name is given up only where two do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from lineage_core.model.event_data import text_of
from lineage_core.model.facts import Fact

Link = tuple[str, str]
"""What hosts may share of a task: its kind, and its text."""

Move = tuple[str, str]
"""A name whose facts belong to another name now."""


def links_of(facts: Iterable[Fact]) -> set[Link]:
    """What facts of one task tell of where it belongs."""
    found: set[Link] = set()
    for fact in facts:
        extra, data = fact.extra, fact.data
        for kind, value in (
            ("trace", extra.get("trace_id")),
            ("session", extra.get("session_id")),
            ("handoff", text_of(data.get("handoff_id"))),
            ("parent", text_of(data.get("parent_task_id"))),
            ("event", fact.parent),
            ("event", fact.lineage_id),
        ):
            if value:
                found.add((kind, value))
    return found


class Group(NamedTuple):
    """Hosts on which an id is one task, and what they tell of it. name: what the task is called."""

    name: str
    hosts: frozenset[str]
    links: set[Link]


class HostNames:
    """The names of tasks that are known on several hosts. Ids of one host alone cost no more than a reference."""

    def __init__(self) -> None:
        self._home: dict[str, str] = {}  # the host of an id that one host has
        self._groups: dict[str, list[Group]] = {}  # of ids that several have

    def single(self, task_id: str, host: str) -> bool:
        """Whether a task is known on this host alone, or on none yet; then it is from now on."""
        return task_id not in self._groups and self._home.setdefault(task_id, host) == host

    def name(self, task_id: str, host: str) -> str:
        """What the task of a host is called."""
        for group in self._groups.get(task_id, ()):
            if host in group.hosts:
                return group.name
        return task_id

    def names(self, task_id: str) -> list[str]:
        """What the tasks of an id are called."""
        return [group.name for group in self._groups.get(task_id, ())] or [task_id]

    def join(self, task_id: str, host: str, links: set[Link], before: Callable[[], set[Link]]) -> list[Move]:
        """Take what a host tells of a task that another has too; gives what moves, to be done in that order.

        before: what the one host that had it so far has told.
        """
        groups = self._groups.get(task_id)
        if groups is None:
            groups = [Group(task_id, frozenset((self._home.pop(task_id),)), before())]
        joined = [group for group in groups if host in group.hosts or not group.links.isdisjoint(links)]
        others = [group for group in groups if group not in joined]
        hosts = frozenset((host,)).union(*(group.hosts for group in joined))
        links = links.union(*(group.links for group in joined))
        first = min(hosts)
        is_first = all(first < min(group.hosts) for group in others)
        name = task_id if is_first else f"{task_id}@{first}"
        moves = []
        renamed = []
        for group in others:  # at most one: the group that had the id
            stays = group.name != task_id or not is_first
            fresh = group if stays else group._replace(name=f"{task_id}@{min(group.hosts)}")
            if not stays:
                moves.append((group.name, fresh.name))
            renamed.append(fresh)
        moves += [(group.name, name) for group in joined if group.name != name]
        self._groups[task_id] = [*renamed, Group(name, hosts, links)]
        return moves
