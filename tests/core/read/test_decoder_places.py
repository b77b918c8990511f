"""Where the decoder finds what it finds: offset, length and time of each record and of each piece that is none."""

from __future__ import annotations

import pytest

from lineage_core.base.clock import FIRST, LAST, parse_timestamp
from lineage_core.model.limits import MAX_DEPTH
from lineage_core.read import decoder as module
from lineage_core.read.compact_record import record_bytes
from lineage_core.read.decoder import Decoder
from tests.build import compact, pretty, record

BEGIN = 1000
LINE = compact(record(7))
WHEN = parse_timestamp(record(7)["timestamp"])


@pytest.fixture(params=[1, 7, 1 << 20])
def feed(request: pytest.FixtureRequest):
    """Feeds a file's bytes from offset 1,000 on in pieces of some size; gives (offset, length, …) of all there is."""

    def run(data: bytes, end: bool = False):
        decoder = Decoder(BEGIN)
        found, rejected = [], []
        for start in range(0, len(data), request.param):
            more, bad = decoder.feed(data[start : start + request.param])
            found += more
            rejected += bad
        if end:
            more, bad = decoder.take_last()
            found += more
            rejected += bad
            assert decoder.feed(b"\n") == ([], [])
            assert decoder.end == BEGIN + len(data) + 1
        return (
            [(one.offset - BEGIN, one.length, one.at, one.record["task_id"]) for one in found],
            [(one.offset - BEGIN, one.length, one.reason) for one in rejected],
        )

    return run


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\n\r\n", b" \t", b"\n \n"])
def test_a_record_stands_where_it_stands_in_its_file(feed, before: bytes) -> None:
    found, rejected = feed(before + LINE + LINE)
    size = len(LINE) - 1
    first = len(before.rstrip(b" \t")) if before == b" \t" else len(before)
    assert [(offset, at, task) for offset, _, at, task in found] == [
        (found[0][0], WHEN, "task-7"),
        (len(before) + len(LINE), WHEN, "task-7"),
    ]
    assert first <= found[0][0] <= len(before)
    assert found[1][1] == size
    assert rejected == []


def test_what_is_glued_together_is_told_apart_piece_by_piece(feed) -> None:
    torn = LINE[:40]
    found, rejected = feed(torn + LINE[:-1] + b"tail \n")
    assert found == [(40, len(LINE) - 1, WHEN, "task-7")]
    assert [(offset, length) for offset, length, _ in rejected] == [(0, 40), (40 + len(LINE) - 1, 5)]


def test_blanks_around_a_glued_record_are_nothing(feed) -> None:
    found, rejected = feed(b"\xef\xbb\xbf" + LINE[:-1] + b" \t\r\n")
    assert [(at, task) for _, _, at, task in found] == [(WHEN, "task-7")]
    assert rejected == []
    found, rejected = feed(LINE[:-1] + b"\x0b\n")
    assert rejected != [], "only blanks, tabs and carriage returns are nothing"


def test_nul_bytes_are_told_as_such_and_nothing_else_is(feed) -> None:
    found, rejected = feed(b"\0\0\0" + LINE)
    assert found == [(3, len(LINE) - 1, WHEN, "task-7")]
    assert rejected == [(0, 3, "NUL bytes")]
    _, rejected = feed(b"x\0\0\n")
    assert [(offset, length) for offset, length, _ in rejected] == [(0, 3)]
    assert rejected[0][2] != "NUL bytes"


@pytest.mark.parametrize("extra", [0, 1, 50])
def test_a_line_that_is_too_long_is_one_piece_and_what_follows_is_read(
    feed, monkeypatch: pytest.MonkeyPatch, extra: int
) -> None:
    monkeypatch.setattr(module, "MAX_LINE", 400)
    long = b"x" * (401 + extra)
    found, rejected = feed(long + b"\n" + LINE)
    assert found == [(len(long) + 1, len(LINE) - 1, WHEN, "task-7")]
    assert [(offset, length) for offset, length, _ in rejected] == [(0, len(long))]


def test_a_record_behind_the_nul_bytes_of_a_line_that_is_too_long_is_kept(
    feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_LINE", 400)
    long = b"x" * 300 + b"\0" * 300
    found, rejected = feed(long + LINE)
    assert found == [(600, len(LINE) - 1, WHEN, "task-7")]
    assert sum(length for _, length, _ in rejected) == 600
    assert rejected[0][0] == 0


@pytest.mark.parametrize("text", [LINE[:-1], pretty(record(7))[:-1]])
def test_a_last_record_without_a_newline_is_taken_once(feed, text: bytes) -> None:
    found, rejected = feed(LINE + text, end=True)
    assert found == [(0, len(LINE) - 1, WHEN, "task-7"), (len(LINE), len(text), WHEN, "task-7")]
    assert rejected == []


@pytest.mark.parametrize(
    ("timestamp", "at"),
    [
        ("0001-01-01T00:00:00+01:00", FIRST),
        ("9999-12-31T23:59:59-06:00", LAST),
        ("0001-01-01T00:00:00Z", FIRST),
    ],
)
def test_a_time_that_no_date_can_name_is_the_nearest_that_one_can(feed, timestamp: str, at: int) -> None:
    line = compact(record(7) | {"timestamp": timestamp})
    for data in (line, line.replace(b",", b", ")):
        found, rejected = feed(data)
        assert (found, rejected) == ([(0, len(data) - 1, at, "task-7")], [])


def test_what_stands_before_a_byte_order_mark_does_not_move_what_follows(feed) -> None:
    found, _ = feed(b"\0" + b"\xef\xbb\xbf" + LINE)
    assert found == [(4, len(LINE) - 1, WHEN, "task-7")]
    found, _ = feed(b"\xef\xbb\xbf\xef\xbb\xbf" + LINE)
    assert found == [(6, len(LINE) - 1, WHEN, "task-7")]


@pytest.mark.parametrize("piece", [1 << 19, (1 << 19) + 1, 1 << 20, (1 << 20) + 1])
def test_a_line_counts_as_too_long_from_the_bound_on_however_it_comes(
    piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_LINE", 1 << 20)
    decoder = Decoder(BEGIN)
    long = b'{"a":"' + b"x" * (1 << 20)
    data = long + b"\n" + LINE
    found, rejected = [], []
    for start in range(0, len(data), piece):
        more, bad = decoder.feed(data[start : start + piece])
        found += more
        rejected += bad
    assert [(one.offset, one.length, one.reason) for one in rejected] == [(BEGIN, len(long), "longer than 1 MiB")]
    assert [(one.offset, one.at) for one in found] == [(BEGIN + len(long) + 1, WHEN)]


@pytest.mark.parametrize(("left", "right"), [(b'{"a":', b"}"), (b"[", b"]")], ids=["objects", "arrays"])
def test_what_is_nested_one_level_too_deeply_is_left_out_of_the_bytes_of_a_record(left: bytes, right: bytes) -> None:
    fits = left * MAX_DEPTH + b"1" + right * MAX_DEPTH
    assert record_bytes(fits) == fits
    over = left * (MAX_DEPTH + 1) + b"1" + right * (MAX_DEPTH + 1)
    assert record_bytes(over) == left * MAX_DEPTH + '"…"'.encode() + right * MAX_DEPTH


def test_lines_that_are_whole_compact_records_take_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        Decoder, "_odd_line", lambda _self, _offset, line, *_: pytest.fail(f"looked at again: {line!r}")
    )
    found, rejected = Decoder(BEGIN).feed(LINE * 3)
    assert [one.offset - BEGIN for one in found] == [0, len(LINE), 2 * len(LINE)]
    assert rejected == []
