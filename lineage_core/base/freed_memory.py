"""What the C library does with memory that is free again."""

from __future__ import annotations

from contextlib import suppress

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt(3)
_LARGEST_BLOCK = 32 << 20  # bytes; a larger one always gets pages of its own


def keep_memory(most: int) -> None:
    """Let this process keep up to so many bytes that are free, where the C library can be told so (glibc): what one
    file or block took serves for the next one. Else each gets its pages anew, which is a tenth of the work."""
    import ctypes  # it takes its time

    with suppress(AttributeError, OSError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MMAP_THRESHOLD, _LARGEST_BLOCK)
        mallopt(_TRIM_THRESHOLD, most)
