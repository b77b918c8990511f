"""What is said where the extra `lake` is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lineage_core.base.errors import BadInputError


@contextmanager
def needed() -> Iterator[None]:
    """Around an import that needs the extra. Raises BadInputError that says what to install."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("deltalake", "arro3"):
            raise
        raise BadInputError("a lake needs deltalake: pip install 'lineage-tui[lake]'") from None
