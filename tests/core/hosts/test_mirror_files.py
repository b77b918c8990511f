"""The receiver: whatever comes in whatever order, a file of the mirror is the beginning of one that a host had."""

from __future__ import annotations

import gzip
import os
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_core.hosts.broker_message import Piece, RefusedError, identity_of, read_message
from lineage_core.hosts.file_identity import packed_identity
from lineage_core.hosts.message_limits import MAX_MESSAGE
from lineage_core.hosts.mirror_files import Gap, HostMirror
from lineage_core.hosts.subjects import JOURNAL
from tests.core.hosts.brokers import contents, event

DAY = "lineage-2026-11-22.jsonl"
TEXT = b"".join(event(number) for number in range(10))


def piece(data: bytes, start: int = 0, *, whole: bytes = TEXT, file: str = DAY, **more: object) -> Piece:
    return Piece("a", identity_of(whole) or "", file, start, start + len(data), data, **more)  # type: ignore[arg-type]


def through(one: Piece) -> Piece:
    """A piece as it comes out of its message."""
    return read_message(f"{JOURNAL}.{one.host}", one.headers(), one.data)


def test_a_piece_survives_its_message() -> None:
    one = piece(TEXT, was=f"{DAY}.1", sent_at=17)
    assert through(one) == one
    packed = Piece("a", "0" * 32, f"{DAY}.gz", 3, 5, b"xx", size=9)
    assert through(packed) == packed


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"Lineage-End": "7"}, "are not the"),
        ({"Lineage-End": "9" * 30}, "are not the"),
        ({"Lineage-Start": "-1"}, "are not the"),
        ({"Lineage-Start": "٣"}, "are not the"),
        ({"Lineage-Start": ""}, "are not the"),
        ({"Lineage-Host": "b"}, "it says to come from 'b'"),
        ({"Lineage-Host": ""}, "it says to come from"),
        ({"Lineage-Journal": "../x"}, "no identity"),
        ({"Lineage-Journal": "0" * 16}, "its beginning is not that of the journal"),
        ({"Lineage-Size": "999"}, "of a file of '999' bytes"),
        ({"Lineage-File": f"{DAY}.gz", "Lineage-Journal": "0" * 32}, "of a file of '' bytes"),
        ({"Lineage-Was": "/etc/passwd"}, "no plain name"),
        *(
            ({"Lineage-File": name}, "no plain name")
            for name in (
                *("", ".", "..", "passwd", "/etc/passwd", f"../{DAY}", f"../b/{DAY}", f"/{DAY}", f"x/../{DAY}"),
                *(f"archive/../{DAY}", f"archive/2026-10/../{DAY}", f".mirror/{DAY}", f".{DAY}", f"{DAY}\n"),
                *(f"{DAY}\0", f"a/b/{DAY}", f"archive/x/{DAY}", f"{DAY}/x", f"lineage-2026-11-22 {DAY}"),
                *("status.json", "-rf", f"{DAY}~", f"{DAY}.tmp", f"{DAY}\x1b]0;x\x07", DAY + "x" * 300),
            )
        ),
    ],
)  # fmt: skip
def test_what_errs_or_lies_is_refused(changed: dict[str, str], why: str) -> None:
    one = piece(TEXT)
    with pytest.raises(RefusedError, match=why) as told:
        read_message(f"{JOURNAL}.a", one.headers() | changed, one.data)
    assert "\n" not in str(told.value) and "\x1b" not in str(told.value) and len(str(told.value)) < 300


@pytest.mark.parametrize("subject", [JOURNAL, *(f"{JOURNAL}.{host}" for host in ("", "..", "archive", "a/b", "a b"))])
def test_a_subject_of_no_host_is_refused(subject: str) -> None:
    one = piece(TEXT)
    with pytest.raises(RefusedError):
        read_message(subject, one.headers() | {"Lineage-Host": subject.split(".", 2)[-1]}, one.data)


def test_a_message_of_100_mb_is_refused_and_one_without_headers_too() -> None:
    one = piece(bytes(100_000_000))
    with pytest.raises(RefusedError, match=f"100000000 bytes in one message; {MAX_MESSAGE} are the most"):
        read_message(f"{JOURNAL}.a", one.headers(), one.data)
    with pytest.raises(RefusedError):
        read_message(f"{JOURNAL}.a", None, b"")


def test_a_gap_is_told_and_nothing_is_written_behind_it(tmp_path: Path) -> None:
    mirror = HostMirror(tmp_path, "a")
    assert mirror.take(piece(TEXT[50:], 50)) == Gap("a", DAY, identity_of(TEXT) or "", 0)
    assert contents(tmp_path) == {}
    assert mirror.take(piece(TEXT[:40])) is None
    assert mirror.take(piece(TEXT[50:], 50)) == Gap("a", DAY, identity_of(TEXT) or "", 40)
    assert mirror.take(piece(TEXT[30:], 30)) is None
    assert contents(tmp_path) == {f"a/{DAY}": TEXT}
    assert mirror.lacks(DAY, identity_of(TEXT) or "", len(TEXT)) is None


def test_other_bytes_under_the_same_journal_are_not_taken(tmp_path: Path) -> None:
    mirror = HostMirror(tmp_path, "a")
    mirror.take(piece(TEXT))
    gap = mirror.take(piece(b"x" * 60, 50))
    assert gap is not None and gap.differs
    assert contents(tmp_path) == {f"a/{DAY}": TEXT}


def test_two_hosts_with_one_name_are_told(tmp_path: Path) -> None:
    mirror, other = HostMirror(tmp_path, "a"), event(99) * 3
    mirror.take(piece(TEXT, stored_at=1))
    mirror.take(piece(other, whole=other, stored_at=2))
    with pytest.raises(RefusedError, match="do two hosts ship as a"):
        mirror.take(piece(TEXT, stored_at=3))
    assert mirror.take(piece(TEXT, stored_at=1)) is None  # read again
    assert contents(tmp_path / "a")[DAY] == other
    assert sorted(contents(tmp_path).values()) == sorted([TEXT, other])


def test_files_that_came_by_another_way_are_gone_on_with(tmp_path: Path) -> None:
    """A mirror that rsync began."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / DAY).write_bytes(TEXT[:100])
    mirror = HostMirror(tmp_path, "a")
    assert mirror.take(piece(TEXT[100:], 100)) is None
    assert contents(tmp_path) == {f"a/{DAY}": TEXT}


def test_a_link_in_the_place_of_a_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(b"")
    (tmp_path / "mirror" / "a").mkdir(parents=True)
    (tmp_path / "mirror" / "a" / DAY).symlink_to(tmp_path / "outside")
    mirror = HostMirror(tmp_path / "mirror", "a")
    with suppress(OSError):
        mirror.take(piece(TEXT[:40]))
        mirror.take(piece(TEXT[40:], 40))
    assert (tmp_path / "outside").read_bytes() == b""


def test_a_packed_bomb_never_appears(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(200 << 20), 9)
    (tmp_path / "bomb.gz").write_bytes(bomb)
    identity = packed_identity(tmp_path / "bomb.gz")
    mirror = HostMirror(tmp_path / "mirror", "a")
    (tmp_path / "mirror").mkdir()
    with pytest.raises(RefusedError, match="does not unpack"):
        mirror.take(Piece("a", identity, f"{DAY}.gz", 0, len(bomb), bomb, size=len(bomb)))
    assert contents(tmp_path / "mirror") == {}


JOURNALS = [b"".join(event(number, of=name) for number in range(6)) for name in ("one", "two", "three")]
"""What stood under one name, one after the other."""


@st.composite
def deliveries(draw: st.DrawFn) -> list[Piece]:
    """Pieces of some journals under two names: any subset, in any order, any number of times, cut anywhere; some are
    renames, and some were stored before others."""
    pieces = []
    for _ in range(draw(st.integers(0, 30))):
        whole = draw(st.sampled_from(JOURNALS))
        first = whole.index(b"\n") + 1
        start = draw(st.one_of(st.just(0), st.integers(0, len(whole))))
        end = draw(st.integers(max(start, first if start == 0 else 0), len(whole)))
        file = draw(st.sampled_from([DAY, f"{DAY}.1"]))
        was = draw(st.sampled_from(["", "", DAY, f"{DAY}.1"]))
        stored_at = draw(st.integers(1, 40))
        pieces.append(
            piece(whole[start:end], start, whole=whole, file=file, was=was if was != file else "", stored_at=stored_at)
        )
    return pieces  # fmt: skip


@settings(max_examples=300)
@given(deliveries(), st.sets(st.integers(0, 30)))
def test_no_byte_is_ever_wrong(pieces: list[Piece], restarts: set[int]) -> None:
    """Whatever comes, every file is the beginning of one journal; and one in which every piece has come is whole."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        mirror = HostMirror(root, "a")
        for number, one in enumerate(pieces):
            if number in restarts:
                mirror.sync()
                mirror = HostMirror(root, "a")  # killed, and started again
            try:
                gap = mirror.take(one)
            except RefusedError:
                continue
            if gap is not None:
                assert gap.start < one.start or gap.start == 0
            for data in contents(root).values():
                assert any(whole.startswith(data) for whole in JOURNALS)
        mirror.sync()
        assert not os.listdir(root) or set(os.listdir(root)) <= {"a", ".mirror"}


@settings(max_examples=200)
@given(st.lists(st.integers(0, len(TEXT)), max_size=12), st.randoms(use_true_random=False))
def test_what_is_asked_for_makes_it_whole(cuts: list[int], random: object) -> None:
    """Pieces in any order, with those that are missing given as they are asked for."""
    edges = [0, *sorted(cut for cut in {*cuts} if cut > TEXT.index(b"\n")), len(TEXT)]
    pieces = [piece(TEXT[a:b], a) for a, b in pairwise(edges)]
    random.shuffle(pieces)  # type: ignore[attr-defined]
    with TemporaryDirectory() as folder:
        mirror = HostMirror(Path(folder), "a")
        for one in pieces:
            gap = mirror.take(one)
            if gap is not None:
                assert mirror.take(piece(TEXT[gap.start : one.end], gap.start)) is None
        mirror.sync()
        assert contents(Path(folder)) == {f"a/{DAY}": TEXT}
