"""What can follow in a filter while it is typed: keys, and the values that occur."""

from __future__ import annotations

from bisect import insort

from lineage_core.model.entities import TaskRow
from lineage_core.model.event_types import EVENTS
from lineage_core.model.task_parts import Status
from lineage_core.query.filter_parser import FLAGS, KEYS
from lineage_core.query.filter_terms import WORKER_STATES

MOST = 2000
"""Values of a key that are known; what comes after them is not suggested."""

_STATUSES = sorted(status.value for status in Status)
_ENDINGS = ["cancelled", "completed", "failed"]
_TIMES = ["15m", "1h", "24h", "7d", "today", "yesterday"]


class FilterCompletion:
    """The values that tasks have, and from them what a filter that is being typed could become."""

    def __init__(self) -> None:
        self._values: dict[str, list[str]] = {
            "status": _STATUSES,
            "is": sorted({*FLAGS, *_STATUSES}),
            "ended": _ENDINGS,
            "since": _TIMES,
            "until": _TIMES,
            "type": sorted(EVENTS),
        }
        self._learned: dict[str, list[str]] = {
            key: [] for key in ("master", "session", "trace", "priority", "kind", "host")
        }
        self._values |= self._learned | {"owner": self._learned["master"]}
        self._met: dict[str, set[str | None]] = {key: {None, ""} for key in self._learned}

    def forget(self) -> None:
        """Know no values of tasks any more."""
        for key, known in self._learned.items():
            known.clear()
            self._met[key] = {None, ""}

    def take(self, row: TaskRow) -> None:
        """Learn the values of a task."""
        values_of_row = (row.masters, (row.session,), (row.trace,), (row.priority,), (row.task_type,), row.hosts)
        for key, values in zip(self._learned, values_of_row, strict=True):
            for value in values:
                if value not in (met := self._met[key]) and len(known := self._learned[key]) < MOST:
                    met.add(value)
                    insort(known, value or "")

    def complete(self, text: str) -> str | None:
        """The text with its last word completed; None where nothing is known to follow."""
        typed = text.rpartition(" ")[2]
        key, colon, value = typed.lstrip("!").partition(":")
        if not colon:
            return _ended(text, key, [f"{name}:" for name in KEYS]) if key else None
        head, slash, last = value.rpartition("/")
        if slash and key == "worker":
            return _ended(text, last, [*WORKER_STATES] if "/" not in head else _TIMES)
        return _ended(text, value.rpartition(",")[2], self._values.get(key, ()))


def _ended(text: str, typed: str, known: list[str] | tuple[str, ...]) -> str | None:
    """The text with what is missing of the first known value that begins as typed."""
    found = next((name for name in known if name.startswith(typed) and name != typed), None)
    return text + found[len(typed) :] if found is not None and " " not in found else None
