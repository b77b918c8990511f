"""The shell library and the query tool in a cortex checkout: put in place, taken out, and compared with ours.

An installed file is ours with the machine's own paths filled in and a last line, the stamp, that tells the version
and the hash of what stands above it. So drift shows without a record kept elsewhere. What was in the place before
lies beside it, ending in `.before-lineage`.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
import sysconfig
from collections.abc import Callable
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Literal, NamedTuple

from lineage_core.base.errors import JournalError, UnknownNameError

SHELL = Path(__file__).parents[1] / "shell"
LIBRARY = SHELL / "lineage.sh"
_STAMP = re.compile(rb"^# lineage-tui (\S+) sha256:([0-9a-f]{64})\n", re.MULTILINE)


class Installed(NamedTuple):
    """One file that we install. target: below $CORTEX_HOME. fill: sets this machine's paths in the text."""

    source: Path
    target: Path
    mode: int
    fill: Callable[[str], str]


StateWord = Literal["current", "outdated", "modified", "foreign", "missing"]


class State(NamedTuple):
    """How an installed file stands.

    version: of the installed file, if it is ours. advice: what it means and what to do, empty if all is well.
    """

    target: str
    word: StateWord
    version: str | None
    advice: str


def _set_line(name: str, value: str) -> Callable[[str], str]:
    """Sets the first line `name=…`, indented or not, to the value, quoted for the shell."""

    def fill(text: str) -> str:
        line = f"{name}={shlex.quote(value)}"
        filled, count = re.subn(rf"^( *){name}=.*$", lambda found: found[1] + line, text, count=1, flags=re.MULTILINE)
        if not count:
            raise AssertionError(f"no line {name}= to fill")
        return filled

    return fill


def installed(python: str = sys.executable) -> tuple[Installed, ...]:
    """The files we install, for an interpreter that has this package."""
    command = Path(sysconfig.get_path("scripts")) / "lineage"
    return (
        Installed(LIBRARY, Path("scripts/lib/lineage.sh"), 0o644, _set_line("__lineage_python", python)),
        Installed(
            SHELL / "query-lineage.sh",
            Path("scripts/query-lineage.sh"),
            0o755,
            _set_line("lineage_command", str(command)),
        ),
    )


def _stamped(file: Installed) -> bytes:
    body = file.fill(file.source.read_text("utf-8")).encode()
    return body + f"# lineage-tui {version('lineage-tui')} sha256:{sha256(body).hexdigest()}\n".encode()


def install(home: Path) -> list[str]:
    """Put our files into the checkout at `home`; what was there is kept. Tells what was done, a line per file.

    Doing it again changes nothing. Raises UnknownNameError if `home` is no directory, JournalError if a file cannot
    be written.
    """
    if not home.is_dir():
        raise UnknownNameError(f"no such directory: {home} (it must be the checkout that has scripts/)")
    return [_put(file, home / file.target) for file in installed()]


def _put(file: Installed, target: Path) -> str:
    wanted = _stamped(file)
    try:
        state = _judge(file, target)
        if state.word == "current":
            return f"{target}: already current"
        target.parent.mkdir(parents=True, exist_ok=True)
        note = ""
        if state.word in ("foreign", "modified"):
            backup = _free_name(target, state.word)
            shutil.copy2(target, backup, follow_symlinks=False)
            note = f"; what was there is in {backup.name}"
        _replace(target, wanted, file.mode)
    except OSError as error:
        raise JournalError(f"cannot install {target}: {error.strerror}") from error
    return f"{target}: installed{note}"


def _replace(target: Path, content: bytes, mode: int) -> None:
    """Write a file whole: a script that sources it at this moment gets the old or the new one."""
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        fresh.write_bytes(content)
        fresh.chmod(mode)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


def _free_name(target: Path, word: str) -> Path:
    """A name beside the target that nothing has yet: what we found is a backup, changes to ours are put aside."""
    stem = f"{target.name}.{'before-lineage' if word == 'foreign' else 'modified'}"
    names = (target.with_name(stem if n == 1 else f"{stem}.{n}") for n in range(1, 10_000))
    return next(name for name in names if not os.path.lexists(name))


def uninstall(home: Path) -> list[str]:
    """Take our files out again and put back what was there. Tells what was done, a line per file."""
    return [_take(file, home / file.target) for file in installed()]


def _take(file: Installed, target: Path) -> str:
    try:
        state = _judge(file, target)
        if state.word in ("missing", "foreign"):
            return f"{target}: not ours, left as it is" if state.word == "foreign" else f"{target}: not there"
        aside = ""
        if state.word == "modified":
            name = _free_name(target, state.word)
            shutil.copy2(target, name)
            aside = f"; the changes made to it are in {name.name}"
        backups = _backups(target)
        if backups:
            backups[-1].replace(target)
            return f"{target}: put back what was there{aside}"
        target.unlink()
    except OSError as error:
        raise JournalError(f"cannot uninstall {target}: {error.strerror}") from error
    return f"{target}: removed{aside}"


def _backups(target: Path) -> list[Path]:
    """What we found in the place, oldest first."""
    stem = f"{target.name}.before-lineage"
    found = [p for p in target.parent.glob(f"{stem}*") if re.fullmatch(rf"{re.escape(stem)}(\.\d+)?", p.name)]
    return sorted(found, key=lambda p: (len(p.name), p.name))


def status(home: Path) -> list[State]:
    """How each of our files stands in the checkout at `home`. Raises JournalError for one that cannot be read."""
    return [_judge(file, home / file.target) for file in installed()]


def _judge(file: Installed, target: Path) -> State:
    try:
        content = target.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return State(str(target), "missing", None, "not installed: lineage shell install")
    except OSError as error:
        raise JournalError(f"cannot read {target}: {error.strerror}") from error
    stamps = list(_STAMP.finditer(content))
    if not stamps:
        return State(str(target), "foreign", None, "another file is in its place: lineage shell install keeps a copy")
    stamp = stamps[-1]
    installed = stamp[1].decode()
    if stamp.end() != len(content) or sha256(content[: stamp.start()]).hexdigest().encode() != stamp[2]:
        return State(str(target), "modified", installed, "changed since it was installed: lineage shell install")
    if content != _stamped(file):
        advice = f"not what the installed {version('lineage-tui')} would put there: lineage shell install"
        return State(str(target), "outdated", installed, advice)
    return State(str(target), "current", installed, "")
