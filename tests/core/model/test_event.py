"""An event as it was read: what is made of a record, and its time."""

from __future__ import annotations

from lineage_core.base.clock import parse_timestamp
from lineage_core.model.event import Event, event_of
from lineage_core.read.decoder import Decoder
from tests.build import compact, record
from tests.core.read.decoded import decode

ONE = record(1)
LINE = compact(record(7))
WHEN = parse_timestamp(record(7)["timestamp"])


def test_an_event_is_made_of_a_record() -> None:
    found = decode(compact(ONE))[0][0]
    expected = Event(
        ONE["lineage_id"],
        "task-1",
        "worker_progress",
        found.at,
        ONE["timestamp"],
        "worker",
        "worker-1",
        ONE["event_data"],
        ONE,
    )
    assert event_of(found) == event_of(ONE) == expected


def test_an_event_has_the_time_of_its_record() -> None:
    assert event_of(record(7)).at == WHEN
    (found,), _ = Decoder().feed(LINE)
    assert event_of(found) == event_of(record(7))
    assert event_of(record(7, event_data=None)).data == {}


def test_a_time_that_cannot_be_read_is_that_of_the_epoch() -> None:
    assert event_of(record(7) | {"timestamp": "soon"}).at == 0
