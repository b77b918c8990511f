"""How programs end when they have to: defects, signals, a terminal that vanishes. Real programs, terminals, signals."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lineage_core.write.journal import Journal
from tests import forked
from tests.conftest import ROOT
from tests.faults.pseudo_terminal import PtyProgram, without_sequences

DEMO = [sys.executable, "-m", "lineage_tui.cli", "--demo", "--rate", "40"]


def broken(program: str, function: str) -> list[str]:
    """The command line of a program in which a function raises KeyError."""
    return [sys.executable, "-m", "tests.broken", program, function]


def descendants(pid: int) -> set[int]:
    """The processes below one, theirs too."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int(entry.joinpath("stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found, more = set(), {pid}
    while more:
        more = {child for child, parent in parents.items() if parent in more} - found
        found |= more
    return found


def alive(pids: set[int]) -> set[int]:
    """Those that run (a zombie that waits for its parent does not)."""
    running = set()
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z":
            running.add(pid)
    return running


def report_of(shown: str, state: Path) -> str:
    """The one report in the state directory, which was named on the screen, for its owner only."""
    (report,) = state.glob("lineage-tui/crash-*.txt")
    assert str(report) in shown.replace("\r\n", "\n").replace("\n", "") or report.name in shown
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert stat.S_IMODE(report.parent.stat().st_mode) == 0o700
    return report.read_text()


def test_a_defect_of_a_query_is_one_paragraph_and_a_report(tmp_path: Path) -> None:
    os.umask(0o022)
    words = broken("lineage_core.cli", "lineage_core.cli.commands.tasks:run")
    done = forked.run([*words, "tasks", "--dir", str(tmp_path)])
    assert done.returncode == 70
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stderr
    assert "lineage tasks: a defect of ours" in done.stderr
    report = report_of(done.stderr, tmp_path / "xdg_state_home")
    assert "Traceback" in report and "KeyError" in report and "orjson" in report
    assert "\x1b" not in report


def test_where_no_report_can_be_kept_it_is_printed(tmp_path: Path) -> None:
    (tmp_path / "xdg_state_home").write_text("in the way")
    words = broken("lineage_core.cli", "lineage_core.cli.commands.tasks:run")
    done = forked.run([*words, "tasks", "--dir", str(tmp_path)])
    assert done.returncode == 70
    assert "Traceback" in done.stderr


def test_a_report_is_not_written_through_a_symbolic_link(tmp_path: Path) -> None:
    state, victim = tmp_path / "xdg_state_home" / "lineage-tui", tmp_path / "victim"
    state.mkdir(parents=True)
    victim.write_text("mine")
    code = (
        "import os, sys\n"
        "from lineage_core.base import crash_report as crash\n"
        "os.symlink(sys.argv[2], sys.argv[1] + f'/crash-2026-03-14T030000-{os.getpid()}.txt')\n"
        "sys.exit(crash.report('test', KeyError('x')))\n"
    )
    environ = os.environ | {"LINEAGE_NOW": "2026-03-14T03:00:00Z"}
    words = [sys.executable, "-c", code, str(state), str(victim)]
    assert subprocess.run(words, env=environ, capture_output=True, check=False).returncode == 70
    assert victim.read_text() == "mine"


@pytest.mark.parametrize(
    "function",
    [
        "lineage_tui.views.task_tree:TaskTreeView:draw",  # while a line is drawn
        "lineage_tui.screens.live_update:LiveUpdate:tick",  # in a timer
        "lineage_core.state.feed:Feed:_scan",  # in the feed's thread
        "lineage_core.read.watcher:Watcher:wait",
        "lineage_tui.app:LineageApp:on_mount",
    ],
)
def test_a_defect_restores_the_terminal_and_ends_with_a_report(function: str, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "lineage")
    journal.log("task_created", "task-1", "user-kim")
    words = broken("lineage_tui.cli", function)
    with PtyProgram([*words, "--dir", str(journal.directory)], size=(200, 40)) as app:
        assert app.ends() == 70
        app.settle()
        assert app.restored
        shown = bytes(app.output)
    after = without_sequences(shown[shown.rindex(b"\x1b[?1049l") :])
    assert "lineage-tui: a defect of ours ended this: KeyError" in after
    assert "Traceback" not in after and "locals" not in after
    assert "KeyError" in report_of(after, tmp_path / "xdg_state_home")


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """Where the demo's directory goes."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def demo_at_work(scratch: Path) -> PtyProgram:
    return PtyProgram(DEMO, env={"TMPDIR": str(scratch)})


def send(number: int) -> Callable[[PtyProgram], None]:
    return lambda app: app.process.send_signal(number)


@pytest.mark.parametrize(
    ("how", "code"),
    [
        (send(signal.SIGTERM), 143),
        (send(signal.SIGHUP), 129),
        (send(signal.SIGINT), 130),
        (lambda app: app.keys("\x03"), 130),
        (lambda app: app.press("?", "lineage-tui: keys") or app.keys("\x03"), 130),
        (lambda app: app.press("/", "status:failed master:sec") or app.keys("x\x03"), 130),
        (lambda app: app.keys("q"), 0),
    ],
    ids=["term", "hangup", "interrupt", "ctrl-c", "ctrl-c-in-help", "ctrl-c-in-filter", "q"],
)
def test_the_viewer_ends_cleanly(how: Callable[[PtyProgram], None], code: int, scratch: Path) -> None:
    with demo_at_work(scratch) as app:
        app.wait_for("running")
        assert list(scratch.iterdir())
        family = descendants(app.process.pid)
        how(app)
        assert app.ends() == code
        assert app.restored
        app.settle()
        tail = bytes(app.output).rpartition(b"\x1b[?1049l")[2]
        assert b"\x1b[?25h" in tail  # the cursor is back
        assert b"Traceback" not in tail
        app.wait_until(lambda: not alive(family | descendants(app.process.pid)), "no process to be left")
    assert list(scratch.iterdir()) == []


def test_the_viewer_ends_when_its_terminal_vanishes(scratch: Path) -> None:
    with demo_at_work(scratch) as app:
        app.wait_for("running")
        app.vanish()
        assert app.ends() == 129
    assert list(scratch.iterdir()) == []


def test_the_viewer_ends_when_its_terminal_vanishes_without_a_signal(scratch: Path) -> None:
    nohup = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh"]
    with PtyProgram([*nohup, *DEMO], env={"TMPDIR": str(scratch)}) as app:
        app.wait_for("running")
        app.vanish()
        assert app.ends() == 129
    assert list(scratch.iterdir()) == []


def test_the_viewer_ends_though_nobody_reads_what_it_draws(scratch: Path) -> None:
    with demo_at_work(scratch) as app:
        app.wait_for("running")
        app.stop_reading()
        app.process.send_signal(signal.SIGTERM)
        assert app.ends() == 143
    assert list(scratch.iterdir()) == []


def test_the_viewer_ends_while_it_folds_history_and_leaves_no_process(tmp_path: Path) -> None:
    lineage = tmp_path / "lineage"
    lineage.mkdir()
    line = (
        b'{"lineage_id":"lineage-%d","task_id":"task-%d","event_type":"worker_progress",'
        b'"timestamp":"2026-03-%02dT03:00:%02dZ","actor":{"type":"worker","id":"kim"}}\n'
    )
    for day in (1, 2):
        with (lineage / f"lineage-2026-03-{day:02}.jsonl").open("wb") as file:
            file.writelines(line % (n, n // 30, day, n % 60) for n in range(day * 200_000, (day + 1) * 200_000))
    with PtyProgram([sys.executable, "-m", "lineage_tui.cli", "--dir", lineage]) as app:
        app.wait_until(lambda: descendants(app.process.pid), "the processes that fold")
        family = descendants(app.process.pid)
        app.process.terminate()
        assert app.ends() == 143
        end = time.monotonic() + 120
        while alive(family):
            assert time.monotonic() < end
            time.sleep(0.01)
    cache = tmp_path / "xdg_cache_home"
    with PtyProgram([sys.executable, "-m", "lineage_tui.cli", "--dir", lineage]) as app:
        app.wait_for("400,000 events")
        app.keys("q")
        assert app.ends() == 0
    assert not list(cache.rglob("*.part"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_following_ends_at_a_signal(number: int, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "lineage")
    journal.log("task_created", "task-1", "user-kim")
    words = [sys.executable, "-m", "lineage_core.cli", "follow", "--from-start", "--dir", str(journal.directory)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stderr
        assert b"task-1" in process.stdout.readline()
        process.send_signal(number)
        assert process.wait(120) == (130 if number == signal.SIGINT else -number)
        assert process.stderr.read() == b""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_writers_survive_signals_without_a_torn_line(number: int, tmp_path: Path) -> None:
    library = ROOT / "lineage_core" / "shell" / "lineage.sh"
    scripts = [
        ["bash", "-c", f'source {library}; while :; do log_worker_progress task-1 worker-1 5 \'{{"a":"b"}}\'; done'],
        [sys.executable, "-c", "from lineage_core import Journal\nwhile 1: Journal().log('task_started', 't', 'a')"],
    ]
    for turn, script in enumerate(scripts * 3):
        lineage = tmp_path / str(turn)
        with subprocess.Popen(
            script, env=os.environ | {"LINEAGE_DIR": str(lineage)}, stderr=subprocess.DEVNULL
        ) as process:
            end = time.monotonic() + 120
            while not sum(file.stat().st_size for file in lineage.glob("*.jsonl")) > 20_000:
                assert time.monotonic() < end
            process.send_signal(number)
            process.wait(120)
        for file in lineage.glob("*.jsonl"):
            data = file.read_bytes()
            assert data.endswith(b"\n")
            assert all(line.startswith(b"{") and line.endswith(b"}") for line in data.split(b"\n") if line)
