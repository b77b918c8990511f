"""What the archive does not overwrite, follow, add to or open up: files of others, links, damage, a full disk."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lineage_core.cli import main
from lineage_core.maintenance import gzip_members
from lineage_core.maintenance.archive import archive
from lineage_core.read.compression import unpack
from tests.core.maintenance.archived_days import DAYS, archived, open_writer
from tests.core.maintenance.closed_month import (
    LINEAGE,
    NOW,
    answers,
    archive_all,
    late,
    listing,
)
from tests.namespaces import MOUNTS, in_namespace


def test_what_a_run_left_is_not_overwritten_by_a_file_of_the_same_day(journal: Path) -> None:
    for step in archive(journal, NOW, 2):
        if step.word == "renamed" and step.source.name == DAYS[2]:
            break
    moved = journal / f"{DAYS[2]}.archiving"
    other = moved.read_bytes()
    late(journal, "task-late")
    fd = os.open(moved, os.O_RDONLY)
    with open_writer(moved) as writer:  # so that the run cannot finish it
        notes = [step.note for step in archive(journal, NOW, 2, patience=0) if step.word == "left"]
        writer.communicate(b"")
    os.close(fd)
    assert f"{moved.name} is in its way" in notes
    assert moved.read_bytes() == other
    archive_all(journal)
    assert answers(journal)["rows"]["task-late"].events == 1


def test_an_archive_that_does_not_unpack_to_its_source_does_not_take_its_place(
    journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bad disk: what is read back is not what was written."""
    before, unpack_whole = answers(journal), gzip_members.unpacked

    def flipped(path: Path) -> Iterator[bytes]:
        for data in unpack_whole(path):
            yield data.replace(b"task", b"tusk") if path.name.endswith(".tmp") else data

    with monkeypatch.context() as patch:
        patch.setattr(gzip_members, "unpacked", flipped)
        notes = [step.note for step in archive(journal, NOW, 2) if step.word == "left"]
    assert len(notes) == len(DAYS)
    assert all("does not unpack to what was packed" in note for note in notes)
    assert not list(journal.rglob("*.gz*"))
    assert answers(journal) == before
    archive_all(journal)
    assert answers(journal) == before


def test_what_is_no_regular_file_is_not_archived(journal: Path, tmp_path: Path) -> None:
    (tmp_path / "target.jsonl").write_bytes((journal / DAYS[0]).read_bytes())
    (journal / "lineage-2026-11-01.jsonl").symlink_to(tmp_path / "target.jsonl")
    os.mkfifo(journal / "lineage-2026-11-02.jsonl")
    (journal / "lineage-2026-11-03.jsonl").mkdir()
    archive_all(journal)
    assert {path.name for path in journal.glob("lineage-2026-11-0*")} == {
        f"lineage-2026-11-0{day}.jsonl" for day in (1, 2, 3)
    }
    assert (tmp_path / "target.jsonl").stat().st_size


def test_a_damaged_archive_is_not_added_to(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive_all(journal)
    path = archived(journal, DAYS[2])
    path.write_bytes(path.read_bytes()[:-30])
    damaged = path.read_bytes()
    late(journal, "task-late")
    assert main(["archive", "--dir", str(journal)]) == 1
    assert "cannot be added to: cut short" in capsys.readouterr().out
    assert path.read_bytes() == damaged
    assert answers(journal)["rows"]["task-late"].events == 1
    late(journal, "task-latest")
    assert main(["archive", "--dir", str(journal)]) == 1
    rows = answers(journal)["rows"]
    assert rows["task-late"].events == rows["task-latest"].events == 1, "nothing took the name of what was left"


def test_what_packs_as_well_as_a_bomb_is_stored_so_that_readers_take_it(journal: Path) -> None:
    path = journal / DAYS[0]
    with path.open("r+b") as file:
        file.truncate(70 << 20)
    archive_all(journal)
    with archived(journal, DAYS[0]).open("rb") as packed:
        assert sum(map(len, unpack(packed.fileno(), 1 << 20))) == 70 << 20


def test_folders_and_files_of_the_archive_are_as_open_as_the_journal(journal: Path) -> None:
    journal.chmod(0o2770)
    (journal / DAYS[0]).chmod(0o640)
    (journal / DAYS[2]).chmod(0o600)
    mask = os.umask(0o077)
    try:
        archive_all(journal)
    finally:
        os.umask(mask)
    assert (journal / "archive").stat().st_mode & 0o7777 == 0o2770
    assert (journal / "archive" / "2026-11").stat().st_mode & 0o7777 == 0o2770
    assert (journal / "archive" / ".lock").stat().st_mode & 0o7777 == 0o660
    assert archived(journal, DAYS[0]).stat().st_mode & 0o7777 == 0o640
    assert archived(journal, DAYS[2]).stat().st_mode & 0o7777 == 0o600


def test_a_symbolic_link_in_the_place_of_the_new_file_is_not_followed(journal: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    folder = journal / "archive" / "2026-11"
    folder.mkdir(parents=True)
    (folder / f"{DAYS[0]}.gz.tmp").symlink_to(victim)
    archive_all(journal)
    assert victim.read_text() == "precious"


def test_a_full_disk_leaves_the_file_where_it_is(journal: Path, tmp_path: Path, need_tool) -> None:
    """Where no disk of our own is to be had, a limit for the size of files stands for it."""
    before = in_namespace(need_tool, "-rm", MOUNTS)
    mount = f"mount -t tmpfs -o size=900k none {tmp_path}/disk &&" if before else ""
    limit = "" if before else "ulimit -f 200;"
    noise = os.urandom(300_000).hex()
    with (journal / DAYS[2]).open("a") as file:
        file.write(json.dumps({"noise": noise}) + "\n")
    script = f"""
        {mount} cp -a {journal}/. {tmp_path}/disk/ || exit 99
        ({limit} {LINEAGE} archive --dir {tmp_path}/disk); echo $? > {tmp_path}/code
        cp -a {tmp_path}/disk/. {tmp_path}/after/
    """
    (tmp_path / "disk").mkdir()
    (tmp_path / "after").mkdir()
    run = subprocess.run([*(before or ()), "sh", "-c", script], capture_output=True, text=True)
    assert (tmp_path / "code").read_text() == "1\n", run.stderr
    assert ("No space left on device" if before else "File too large") in run.stdout
    after = listing(tmp_path / "after")
    assert not [name for name in after if name.endswith(".tmp")]
    assert after[f"{DAYS[2]}.archiving"] == (journal / DAYS[2]).read_bytes()
