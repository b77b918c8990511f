"""Which bytes of a lineage directory are to be shipped next; reads the files, and knows no broker.

A file is known by its name, and recognised by a hash of its beginning and of what stands before the offset, so that one
that was truncated, replaced or made again under the same inode is shipped as another one, and a renamed one goes on.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from lineage_core.base import clock
from lineage_core.base.errors import JournalError
from lineage_core.hosts.broker_message import Piece, identity_of
from lineage_core.hosts.file_identity import packed_identity
from lineage_core.hosts.message_limits import CHUNK
from lineage_core.hosts.outgoing_file import OutgoingFile, Shipped, other_than
from lineage_core.hosts.subjects import is_file
from lineage_core.read.checkpoint import RACY, Checkpoint
from lineage_core.read.journal_files import JournalFile, files, open_file

_HOT = 3
"""Files, the newest, that are looked at more often than the directory is listed."""

_LISTING = 2.0
"""Seconds after which the directory is listed again, if no name in it changed."""


class Outbox:
    """The files of a directory, each from where it was shipped to.

    saved: what a cursor holds, by name. problems: what cannot be shipped, and why, by name.
    """

    def __init__(self, directory: Path, host: str, saved: Mapping[str, Shipped], chunk: int = CHUNK) -> None:
        self._directory = directory
        self._host = host
        self._chunk = chunk
        self._files: dict[str, OutgoingFile] = {}
        self._listed: list[OutgoingFile] = []
        self._made_at = -1
        self._next_listing = 0.0
        self.problems: dict[str, str] = {}
        for name, shipped in saved.items():
            with suppress(ValueError):
                file = OutgoingFile(name, directory / name, shipped.identity)
                path = os.fsencode(directory / name).decode("latin-1")
                file.checkpoint = Checkpoint.from_json({**shipped.checkpoint, "path": path})
                file.checkpoint.key, file.hashed = shipped.inode, shipped.hashed
                self._files[name] = file

    def look(self) -> bool:
        """See what has grown, and list the directory again if it is time; whether the names of its files are others.

        Raises JournalError where it cannot be listed; one that does not exist is empty.
        """
        try:
            made_at = self._directory.stat().st_mtime_ns  # of the newest name in it
        except OSError:
            made_at = 0
        began = time.monotonic()
        if made_at == self._made_at and began < self._next_listing and all(map(self._seen, self._listed[:_HOT])):
            return False
        self._made_at = made_at if time.time_ns() - made_at > RACY else -1
        changed = self._list()
        self._next_listing = time.monotonic() + max(_LISTING, 10 * (time.monotonic() - began))
        return changed

    def _list(self) -> bool:
        self.problems = {}
        found: dict[str, JournalFile] = {}
        with suppress(FileNotFoundError):
            for one in files(self._directory, self.problems):
                name = one.path.relative_to(self._directory).as_posix()
                if is_file(name):
                    found[name] = one
                else:
                    self.problems[name] = "no plain name of a journal file: it is not shipped"
        before = [file.name for file in self._listed]
        self._follow_renames(found)
        self._listed = []
        for name, one in found.items():
            file = self._files.get(name)
            if file is None:
                file = self._files[name] = OutgoingFile(name, one.path)
            key = one.status.st_dev, one.status.st_ino
            if file.checkpoint.key != key or one.status.st_size < file.checkpoint.offset:
                file.checkpoint.key = key
                self._recognise(file)
            if one.packed and (one.status.st_mtime_ns, one.status.st_size) != file.hashed:
                self._hash(file, one.status)
            file.checkpoint.see(one.status)
            self._listed.append(file)
        return before != [file.name for file in self._listed]

    def pieces(self) -> Iterator[Piece]:
        """All that is to be shipped now, in reading order, and between the chunks of older files what the newest gets.

        Before all others come the files that were renamed: their former names may be those of others now.
        """
        for file in [file for file in self._files.values() if file.was]:
            if (piece := self._next(file)) is not None:
                yield piece
        for file in self._listed:
            while (piece := self._next(file)) is not None:
                yield piece
                newest = self._listed[0]
                if file is not newest and self._seen(newest) and newest.unsent:
                    while (live := self._next(newest)) is not None:
                        yield live

    def unsent(self) -> int:
        """Bytes that are known and not shipped yet."""
        return sum(file.unsent for file in self._listed)

    def saved(self, name: str) -> Shipped | None:
        """How far a file is."""
        file = self._files.get(name)
        return file.saved() if file is not None and file.identity else None

    def offset(self, name: str) -> int:
        """How far a file was shipped, in bytes."""
        file = self._files.get(name)
        return file.checkpoint.offset if file is not None else 0

    def shipped(self) -> list[tuple[str, str, int]]:
        """The files that are there: name, identity, and how far each was shipped."""
        return [(file.name, file.identity, file.checkpoint.offset) for file in self._listed if file.identity]

    def go_on_from(self, name: str, identity: str, offset: int, *, anew: bool = False) -> bool:
        """Ship a file from an offset on, if it is (or begins as) the one that is meant; whether it is.

        anew: under another identity from its start on, since somebody has other bytes under this one.
        """
        file = self._files.get(name)
        if file is None or file not in self._listed:
            return False
        try:
            fd = open_file(file.checkpoint.path)
        except JournalError:
            return False
        try:
            if not file.identity and not file.checkpoint.packed:
                file.identity = identity_of(os.pread(fd, self._chunk, 0)) or ""
            if file.identity != identity or os.fstat(fd).st_size < offset:
                return False
            if anew:
                file.identity, offset = other_than(identity), 0
            file.checkpoint.restart()
            file.checkpoint.move(fd, offset, offset)
            return True
        finally:
            os.close(fd)

    def _follow_renames(self, found: Mapping[str, JournalFile]) -> None:
        """Let the files that have another name now go on under it."""
        names = {(one.status.st_dev, one.status.st_ino): name for name, one in found.items()}
        moved = {}
        for file in self._files.values():
            there = found.get(file.name)
            name = names.get(file.checkpoint.key)
            if name is None or name == file.name or not file.checkpoint.offset:
                continue
            if there is None or (there.status.st_dev, there.status.st_ino) != file.checkpoint.key:
                moved[file.name] = name
        while moved:
            # First those whose new name nobody has any more: a mirror does one after the other.
            old = next((old for old, new in moved.items() if new not in moved), None)
            if old is None:
                return  # names were exchanged: they are shipped again
            self._move(old, moved.pop(old))

    def _move(self, old: str, new: str) -> None:
        file = self._files[old]
        fresh = OutgoingFile(new, self._directory / new, file.identity, was=file.was or old)
        fresh.checkpoint.go_on_from(file.checkpoint)
        fresh.checkpoint.key = file.checkpoint.key
        fresh.hashed = file.hashed
        try:
            fd = open_file(fresh.checkpoint.path)
        except JournalError:
            return
        try:
            status = os.fstat(fd)
            if (status.st_dev, status.st_ino) == file.checkpoint.key and fresh.checkpoint.recognises(fd):
                del self._files[old]
                self._files.pop(new, None)
                self._files[new] = fresh  # the last one: they are told in this order
        finally:
            os.close(fd)

    def _recognise(self, file: OutgoingFile) -> None:
        """A name has another inode, or its file is shorter: go on if it begins as before, else it is another one."""
        if file.checkpoint.packed:
            file.hashed = (0, 0)
            return
        if not file.checkpoint.offset:
            file.identity = ""
            return
        try:
            fd = open_file(file.checkpoint.path)
        except JournalError:
            return  # told when it is to be read
        try:
            if os.fstat(fd).st_size < file.checkpoint.offset or not file.checkpoint.recognises(fd):
                self._replaced(file, fd)
        finally:
            os.close(fd)

    def _replaced(self, file: OutgoingFile, fd: int) -> None:
        """The file is another one than was shipped, which its identity has to say, also if it begins with the same
        line (a backup was put back)."""
        old = file.identity
        file.checkpoint.restart()
        file.was = ""
        file.identity = ""
        if old and identity_of(os.pread(fd, self._chunk, 0)) == old[:16]:
            file.identity = other_than(old)

    def _hash(self, file: OutgoingFile, status: os.stat_result) -> None:
        """A packed file is new, or another one: all of it is what its identity is made of."""
        try:
            identity = packed_identity(file.checkpoint.path)
        except JournalError as error:
            self.problems[file.name] = str(error)
            return
        if identity != file.identity:
            file.checkpoint.restart()
            file.identity, file.was = identity, ""
        file.hashed = status.st_mtime_ns, status.st_size

    def _seen(self, file: OutgoingFile) -> bool:
        """Look at a file's size again; False if the directory has to be listed for it."""
        try:
            status = file.checkpoint.path.stat()
        except OSError:
            return False
        if (status.st_dev, status.st_ino) != file.checkpoint.key or status.st_size < file.checkpoint.offset:
            return False
        file.checkpoint.see(status)
        return True

    def _next(self, file: OutgoingFile) -> Piece | None:
        """The next bytes of a file, if there are any; a word of its new name, if it has one."""
        checkpoint = file.checkpoint
        if not file.unsent and not file.was:
            return None
        try:
            fd = open_file(checkpoint.path)
        except JournalError as error:
            self.problems[file.name] = str(error)
            return None
        try:
            status = os.fstat(fd)
            if (status.st_dev, status.st_ino) != checkpoint.key:
                return None  # another file has its name now: the next look will see
            read = checkpoint.read_on(fd, self._chunk)
            if read is None:
                self._replaced(file, fd)
                read = checkpoint.read_on(fd, self._chunk)
            if read is None:
                return None
            data, before = read
            if checkpoint.packed and (status.st_mtime_ns, status.st_size) != file.hashed:
                return None  # it is not what was hashed
            if not checkpoint.packed and not checkpoint.offset:
                first = identity_of(data)
                if first is None:
                    return None  # its first line is being written
                file.identity = file.identity if file.identity[:16] == first else first
            if not data and not file.was:
                return None
            start = checkpoint.offset
            checkpoint.read_to(data, before, start + len(data))
        finally:
            os.close(fd)
        was, file.was = file.was, ""
        size = status.st_size if checkpoint.packed else None
        return Piece(self._host, file.identity, file.name, start, start + len(data), data, was, size, clock.now())
