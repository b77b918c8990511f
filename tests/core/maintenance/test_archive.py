"""Archiving moves closed months aside; nothing is lost, nothing is doubled, and every question keeps its answer."""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from lineage_core.base.clock import parse_timestamp
from lineage_core.cli import main
from lineage_core.maintenance import gzip_members
from lineage_core.maintenance.archive import archive, due
from lineage_core.read.compression import unpack
from tests.core.maintenance.closed_month import (
    LINEAGE,
    NOW,
    answers,
    archive_all,
    late,
    listing,
    november,
    without_offsets,
)

DAYS = ["lineage-2026-11-11.jsonl", "lineage-2026-11-12.jsonl", "lineage-2026-11-13.jsonl", "lineage-2026-11-22.jsonl"]


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINEAGE_NOW", "2026-12-03T04:00:00Z")
    return november(tmp_path / "lineage")


def archived(journal: Path, name: str) -> Path:
    return journal / "archive" / name[8:15] / f"{name}.gz"


@pytest.mark.clock
def test_the_days_of_closed_months_are_packed_byte_for_byte(journal: Path) -> None:
    before = listing(journal)
    assert set(DAYS) <= set(before)
    archive_all(journal)
    after = listing(journal)
    for name in DAYS:
        assert name not in after
        assert gzip.decompress(after[f"archive/2026-11/{name}.gz"]) == before[name]
    kept = {"lineage-2026-12-03.jsonl", "task-lineage.jsonl"}
    assert set(after) == kept | {f"archive/2026-11/{name}.gz" for name in DAYS}
    assert all(after[name] == before[name] for name in kept)


def test_answers_are_the_same_before_during_and_after(journal: Path) -> None:
    before = answers(journal)
    words = set()
    for step in archive(journal, NOW, 2):
        words.add(step.word)
        assert answers(journal) == before, step
    assert words == {"renamed", "idle", "packed", "verified", "placed", "removed"}
    assert answers(journal) == before


def test_a_run_that_ended_at_any_step_is_finished_by_the_next(journal: Path, tmp_path: Path) -> None:
    before = answers(journal)
    steps = len(archive_all(Path(shutil.copytree(journal, tmp_path / "whole"))))
    for count in range(1, steps):
        copy = Path(shutil.copytree(journal, tmp_path / f"after-{count}"))
        run = archive(copy, NOW, 2)
        for _ in range(count):
            next(run)
        run.close()
        assert answers(copy) == before, count
        archive_all(copy)
        assert answers(copy) == before, count
        assert listing(copy) == listing(tmp_path / "whole"), count


CHANGING = ("rename", "unlink", "mkdir", "fsync", "write", "pwrite64", "ftruncate", "fchmod", "fchown", "flock")


def test_a_run_killed_at_any_system_call_loses_nothing(journal: Path, tmp_path: Path, need_tool) -> None:
    archive_all(journal)
    late(journal, "task-late")
    late(journal, "task-later", "2026-11-14T00:00:00Z")
    before = without_offsets(answers(journal))
    script = "from lineage_core.maintenance.archive import archive; from pathlib import Path;"
    script += f" list(archive(Path('.'), {NOW}, 2))"
    python = [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {script}"]
    ends, killed = set(), Counter()
    for call, number in ((call, number) for call in CHANGING for number in range(1, 100)):
        if killed[call] != number - 1:
            continue
        copy = Path(shutil.copytree(journal, tmp_path / f"{call}-{number}"))
        killing = ["-f", "-qq", "-o", "/dev/null", f"--inject={call}:signal=SIGKILL:when={number}"]
        run = subprocess.run([need_tool("strace"), *killing, *python], cwd=copy, stderr=subprocess.PIPE)
        assert without_offsets(answers(copy)) == before, (call, number)
        archive_all(copy)
        assert without_offsets(answers(copy)) == before, (call, number)
        ends.add(repr(listing(copy)))
        if run.returncode:
            assert run.returncode in (-9, 137), run.stderr
            killed[call] = number
    assert killed["rename"] == 4
    assert killed["unlink"] >= 2
    assert killed["fsync"] >= 6
    assert killed["write"] >= 2
    assert len(ends) == 1, "all ways end in the same bytes"


def test_late_events_become_one_more_member_behind_the_same_bytes(journal: Path) -> None:
    archive_all(journal)
    path = archived(journal, DAYS[2])
    first = path.read_bytes()
    late(journal, "task-late")
    line = (journal / DAYS[2]).read_bytes()
    before = answers(journal)["rows"]
    archive_all(journal)
    assert path.read_bytes()[: len(first)] == first
    assert gzip.decompress(path.read_bytes()) == gzip.decompress(first) + line
    assert answers(journal)["rows"] == before
    (fact,) = answers(journal)["facts"]["task-late"]
    assert fact[1:3] == (DAYS[2], len(gzip.decompress(first))), "offsets go on where the archived day ended"


def test_late_events_start_a_line_of_their_own_behind_a_torn_end(journal: Path) -> None:
    with (journal / DAYS[2]).open("ab") as file:
        file.write(b'{"lineage_id":"lineage-7","task_id":"task-to')
    archive_all(journal)
    late(journal, "task-late")
    archive_all(journal)
    assert answers(journal)["rows"]["task-late"].events == 1
    assert len(answers(journal)["rejected"]) == 1


def test_archives_of_equal_files_are_equal(journal: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(journal, tmp_path / "copy"))
    archive_all(journal)
    for path in copy.glob("*.jsonl"):
        os.utime(path, (1, 1))
    archive_all(copy)
    assert listing(copy) == listing(journal)


@pytest.mark.clock
def test_only_files_of_closed_months_older_than_keep_days_are_due(tmp_path: Path) -> None:
    for day in ("2026-09-30", "2026-10-01", "2026-10-29", "2026-10-31", "2026-11-01"):
        (tmp_path / f"lineage-{day}.jsonl").touch()
    for other in ("lineage-2026-09-01.jsonl.1", "lineage-2026-09-02.jsonl.gz", "notes.txt", "lineage-2026-9-1.jsonl"):
        (tmp_path / other).touch()
    (tmp_path / "lineage-2026-09-03.jsonl").mkdir()
    (tmp_path / "lineage-2026-09-04.jsonl").symlink_to(tmp_path / "notes.txt")

    def names(now: str, keep_days: int) -> list[str]:
        return [source.name[8:18] for source in due(tmp_path, parse_timestamp(now) or 0, keep_days)]

    assert names("2026-10-31T23:59:59Z", 0) == ["2026-09-30"]
    assert names("2026-11-01T00:00:00Z", 0) == ["2026-09-30", "2026-10-01", "2026-10-29", "2026-10-31"]
    assert names("2026-11-01T00:00:00Z", 2) == ["2026-09-30", "2026-10-01", "2026-10-29"]
    assert names("2026-11-03T00:00:00Z", 2)[-1] == "2026-10-31"
    assert names("2026-11-15T00:00:00Z", 30) == ["2026-09-30", "2026-10-01"]


def test_a_dry_run_tells_what_would_go_and_changes_nothing(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = listing(journal)
    assert main(["archive", "--dir", str(journal), "--dry-run", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["file"], row["status"], row["bytes"]) for row in rows] == [
        (name, "due", len(before[name])) for name in DAYS
    ]
    assert listing(journal) == before
    assert not (journal / "archive").exists()


def test_the_command_tells_each_file_and_then_that_there_is_nothing_to_do(
    journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["archive", "--dir", str(journal)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == DAYS
    assert lines[0].endswith(f"went to archive/2026-11/{DAYS[0]}.gz")
    assert main(["archive", "--dir", str(journal)]) == 0
    assert capsys.readouterr().out == "nothing to archive: no daily file of a month that is over\n"
    assert main(["archive", "--dir", str(journal / "nowhere")]) == 3


WRITER = """
import os, sys
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND)
print("open", flush=True)
os.write(fd, sys.stdin.buffer.readline())
"""


def open_writer(path: Path) -> subprocess.Popen[bytes]:
    """A process that has the file open and writes the line it is given before it ends."""
    writer = subprocess.Popen(
        [sys.executable, "-S", "-c", WRITER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert writer.stdout and writer.stdout.readline() == b"open\n"
    return writer


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
    noise = os.urandom(300_000).hex()
    with (journal / DAYS[2]).open("a") as file:
        file.write(json.dumps({"noise": noise}) + "\n")
    script = f"""
        mount -t tmpfs -o size=900k none {tmp_path}/disk && cp -a {journal}/. {tmp_path}/disk/ || exit 99
        {LINEAGE} archive --dir {tmp_path}/disk; echo $? > {tmp_path}/code
        cp -a {tmp_path}/disk/. {tmp_path}/after/
    """
    (tmp_path / "disk").mkdir()
    (tmp_path / "after").mkdir()
    run = subprocess.run([need_tool("unshare"), "-rm", "sh", "-c", script], capture_output=True, text=True)
    assert (tmp_path / "code").read_text() == "1\n", run.stderr
    assert "No space left on device" in run.stdout
    after = listing(tmp_path / "after")
    assert not [name for name in after if name.endswith(".tmp")]
    assert after[f"{DAYS[2]}.archiving"] == (journal / DAYS[2]).read_bytes()


def test_archived_months_are_written_as_parquet_when_asked_for(
    journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import polars

    assert main(["archive", "--dir", str(journal), "--parquet"]) == 0
    path = journal / "archive" / "2026-11" / "events-2026-11.parquet"
    assert capsys.readouterr().out.splitlines()[-1].endswith("written to archive/2026-11/events-2026-11.parquet")
    assert polars.read_parquet(path).height == 330
    assert main(["archive", "--dir", str(journal), "--parquet"]) == 0
    assert capsys.readouterr().out.startswith("nothing to archive"), "it is written once"
    late(journal, "task-late")
    assert main(["archive", "--dir", str(journal), "--parquet"]) == 0
    assert polars.read_parquet(path).height == 331
    assert answers(journal)["events"] == 332


def test_the_combined_file_is_archived_only_when_asked_for(journal: Path) -> None:
    before, content = answers(journal), (journal / "task-lineage.jsonl").read_bytes()
    written = parse_timestamp("2026-12-02T12:00:00Z") or 0
    os.utime(journal / "task-lineage.jsonl", ns=(written * 1000, written * 1000))
    archive_all(journal)
    assert (journal / "task-lineage.jsonl").exists()
    archive_all(journal, combined=True)
    path = journal / "archive" / "task-lineage.jsonl-20261202.gz"
    assert gzip.decompress(path.read_bytes()) == content
    assert not (journal / "task-lineage.jsonl").exists()
    assert answers(journal) == before
