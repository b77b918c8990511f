"""Writes the pieces of one host into its directory of a mirror: each byte where it stood, so that twice is once.

A file of the mirror is at any time the beginning of the host's file: bytes are only added at its end, and what comes
for a range that is there already has to be equal. So the order in which pieces come, copies of them and lost ones do no
harm; what is missing before a piece is a gap, and the host is asked for it.

- A host that renames a file says so, and the mirror's is renamed.
- A file that takes the name of another (its journal was replaced) has another identity: what the mirror has of the
  former stays readable as `NAME.replaced-IDENTITY`. Nothing is ever removed at a host's word.
- A packed file is put together aside, verified, and then appears whole.
- A file that the host no longer has is removed when all of it stands in another file of the same day, byte for byte:
  a plain one that was archived. Else it stays: a mirror may remember more than its host.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from lineage_core.hosts.broker_message import Piece, RefusedError
from lineage_core.hosts.file_identity import begins_with, holds, identity_on_disk, verify
from lineage_core.maintenance.service_cursor import CursorFile
from lineage_core.read.compression import SUFFIXES, is_packed
from lineage_core.read.journal_files import canonical_name

OWN = ".mirror"
"""The folder of the mirror's own files in its directory; readers pass over it."""

REPLACED = ".replaced-"
_REMEMBERED = 100  # identities that a name had before


class Gap(NamedTuple):
    """What a host is asked for: its file from an offset on. differs: the mirror has other bytes there."""

    host: str
    file: str
    identity: str
    start: int
    differs: bool = False


class _Known(NamedTuple):
    """What the mirror knows of a name. identity: of its file; empty if there is none now.

    since: when the broker stored the message that made it so. past: identities that the name had before.
    """

    identity: str
    since: int = 0
    past: tuple[str, ...] = ()


class HostMirror:
    """The directory of one host, below that of the mirror; made with the first bytes, readable as the mirror's is.

    replaced: names of files that were set aside; whoever tells of them empties it.
    """

    def __init__(self, root: Path, host: str) -> None:
        self.host = host
        self.directory = root / host
        self._root = root
        self._parts = root / OWN / "parts"
        self._saved = CursorFile(root / OWN / "hosts" / f"{host}.json")
        self._files = self._load()
        self._open: dict[str, int] = {}
        self._apart: set[tuple[str, frozenset[tuple[str, int]]]] = set()
        self.replaced: list[str] = []

    def take(self, piece: Piece) -> Gap | None:
        """Write a piece; gives what is missing before it. Raises RefusedError, and OSError where it cannot be written.

        What is written is durable after `sync`.
        """
        if piece.was and not self._is_here(piece):
            self._rename(piece)
        known = self._files.get(piece.file)
        if known is not None and piece.identity in known.past:
            if piece.stored_at and piece.stored_at <= known.since:
                return None  # a message of before, read again
            raise RefusedError(
                f"{piece.file}: of a journal that was replaced before; do two hosts ship as {self.host}?"
            )
        return self._packed(piece) if piece.size is not None else self._plain(piece)

    def lacks(self, file: str, identity: str, end: int) -> Gap | None:
        """What is missing of a file that the host has shipped up to `end`."""
        known = self._files.get(file)
        if known is not None and identity in known.past:
            return None
        there = known is not None and known.identity == identity
        if is_packed(Path(file)):
            return None if there else Gap(self.host, file, identity, _size(self._part(identity)))
        have = _size(self.directory / file) if there else 0
        return Gap(self.host, file, identity, have) if have < end else None

    def sync(self) -> None:
        """Make durable what was written."""
        while self._open:
            fd = self._open.popitem()[1]
            try:
                os.fdatasync(fd)
            finally:
                os.close(fd)

    def retire(self, names: Iterable[str]) -> Iterator[str]:
        """Remove the plain files that the host, which has `names`, has no longer, if all they hold stands in one that
        it has; gives the names of those removed."""
        here = frozenset(names) & self._files.keys()
        for file in [file for file in self._all() if file not in here and not is_packed(Path(file))]:
            day = canonical_name(Path(file).name)
            others = [other for other in sorted(here) if canonical_name(Path(other).name) == day]
            judged = file, frozenset((other, _size(self.directory / other)) for other in others)
            if judged in self._apart:
                continue
            if any(holds(self.directory / other, self.directory / file) for other in others):
                (self.directory / file).unlink(missing_ok=True)
                if self._files.pop(file, None) is not None:
                    self._save()
                yield file
            else:
                self._apart.add(judged)

    def _plain(self, piece: Piece) -> Gap | None:
        path = self.directory / piece.file
        if not self._is_here(piece):
            if piece.start or not piece.data:
                return Gap(self.host, piece.file, piece.identity, 0) if piece.end else None
            self._begin(piece)
        fd = self._open.get(piece.file)
        if fd is None:
            fd = self._open[piece.file] = self._opened(path)
        size = os.fstat(fd).st_size
        if piece.start > size:
            return Gap(self.host, piece.file, piece.identity, size)
        overlap = max(0, min(size, piece.end) - piece.start)
        if overlap and os.pread(fd, overlap, piece.start) != piece.data[:overlap]:
            return Gap(self.host, piece.file, piece.identity, 0, differs=True)
        _write(fd, piece.data[overlap:], size)
        return None

    def _packed(self, piece: Piece) -> Gap | None:
        """Add to a packed file that is put together, and let it appear when it is whole and verified."""
        if self._is_here(piece):
            return None
        part = self._part(piece.identity)
        fd = self._opened(part)
        try:
            size = os.fstat(fd).st_size
            if piece.start > size:
                return Gap(self.host, piece.file, piece.identity, size)
            _write(fd, piece.data[max(0, size - piece.start) :], size)
            if max(size, piece.end) < (piece.size or 0):
                return None
            os.fsync(fd)
        finally:
            os.close(fd)
        try:
            verify(part, piece)
        except RefusedError:
            part.unlink()
            raise
        path = self.directory / piece.file
        if path.exists() and begins_with(part, path):
            path.unlink()  # all of it is in the new one: the archive was added to
        self._begin(piece)
        self._folder(path.parent)
        part.rename(path)
        return None

    def _is_here(self, piece: Piece) -> bool:
        """Whether the mirror's file of this name is of this journal. One that it knows nothing of, which came by
        another way, is if it begins so."""
        known = self._files.get(piece.file)
        if known is None and (found := identity_on_disk(self.directory / piece.file)) is not None:
            known = self._files[piece.file] = _Known(found, piece.stored_at)
            self._save()
        if known is None or known.identity != piece.identity:
            return False
        return piece.size is None or (self.directory / piece.file).exists()

    def _begin(self, piece: Piece) -> None:
        """The name is that of another journal from now on; what has it now is set aside."""
        known = self._files.get(piece.file, _Known(""))
        past = dict.fromkeys(known.past)
        if known.identity != piece.identity:
            self._set_aside(piece.file, known.identity or f"unknown-{time.time_ns():x}")
            past |= {known.identity: None} if known.identity else {}
        past.pop(piece.identity, None)
        self._files[piece.file] = _Known(piece.identity, piece.stored_at, tuple(past)[-_REMEMBERED:])
        self._save()

    def _set_aside(self, file: str, identity: str) -> None:
        path = self.directory / file
        ending = next((suffix for suffix in SUFFIXES if path.name.endswith(suffix)), "")
        self._close(file)
        if path.exists():
            path.rename(path.with_name(f"{path.name.removesuffix(ending)}{REPLACED}{identity}{ending}"))
            self.replaced.append(file)

    def _rename(self, piece: Piece) -> None:
        """The host has renamed a file: so does the mirror, if it has that one."""
        known = self._files.get(piece.was)
        if known is None or known.identity != piece.identity:
            return
        self._begin(piece)
        self._close(piece.was)
        self._files[piece.was] = _Known("", piece.stored_at, (*known.past, known.identity)[-_REMEMBERED:])
        source, target = self.directory / piece.was, self.directory / piece.file
        self._folder(target.parent)
        if source.exists():
            source.rename(target)
        self._save()

    def _all(self) -> list[str]:
        """The names of all files that the mirror has of this host."""
        paths = (path for path in self.directory.rglob("*") if canonical_name(path.name) is not None)
        return sorted(path.relative_to(self.directory).as_posix() for path in paths if path.is_file())

    def _part(self, identity: str) -> Path:
        return self._parts / self.host / identity

    def _opened(self, path: Path) -> int:
        """A descriptor to read and write a file, which is made if it is missing."""
        self._folder(path.parent)
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        return os.open(path, flags, stat.S_IMODE(self._root.stat().st_mode) & 0o666)

    def _folder(self, folder: Path) -> None:
        """Make a folder below that of the mirror, with its permissions."""
        if folder != self._root and not folder.is_dir():
            self._folder(folder.parent)
            folder.mkdir(stat.S_IMODE(self._root.stat().st_mode), exist_ok=True)

    def _close(self, file: str) -> None:
        if (fd := self._open.pop(file, None)) is not None:
            os.fdatasync(fd)
            os.close(fd)

    def _load(self) -> dict[str, _Known]:
        """What was known; nothing where it cannot be read: then the files themselves tell."""
        try:
            stored = (self._saved.load() or {}).get("files", {})
            return {
                str(file): _Known(str(identity), int(since), tuple(map(str, past)))
                for file, (identity, since, past) in stored.items()
            }
        except (ValueError, TypeError, AttributeError):
            return {}

    def _save(self) -> None:
        self._folder(self._saved.path.parent)
        self._saved.store({"files": {file: [*known] for file, known in self._files.items()}})


def _write(fd: int, data: bytes, offset: int) -> None:
    """Write all of it. Raises OSError; what was written until then is a good beginning."""
    while data:
        written = os.pwrite(fd, data, offset)
        data, offset = data[written:], offset + written


def _size(path: Path) -> int:
    try:
        return path.stat(follow_symlinks=False).st_size
    except OSError:
        return 0
