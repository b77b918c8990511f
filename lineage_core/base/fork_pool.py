"""Work on many files shared among processes: the search in bytes holds the interpreter, so threads do not help.

Children are forked, which costs a millisecond; they take their work from a pipe, so that nobody waits for the
slowest part, and send back plain data.
"""

from __future__ import annotations

import marshal
import os
import threading
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

Progress = Callable[[float], None]
"""Told which part of the work is done, from 0 to 1."""


_TICKETS = 1 << 15  # of two bytes each: as many as a pipe holds


def share(work: Callable[[int], Any], units: int, processes: int, progress: Progress | None = None) -> list[Any]:
    """`[work(0), … work(units - 1)]`, where `work` gives data that `marshal` takes and has no other effect.

    Runs here alone when one process is enough, or when this one has other threads, which a fork would lose.
    """
    processes = min(processes, units)
    if processes < 2 or threading.active_count() > 1:
        return [_reported(work(unit), progress, unit + 1, units) for unit in range(units)]
    tickets, put = os.pipe()
    children: list[tuple[int, int]] = []
    results: list[Any] = [None] * units
    done = [False] * units
    try:
        os.write(put, b"".join(unit.to_bytes(2, "big") for unit in range(min(units, _TICKETS))))
        os.close(put)
        children += [_child(work, tickets) for _ in range(processes - 1)]
        for unit in chain(_take(tickets), range(_TICKETS, units)):
            results[unit], done[unit] = work(unit), True
            _reported(None, progress, unit + 1, units)
    finally:
        os.close(tickets)
        for pid, pipe in children:
            with open(pipe, "rb") as stream:
                output = stream.read()
            if os.waitpid(pid, 0)[1] == 0:
                for unit, result in marshal.loads(output):  # noqa: S302  from our own child
                    results[unit], done[unit] = result, True
    return [results[unit] if done[unit] else work(unit) for unit in range(units)]


def _reported(result: Any, progress: Progress | None, done: int, units: int) -> Any:
    if progress is not None:
        progress(done / units)
    return result


def _take(tickets: int) -> Iterator[int]:
    while ticket := os.read(tickets, 2):
        yield int.from_bytes(ticket, "big")


def _child(work: Callable[[int], Any], tickets: int) -> tuple[int, int]:
    """Start a process that takes its part; its id, and the pipe that its results come from."""
    pipe, answer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(answer)
        return pid, pipe
    status = 1
    try:  # what goes wrong here, the parent does again, and says
        data = marshal.dumps([(unit, work(unit)) for unit in _take(tickets)])
        with open(answer, "wb") as stream:
            stream.write(data)
        status = 0
    finally:
        os._exit(status)
