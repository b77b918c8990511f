"""The host of what is shown: keys and columns that are there only where several hosts are looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

HOST = {"host": "the host that logged it; left out where there is one directory"}
HOSTS = {"hosts": "the hosts that logged it, the first one first; left out where there is one directory"}


def columns(keys: Iterable[str], host: Mapping[str, str], *, several: bool) -> tuple[str, ...]:
    """The columns of an answer, with that of the host where there are several."""
    return (*keys, *host) if several else tuple(keys)


def on(hosts: Iterable[str]) -> str:
    """Hosts as a cell: `web1, web2`."""
    return ", ".join(hosts) or "-"
