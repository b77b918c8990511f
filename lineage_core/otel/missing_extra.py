"""What is said where the extra `otel` is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lineage_core.base.errors import BadInputError

PACKAGES = ("opentelemetry", "google", "requests")


@contextmanager
def needed() -> Iterator[None]:
    """Around an import that needs the extra. Raises BadInputError that says what to install."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in PACKAGES:
            raise
        raise BadInputError("needs OpenTelemetry: pip install 'lineage-tui[otel]'") from None
