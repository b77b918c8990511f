"""Tasks that are asked for by the names that they have among several hosts: `id@host`.

Which events are of such a task is told by all events of its id (`state/tasks_across_hosts.py`), also by those that come
later; so they are taken as they come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from lineage_core.base.errors import BadInputError
from lineage_core.model.facts import Fact, fact_of
from lineage_core.model.host_file_names import host_of
from lineage_core.model.record import Found
from lineage_core.query import journal_search as hits
from lineage_core.query.event_query import EventQuery, own_ids
from lineage_core.query.search_terms import Search, as_pattern
from lineage_core.state.store import State

Known = Callable[[frozenset[str]], Iterable[tuple[str, Fact]]]
"""Gives the facts of some ids that are known so far, each with its id."""

Hosts = tuple[str, frozenset[str]]
"""What `id@host` stands for: an id, and the hosts whose events of it are of that task."""


class NamedTasks:
    """The tasks that some names ask for. ids: those whose events are to be taken. known: what was there before."""

    def __init__(self, names: Iterable[str], known: Known) -> None:
        self._names = frozenset(names)
        self.ids = own_ids(self._names)
        self._known = known
        self._state = State()

    def renew(self) -> None:
        """Take what is known by now."""
        if self.ids:
            self._state.merge_facts(self._known(self.ids))

    def take(self, file: str, found: Found) -> None:
        """Take a record of a file (its canonical name)."""
        if found.record["task_id"] in self.ids:
            self._state.merge(file, [found])

    def wants(self, file: str, found: Found) -> bool:
        """Whether the task of a record, which was taken, is called as was asked for; others were asked for by id."""
        own = found.record["task_id"]
        if own not in self.ids or own in self._names:
            return True
        return self._state.names.name(own, host_of(file)) in self._names


def hosts_of(names: Iterable[str], facts: Iterable[tuple[str, Fact]]) -> dict[str, Hosts]:
    """Of names `id@host` that are those of tasks: the id, and the hosts whose events of it are of that task."""
    state, owned = State(), set[tuple[str, str]]()

    def noted() -> Iterable[tuple[str, Fact]]:
        for own, fact in facts:
            owned.add((own, host_of(fact.file)))
            yield own, fact

    state.merge_facts(noted())
    found: dict[str, Hosts] = {}
    for name in names:
        hosts = [(own, host) for own, host in owned if state.names.name(own, host) == name != own]
        if hosts:
            found[name] = hosts[0][0], frozenset(host for _, host in hosts)
    return found


def on_hosts(query: EventQuery, named: Callable[[str], Hosts | None]) -> EventQuery:
    """The query with the id and the hosts that a task `id@host` stands for, as `named` tells.

    Raises BadInputError where it is not the only task, for then the hosts are not those of all.
    """
    for name in query.tasks:
        if "@" in name and "*" not in name and (found := named(name)):
            if len(query.tasks) > 1:
                raise BadInputError(f"{name}: a task of one host is asked for alone, or by --task and --host")
            own, hosts = found
            some = [as_pattern(host) for host in query.hosts]
            wanted = [host for host in hosts if not some or any(fnmatchcase(host, one) for one in some)]
            return query._replace(tasks=(own,), hosts=tuple(sorted(wanted)) or ("",))
    return query


def known_in(directory: Path) -> Known:
    """What the journal of a directory knows."""

    def known(ids: frozenset[str]) -> Iterator[tuple[str, Fact]]:
        found = hits.find(directory, Search(tuple(ids), matches=lambda record: record["task_id"] in ids))
        for hit, raw in hits.records(found):
            one = hits.found_of(hit, raw)
            yield one.record["task_id"], fact_of(found.files[hit.rank].name, one.offset, one.length, one.at, one.record)

    return known
