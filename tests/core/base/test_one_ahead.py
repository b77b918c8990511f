"""What comes next is made in another thread, one item ahead."""

from __future__ import annotations

import threading
from collections.abc import Generator

import pytest

from lineage_core.base.one_ahead import one_ahead


def test_all_items_come_in_order_none_among_them() -> None:
    assert list(one_ahead(item for item in (3, None, 1, 0))) == [3, None, 1, 0]
    assert list(one_ahead(item for item in range(0))) == []


def test_the_next_item_is_made_by_another_thread_while_the_caller_has_one() -> None:
    made = threading.Event()

    def items() -> Generator[int, None, None]:
        yield threading.get_ident()
        made.set()
        yield threading.get_ident()

    coming = one_ahead(items())
    first = next(coming)
    assert made.wait(10)
    assert {first, *coming}.isdisjoint({threading.get_ident()})


def test_what_the_generator_raises_comes_after_the_items_before() -> None:
    def items() -> Generator[int, None, None]:
        yield 1
        raise OSError("torn")

    coming = one_ahead(items())
    assert next(coming) == 1
    with pytest.raises(OSError, match="torn"):
        next(coming)


def test_the_generator_is_closed_where_the_caller_leaves_off() -> None:
    closed = []

    def items() -> Generator[int, None, None]:
        try:
            yield from range(10)
        finally:
            closed.append(True)

    coming = one_ahead(items())
    assert next(coming) == 0
    coming.close()
    assert closed == [True]
