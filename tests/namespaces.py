"""Small disks, read-only mounts and lowered limits in a namespace of one's own, where the system lets have one.

Containers often do not. A test then falls back to what can be shown without, and says so in its docstring: it is not
skipped.
"""

import subprocess
from collections.abc import Callable
from functools import cache


def in_namespace(need_tool: Callable[[str], str], options: str, probe: str) -> list[str] | None:
    """The words before a command that run it in new namespaces, as root of them.

    options: of unshare(1), such as `-rm`. probe: a shell command that works only in such a namespace. None if there is
    none to be had.
    """
    words = [need_tool("unshare"), options]
    return words if _works((*words, "sh", "-c", probe)) else None


@cache
def _works(command: tuple[str, ...]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


MOUNTS = "mount -t tmpfs -o size=64k none /mnt"
"""A probe for `-rm`."""
