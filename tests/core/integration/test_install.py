"""The shell library in a checkout (`lineage shell`), and the query tool beside it."""

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lineage_core.base.errors import JournalError, UnknownNameError
from lineage_core.integration import install as shell_install

LINEAGE = [sys.executable, "-m", "lineage_core.cli"]
LIBRARY = "scripts/lib/lineage.sh"
QUERY = "scripts/query-lineage.sh"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "cortex home" / "scripts" / "lib").mkdir(parents=True)
    return tmp_path / "cortex home"


def words(home: Path) -> list[str]:
    return [state.word for state in shell_install.status(home)]


def contents(home: Path) -> dict[str, bytes]:
    return {p.relative_to(home).as_posix(): p.read_bytes() for p in home.rglob("*") if p.is_file()}


def test_an_empty_checkout_gets_both_files_and_is_current(home: Path):
    assert words(home) == ["missing", "missing"]
    shell_install.install(home)
    assert words(home) == ["current", "current"]
    assert set(contents(home)) == {LIBRARY, QUERY}
    assert stat.S_IMODE((home / QUERY).stat().st_mode) == 0o755


def test_installing_twice_changes_nothing(home: Path):
    shell_install.install(home)
    before = contents(home)
    assert all("already current" in line for line in shell_install.install(home))
    assert contents(home) == before


def test_what_was_there_is_kept_and_put_back(home: Path):
    (home / LIBRARY).write_text("# the old library\n")
    before = contents(home)
    assert words(home) == ["foreign", "missing"]
    shell_install.install(home)
    assert (home / f"{LIBRARY}.before-lineage").read_text() == "# the old library\n"
    shell_install.uninstall(home)
    assert contents(home) == before


def test_an_old_library_put_over_ours_is_kept_too_and_the_newest_comes_back(home: Path):
    (home / LIBRARY).write_text("first")
    shell_install.install(home)
    (home / LIBRARY).write_text("second")
    shell_install.install(home)
    shell_install.uninstall(home)
    assert (home / LIBRARY).read_text() == "second"
    assert (home / f"{LIBRARY}.before-lineage").read_text() == "first"


def test_a_link_to_a_shared_library_comes_back_as_a_link(home: Path):
    shared = home / "shared.sh"
    shared.write_text("# shared\n")
    (home / LIBRARY).symlink_to(shared)
    shell_install.install(home)
    assert shared.read_text() == "# shared\n"
    assert not (home / LIBRARY).is_symlink()
    shell_install.uninstall(home)
    assert (home / LIBRARY).readlink() == shared


def test_a_change_to_the_installed_file_is_drift_and_is_never_lost(home: Path):
    shell_install.install(home)
    changed = (home / LIBRARY).read_bytes().replace(b"common", b"usual")
    (home / LIBRARY).write_bytes(changed)
    assert words(home) == ["modified", "current"]
    shell_install.install(home)
    assert words(home) == ["current", "current"]
    assert (home / f"{LIBRARY}.modified").read_bytes() == changed


def test_uninstalling_a_changed_file_puts_the_change_aside(home: Path):
    shell_install.install(home)
    with (home / LIBRARY).open("ab") as file:
        file.write(b"# mine\n")
    assert words(home)[0] == "modified"
    shell_install.uninstall(home)
    assert list(contents(home)) == [f"{LIBRARY}.modified"]
    assert (home / f"{LIBRARY}.modified").read_bytes().endswith(b"# mine\n")


def test_a_file_of_another_version_is_outdated_and_replaced_without_a_backup(
    home: Path, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as older:
        older.setattr(shell_install, "version", lambda _: "0.0.9")
        shell_install.install(home)
    assert [(s.word, s.version) for s in shell_install.status(home)] == [("outdated", "0.0.9")] * 2
    shell_install.install(home)
    assert set(contents(home)) == {LIBRARY, QUERY}


def test_uninstalling_what_is_not_there_is_fine(home: Path):
    assert all("not there" in line for line in shell_install.uninstall(home))
    (home / LIBRARY).write_text("# not ours\n")
    shell_install.uninstall(home)
    assert (home / LIBRARY).read_text() == "# not ours\n"


def test_a_checkout_that_does_not_exist_is_named(tmp_path: Path):
    with pytest.raises(UnknownNameError, match="no such directory"):
        shell_install.install(tmp_path / "nowhere")


def test_a_place_that_cannot_be_written_is_named(home: Path):
    shutil.rmtree(home / "scripts")
    (home / "scripts").write_text("a file where a directory must be")
    with pytest.raises(JournalError, match="cannot install"):
        shell_install.install(home)


def test_no_half_written_file_is_ever_in_place(home: Path, need_tool: Callable[[str], str]):
    """A bash that sources the file over and over while it is put in and out sees it whole, or not at all."""
    bash = need_tool("bash")
    shell_install.install(home)
    old = shell_install._stamped(shell_install.installed()[0])
    loop = 'for ((i = 0; i < 200; i++)); do source "$1" && type -t get_lineage_stats; done | sort | uniq -c'
    reader = subprocess.Popen([bash, "-c", loop, "loop", home / LIBRARY], stdout=subprocess.PIPE, text=True)
    while reader.poll() is None:
        shell_install._replace(home / LIBRARY, old, 0o644)
    out, _ = reader.communicate()
    assert out.split() == ["200", "function"]


def run(*words: object, **environ: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("LINEAGE", "CORTEX"))} | environ
    return subprocess.run([*map(str, words)], capture_output=True, text=True, env=env)


def test_the_installed_library_finds_its_interpreter(home: Path, need_tool: Callable[[str], str]):
    bash = need_tool("bash")
    shell_install.install(home)
    doubtful = '{"priority":"h\\u0069gh"}'
    script = f"source '{home / LIBRARY}'; log_task_created task-1 user-kim '{doubtful}'"
    done = run(bash, "-c", script, CORTEX_HOME=str(home), PATH="/usr/bin:/bin")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (daily,) = (home / "coordination/lineage").iterdir()
    assert json.loads(daily.read_text())["event_data"] == {"priority": "high"}


def test_path_prints_a_library_that_can_be_sourced(need_tool: Callable[[str], str]):
    bash = need_tool("bash")
    path = run(*LINEAGE, "shell", "path").stdout.strip()
    done = run(bash, "-c", 'source "$1" && type -t log_task_created', "x", path)
    assert done.stdout == "function\n"


def test_status_ends_with_1_until_all_is_current(home: Path):
    before = run(*LINEAGE, "shell", "status", "--cortex-home", home)
    assert before.returncode == 1 and before.stdout.count("missing") == 2
    assert run(*LINEAGE, "shell", "install", CORTEX_HOME=str(home)).returncode == 0
    after = run(*LINEAGE, "shell", "status", "--cortex-home", home, "--json")
    assert after.returncode == 0
    assert [state["word"] for state in json.loads(after.stdout)] == ["current", "current"]


def test_a_checkout_must_be_named():
    done = run(*LINEAGE, "shell", "install")
    assert done.returncode == 2 and "--cortex-home" in done.stderr


# query-lineage.sh


@pytest.fixture
def stand_in(tmp_path: Path) -> str:
    """A PATH with a `lineage` that prints the words it was given, one a line."""
    folder = tmp_path / "bin"
    folder.mkdir()
    command = folder / "lineage"
    command.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    command.chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("-t task-1", "events --task=task-1"),
        ("--task task-1", "events --task=task-1"),
        ("--task=task-1", "events --task=task-1"),
        ("-ttask-1", "events --task=task-1"),
        ("-e worker_spawned", "events --type=worker_spawned"),
        ("--type worker_spawned", "events --type=worker_spawned"),
        ("-a security-master", "events --actor=security-master"),
        ("--actor security-master", "events --actor=security-master"),
        ("-D 2026-11-22", "events --date=2026-11-22"),
        ("--date 2026-11-22", "events --date=2026-11-22"),
        ("-t task-1 -e task_failed -D 2026-11-22", "events --task=task-1 --type=task_failed --date=2026-11-22"),
        ("-T task-1", "timeline -- task-1"),
        ("--timeline task-1", "timeline -- task-1"),
        ("-w task-1", "workers -- task-1"),
        ("--workers task-1", "workers -- task-1"),
        ("-w", "workers"),
        ("-w -D 2026-11-22", "workers --date=2026-11-22"),
        ("-d task-1", "duration -- task-1"),
        ("--duration task-1", "duration -- task-1"),
        ("--summary task-1", "summary -- task-1"),
        ("--chain task-1", "chain -- task-1"),
        ("-f", "failed"),
        ("--failed", "failed"),
        ("-r", "recent"),
        ("-r 5", "recent -- 5"),
        ("--recent 5", "recent -- 5"),
        ("-s", "stats"),
        ("--stats", "stats"),
        ("-s --format json", "stats --format json"),
        ("--export csv", "export events --format csv"),
        ("--export json -t task-1", "export events --format json --task=task-1"),
        ("-T task-1 --export html", "export timeline --format html -- task-1"),
        ("-t -x", "events --task=-x"),
        ("--timeline --x", "timeline -- --x"),
        ("-f -- --limit 3", "failed --limit 3"),
    ],
)
def test_each_old_option_is_answered_by_one_of_our_queries(
    stand_in: str, given: str, asked: str, need_tool: Callable[[str], str]
):
    need_tool("bash")
    done = run(shell_install.SHELL / "query-lineage.sh", *given.split(), PATH=stand_in)
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, asked.split(), "")


def test_an_argument_with_spaces_stays_one(stand_in: str, need_tool: Callable[[str], str]):
    need_tool("bash")
    done = run(shell_install.SHELL / "query-lineage.sh", "-a", "user kim's", PATH=stand_in)
    assert done.stdout.splitlines() == ["events", "--actor=user kim's"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--bogus"], "unknown option --bogus"),
        (["-t"], "-t needs a value"),
        (["-T", "task-1", "-f"], "only one question"),
        (["--export", "csv", "--format", "json"], "one of them"),
        ([], "usage:"),
    ],
)
def test_wrong_options_end_with_2_and_say_why(
    stand_in: str, given: list[str], said: str, need_tool: Callable[[str], str]
):
    need_tool("bash")
    done = run(shell_install.SHELL / "query-lineage.sh", *given, PATH=stand_in)
    assert done.returncode == 2 and said in done.stderr and not done.stdout


def test_the_query_tool_says_so_if_lineage_is_gone(home: Path, need_tool: Callable[[str], str]):
    need_tool("bash")
    tool = shutil.copy(shell_install.SHELL / "query-lineage.sh", home / QUERY)
    done = run(tool, "-s", PATH="/usr/bin:/bin")
    assert done.returncode == 3 and "install lineage-tui" in done.stderr


def test_the_installed_query_tool_asks_the_journal_of_its_own_checkout(home: Path, need_tool: Callable[[str], str]):
    need_tool("bash")
    shell_install.install(home)
    (home / "coordination").mkdir()
    text = (home / QUERY).read_text()
    shown = home / "print-home"
    shown.write_text('#!/bin/sh\necho "$CORTEX_HOME"\n')
    shown.chmod(0o755)
    recorded = next(line for line in text.splitlines() if line.startswith("lineage_command="))
    (home / QUERY).write_text(text.replace(recorded, f"lineage_command='{shown}'"))
    assert run(home / QUERY, "-s").stdout == f"{home}\n"
    assert subprocess.run(["bash", "query-lineage.sh", "-s"], cwd=home / "scripts", capture_output=True).returncode == 0


def test_the_shell_scripts_are_clean(need_tool: Callable[[str], str]):
    done = run(need_tool("shellcheck"), shell_install.SHELL / "query-lineage.sh")
    assert done.stdout == ""
