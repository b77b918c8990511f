"""The archive waits: for writers of a file, for what is written meanwhile, for another run."""

from __future__ import annotations

import fcntl
import gzip
import os
from pathlib import Path

import pytest

from lineage_core.cli import main
from lineage_core.maintenance.archive import archive
from tests.core.maintenance.archived_days import DAYS, archived, open_writer
from tests.core.maintenance.closed_month import (
    NOW,
    answers,
    archive_all,
    late,
    listing,
)


def test_a_file_that_somebody_has_open_for_writing_waits_for_the_next_run(journal: Path, tmp_path: Path) -> None:
    late(tmp_path / "elsewhere", "task-slow")
    line = (tmp_path / "elsewhere" / DAYS[2]).read_bytes()
    before = answers(journal)
    with open_writer(journal / DAYS[2]) as writer:
        steps = list(archive(journal, NOW, 2, patience=0))
        (left,) = [step for step in steps if step.word == "left"]
        assert left.source.name == DAYS[2]
        assert f"process {writer.pid}" in left.note
        assert (journal / f"{DAYS[2]}.archiving").exists()
        assert answers(journal) == before
        again = [step.word for step in archive(journal, NOW, 2, patience=0)]
        assert again == ["left"]
        writer.communicate(line)
    assert answers(journal)["rows"]["task-slow"].events == 1
    archive_all(journal)
    assert gzip.decompress(archived(journal, DAYS[2]).read_bytes()).endswith(line)
    assert answers(journal)["events"] == before["events"] + 1


def test_a_writer_that_opened_the_file_before_it_was_renamed_is_waited_for(journal: Path, tmp_path: Path) -> None:
    late(tmp_path / "elsewhere", "task-slow")
    line = (tmp_path / "elsewhere" / DAYS[2]).read_bytes()
    with open_writer(journal / DAYS[2]) as writer:
        for step in archive(journal, NOW, 2):
            if step.word == "renamed" and step.source.name == DAYS[2]:
                assert writer.stdin
                writer.stdin.write(line)
                writer.stdin.close()
    assert gzip.decompress(archived(journal, DAYS[2]).read_bytes()).endswith(line)
    assert answers(journal)["rows"]["task-slow"].events == 1


def test_events_written_between_the_steps_are_kept(journal: Path) -> None:
    written = 0
    for _ in archive(journal, NOW, 2):
        late(journal, "task-late")
        written += 1
        assert answers(journal)["rows"]["task-late"].events == written
    archive_all(journal)
    assert answers(journal)["rows"]["task-late"].events == written
    assert [name for name in listing(journal) if "11-13" in name] == [f"archive/2026-11/{DAYS[2]}.gz"]


@pytest.mark.parametrize("word", ["idle", "packed", "verified", "placed"])
def test_a_file_that_grows_after_its_writers_were_waited_for_is_not_removed(
    journal: Path, tmp_path: Path, word: str
) -> None:
    """By a writer that nobody could see, as on a network file system."""
    late(tmp_path / "elsewhere", "task-slow")
    line = (tmp_path / "elsewhere" / DAYS[2]).read_bytes()
    notes = []
    for step in archive(journal, NOW, 2):
        if step.word == word and step.source.name == DAYS[2]:
            with step.source.path.open("ab") as file:
                file.write(line)
        if step.word == "left":
            notes.append(step.note)
    assert notes == ([] if word == "idle" else ["it was written after all; the next run adds what came"])
    assert answers(journal)["rows"]["task-slow"].events == 1
    archive_all(journal)
    assert gzip.decompress(archived(journal, DAYS[2]).read_bytes()).endswith(line)
    assert answers(journal)["rows"]["task-slow"].events == 1


def test_a_second_run_waits_for_the_first_and_then_gives_up_and_says_who(
    journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (journal / "archive").mkdir()
    lock = journal / "archive" / ".lock"
    lock.write_text("4711\n")
    before = listing(journal)
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert main(["archive", "--dir", str(journal), "--lock-wait", "0"]) == 3
        message = capsys.readouterr().err
        assert "process 4711 has held" in message
        assert "the next run goes on where it stopped" in message
        assert listing(journal) == before
    assert main(["archive", "--dir", str(journal), "--lock-wait", "0"]) == 0
    assert lock.read_text() == f"{os.getpid()}\n"
