"""Archiving moves closed months aside; nothing is lost, nothing is doubled, and every question keeps its answer."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from lineage_core.base.clock import parse_timestamp
from lineage_core.cli import main
from lineage_core.maintenance.archive import archive, due
from lineage_core.model.host_file_names import HOSTS_MARK
from tests.core.maintenance.archived_days import DAYS, archived
from tests.core.maintenance.closed_month import (
    NOW,
    answers,
    archive_all,
    late,
    listing,
    without_offsets,
)


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


@pytest.mark.parametrize("words", [[], ["--dry-run"], ["--combined", "--parquet"]])
def test_what_lies_astray_beside_hosts_is_told_and_left(
    journal: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    archive_all(journal)
    (journal / DAYS[1]).write_bytes(gzip.decompress(archived(journal, DAYS[1]).read_bytes()))
    (journal / HOSTS_MARK).touch()
    before = listing(journal)
    assert main(["archive", "--dir", str(journal), "--json", *words]) == 1
    rows = json.loads(capsys.readouterr().out)
    expected = [DAYS[1], "task-lineage.jsonl"] if "--combined" in words else [DAYS[1]]
    assert [(row["file"], row["status"]) for row in rows] == [(name, "left") for name in expected]
    assert all("beside the directories of hosts" in row["note"] for row in rows)
    assert listing(journal) == before


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
    assert names("2026-11-02T23:59:59Z", 2)[-1] == "2026-10-29"
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
