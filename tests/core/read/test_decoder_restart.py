"""A reader that starts again where things are settled goes on as if it had never stopped; and work is linear."""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import process_time
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_core.model.record import Found, Rejected
from lineage_core.read import interleaved_lines as traits
from lineage_core.read import pretty_printed as tangled
from lineage_core.read.decoder import Decoder
from tests.build import compact, pretty, record
from tests.conftest import DATA
from tests.core.read.decoded import tangled_original

TANGLED = (DATA / "legacy-tangled.jsonl").read_bytes()
MARKS = [
    *(b"{\n", b"}\n", b"},\n", b"}{\n", b"}}\n", b"\n", b"\r\n", b" \n", b"{\r\n", b"}\r\n", b"{", b"{}\n", b"junk\n"),
    *(b'  "a": {\n', b"  }\n", b'  "version": "1.0.0"\n', b"\xef\xbb\xbf", b"\xef\xbb\xbf\xef\xbb\xbf{\n"),
    *(b"\0\0", b"\0\n", b"\0{\n", b"\0\xef\xbb\xbf\0"),
]


@st.composite
def parts(draw: st.DrawFn) -> bytes:
    """Some lines of a journal: sound or damaged in one of the ways that are known."""
    kind = draw(st.sampled_from(["compact", "pretty", "plain", "torn", "mark", "mark", "mixed", "around", "repeated"]))
    number = draw(st.integers(0, 39))
    legacy = tangled_original("a", draw(st.integers(1, 3)), number)
    text = pretty(legacy)
    lines = text.splitlines(keepends=True)
    other = pretty(tangled_original("a", draw(st.integers(1, 3)), number)).splitlines(keepends=True)
    at, into = draw(st.integers(0, len(lines))), draw(st.integers(0, len(other)))
    match kind:
        case "compact":
            return compact(record(number))
        case "pretty":
            return pretty(record(number), draw(st.sampled_from([1, 2, 4, "\t"])))
        case "plain":
            return pretty({key: value for key, value in legacy.items() if key != "context"})
        case "torn":
            cut = draw(st.integers(0, len(text)))
            return draw(st.sampled_from([text[:cut], text[cut:], compact(legacy)[:cut]]))
        case "mixed":
            return b"".join([*lines[:at], *other[:into], *lines[at:], *other[into:]])
        case "around":
            return b"".join([*lines[:at], compact(record(number)), *other, *lines[at:]])
        case "repeated":
            return text * draw(st.integers(1, 4))
    return draw(st.sampled_from(MARKS))


def read(text: bytes, cuts: list[tuple[int, bool]]) -> tuple[list[Found], list[Rejected]]:
    """What comes of a file that is fed up to each cut, where the reader may be stopped and another one started."""
    decoder, done = Decoder(), 0
    found, rejected = [], []
    for cut, restart in [*sorted(cuts), (len(text), False)]:
        more, bad = decoder.feed(text[done:cut])
        found += more
        rejected += bad
        done = cut
        if restart:
            second = Decoder(decoder.settled)
            for start in range(decoder.settled, cut, 500):
                second.feed(text[start : min(cut, start + 500)])  # delivered before
            assert (second.settled, second.end, second.fresh) == (decoder.settled, decoder.end, decoder.fresh)
            decoder = second
    more, bad = decoder.flush()
    return found + more, rejected + bad


@given(st.lists(parts(), max_size=30), st.data(), st.sampled_from([None, 200, 1000]))
def test_started_again_anywhere_a_reader_finds_what_one_that_never_stopped_finds(
    some: list[bytes], data: st.DataObject, patience: int | None
) -> None:
    text = b"".join(some)
    cuts = data.draw(st.lists(st.tuples(st.integers(0, len(text)), st.booleans()), max_size=6))
    with pytest.MonkeyPatch.context() as patch:
        if patience:  # so that even in a short file something is far away
            patch.setattr(traits, "PATIENCE", patience)
            patch.setattr(tangled, "PATIENCE", patience)
            patch.setattr(traits, "WINDOW", 3 * patience)
        assert read(text, cuts) == read(text, [])


@pytest.mark.parametrize("cut", range(500, len(TANGLED), 7001))
def test_the_tangled_sample_may_be_read_by_one_reader_after_another(cut: int) -> None:
    assert read(TANGLED, [(at, True) for at in range(cut % 7000, len(TANGLED), 9001)]) == read(TANGLED, [])


def test_a_reader_that_starts_again_reads_no_more_than_a_window_again() -> None:
    one = pretty(tangled_original("a", 1, 1))
    decoder = Decoder()
    for _ in range(2 * traits.WINDOW // len(one)):
        decoder.feed(one)
        assert decoder.end - decoder.settled <= traits.WINDOW + len(one)
    for _ in range(traits.WINDOW // len(compact(record())) + 2):
        decoder.feed(compact(record()))
    assert decoder.fresh


def test_what_is_kept_of_what_was_read_does_not_grow() -> None:
    decoder = Decoder()
    text = b"".join(pretty(tangled_original("a", writer, 1)) for writer in range(1, 4))
    sizes = set()
    for number in range(1000):
        decoder.feed(text.replace(b"tangle", b"t%05d" % number) + b"}\n")
        kept = decoder._open_objects._traits
        sizes.add(len(kept._regions))
        assert len(kept._votes) <= len(kept._regions)
    assert max(sizes) < 1.1 * traits.WINDOW / (len(text) / 4)


# Work


LINES = pretty(tangled_original("a", 1, 1)).splitlines(keepends=True)
HOSTILE = [
    *MARKS,
    *(b"{\n}\r\n", b"{\n 1\n}\r\n", b"{\n 1\n", b"{\n{\n}\n", b"{\njunk\n", b"} ", b"}{", b"\0\xef\xbb\xbf"),
    *(b"".join(LINES), b"".join(LINES[:3]), b"".join(LINES[5:]), b"".join([*LINES[:4], *LINES, *LINES[4:]])),
    *(b'{\n  "a": {\n  "lineage_id": 1\n', compact(record())[:90], compact(record())[:90] + b"\n", compact(record())),
]


def calls(work: Callable[[], Any]) -> int:
    """How many functions, of Python and built in, are called."""
    count = 0

    def seen(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def decode_all(text: bytes) -> None:
    decoder = Decoder()
    decoder.feed(text)
    decoder.flush()


@pytest.mark.parametrize("opened", [b"", b"{\n", b"{\n" * 500], ids=["closed", "open", "deep"])
@pytest.mark.parametrize("piece", HOSTILE)
def test_twice_as_many_lines_take_twice_as_many_calls(piece: bytes, opened: bytes) -> None:
    count = 50 + 1000 // len(piece)
    few, many, most = (calls(lambda n=n: decode_all(opened + piece * n)) for n in (count, 2 * count, 4 * count))
    assert most - many <= 2.5 * (many - few) + 500


@pytest.mark.parametrize("piece", HOSTILE)
def test_eight_times_as_many_bytes_take_nothing_like_sixty_four_times_as_long(piece: bytes) -> None:
    """What a call looks at is not counted, so this compares times, generously: quadratic work shows as 64."""

    def seconds(text: bytes) -> float:
        start = process_time()
        decode_all(text)
        return process_time() - start

    count = 1 + 16_000 // len(piece)
    few = max(min(seconds(piece * count) for _ in range(2)), 0.002)
    assert any(seconds(piece * count * 8) < 30 * few for _ in range(3))  # again where the machine had other work
