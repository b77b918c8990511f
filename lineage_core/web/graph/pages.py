"""What all connections share: cursors, the size of a page, and what is told of a page."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

import orjson
import strawberry

from lineage_core.base.errors import BadInputError

LONGEST_PAGE = 500
"""Nodes of a page."""


@strawberry.type(description="where a page ends, and whether there is more")
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


def page_size(first: int) -> int:
    """How many nodes a page has. Raises BadInputError."""
    if not 0 <= first <= LONGEST_PAGE:
        raise BadInputError(f"first is from 0 to {LONGEST_PAGE}, not {first}")
    return first


def cursor_of(at: int, name: str) -> str:
    """The cursor of a node that is ordered by a time and a name."""
    return urlsafe_b64encode(orjson.dumps([at, name])).decode()


def key_of(cursor: str | None) -> tuple[int, str] | None:
    """The time and the name in a cursor. Raises BadInputError."""
    if cursor is None:
        return None
    try:
        at, name = orjson.loads(urlsafe_b64decode(cursor.encode()))
    except ValueError:
        raise BadInputError("that is no cursor: give the endCursor of a page, or none") from None
    if type(at) is not int or type(name) is not str or abs(at) > 1 << 60:
        raise BadInputError("that is no cursor: give the endCursor of a page, or none")
    return at, name


def page_info(cursors: Sequence[str], more: bool, after: str | None) -> PageInfo:
    return PageInfo(
        has_next_page=more,
        has_previous_page=after is not None,
        start_cursor=cursors[0] if cursors else None,
        end_cursor=cursors[-1] if cursors else None,
    )
