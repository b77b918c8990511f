"""Hosts in the canonical names of files: `web1/lineage-2026-11-22.jsonl`. Where there is one directory, there is none.

The name of a host is text from outside. In a file's name it stands percent-encoded (RFC 3986), so that no quote, slash
or control character gets into what is made of it: packed facts, snapshots, checkpoints.
"""

from __future__ import annotations

import os
from functools import lru_cache

HOSTS_MARK = ".lineage-hosts"
"""A file that says that a directory holds one lineage directory a host, even while all of them are empty."""


@lru_cache(4096)
def prefix_of(folder: str) -> str:
    """What stands before the names of the files of a host, by the name of its folder."""
    from urllib.parse import quote

    return quote(os.fsencode(folder), safe="") + "/"


def folder_of(file: str) -> str:
    """The name of the folder of a host, by the canonical name of a file; empty where there is none."""
    from urllib.parse import unquote_to_bytes

    return os.fsdecode(unquote_to_bytes(file.rpartition("/")[0]))


@lru_cache(4096)
def host_of(file: str) -> str:
    """The host in a canonical name of a file; empty where there is none. What is no UTF-8 is shown as `\\xff`."""
    encoded, slash, _ = file.rpartition("/")
    if not slash:
        return ""
    from urllib.parse import unquote

    return unquote(encoded, errors="backslashreplace")


def file_of(file: str) -> str:
    """The canonical name without its host."""
    return file.rpartition("/")[2]
