"""What the system grants to viewers: watches, and the fast reader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lineage_core.maintenance.doctor.check import CheckResult, Surroundings, Word
from lineage_core.native import LIBRARY, facts, library
from lineage_core.read.watcher import Watcher

_LIMITS = ("max_user_watches", "max_user_instances")


def watch(surroundings: Surroundings) -> Iterator[CheckResult]:
    """Whether a viewer is told of changes, or has to poll."""
    values = {name: _limit(name) for name in _LIMITS}
    watcher = Watcher(surroundings.directory, poll=0)
    try:
        watcher.wait()
        mode, reason = watcher.mode, watcher.reason
    finally:
        watcher.close()
    limits = ", ".join(f"{name} {value}" for name, value in values.items() if value is not None)
    if mode == "live":
        yield CheckResult("watch", Word.OK, f"changes are told at once ({limits})", values=values | {"mode": mode})
        return
    advice = "sysctl fs.inotify.max_user_instances=1024 fs.inotify.max_user_watches=524288"
    if "does not tell" in reason:
        advice = "viewers poll twice a second; that is as good as it gets here"
    text = f"viewers have to poll: {reason} ({limits})"
    yield CheckResult("watch", Word.PROBLEM, text, advice, values | {"mode": mode})


def reader(surroundings: Surroundings) -> Iterator[CheckResult]:
    """Which of the two readers of plain lines is at work: the one in C, or the one without."""
    native = library() is not None
    current = native and facts.available()
    values = {"native": native, "history": current}
    if current:
        yield CheckResult("reader", Word.OK, "history and figures are read by the library in C", values=values)
    elif native:
        text = "the library in C was compiled from other sources than these: history is read slower"
        yield CheckResult("reader", Word.NOTE, text, "install it again", values)
    elif LIBRARY.exists():
        yield CheckResult(
            "reader", Word.NOTE, "LINEAGE_NATIVE=0: history and figures are read without C, slower", "", values
        )
    else:
        advice = "install it again where there is a C compiler"
        text = "no C compiler was there at the install: history and figures are read slower"
        yield CheckResult("reader", Word.NOTE, text, advice, values)


def _limit(name: str) -> int | None:
    """The lower of the system's limit and that of this user namespace."""
    found = []
    for path in (f"/proc/sys/fs/inotify/{name}", f"/proc/sys/user/{name.replace('max_user', 'max_inotify')}"):
        try:
            found.append(int(Path(path).read_text()))
        except (OSError, ValueError):
            continue
    return min(found, default=None)
