"""The fast ways for plain lines give what the decoder gives, whatever the bytes and however they come in pieces."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lineage_core.dataframes.decoder import DecodedPiece, FrameDecoder, fast_way
from lineage_core.dataframes.lines_without_c import by_expressions
from lineage_core.dataframes.native_lines import natively, together
from lineage_core.dataframes.parsed_block import ReadLines
from lineage_core.dataframes.records import Rows
from lineage_core.model.record import Found, Rejected
from lineage_core.native import LIBRARY, library
from lineage_core.read.decoder import Decoder
from tests.build import compact
from tests.core.native.nasty_lines import every_odd_line, nasty, sound_lines
from tests.core.native.test_cutter import needs_cutter
from tests.stats.strategies import records, texts

WAYS: list[ReadLines] = [by_expressions, *([natively] if LIBRARY.exists() else [])]
each_way = pytest.mark.parametrize("way", [by_expressions, pytest.param(natively, marks=needs_cutter)])


def laid(found: list[Found], data: bytes) -> pl.DataFrame:
    rows = Rows()
    rows.add("lineage-2026-11-22.jsonl", found, data, 0)
    return rows.frame()


def in_pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


def taken(way: ReadLines, data: bytes, cuts: list[int]) -> tuple[pl.DataFrame, list[Rejected], FrameDecoder]:
    decoder = FrameDecoder(ids=True, way=way)
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


def check(data: bytes, cuts: list[int]) -> None:
    general = Decoder()
    found, rejected = [], []
    for piece in in_pieces(data, cuts):
        some, bad = general.feed(piece)
        found += some
        rejected += bad
    expected = laid(found, data).drop("file").sort("offset")
    for way in WAYS:
        events, bad, fast = taken(way, data, cuts)
        assert_frame_equal(events, expected)
        assert sorted(bad) == sorted(rejected)
        assert (fast.settled, fast.end, fast.fresh) == (general.settled, general.end, general.fresh)


@pytest.mark.first
@settings(max_examples=300, deadline=None)
@given(texts(), FLIPS, st.lists(st.integers(0, 5000), max_size=3))
def test_the_fast_decoders_equal_the_general_one(text: bytes, flips: list[Any], cuts: list[int]) -> None:
    check(mangled(text, flips), cuts)


@pytest.fixture(scope="module")
def sound() -> list[bytes]:
    return sound_lines(2000)


def test_a_nasty_line_of_each_sort_is_read_as_the_decoder_reads_it() -> None:
    check(b"\n".join([*every_odd_line(), b""]), [])


@pytest.mark.parametrize("seed", range(10))
def test_a_nasty_file_is_read_as_the_decoder_reads_it(seed: int, sound: list[bytes]) -> None:
    random = Random(seed)
    data = nasty(sound, seed)
    check(data, [random.randrange(len(data)) for _ in range(random.randrange(4))])


@settings(max_examples=300, deadline=None)
@given(st.lists(records(), min_size=1, max_size=5))
def test_plain_lines_are_read_as_the_parser_reads_them(some: list[dict[str, Any]]) -> None:
    data = b"".join(map(compact, some))
    expected = laid(Decoder().feed(data)[0], data)
    for way in WAYS:
        lines = way(data, 0, True)
        assert lines is not None
        chosen = expected.filter(pl.col("offset").is_in(lines.events["offset"].implode()))
        assert_frame_equal(lines.events.drop("file"), chosen.drop("file"))
        assert lines.events.height + len(lines.odd) == len(some)


@each_way
def test_the_lines_of_our_writers_are_plain(way: ReadLines, sound: list[bytes]) -> None:
    data = b"\n".join(sound) + b"\n"
    lines = way(data, 0, False)
    assert lines is not None
    assert lines.events.height > 0.98 * len(sound)


@needs_cutter
def test_a_large_block_is_cut_in_several_threads(sound: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    data = nasty(sound * 3, 7)
    data = data[: data.rfind(b"\n") + 1]
    at_once = natively(data, 5, True)
    assert at_once is not None
    monkeypatch.setattr("lineage_core.dataframes.native_lines.os.cpu_count", lambda: 4)
    monkeypatch.setattr("lineage_core.dataframes.native_lines._WORTH_A_THREAD", 1 << 10)
    in_parts = natively(data, 5, True)
    assert in_parts is not None
    assert_frame_equal(in_parts.events, at_once.events)
    assert in_parts.odd == at_once.odd


@needs_cutter
@pytest.mark.parametrize("seed", range(5))
def test_small_blocks_that_are_laid_out_together_are_what_each_is(
    sound: list[bytes], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lineage_core.dataframes.decoder.library", lambda: LIBRARY)  # whatever LINEAGE_NATIVE says
    data = nasty(sound[: 300 + seed], seed)
    cuts = [len(data) * n // 7 + seed for n in range(1, 7)]
    wanted, bad, _ = taken(natively, data, cuts)
    decoder = FrameDecoder(ids=True, raw=True)
    raws, parts, rejected = [], [laid([], b"")], []
    for number, piece in enumerate(in_pieces(data, cuts)):
        found, some = decoder.feed(piece)
        assert isinstance(found, DecodedPiece) and not found.events
        raws += [(f"file-{number}", raw) for raw in found.raws]
        parts.append(laid(found, data))
        rejected += some
    made = together(raws, True)
    assert made["file"].n_unique() > 3
    assert_frame_equal(pl.concat([made, *parts]).drop("file").sort("offset"), wanted)
    for file, raw in raws:
        assert_frame_equal(together([(file, raw)], True), made.filter(pl.col("file") == file))
    assert rejected == bad


def test_without_a_cutter_expressions_are_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lineage_core.native.LIBRARY", Path("/nowhere"))
    library.cache_clear()
    try:
        assert fast_way() is by_expressions
    finally:
        library.cache_clear()
