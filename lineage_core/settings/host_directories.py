"""Several lineage directories as one: `--dir` given many times.

They are linked side by side, under the names of their hosts, in a directory of the user's cache, which is then read as
any directory of hosts (`read/journal_files.py`). It may be deleted while nobody reads it.
"""

from __future__ import annotations

import atexit
import os
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from lineage_core.base.errors import BadInputError, JournalError
from lineage_core.base.user_files import folder
from lineage_core.model.host_file_names import HOSTS_MARK


def as_one(given: Sequence[str]) -> Path:
    """The directory of hosts that several `DIR` or `HOST=DIR` make; those need not exist yet.

    A host without a name is called by the part of its path in which it differs from the others, as `web1` and `web2` in
    `/srv/web1/lineage` and `/srv/web2/lineage`. Raises BadInputError for names that are no names or come twice, and
    JournalError where the links cannot be made.
    """
    hosts = named(given)
    key = blake2b(os.fsencode("\0".join(f"{name}\0{path}" for name, path in hosts.items())), digest_size=8).hexdigest()
    try:
        side = folder("cache", "hosts", key) or _scratch()
        for name, path in hosts.items():
            _link(side / name, path)
        for entry in side.iterdir():
            if entry.name not in hosts and entry.name != HOSTS_MARK:
                entry.unlink()
        (side / HOSTS_MARK).touch(0o600)
    except OSError as error:
        raise JournalError(f"cannot put the directories side by side: {error.filename}: {error.strerror}") from error
    return side


def named(given: Sequence[str]) -> dict[str, str]:
    """The absolute paths of some `DIR` or `HOST=DIR` by host. Raises BadInputError."""
    pairs = []
    for text in given:
        host, equals, path = text.partition("=")
        if not host or not equals or "/" in host or Path(text).exists():
            host, path = "", text
        elif not path:
            raise BadInputError(f"--dir {text}: which directory? HOST=DIR")
        pairs.append((host, os.path.normpath(Path.cwd() / path)))
    for path, times in Counter(path for host, path in pairs).items():
        if times > 1:
            raise BadInputError(f"--dir {path} is given twice")
    names = iter(_differing([path for host, path in pairs if not host]))
    hosts: dict[str, str] = {}
    for host, path in pairs:
        name = host or next(names)
        if name in hosts:
            raise BadInputError(f"--dir: two hosts are called {name}: give one as NAME={path}")
        if not _is_name(name):
            raise BadInputError(f"--dir {path}: {name!r} is no name of a host: give one as NAME={path}")
        hosts[name] = path
    return hosts


def _is_name(name: str) -> bool:
    return 0 < len(os.fsencode(name)) <= 255 and "/" not in name and not name.startswith(".") and name != "archive"


def _differing(paths: Sequence[str]) -> list[str]:
    """For each path the last part in which it differs from the others; where that is not enough, all such parts."""
    parts = [Path(path).parts for path in paths]
    if len(parts) > 1:
        while min(map(len, parts)) > 1 and len({one[-1] for one in parts}) == 1:
            parts = [one[:-1] for one in parts]
        while min(map(len, parts)) > 1 and len({one[0] for one in parts}) == 1:
            parts = [one[1:] for one in parts]
    names = [one[-1] for one in parts]
    return names if len(set(names)) == len(names) else ["-".join(one) for one in parts]


def _link(link: Path, target: str) -> None:
    """A symbolic link to a directory, whatever stood there. Raises OSError."""
    with suppress(OSError):
        if str(link.readlink()) == target:
            return
    part = link.with_name(f".{os.getpid()}.part")
    part.unlink(missing_ok=True)
    part.symlink_to(target)
    part.replace(link)


def _scratch() -> Path:
    """A directory for this run, where there is no cache."""
    scratch = tempfile.TemporaryDirectory(prefix="lineage-hosts-")
    atexit.register(scratch.cleanup)
    return Path(scratch.name)
