"""One id on two hosts: one task where the hosts share its trace, session, a handoff or its parent, else `id@host`.

A function of the set of facts, whatever their order: the hosts that have an id fall into groups, those that share
something of the task (also over a third host) into one. The group with the first host in the alphabet keeps the id,
each other is called `id@host`, by its own first host. Groups only ever join, so a name is given up only where two do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from lineage_core.model.entities import TaskRow
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


def share_context(hosts: Iterable[Iterable[Fact]]) -> bool:
    """Whether all of several hosts tell of one trace or session of a task, as they do of most that cross hosts: told in
    a quarter of the time that all links take."""
    shared: set[Link] | None = None
    for facts in hosts:
        found = {
            (kind, value) for fact in facts for kind in ("trace_id", "session_id") if (value := fact.extra.get(kind))
        }
        shared = found if shared is None else shared & found
        if not shared:
            return False
    return True


class Group(NamedTuple):
    """Hosts on which an id is one task. name: what that is called. links: what they tell of it; None: its facts do."""

    name: str
    hosts: frozenset[str]
    links: set[Link] | None


Named = list[tuple[str, tuple[str, ...]]]
"""The tasks of an id: what each is called, and its hosts."""


class HostNames:
    """The names of tasks that are known on several hosts. An id that is one task costs no more than a reference."""

    def __init__(self) -> None:
        self._hosts: dict[str, tuple[str, ...]] = {}  # of ids that are one task
        self._groups: dict[str, list[Group]] = {}  # of ids that are several

    def one_task(self, task_id: str, hosts: tuple[str, ...]) -> bool:
        """Whether an id is one task, which one of these hosts has, or nobody yet; then all of them have it from now
        on. They are known to share it."""
        if task_id in self._groups:
            return False
        known = self._hosts.setdefault(task_id, hosts)
        if known == hosts:
            return True
        new = [host for host in hosts if host not in known]
        if len(new) == len(hosts):
            return False
        if new:
            self._hosts[task_id] = (*known, *new)
        return True

    def name(self, task_id: str, *hosts: str) -> str:
        """What the task of a host is called: of the first of these that has one."""
        if groups := self._groups.get(task_id):
            for host in hosts:
                for group in groups:
                    if host in group.hosts:
                        return group.name
        return task_id

    def names(self, task_id: str) -> list[str]:
        """What the tasks of an id are called."""
        return [group.name for group in self._groups.get(task_id, ())] or [task_id]

    def take(self, task_id: str, named: Named) -> None:
        """An id that nobody had is several tasks."""
        self._groups[task_id] = [Group(name, frozenset(hosts), None) for name, hosts in named]

    def beyond_rows(self, rows: Mapping[str, TaskRow]) -> dict[str, Named]:
        """The tasks of ids of which the rows of their tasks do not tell everything: ids that are several tasks, and
        those of which a host has nothing but copies."""
        named: dict[str, Named] = {
            task_id: sorted((group.name, tuple(sorted(group.hosts))) for group in groups)
            for task_id, groups in self._groups.items()
        }
        for task_id, hosts in self._hosts.items():
            if len(hosts) > len(rows[task_id].hosts):
                named[task_id] = [(task_id, tuple(sorted(hosts)))]
        return dict(sorted(named.items()))

    def join(self, task_id: str, host: str, links: set[Link], links_of_name: Callable[[str], set[Link]]) -> list[Move]:
        """Take what a host tells of a task that another has too; gives what moves, to be done in that order.

        links_of_name: what is known of the task of a name. When all that was said is among the facts, `condense` is to
        be called.
        """
        groups = self._groups.get(task_id)
        if groups is None:
            groups = [Group(task_id, frozenset(self._hosts.pop(task_id)), None)]
        known = [(group, links_of_name(group.name) if group.links is None else group.links) for group in groups]
        joined = [one for one in known if host in one[0].hosts or not one[1].isdisjoint(links)]
        if len(joined) == 1 and host in joined[0][0].hosts:  # nothing but this is new
            joined[0][1].update(links)
            self._groups[task_id] = [group._replace(links=some) for group, some in known]
            return []
        hosts = frozenset((host,)).union(*(group.hosts for group, _ in joined))
        links = links.union(*(some for _, some in joined))
        others = [group._replace(links=some) for group, some in known if group.hosts.isdisjoint(hosts)]
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
        moves += [(group.name, name) for group, _ in joined if group.name != name]
        self._groups[task_id] = [*renamed, Group(name, hosts, links)]
        return moves

    def condense(self, task_id: str) -> None:
        """All that was told of an id is among the facts of its tasks: if it is one task, its hosts are enough."""
        groups = self._groups.get(task_id)
        if groups is not None and len(groups) == 1:
            self._hosts[task_id] = tuple(sorted(groups[0].hosts))
            del self._groups[task_id]
