"""The sizes that writers and readers agree on: what a writer refuses, and what a reader cuts or skips."""

MAX_DEPTH = 100
"""Levels of nesting we write and draw, the record and event_data included; orjson reads up to 1,024."""

MAX_LINE = 16 * 1024 * 1024
"""Bytes of the longest line we write and read; a longer one is refused, or skipped and counted."""

MAX_DATA = 8 * 1024 * 1024
"""Bytes of the longest DATA that is taken as JSON."""
