"""Bounds of what is sent between hosts: how large a message may be, and what tells files apart."""

from __future__ import annotations

CHUNK = 128 << 10
"""Bytes in one message at most, when we send it."""

MAX_MESSAGE = 1 << 20
"""The most that is taken; the stream refuses longer ones too, and so does a server as it comes."""

FIRST_LINE = 4096
"""Bytes of a file's beginning, up to the first newline, that its identity is made of at most."""
