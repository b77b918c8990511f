"""Lines that are folded by what they have in common: whatever comes, goes and moves, it is as if made at once."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_tui.models.grouped_list import GroupedList


def made_at_once(ranks: dict[str, int], opened: set[str]) -> list[tuple[str | None, str]]:
    """The lines of items named group-number."""
    of: dict[str, list[str]] = {}
    for item in sorted(ranks, key=lambda item: (ranks[item], item)):
        of.setdefault(item[0], []).append(item)
    lines: list[tuple[str | None, str]] = []
    for group, items in of.items():
        lines.append((items[0] if len(items) == 1 else None, group))
        if group in opened and len(items) > 1:
            lines += [(item, group) for item in items]
    return lines


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_changes_give_the_lines_that_are_made_at_once(data: Any) -> None:
    ranks: dict[str, int] = {}
    groups: GroupedList[str, str] = GroupedList(lambda item: (ranks[item], item))
    for _ in range(data.draw(st.integers(1, 40))):
        item = data.draw(st.sampled_from("abcd")) + data.draw(st.sampled_from("1234"))
        match data.draw(st.sampled_from(["put", "put", "put", "drop", "fold"])):
            case "put":
                if item in groups:
                    groups.remove(item)
                ranks[item] = data.draw(st.integers(0, 9))
                groups.add(item, item[0])
            case "drop" if item in groups:
                groups.remove(item)
                del ranks[item]
            case "fold":
                groups.open(item[0], data.draw(st.booleans()))
        lines = made_at_once(ranks, groups.opened)
        assert [groups.at(line) for line in range(len(groups))] == lines
    for one in ranks:
        shown = next((n for n, (item, _) in enumerate(lines) if item == one), None)
        heading = next(n for n, (_, group) in enumerate(lines) if group == one[0])
        assert groups.line_of(one) == (heading if shown is None else shown)
        assert groups.heading(one[0]) == heading
        assert (groups.group(one) is None) == (lines[heading][0] == one)
    assert sorted(groups) == sorted(ranks)
    assert groups.line_of("z9") is None and groups.heading("z") is None


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_what_stands_still_keeps_its_order_whatever_comes_and_settles_as_if_made_at_once(data: Any) -> None:
    ranks: dict[str, int] = {}
    still = False
    groups: GroupedList[str, str] = GroupedList(lambda item: (ranks[item], item), still=lambda: still)
    for _ in range(data.draw(st.integers(1, 40))):
        item = data.draw(st.sampled_from("abcd")) + data.draw(st.sampled_from("1234"))
        before = [groups.at(line)[1] for line in range(len(groups))]
        if item in groups:
            groups.remove(item)
        elif data.draw(st.integers(0, 3)):
            ranks[item] = data.draw(st.integers(0, 9))
            groups.add(item, item[0])
        else:
            still = not still
        after = [groups.at(line)[1] for line in range(len(groups))]
        if still:
            assert [group for group in after if group in before] == [group for group in before if group in after]
    still = False
    groups.settle()
    ranks = {item: rank for item, rank in ranks.items() if item in groups}
    assert [groups.at(line) for line in range(len(groups))] == made_at_once(ranks, set()) and not groups.held


def test_what_comes_to_a_long_list_and_a_big_bundle_moves_little_of_it() -> None:
    asked = 0

    def rank(item: int) -> int:
        nonlocal asked
        asked += 1
        return item

    groups: GroupedList[int, int] = GroupedList(rank)
    for item in range(20_000):
        groups.add(item, item % 2 or item)
    groups.open(1, True)
    asked = 0
    groups.add(-1, 1)
    groups.remove(5001)
    assert groups.at(0) == (None, 1) and groups.at(1) == (-1, 1) and len(groups) == 20_001
    assert asked < 300
