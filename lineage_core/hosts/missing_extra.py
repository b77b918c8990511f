"""What is said where the extra `hosts` is not installed."""

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
        if (error.name or "").partition(".")[0] not in ("nats", "nkeys", "nacl"):
            raise
        raise BadInputError("needs nats-py: pip install 'lineage-tui[hosts]'") from None
