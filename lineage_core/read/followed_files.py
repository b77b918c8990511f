"""The journal files of a directory that are followed: which there are, which have changed, which are kept open.

A file is known by its device and inode. Few files grow at a time: each pass looks at those that changed last, and at
the others when the directory is listed again.
"""

from __future__ import annotations

import os
import time
from heapq import nlargest
from pathlib import Path

from lineage_core.base.clock import DAY, parse_timestamp
from lineage_core.base.errors import JournalError
from lineage_core.model.host_file_names import folder_of, host_of
from lineage_core.read.checkpoint import RACY, Checkpoint, Key, PastCheckpoints
from lineage_core.read.journal_files import JournalFile, files

_HOT = 64  # files that changed last (and two a host), which every pass looks at; the others' turn comes with a listing
_LISTING_SHARE = 10  # a listing of more files, to see which of those grew, may take one part in ten of the time
_HELD = 4  # files that grew last, which are kept open
_GRACE = 10.0  # seconds without growth after which a file that is gone is given up


class FollowedFiles:
    """The files of a lineage directory, each with how far it was read.

    since: daily files that cannot hold anything from this time on (microseconds UTC) are not to be read. from_end: what
    stands in the files at the first listing is left out.

    checkpoints: by device and inode, in reading order. gone: how far files were read that are gone, or that another
    reader told of. left_alone: paths that are not to be read for now. problems, unread, missing: as `Tailer` has them.
    """

    def __init__(self, directory: Path, *, since: int | None, from_end: bool) -> None:
        self.directory = directory
        self.checkpoints: dict[Key, Checkpoint] = {}
        self.gone = PastCheckpoints()
        self.left_alone: set[Path] = set()
        self.problems: dict[str, str] = {}
        self.unread: dict[str, str] = {}
        self.missing = False
        self._since = since
        self._from_end = from_end
        self._descriptors: dict[Key, int] = {}  # of files that are kept open, the last used at the end
        self._hot: list[Checkpoint] = []
        self._listed = False
        self._made_at: tuple[int, ...] | None = None
        self._hosts: dict[str, Path] = {}  # that were ever seen, with their directories
        self._next_listing = 0.0

    def list_again(self) -> None:
        """The directory is listed before the next pass: something in it has changed."""
        self._next_listing = 0.0

    def take_descriptor(self, checkpoint: Checkpoint) -> int:
        """The descriptor of a file that is kept open, for `hold_or_close` to take back; -1 if it is not."""
        return self._descriptors.pop(checkpoint.key, -1)

    def close(self) -> None:
        """Close the files that are kept open."""
        while self._descriptors:
            os.close(self._descriptors.popitem()[1])

    def __del__(self) -> None:
        self.close()

    def changed(self) -> list[Checkpoint]:
        """The files that have changed, in reading order."""
        began = time.monotonic()
        made_at: tuple[int, ...] | None
        try:  # of the newest name in each directory
            made_at = tuple(folder.stat().st_mtime_ns for folder in (self.directory, *self._hosts.values()))
        except OSError:
            made_at = None
        if len(self.checkpoints) <= _HOT or made_at != self._made_at or began >= self._next_listing:
            self._made_at = made_at if made_at and time.time_ns() - max(made_at) > RACY else None
            self._list()
            ended = time.monotonic()
            self._next_listing = ended + _LISTING_SHARE * (ended - began)
            checkpoints = list(self.checkpoints.values())
        else:
            checkpoints = [checkpoint for checkpoint in self._hot if self.refresh(checkpoint)]
        return [checkpoint for checkpoint in checkpoints if checkpoint.changed]

    def _list(self) -> None:
        """See which files there are."""
        first, self._listed = not self._listed, True
        problems: dict[str, str] = {}
        unread: dict[str, str] = {}
        listed: list[JournalFile] = []
        try:
            listed = files(self.directory, problems, unread)
            self.missing = False
        except FileNotFoundError:
            self.missing = True
        except JournalError as error:
            problems["."] = str(error)
        self._see_hosts(listed, problems)
        before, self.checkpoints = self.checkpoints, {}
        known, new = list(before.values()), []
        for file in listed:
            key = file.status.st_dev, file.status.st_ino
            if key in self.checkpoints or file.path in self.left_alone:
                continue  # a second name of the same file, or somebody else's for now
            checkpoint = before.pop(key, None)
            if checkpoint is None or (
                checkpoint.path != file.path and (checkpoint.name != file.name or not checkpoint.offset)
            ):
                if checkpoint is not None:
                    self.gone.remember(checkpoint)  # its inode has another file now
                checkpoint = Checkpoint(file.name, key, file.path)
                checkpoint.skip = self._too_old(file)
                checkpoint.from_end = first and self._from_end
                new.append(checkpoint)
            checkpoint.path, checkpoint.lost_at = file.path, None
            checkpoint.see(file.status)
            self.checkpoints[key] = checkpoint
        for checkpoint in before.values():
            self._lose(checkpoint)
        for checkpoint in new:
            self.gone.recognise(checkpoint, known)
        self.unread = unread
        self.problems = problems | {self.label(p): p.problem for p in self.checkpoints.values() if p.problem}
        hot = {
            id(checkpoint)
            for checkpoint in nlargest(
                _HOT + 2 * len(self._hosts),
                self.checkpoints.values(),
                key=lambda checkpoint: checkpoint.changed_at,
            )
        }
        self._hot = [checkpoint for checkpoint in self.checkpoints.values() if id(checkpoint) in hot]

    def _see_hosts(self, listed: list[JournalFile], problems: dict[str, str]) -> None:
        """Note the hosts that there are, and tell of those that there were."""
        present: dict[str, Path] = {}
        for file in listed:
            if (host := host_of(file.name)) and host not in present:
                folder = self.directory / file.path.relative_to(self.directory).parts[0]
                if folder.name == folder_of(file.name):  # else it lies beside the folders of hosts, and may go
                    present[host] = folder
        for host, folder in self._hosts.items():
            if host not in present and folder.name not in problems:
                problems[folder.name] = "its journal files are gone: nothing new is heard of this host"
        self._hosts |= present

    def _too_old(self, file: JournalFile) -> bool:
        """Whether a daily file ended, in any time zone, before the time from which on records are asked for."""
        midnight = parse_timestamp(file.date + "T00:00:00Z") if file.date else None
        return self._since is not None and midnight is not None and midnight + 2 * DAY < self._since

    def _lose(self, checkpoint: Checkpoint) -> None:
        """The file is gone from the directory. As long as it is open and grows, it is read on."""
        present = time.monotonic()
        checkpoint.lost_at = checkpoint.lost_at or present
        fd = self._descriptors.get(checkpoint.key)
        if fd is not None and present - checkpoint.lost_at < _GRACE:
            checkpoint.see(os.fstat(fd))
            self.checkpoints[checkpoint.key] = checkpoint
            return
        self.gone.remember(checkpoint)
        if fd is not None:
            os.close(self._descriptors.pop(checkpoint.key))

    def refresh(self, checkpoint: Checkpoint) -> bool:
        """Look at the file's size again; False if it is not at its path any more."""
        try:
            fd = self._descriptors.get(checkpoint.key)
            status = checkpoint.path.stat() if fd is None else os.fstat(fd)
        except OSError:
            status = None
        if status is None or (status.st_dev, status.st_ino) != checkpoint.key:
            self._next_listing = 0.0
            return False
        checkpoint.see(status)
        return True

    def hold_or_close(self, checkpoint: Checkpoint, fd: int, grown: bool) -> None:
        """Keep a file open that grows, in place of the one that has not grown for longest."""
        if checkpoint.packed or not (grown or checkpoint.lost_at):
            os.close(fd)
            return
        if grown and checkpoint.lost_at:
            checkpoint.lost_at = time.monotonic()
        self._descriptors[checkpoint.key] = fd
        if len(self._descriptors) > _HELD:
            os.close(self._descriptors.pop(next(iter(self._descriptors))))

    def label(self, checkpoint: Checkpoint) -> str:
        """The file's name for people: its path below the directory."""
        try:
            return str(checkpoint.path.relative_to(self.directory))
        except ValueError:
            return str(checkpoint.path)
