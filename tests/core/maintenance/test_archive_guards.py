"""What stands between a file and its removal: each thing that may go wrong meanwhile keeps it, and says why."""

from __future__ import annotations

import gzip
import os
import re
import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lineage_core.base.errors import JournalError
from lineage_core.maintenance.archive import Step, archive, due
from tests.core.maintenance.closed_month import NOW

DAY = "lineage-2026-11-12.jsonl"
NEXT = "lineage-2026-11-13.jsonl"
LINE = b'{"lineage_id":"lineage-1"}\n'


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    folder = tmp_path / "lineage"
    folder.mkdir(mode=0o750)
    (folder / DAY).write_bytes(LINE * 3)
    return folder


def packed(journal: Path) -> Path:
    return journal / "archive" / "2026-11" / f"{DAY}.gz"


def run(journal: Path, **at: Callable[[], object]) -> list[Step]:
    """One run; `at` names what is done after which step. A step is told only when it is done."""
    steps = []
    for step in archive(journal, NOW, 2, patience=0):
        steps.append(step)
        at.get(step.word, lambda: None)()
    return steps


def test_each_step_is_told_in_its_order(journal: Path) -> None:
    (journal / NEXT).write_bytes(LINE)
    steps = run(journal)
    each = ["idle", "packed", "verified", "placed", "removed"]
    assert [step.word for step in steps] == ["renamed", "renamed", *each, *each]
    assert [step.source.name for step in steps] == [DAY, NEXT, *[DAY] * 5, *[NEXT] * 5]
    assert {step.note for step in steps} == {""}
    assert steps[0].source.size == len(LINE * 3)
    assert not steps[0].source.moved or steps[0].source.path.name.endswith(".archiving")
    assert sorted(os.listdir(journal)) == ["archive"]
    assert sorted(os.listdir(journal / "archive" / "2026-11")) == [f"{DAY}.gz", f"{NEXT}.gz"]


@pytest.mark.parametrize("when", ["packed", "verified", "placed"])
def test_a_file_that_grows_after_it_was_packed_is_not_removed(journal: Path, when: str) -> None:
    moved = journal / f"{DAY}.archiving"

    def grow() -> None:
        with moved.open("ab") as file:
            file.write(b"late\n")

    steps = run(journal, **{when: grow})
    assert steps[-1].word == "left"
    assert steps[-1].note == "it was written after all; the next run adds what came"
    assert moved.read_bytes() == LINE * 3 + b"late\n"
    assert gzip.decompress(packed(journal).read_bytes()) == LINE * 3
    run(journal)
    assert not moved.exists()
    assert gzip.decompress(packed(journal).read_bytes()).endswith(b"late\n")


@pytest.mark.parametrize("when", ["placed", "verified"])
def test_a_file_that_is_cut_short_after_it_was_packed_is_not_removed(journal: Path, when: str) -> None:
    moved = journal / f"{DAY}.archiving"
    steps = run(journal, **{when: lambda: os.truncate(moved, 5)})
    assert steps[-1].word == "left"
    assert moved.exists()


def test_a_file_that_changes_between_packing_and_comparing_is_not_removed(journal: Path) -> None:
    moved = journal / f"{DAY}.archiving"

    def change() -> None:
        with moved.open("r+b") as file:
            file.write(b"#")

    steps = run(journal, packed=change)
    assert [step.word for step in steps] == ["renamed", "idle", "packed", "left"]
    assert steps[-1].note == f"{packed(journal)}.tmp does not unpack to what was packed (a bad disk?)"
    assert steps[-1].source.path == moved
    assert moved.exists()
    assert os.listdir(packed(journal).parent) == [], "nothing half done stays"


def test_what_cannot_be_unpacked_again_is_not_put_in_its_place(journal: Path) -> None:
    fresh = packed(journal).with_name(f"{DAY}.gz.tmp")
    steps = run(journal, packed=lambda: os.truncate(fresh, 12))
    assert [step.word for step in steps] == ["renamed", "idle", "packed", "left"]
    assert (journal / f"{DAY}.archiving").read_bytes() == LINE * 3
    assert not packed(journal).exists()
    assert not fresh.exists()


def test_a_file_that_is_gone_meanwhile_is_told_and_the_next_is_archived(journal: Path) -> None:
    (journal / NEXT).write_bytes(LINE)
    moved = journal / f"{DAY}.archiving"
    steps = run(journal, renamed=lambda: moved.unlink(missing_ok=True))
    (left,) = [step for step in steps if step.word == "left"]
    assert left.source.name == DAY
    assert left.note == f"{moved}: No such file or directory"
    assert [step.source.name for step in steps if step.word == "removed"] == [NEXT]


@pytest.mark.parametrize("when", ["idle", "packed", "verified", "placed"])
def test_a_file_that_goes_away_late_is_named(journal: Path, when: str) -> None:
    moved = journal / f"{DAY}.archiving"
    steps = run(journal, **{when: moved.unlink})
    (left,) = [step for step in steps if step.word == "left"]
    assert left.note.lower() == f"{moved}: no such file or directory".lower()


def test_a_file_that_goes_away_before_it_is_renamed_is_told_and_the_next_is_archived(journal: Path) -> None:
    (journal / NEXT).write_bytes(LINE)
    (journal / "lineage-2026-11-14.jsonl").write_bytes(LINE)
    gone = journal / NEXT
    steps = run(journal, renamed=lambda: gone.unlink(missing_ok=True))
    assert [(step.source.name, step.note) for step in steps if step.word == "left"] == [
        (NEXT, "it went away meanwhile")
    ]
    assert len([step for step in steps if step.word == "removed"]) == 2


def test_what_was_only_to_be_removed_is_not_packed_again(journal: Path) -> None:
    run(journal)
    before = packed(journal).read_bytes()
    (journal / f"{DAY}.archiving").write_bytes(LINE * 3)
    assert [step.word for step in run(journal)] == ["idle", "placed", "removed"]
    assert packed(journal).read_bytes() == before
    assert not (journal / f"{DAY}.archiving").exists()


def test_what_a_run_left_and_what_is_new_of_the_same_day_both_go(journal: Path) -> None:
    (journal / f"{DAY}.archiving").write_bytes(b"first\n")
    steps = run(journal)
    assert [step.word for step in steps].count("removed") == 2
    assert gzip.decompress(packed(journal).read_bytes()) == b"first\n" + LINE * 3


def test_something_else_of_the_name_that_it_would_get_is_in_its_way(journal: Path) -> None:
    (journal / f"{DAY}.archiving").symlink_to("nowhere")
    (journal / NEXT).write_bytes(LINE)
    steps = run(journal)
    assert (steps[0].word, steps[0].note) == ("left", f"{DAY}.archiving is in its way")
    assert steps[0].source.name == DAY
    assert (journal / DAY).read_bytes() == LINE * 3
    assert [step.source.name for step in steps if step.word == "removed"] == [NEXT], "the others go on"


def test_a_file_that_is_still_written_is_left_by_this_run_and_the_next_and_the_others_go_on(journal: Path) -> None:
    for name in (NEXT, "lineage-2026-11-14.jsonl"):
        with (journal / DAY if name == NEXT else journal / f"{DAY}.archiving").open("ab"):
            (journal / name).write_bytes(LINE)
            steps = run(journal)
        (left,) = [step for step in steps if step.word == "left"]
        assert left.source.name == DAY
        assert re.fullmatch(r"somebody( \(process .*\))? still has it open for writing after 0 s", left.note)
        assert [step.source.name for step in steps if step.word == "removed"] == [name]


@pytest.fixture
def limited() -> Iterator[Callable[[int, int], None]]:
    """Sets a limit of this process until the test is over."""
    before = {kind: resource.getrlimit(kind) for kind in (resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE)}
    yield lambda kind, limit: resource.setrlimit(kind, (limit, before[kind][1]))
    for kind, limits in before.items():
        resource.setrlimit(kind, limits)


def test_a_disk_on_which_it_does_not_fit_is_told(journal: Path, limited: Callable[[int, int], None]) -> None:
    steps = run(journal, idle=lambda: limited(resource.RLIMIT_FSIZE, 20))
    assert (steps[-1].word, steps[-1].note) == ("left", "writing: File too large")
    assert (journal / f"{DAY}.archiving").read_bytes() == LINE * 3
    assert os.listdir(packed(journal).parent) == [], "nothing half done stays"


def test_what_went_wrong_is_told_where_the_new_file_was_not_even_begun(
    journal: Path, limited: Callable[[int, int], None]
) -> None:
    packed(journal).parent.mkdir(parents=True)
    steps = run(journal, idle=lambda: limited(resource.RLIMIT_NOFILE, 3))
    assert (steps[-1].word, steps[-1].note) == ("left", f"{packed(journal)}.tmp: Too many open files")


def test_the_combined_file_goes_only_when_asked_for(journal: Path) -> None:
    (journal / DAY).rename(journal / "task-lineage.jsonl")
    assert list(archive(journal, NOW, 2)) == []
    steps = list(archive(journal, NOW, 2, combined=True))
    assert [step.source.name for step in steps if step.word == "removed"] == ["task-lineage.jsonl"]


def test_nothing_is_made_where_nothing_is_due(tmp_path: Path) -> None:
    assert list(archive(tmp_path, NOW, 2)) == []
    assert os.listdir(tmp_path) == []


def test_a_directory_that_cannot_be_listed_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=f"cannot list {tmp_path}/none: No such file or directory"):
        due(tmp_path / "none", NOW, 2)


def test_what_cannot_be_made_is_named(journal: Path) -> None:
    (journal / "archive").write_text("a file")
    with pytest.raises(JournalError, match=f"cannot archive {journal}/archive: File exists"):
        list(archive(journal, NOW, 2))
    assert (journal / DAY).read_bytes() == LINE * 3


def test_the_combined_file_is_due_only_when_asked_for_but_always_when_a_run_left_it(journal: Path) -> None:
    (journal / "task-lineage.jsonl").write_bytes(LINE)
    assert [source.name for source in due(journal, NOW, 2)] == [DAY]
    both = due(journal, NOW, 2, combined=True)
    assert [source.name for source in both] == [DAY, "task-lineage.jsonl"]
    assert [source.size for source in both] == [len(LINE * 3), len(LINE)]
    (journal / "task-lineage.jsonl").rename(journal / "task-lineage.jsonl.archiving")
    left = due(journal, NOW, 2)[1]
    assert (left.name, left.moved) == ("task-lineage.jsonl", True)
    os.utime(left.path, (1_764_460_800, 1_764_460_800))  # 2025-11-30T00:00:00Z
    assert due(journal, NOW, 2)[1].target == journal / "archive" / "task-lineage.jsonl-20251130.gz"


def test_folders_are_made_as_the_journal_is(journal: Path) -> None:
    mask = os.umask(0)
    try:
        run(journal)
    finally:
        os.umask(mask)
    for folder in (journal / "archive", packed(journal).parent):
        assert folder.stat().st_mode & 0o7777 == 0o750


def test_names_are_durable_before_what_depends_on_them(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    happened: list[str] = []
    sync, unlink, rename = os.fsync, Path.unlink, Path.rename

    def relative(path: str | os.PathLike[str]) -> str:
        return os.path.relpath(os.fspath(path), journal)

    def synced(fd: int) -> None:
        happened.append(f"sync {relative(os.readlink(f'/proc/self/fd/{fd}'))}")
        sync(fd)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(
        Path, "unlink", lambda path, **how: happened.append(f"unlink {relative(path)}") or unlink(path, **how)
    )
    monkeypatch.setattr(
        Path, "rename", lambda path, to: happened.append(f"rename {relative(path)}") or rename(path, to)
    )
    run(journal)
    place = f"archive/2026-11/{DAY}.gz"
    assert happened == [
        "sync .",  # the folder `archive`
        f"rename {DAY}",
        "sync .",
        "sync archive",  # the folder of the month
        f"unlink {place}.tmp",  # of a run that was killed
        f"sync {place}.tmp",
        f"rename {place}.tmp",
        "sync archive/2026-11",
        f"unlink {DAY}.archiving",
        "sync .",
    ]


def test_no_descriptor_stays_open(journal: Path) -> None:
    before = os.listdir("/proc/self/fd")
    run(journal)
    assert len(os.listdir("/proc/self/fd")) == len(before)
