"""Names in less room than they take: where they differ least, something goes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_core.base.terminal_cells import cell_width, shown
from lineage_tui.theme.name_cut import Names
from lineage_tui.theme.styled_line import cut
from lineage_tui.theme.styles import Styles

MARK = "…"
NAMES = st.text(st.sampled_from("abc-_.任é\u0301019 "), min_size=1, max_size=40).map(shown).filter(bool)


def names(*known: str, prefix: str = "task-") -> Names:
    made = Names(prefix)
    for name in known:
        made.learn(name)
    made.renew()
    return made


@given(st.lists(NAMES, max_size=20), NAMES, st.integers(1, 60))
def test_a_cut_name_fits_and_is_a_beginning_and_an_end_of_the_whole_one(known: list[str], name: str, room: int) -> None:
    text = names(*known).cut(name, room, MARK)
    assert cell_width(text) <= room
    if text != name:
        before, _, after = text.partition(MARK)
        assert name.startswith(before) and name.endswith(after) and len(before + after) < len(name)
        assert shown(after) == after, "no mark without its character"


@given(st.lists(NAMES, max_size=20), NAMES, st.integers(1, 60))
def test_more_room_never_shows_less_of_a_name(known: list[str], name: str, room: int) -> None:
    made = names(*known)
    assert cell_width(made.cut(name, room, MARK)) <= cell_width(made.cut(name, room + 1, MARK))


def test_what_all_have_in_common_goes_and_what_tells_them_apart_stays() -> None:
    long = [f"task-{'x' * 106}-{n:04d}-{m}" for n in range(30) for m in "ab"]
    assert all(len(name) == 118 for name in long)
    short = [names(*long).cut(name, 20, MARK) for name in long]
    assert len(set(short)) == len(long)
    assert short[2] == "task-…-0001-a" or short[2].endswith("0001-a")
    wide = [f"任务-数据血缘映射与验证-{n:04d}" for n in range(30)]
    assert [names(*wide).cut(name, 12, MARK) for name in wide[:2]] == ["任务-…0000", "任务-…0001"]


def test_a_beginning_tells_more_than_what_always_follows_it() -> None:
    kinds = ("deps-audit", "deps-upgrade", "preview-environments", "session-store-migration")
    known = [f"task-{kind}-{n:04d}" for n, kind in enumerate(kinds * 10)]
    made = names(*known)
    assert made.cut("task-preview-environments-0002", 20, MARK) == "task-preview-…0002"
    assert made.cut("task-session-store-migration-0003", 20, MARK) == "task-session-…0003"


def test_as_long_as_nothing_is_known_the_usual_beginning_goes_first() -> None:
    assert names().cut("task-deps-audit-0001", 17, MARK) == "…deps-audit-0001"
    assert names(prefix="x").cut("abcdefghijklmnop", 9, MARK) == "abcd…mnop", "of one word the middle"


def test_a_name_is_cut_otherwise_only_when_twice_as_many_are_known() -> None:
    made = names(*(f"task-a{n}-same-{n}" for n in range(8)))
    before = made.cut("task-a1-same-1", 10, MARK)
    for n in range(6):
        made.learn(f"job-b{n}-other-{n}")
        assert made.cut("task-a1-same-1", 10, MARK) == before


@pytest.mark.parametrize("ascii_only", [False, True])
def test_one_function_cuts_for_all_views(ascii_only: bool) -> None:
    looks = Styles("dark", ascii_only=ascii_only)
    text = cut("task-deps-audit-0001\x1b[31m", "task-", 12, looks)
    assert cell_width(text) <= 12 and ("~" if ascii_only else MARK) in text and "\x1b" not in text
