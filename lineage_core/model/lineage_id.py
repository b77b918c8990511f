"""What the id of an event tells: ours are `lineage-`, 16 digits of microseconds since the epoch, 10 random digits."""

from __future__ import annotations

from lineage_core.base.clock import utc_date

OUR_LENGTH = len("lineage-") + 26
"""Characters of an id of ours; those of the older library are shorter and may occur twice."""


def is_ours(lineage_id: str) -> bool:
    """Whether an id is one of ours, which are unique; told by its length, as this is asked for every event."""
    return len(lineage_id) == OUR_LENGTH


def made_at(lineage_id: str) -> int | None:
    """When an id was made, in microseconds since the epoch; None if it is not one of ours."""
    digits = lineage_id.removeprefix("lineage-")
    return int(digits[:16]) if len(digits) == 26 and digits.isascii() and digits.isdigit() else None


def day_of(lineage_id: str) -> str:
    """The UTC date on which an event was logged, by its id; an empty string if the id does not tell."""
    made = made_at(lineage_id)
    return "" if made is None else utc_date(made)


def written_at(lineage_id: str, at: int) -> int:
    """When an event was written, in microseconds since the epoch: as its id tells if it is one of ours, which are made
    while the record is written; else its timestamp, `at`."""
    made = made_at(lineage_id)
    return at if made is None else made
