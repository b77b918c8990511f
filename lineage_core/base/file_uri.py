"""The address of a file, as terminals take it in a link (OSC 8)."""

from __future__ import annotations

import os
from pathlib import Path


def file_uri(path: Path) -> str:
    """`file://HOST/PATH`, percent-encoded: with the host, since the terminal may be on another one."""
    from socket import gethostname
    from urllib.parse import quote

    return f"file://{quote(gethostname())}{quote(os.fsencode(path.absolute()))}"
