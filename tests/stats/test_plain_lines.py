"""The fast way for plain lines gives what the decoder gives, whatever the bytes and however they come in pieces."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lineage_core.dataframes.decoder import DecodedPiece, FrameDecoder
from lineage_core.dataframes.fast_path import plain
from lineage_core.dataframes.records import Rows
from lineage_core.model.record import Found, Rejected
from lineage_core.read.decoder import Decoder
from tests.build import compact
from tests.stats.strategies import records, texts


def laid(found: list[Found], data: bytes) -> pl.DataFrame:
    rows = Rows("lineage-2026-11-22.jsonl")
    rows.add(found, data, 0)
    return rows.frame()


def in_pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


def taken(data: bytes, cuts: list[int]) -> tuple[pl.DataFrame, list[Rejected], FrameDecoder]:
    decoder = FrameDecoder()
    parts, rejected = [laid([], b"")], []
    for piece in in_pieces(data, cuts):
        found, bad = decoder.feed(piece)
        assert isinstance(found, DecodedPiece)
        parts += [*found.events, laid(found, data)]
        rejected += bad
    return pl.concat(parts).drop("file").sort("offset"), rejected, decoder


def mangled(text: bytes, flips: list[tuple[int, int]]) -> bytes:
    data = bytearray(text)
    for place, value in flips:
        if data:
            data[place % len(data)] = value
    return bytes(data)


FLIPS = st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(b'{}[]":,\\\n\r 0\x00\xff\x1fex')), max_size=4)


@settings(max_examples=300, deadline=None)
@given(texts(), FLIPS, st.lists(st.integers(0, 5000), max_size=3))
def test_the_fast_decoder_equals_the_general_one(text: bytes, flips: list[Any], cuts: list[int]) -> None:
    data = mangled(text, flips)
    general = Decoder()
    found, rejected = [], []
    for piece in in_pieces(data, cuts):
        some, bad = general.feed(piece)
        found += some
        rejected += bad
    events, bad, fast = taken(data, cuts)
    assert_frame_equal(events, laid(found, data).drop("file").sort("offset"))
    assert sorted(bad) == sorted(rejected)
    assert (fast.settled, fast.end, fast.fresh) == (general.settled, general.end, general.fresh)


@settings(max_examples=300, deadline=None)
@given(st.lists(records(), min_size=1, max_size=5))
def test_plain_lines_are_read_as_the_parser_reads_them(some: list[dict[str, Any]]) -> None:
    data = b"".join(map(compact, some))
    cut = plain(data, 0)
    assert cut is not None
    chosen = laid(Decoder().feed(data)[0], data).filter(pl.col("offset").is_in(cut.events["offset"].implode()))
    assert_frame_equal(cut.events.drop("file"), chosen.drop("file"))


def test_the_lines_of_our_writers_are_plain(tmp_path: Any) -> None:
    from lineage_core import demo

    demo.backfill(tmp_path, 3000, days=1)
    data = b"".join(path.read_bytes() for path in sorted(tmp_path.glob("*.jsonl")))
    cut = plain(data, 0)
    assert cut is not None
    assert cut.events.height > 0.98 * cut.lines.height
