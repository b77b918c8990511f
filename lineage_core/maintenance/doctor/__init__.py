"""Is everything in order here? A list of checks, each of which says how one thing stands, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from lineage_core.maintenance.doctor import checkout, host, records, storage
from lineage_core.maintenance.doctor.check import CheckResult, Surroundings, Word

__all__ = ["CHECKS", "CheckResult", "Surroundings", "Word", "examine"]

Check = Callable[[Surroundings], Iterator[CheckResult]]
"""Gives one result if all is well, else one for each problem."""

CHECKS: dict[str, Check] = {
    "directory": storage.directory,
    "permissions": storage.permissions,
    "names": storage.names,
    "space": storage.space,
    "size": storage.size,
    "records": records.records,
    "torn": records.torn,
    "clock": records.clock,
    "times": records.times,
    "watch": host.watch,
    "reader": host.reader,
    "library": checkout.library,
    "integration": checkout.integration,
}
"""Every check by its name, in the order in which they are made."""

_WITHOUT_DIRECTORY = ("reader", "library", "integration")


def examine(surroundings: Surroundings, chosen: Sequence[str] = ()) -> Iterator[CheckResult]:
    """Make the checks (or those that are chosen), in order; without a directory only those that need none."""
    there = all(result.word is Word.OK for result in storage.directory(surroundings))
    for name, check in CHECKS.items():
        if chosen and name not in chosen and (there or name != "directory"):
            continue
        if there or name in ("directory", *_WITHOUT_DIRECTORY):
            yield from check(surroundings)
