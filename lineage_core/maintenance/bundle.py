"""A bundle: one zip file with some tasks, to hand to somebody else, and to open again wherever it came from.

    manifest.json   what it is: tasks, the time as of which it was made, versions
    lineage/        the events, redacted, in files of the names that they stood in
    report.txt …    for people; nothing here reads them

The bytes depend on what is in it only. What is opened is somebody else's: only the names of journal files are taken out
of it, into a directory of ours, and no more bytes than a bundle can hold.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import BinaryIO, NamedTuple
from zlib import error as ZlibError  # noqa: N812 (its name in zlib is `error`)

import orjson

from lineage_core.base.clock import format_timestamp, parse_timestamp
from lineage_core.base.errors import JournalError
from lineage_core.read.journal_files import canonical_name

FORMAT = 1
MANIFEST, JOURNAL = "manifest.json", "lineage"
MAX_BYTES = 1 << 30
"""A bundle may unpack to so much …"""
MAX_FILES = 10_000
"""… in so many files; the manifest may have a megabyte."""

_MAX_MANIFEST = 1 << 20
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first that zip knows
_BLOCK = 1 << 20
_DEEPEST = 4  # lineage/HOST/archive/2026-11/FILE has that many folders


class Manifest(NamedTuple):
    """tasks: the ids that were asked for. as_of: microseconds since the epoch. versions: of what made it, by name."""

    tasks: tuple[str, ...]
    as_of: int
    versions: Mapping[str, str]


def pack(file: BinaryIO, manifest: Manifest, members: Mapping[str, bytes]) -> None:
    """Write a bundle. members: the content of files by their names in it. Raises OSError."""
    head = {
        "format": FORMAT,
        "tasks": manifest.tasks,
        "as_of": format_timestamp(manifest.as_of),
        "versions": manifest.versions,
    }
    content = {MANIFEST: orjson.dumps(head, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n", **members}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in sorted(content, key=lambda name: (name != MANIFEST, name)):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, wherever it is made
            entry.external_attr = 0o100644 << 16
            packed.writestr(entry, content[name])


def unpack(path: Path, into: Path) -> Manifest:
    """Take the events out of a bundle, into a lineage directory that is made.

    Raises JournalError for what is no bundle, or one that holds more than it may; then nothing of it is to be used.
    """
    try:
        with zipfile.ZipFile(path) as packed:
            manifest = _manifest(packed)
            names = [name for name in packed.namelist() if _is_journal(name)]
            if len(names) > MAX_FILES:
                raise JournalError(f"{path} holds more than {MAX_FILES:,} files")
            left = MAX_BYTES
            into.mkdir(parents=True, exist_ok=True)
            for name in names:
                left -= _take(packed, name, into.joinpath(*PurePosixPath(name).parts[1:]), left)
                if left < 0:
                    raise JournalError(f"{path} unpacks to more than {MAX_BYTES >> 20:,} MB")
    except OSError as error:
        raise JournalError(f"cannot read {path}: {error.strerror or error}") from error
    except (zipfile.BadZipFile, ZlibError, EOFError, NotImplementedError, RuntimeError, ValueError, KeyError) as error:
        raise JournalError(f"{path} is no bundle of ours: {error}") from None
    return manifest


def _manifest(packed: zipfile.ZipFile) -> Manifest:
    """Raises ValueError or KeyError for what is none."""
    with packed.open(MANIFEST) as file:
        head = orjson.loads(file.read(_MAX_MANIFEST))
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise ValueError(f"it is not of format {FORMAT}")
    as_of = parse_timestamp(str(head["as_of"]))
    tasks, versions = head["tasks"], head["versions"]
    if as_of is None or not isinstance(tasks, list) or not isinstance(versions, dict):
        raise ValueError("its manifest is none")
    return Manifest(tuple(map(str, tasks)), as_of, {str(name): str(version) for name, version in versions.items()})


def _is_journal(name: str) -> bool:
    """Whether a name is that of a journal file below lineage/, and leads nowhere else."""
    parts = name.split("/")
    return (
        parts[0] == JOURNAL
        and 2 <= len(parts) <= _DEEPEST + 1
        and all(part and part[0] != "." and part.isprintable() and "\\" not in part for part in parts)
        and (canonical_name(parts[-1]) or "") == parts[-1]
    )


def _take(packed: zipfile.ZipFile, name: str, to: Path, most: int) -> int:
    """Take out one file; how many bytes it has, at most one block more than `most`."""
    to.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with packed.open(name) as source, to.open("xb") as file:
        while size <= most and (data := source.read(_BLOCK)):
            file.write(data)
            size += len(data)
    return size


@contextmanager
def opened_bundle(path: str) -> Iterator[tuple[Path, int]]:
    """A lineage directory with the events of a bundle, and the time as of which it was made; removed on leaving."""
    with TemporaryDirectory(prefix="lineage-bundle-", ignore_cleanup_errors=True) as folder:
        directory = Path(folder, JOURNAL)
        yield directory, unpack(Path(path), directory).as_of
