"""`lineage doctor` reports exactly the faults that were planted, each with what to do."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from lineage_core import demo
from lineage_core.base import clock
from lineage_core.base.clock import HOUR, MINUTE
from lineage_core.cli import main
from lineage_core.integration import install as shell_install
from lineage_core.maintenance.doctor import CHECKS, CheckResult, Surroundings, Word, examine, host
from lineage_core.write.journal import Journal
from tests import build
from tests.conftest import CORTEX
from tests.core.maintenance.closed_month import LINEAGE
from tests.wallclock import now

pytestmark = pytest.mark.clock


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A directory of the last three days, in which everything is in order."""
    demo.backfill(tmp_path / "lineage", 300, days=2)
    return tmp_path / "lineage"


def problems(journal: Path, home: Path | None = None, **options: Any) -> list[tuple[str, str, str]]:
    """Check, text and advice of each problem."""
    found = list(examine(Surroundings(journal, home, now(), **options)))
    return [(v.check, v.text, v.advice) for v in found if v.word is Word.PROBLEM]


def only(journal: Path, home: Path | None = None, **options: Any) -> tuple[str, str, str]:
    """The one problem that there is."""
    found = problems(journal, home, **options)
    assert len(found) == 1, found
    return found[0]


def newest(journal: Path) -> Path:
    return max(journal.glob("lineage-*.jsonl"))


def oldest(journal: Path) -> Path:
    return min(journal.glob("lineage-*.jsonl"))


def record(**changes: Any) -> dict[str, Any]:
    """A record of now."""
    made = {"lineage_id": f"lineage-{now():016d}0000001000", "task_id": "task-1", "event_type": "task_created",
            "timestamp": clock.format_timestamp(now()), "event_data": {}}  # fmt: skip
    return build.record(**made | changes)


def test_a_directory_in_order_has_no_problem(journal: Path) -> None:
    found = list(examine(Surroundings(journal, None, now())))
    assert [(v.check, v.word) for v in found if v.word is Word.PROBLEM] == []
    assert [v.check for v in found] == list(CHECKS)
    assert {v.check for v in found if v.word is Word.NOTE} == {"times", "library", "integration"}


def test_a_directory_that_does_not_exist(tmp_path: Path) -> None:
    check, text, advice = only(tmp_path / "nowhere")
    assert check == "directory"
    assert text.endswith("nowhere does not exist")
    assert "the first event makes it" in advice


def test_a_directory_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "lineage").touch()
    assert only(tmp_path / "lineage")[0] == "directory"


def test_quarantined_bytes(journal: Path) -> None:
    lines = oldest(journal).read_bytes().splitlines(keepends=True)
    oldest(journal).write_bytes(b"".join([*lines[:3], b"garbage\n", *lines[3:]]))
    check, text, advice = only(journal)
    assert check == "records"
    assert text == f"1 quarantined pieces, 7 bytes, the first at {oldest(journal).name}:4"
    assert advice == "`lineage validate` lists them"


def test_a_record_that_stands_twice(journal: Path) -> None:
    lines = oldest(journal).read_bytes().splitlines(keepends=True)
    with newest(journal).open("ab") as file:
        file.write(lines[0])
    check, text, _ = only(journal)
    assert check == "records"
    assert text.startswith("1 records stand twice")


def test_the_combined_file_of_the_legacy_library_is_no_double(journal: Path) -> None:
    shutil.copy(oldest(journal), journal / "task-lineage.jsonl")
    assert problems(journal) == []


def test_a_torn_end(journal: Path) -> None:
    with newest(journal).open("ab") as file:
        file.write(b'{"lineage_id":"lineage-1","tas')
    number = newest(journal).read_bytes().count(b"\n") + 1
    check, text, _ = only(journal)
    assert (check, text) == ("torn", f"1 torn ends, the first at {newest(journal).name}:{number}")


def test_a_legacy_record_that_is_being_written_is_not_torn(journal: Path) -> None:
    with newest(journal).open("ab") as file:
        file.write(b'{\n  "lineage_id": "lineage-1",\n')
    os.utime(newest(journal), (now() / 1e6, now() / 1e6))  # as the clock has it that the doctor reads
    assert problems(journal) == []
    os.utime(newest(journal), (1, 1))
    assert only(journal)[0] == "torn"


def test_events_from_the_future(journal: Path) -> None:
    at = now() + 2 * HOUR + MINUTE
    Journal(journal).log("task_created", "task-1", "kim", timestamp=clock.format_timestamp(at))
    check, text, _ = only(journal)
    assert check == "clock"
    assert text.startswith("1 events up to 2h0")


def test_a_clock_that_went_back(journal: Path) -> None:
    at = now() - 30 * MINUTE
    back = record(lineage_id=f"lineage-{at:016d}0000001000")
    with newest(journal).open("ab") as file:
        file.write(json.dumps(record(task_id="task-2")).encode() + b"\n" + json.dumps(back).encode() + b"\n")
    check, text, _ = only(journal)
    assert check == "clock"
    assert text.startswith("the clock went back 1 times, by up to 30m")


def test_slow_writes_and_fast_ones(journal: Path) -> None:
    def log(took: int) -> None:
        Journal(journal).log("task_created", "task-1", "kim", data={"metadata": {"log_us": took}})

    for took in range(400, 500):
        log(took)
    (verdict,) = examine(Surroundings(journal, None, now()), ["times"])
    assert verdict.word is Word.OK
    assert verdict.values == {"count": 100, "p50_us": 450, "p95_us": 495, "p99_us": 499}
    for _ in range(10):
        log(90_000)
    assert only(journal)[:2] == ("times", "p50 0.5 ms, p95 90.0 ms, p99 90.0 ms of 110 calls")


def test_a_file_over_100_megabytes(journal: Path) -> None:
    with (journal / "task-lineage.jsonl").open("w") as file:
        for number in range(7):
            data = {"metadata": {"note": str(number) * 15_000_000}}
            file.write(json.dumps(record(task_id=f"task-{number}", event_data=data)) + "\n")
    check, text, advice = only(journal)
    assert (check, text) == ("size", "over 100.0 MB: task-lineage.jsonl, the largest 105.0 MB")
    assert "lineage archive --combined" in advice


def test_the_size_limit_can_be_set(journal: Path) -> None:
    assert {check for check, *_ in problems(journal, size_limit=1000)} == {"size"}


@pytest.mark.parametrize(
    ("plant", "text"),
    [
        (lambda path: os.mkfifo(path), "not a file but a pipe"),
        (lambda path: path.mkdir(), "not a file but a directory"),
        (lambda path: path.symlink_to(path), "too many levels of symbolic links"),
        (lambda path: path.symlink_to("nothing"), "a symbolic link to nothing"),
        (lambda path: (path.parent / "x").touch() or path.symlink_to("x"), "is a symbolic link"),
        (lambda path: path.with_name(f"{path.name}.lz4").touch(), "packed in a way that is not understood"),
        (lambda path: path.with_name(f"{path.name}.archiving").touch(), "an archive run was ended in the middle"),
    ],
)
def test_what_is_named_like_a_journal_file_and_is_none(journal: Path, plant: Callable[[Path], None], text: str) -> None:
    plant(journal / "lineage-2020-01-01.jsonl")
    check, found, _ = only(journal)
    assert check == "names"
    assert "lineage-2020-01-01.jsonl" in found
    assert text in found


def test_what_a_killed_archive_run_left_is_told_unless_one_runs(journal: Path) -> None:
    import fcntl

    (journal / "archive" / "2020-01").mkdir(parents=True, mode=0o700)
    (journal / "archive" / "2020-01" / "lineage-2020-01-01.jsonl.gz.tmp").touch()
    (journal / "archive" / ".lock").touch()
    check, text, advice = only(journal)
    assert (check, advice) == ("names", "lineage archive")
    assert text.endswith("archive/2020-01/lineage-2020-01-01.jsonl.gz.tmp")
    with (journal / "archive" / ".lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert problems(journal) == []


def test_an_archive_that_is_cut_short(journal: Path) -> None:
    packed = gzip.compress(oldest(journal).read_bytes())
    oldest(journal).with_suffix(".jsonl.gz").write_bytes(packed[:-20])
    oldest(journal).unlink()
    check, text, _ = only(journal)
    assert check == "records"
    assert text.endswith("cannot be read to its end: cut short")


def test_a_group_that_may_make_files_and_cannot_append(journal: Path) -> None:
    journal.chmod(0o770)
    for path in journal.iterdir():
        path.chmod(0o660)
    assert problems(journal) == []
    newest(journal).chmod(0o640)
    check, text, advice = only(journal)
    assert check == "permissions"
    assert text.startswith("group ")
    assert text.endswith(f"cannot append to {newest(journal).name}")
    assert "chmod g+w" in advice


def test_an_owner_who_cannot_append(journal: Path) -> None:
    if os.geteuid() == 0:
        os.chown(journal, 65534, 65534)  # its files still belong to root
    else:
        for path in journal.iterdir():
            path.chmod(0o400)
    check, text, _ = only(journal)
    assert check == "permissions"
    assert "who owns the directory, cannot append to" in text
    assert ("nobody" in text) == (os.geteuid() == 0)


@pytest.fixture
def public() -> Iterator[Path]:
    """A directory that every user can come to, which few test folders are."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_files_that_others_can_read_or_change(public: Path) -> None:
    mask = os.umask(0o022)
    try:
        Journal(public / "lineage").log("task_created", "task-1", "kim")
        path = newest(public / "lineage")
        assert problems(public / "lineage") == [], "a directory that we make is for its owner"
        (public / "lineage").chmod(0o755)
        assert only(public / "lineage")[1] == f"other users can read {path.name}"
        path.chmod(0o640)
        assert problems(public / "lineage") == []
        path.chmod(0o666)
        texts = [text for _, text, _ in problems(public / "lineage")]
        assert texts == [f"other users can change {path.name}", f"other users can read {path.name}"]
    finally:
        os.umask(mask)


def in_a_tmpfs(unshare: str, journal: Path, options: str, command: str) -> dict[str, Any]:
    """What the doctor says as JSON of a copy of the journal on a small file system."""
    disk = journal.parent / "disk"
    disk.mkdir()
    script = f"mount -t tmpfs -o {options} none {disk} && cp -a {journal} {disk}/ && {command} --dir {disk}/lineage"
    run = subprocess.run([unshare, "-rm", "sh", "-c", script], capture_output=True, text=True)
    return json.loads(run.stdout)


@pytest.mark.parametrize(
    ("options", "text"), [("size=2m", "are needed for 30 days"), ("size=200m,nr_inodes=99", "inodes free")]
)
def test_a_disk_that_is_nearly_full(journal: Path, need_tool, options: str, text: str) -> None:
    found = in_a_tmpfs(need_tool("unshare"), journal, options, f"{LINEAGE} doctor --json")
    (problem,) = [check for check in found["checks"] if check["word"] == "problem"]
    assert problem["check"] == "space"
    assert text in problem["text"]


def test_no_inotify_instance_left(journal: Path, need_tool) -> None:
    script = f"echo 0 > /proc/sys/user/max_inotify_instances && {LINEAGE} doctor --json --dir {journal}"
    run = subprocess.run([need_tool("unshare"), "-Ur", "sh", "-c", script], capture_output=True, text=True)
    (problem,) = [check for check in json.loads(run.stdout)["checks"] if check["word"] == "problem"]
    assert run.returncode == 1
    assert problem["check"] == "watch"
    assert problem["values"]["max_user_instances"] == 0
    assert problem["values"]["mode"] == "polling"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A checkout with our library in it."""
    home = Path(shutil.copytree(CORTEX, tmp_path / "cortex"))
    shell_install.install(home)
    return home


def test_a_checkout_in_order_has_no_problem(journal: Path, home: Path) -> None:
    assert problems(journal, home) == []
    verdicts = list(examine(Surroundings(journal, home, now())))
    assert [v.word for v in verdicts if v.check in ("library", "integration")] == [Word.OK, Word.OK]


def test_a_library_that_drifted(journal: Path, home: Path) -> None:
    library = home / "scripts" / "lib" / "lineage.sh"
    library.write_text(library.read_text().replace("\n#", "\n# changed", 1))
    check, text, advice = only(journal, home)
    assert check == "library"
    assert str(library) in text
    assert "modified" in text
    assert advice == "lineage shell install"


def test_an_interpreter_that_is_gone(journal: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = shell_install.installed("/nowhere/bin/python")
    monkeypatch.setattr(shell_install, "installed", lambda: places)
    shell_install.install(home)
    monkeypatch.undo()
    check, text, _ = only(journal, home)
    assert check == "library"
    assert text.endswith("scripts/lib/lineage.sh calls /nowhere/bin/python, which is not there")


def test_a_critical_script_that_does_not_log(journal: Path, home: Path) -> None:
    script = home / "scripts" / "spawn-worker.sh"
    script.write_text(script.read_text().replace("log_worker_spawned", "echo"))
    check, text, advice = only(journal, home)
    assert (check, advice) == ("integration", "lineage integration check")
    assert text.endswith("critical ones that do not: 3.1")


def test_several_faults_are_all_told(journal: Path) -> None:
    with newest(journal).open("ab") as file:
        file.write(b"garbage\n" + b'{"torn')
    os.mkfifo(journal / "lineage-2020-01-01.jsonl")
    assert [check for check, *_ in problems(journal)] == ["names", "records", "torn"]


def test_of_many_days_the_newest_are_read_unless_all_are_asked_for(journal: Path) -> None:
    (journal / "lineage-2020-01-01.jsonl").write_text("garbage\n")
    files = len(list(journal.iterdir()))  # two days span two dates, or three
    assert problems(journal, days=files - 1) == []
    (verdict,) = examine(Surroundings(journal, None, now(), days=files - 2), ["records"])
    assert verdict.values["files_left_out"] == 2
    assert only(journal, days=None, budget=None)[0] == "records"
    assert [v.values["files"] for v in examine(Surroundings(journal, None, now(), budget=10), ["records"])] == [1]


def test_the_command_tells_a_line_each_and_exits_with_1(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--dir", str(journal)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == list(CHECKS)
    os.mkfifo(journal / "lineage-2020-01-01.jsonl")
    assert main(["doctor", "--dir", str(journal)]) == 1
    text = "problem names        lineage-2020-01-01.jsonl: not a file but a pipe → look at it, and move it away\n"
    assert text in capsys.readouterr().out


def test_chosen_checks_only(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(journal / "lineage-2020-01-01.jsonl")
    assert main(["doctor", "--dir", str(journal), "--check", "size", "--check", "space"]) == 0
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == ["space", "size"]


def test_json_has_the_keys_that_monitoring_reads(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--dir", str(journal), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert list(document) == ["directory", "checked_at", "ok", "problems", "checks"]
    assert document["ok"] is True
    assert all(list(check) == list(CheckResult._fields) for check in document["checks"])
    values = {check["check"]: set(check["values"]) for check in document["checks"]}
    assert values["directory"] == {"path", "files", "bytes"}
    assert values["space"] == {"free_bytes", "needed_bytes", "free_inodes"}
    assert values["size"] == {"largest_bytes", "limit_bytes", "over"}
    assert values["records"] >= {"records", "quarantined", "quarantined_bytes", "duplicates"}
    assert values["clock"] == {"ahead", "ahead_ms", "jumps", "jump_ms", "out_of_years"}
    assert values["times"] == {"count", "p50_us", "p95_us", "p99_us"}
    assert values["watch"] == {"max_user_watches", "max_user_instances", "mode"}
    assert values["reader"] == {"native"}


@pytest.mark.parametrize(("there", "said"), [(True, "LINEAGE_NATIVE=0"), (False, "no C compiler")])
def test_it_says_that_plain_lines_are_read_without_c(
    journal: Path, monkeypatch: pytest.MonkeyPatch, there: bool, said: str
) -> None:
    monkeypatch.setattr(host, "library", lambda: None)
    monkeypatch.setattr(host, "LIBRARY", journal if there else journal / "missing")
    (result,) = host.reader(Surroundings(journal, None, now()))
    assert result.word is Word.NOTE
    assert said in result.text


def test_nothing_in_the_directory_is_touched(journal: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in [journal, *journal.iterdir()]}
    list(examine(Surroundings(journal, None, now())))
    assert {path: path.stat().st_mtime_ns for path in [journal, *journal.iterdir()]} == before


def test_a_file_that_may_not_be_read_is_told(public: Path) -> None:
    journal = public / "lineage"
    Journal(journal).log("task_created", "task-1", "kim")
    path = newest(journal)
    told = public / "told"
    with told.open("w") as out, redirect_stdout(out):
        words = ["doctor", "--check", "records", "--json", "--dir", str(journal)]
        assert main(words) == 0
        path.chmod(0o000)
        if os.geteuid() == 0:
            os.chown(journal, 65534, 65534)
        child = os.fork()
        if not child:
            out.seek(0)
            out.truncate()
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            os._exit(main(words))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    (verdict,) = json.loads(told.read_text())["checks"]
    assert verdict["text"] == f"{path.name} cannot be read to its end: permission denied"


@pytest.mark.parametrize(
    ("read", "beside"),
    [("prod/lineage", ["dev/lineage"]), ("lineage", ["prod/lineage", "staging/lineage"]), ("dev/lineage", ["lineage"])],
)
def test_a_history_that_is_split_among_environments_is_named(tmp_path: Path, read: str, beside: list[str]) -> None:
    coordination = tmp_path / "coordination"
    for name in (read, *beside):
        Journal(coordination / name).log("task_created", "task-1", "user-kim")
    (coordination / "empty" / "lineage").mkdir(parents=True)
    (coordination / "loop").symlink_to(coordination)
    told = [
        one for one in examine(Surroundings(coordination / read, None, 0), ["directory"]) if one.word is Word.PROBLEM
    ]
    assert [one.text for one in told] == [
        "this host has other histories, which are not read here: "
        + ", ".join(str(coordination / name) for name in sorted(beside))
    ]
    shutil.rmtree(coordination / beside[0])
    for name in beside[1:]:
        shutil.rmtree(coordination / name)
    told = [
        one for one in examine(Surroundings(coordination / read, None, 0), ["directory"]) if one.word is Word.PROBLEM
    ]
    assert told == []
