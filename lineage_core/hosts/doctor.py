"""What `lineage doctor` asks of a broker: is it reachable, who is behind, are there gaps, are the clocks right."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from lineage_core.base.clock import SECOND
from lineage_core.base.errors import JournalError
from lineage_core.hosts.broker import BrokerError, Last, connected
from lineage_core.hosts.broker_access import Access
from lineage_core.hosts.mirror import SILENT
from lineage_core.hosts.mirror_files import OWN
from lineage_core.hosts.notices_to_log import size
from lineage_core.hosts.outbox import Outbox
from lineage_core.hosts.ship import Cursor
from lineage_core.hosts.subjects import JOURNAL, STREAM
from lineage_core.maintenance.doctor import CheckResult, Word
from lineage_core.present.sentences import counted

SKEW = 2.0
"""Seconds that a clock may be off."""

STALE = 60.0
"""Seconds after which a service that wrote nothing down is taken for not running."""


def of_host(directory: Path, host: str, access: Access, cursor: Cursor, now: int) -> Iterator[CheckResult]:
    """The checks of a host that ships. now: microseconds since the epoch."""

    async def ask() -> tuple[Last | None, float]:
        async with connected(access, f"lineage doctor {host}", f"_INBOX_ship.{host}") as broker:
            began = time.monotonic()
            return await broker.last(f"{JOURNAL}.{host}"), time.monotonic() - began

    try:
        last, took = asyncio.run(ask())
    except BrokerError as error:
        yield CheckResult("broker", Word.PROBLEM, f"{access.shown}: {error}", "what is logged waits in the journal")
        return
    yield CheckResult("broker", Word.OK, f"{access.shown} answers in {took * 1000:.0f} ms")
    try:
        _, saved = cursor.read()
        outbox = Outbox(directory, host, saved)
        outbox.look()
    except (ValueError, JournalError) as error:
        yield CheckResult("behind", Word.PROBLEM, str(error))
        return
    behind = outbox.unsent()
    values = {"behind": behind, "last_message": last.number if last else 0}
    if last is None or not saved:
        advice = f"lineage ship --to {access.shown}"
        yield CheckResult("behind", Word.PROBLEM, f"nothing of {host} is at the broker yet", advice, values)
        return
    quiet = (now - last.stored_at) / SECOND
    idle = behind and quiet > STALE
    text = f"{host} is behind by {size(behind)}; its last message is {max(quiet, 0):.0f} s old"
    advice = "is `lineage ship` running?" if idle else ""
    yield CheckResult("behind", Word.PROBLEM if idle else Word.OK, text, advice, values)
    try:
        ahead = (int(last.headers.get("Lineage-Time", "")) - last.stored_at) / SECOND
    except ValueError:
        return
    yield _clock(host, ahead, "the broker's")


def of_mirror(root: Path, access: Access, now: int) -> Iterator[CheckResult]:
    """The checks of a mirror. now: microseconds since the epoch."""

    async def ask() -> tuple[int, str]:
        async with connected(access, "lineage doctor", "_INBOX_mirror") as broker:
            info = await broker.stream(make=False)
            return info.state.last_seq, f"{counted(info.state.messages, 'message')}, {size(info.state.bytes)}"

    try:
        newest, holds = asyncio.run(ask())
    except BrokerError as error:
        yield CheckResult("broker", Word.PROBLEM, f"{access.shown}: {error}", "hosts wait until it is there again")
        return
    yield CheckResult("broker", Word.OK, f"{access.shown} holds {holds}")
    standing, position = _read(root / OWN / "status.json"), _read(root / OWN / "position.json")
    age = (now - standing.get("time", 0)) / SECOND if standing else None
    if age is None or age > STALE:
        text = f"no mirror writes to {root}" + (f" since {age:.0f} s" if age is not None else "")
        yield CheckResult("behind", Word.PROBLEM, text, f"lineage mirror --from {access.shown} {root}")
        return
    behind = max(0, newest - int(position.get("number", 0)))
    word = Word.PROBLEM if behind > 1000 else Word.OK
    yield CheckResult(
        "behind", word, f"{counted(behind, 'message')} of the stream {STREAM} to be taken", values={"messages": behind}
    )
    yield from _gaps(standing.get("gaps", []))
    yield from _hosts(standing.get("hosts", {}))


def _gaps(gaps: list[Any]) -> Iterator[CheckResult]:
    for host, file, start, until in gaps:
        text = f"{host}: {file} lacks its bytes from {start} to {until}"
        yield CheckResult("gaps", Word.PROBLEM, text, "the host ships them anew while it is up", {"host": host})
    if not gaps:
        yield CheckResult("gaps", Word.OK, "nothing is missing")


def _hosts(hosts: dict[str, Any]) -> Iterator[CheckResult]:
    wrong = 0
    for host, one in hosts.items():
        if one["silent"] > SILENT * one["every"]:
            text = f"{host} was not heard of for {one['silent']} s"
            yield CheckResult("hosts", Word.PROBLEM, text, "is it up, and its `lineage ship` running?", {"host": host})
        elif one["behind"] > 0:
            yield CheckResult("hosts", Word.NOTE, f"{host} is behind by {size(one['behind'])}", values={"host": host})
        clock = _clock(host, one["ahead"] / SECOND, "the mirror's")
        if clock.word is Word.PROBLEM:
            wrong += 1
            yield clock
    if hosts and not wrong:
        yield CheckResult("clocks", Word.OK, f"the clocks of {counted(len(hosts), 'host')} agree with the mirror's")
    yield CheckResult("hosts", Word.OK if hosts else Word.NOTE, f"{counted(len(hosts), 'host')} said how they stand")


def _clock(host: str, ahead: float, of: str) -> CheckResult:
    off = f"{abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} {of}"
    if abs(ahead) > SKEW:
        return CheckResult("clocks", Word.PROBLEM, f"the clock of {host} is {off}", "run an NTP client", {"host": host})
    return CheckResult("clocks", Word.OK, f"the clock of {host} agrees with {of}", values={"host": host})


def _read(path: Path) -> dict[str, Any]:
    """What a mirror has written down; empty where there is nothing to be read."""
    try:
        found = orjson.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
