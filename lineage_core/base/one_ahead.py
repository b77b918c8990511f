"""What comes next is made while what came before is worked at."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def one_ahead(items: Generator[T, None, None]) -> Generator[T, None, None]:
    """The items, each made in another thread while the caller has the one before: worth it where both leave the
    interpreter to other threads for most of the time.

    What the generator raises comes out where its item would have come. Who leaves off before the end waits until the
    item that is being made is there; then the generator is closed.
    """

    def following() -> list[T]:  # none or one: an item may be None
        return list(islice(items, 1))

    try:
        with ThreadPoolExecutor(1) as thread:
            coming = thread.submit(following)
            while one := coming.result():
                coming = thread.submit(following)
                yield one[0]
    finally:
        items.close()
