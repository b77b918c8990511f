"""One event as it was read: the public form of a record that passed `record.check`."""

from __future__ import annotations

from typing import Any, NamedTuple

from lineage_core.model.record import Found, Record, time_of


class Event(NamedTuple):
    """One event as it was read.

    at: the timestamp in microseconds since the epoch, UTC. timestamp: the same as it was written.
    data: `event_data`. record: the whole JSON object, unknown fields included, for display and export.
    """

    lineage_id: str
    task_id: str
    event_type: str
    at: int
    timestamp: str
    actor_type: str
    actor_id: str
    data: dict[str, Any]
    record: dict[str, Any]

    @property
    def parent_id(self) -> str | None:
        """The lineage_id of the event that caused this one, if it was logged."""
        value = self.record.get("parent_lineage_id")
        return value if isinstance(value, str) else None


def event_of(found: Found | Record) -> Event:
    """The Event of a record that passed `check`."""
    if isinstance(found, Found):
        at, record = found.at, found.record
    else:
        record = found
        at = time_of(record["timestamp"]) or 0
    actor = record["actor"]
    data = record.get("event_data")
    return Event(
        record["lineage_id"],
        record["task_id"],
        record["event_type"],
        at,
        record["timestamp"],
        actor["type"],
        actor["id"],
        data if type(data) is dict else {},
        record,
    )
