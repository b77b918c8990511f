"""Someone else's surroundings: without a home, config, cache and state everything goes on, with one note."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from lineage_core.base import user_files
from lineage_core.state.snapshot_cache import SMALL
from lineage_tui.settings.acknowledgements import Acknowledgements, Grade
from lineage_tui.settings.config import SavedState, load_state, save_state
from tests import forked
from tests.build import record, write
from tests.faults.pseudo_terminal import PtyProgram

LINEAGE = [sys.executable, "-m", "lineage_core.cli"]
NOTE = "goes on without "
SOMEBODY = "12345"  # a user id without a passwd entry
XDG = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")

QUESTIONS = (
    *("tasks", "task task-1", "timeline task-1", "duration task-1", "summary task-1", "chain task-1", "workers"),
    *("failed", "zombies", "events --limit 3", "recent 3", "stats", "wait task-1 --timeout 1s", "validate"),
    *("export tasks --format csv", "doctor", "integration", "log task_completed task-9 dev-master"),
)


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that is large enough for a cache."""
    events = ("task_created", "task_started", "task_completed")
    data = {"type": "build", "note": "x" * 4000}
    return write(
        tmp_path_factory.mktemp("large") / "lineage",
        *(
            record(3 * n + at, task_id=f"task-{n}", event_type=event, event_data=data,
                   timestamp=f"2026-03-14T02:{n % 60:02d}:0{at}Z")
            for n in range(SMALL // 12_000 + 10)
            for at, event in enumerate(events)
        ),
        name="lineage-2026-03-14.jsonl",
    )  # fmt: skip


Surroundings = Callable[[Path], dict[str, str]]


def _foreign(tmp_path: Path) -> dict[str, str]:
    """A home that belongs to another user: made so where we may, else one that surely does."""
    home = tmp_path / "home"
    home.mkdir(parents=True)
    if os.geteuid() == 0:
        os.chown(home, int(SOMEBODY), int(SOMEBODY))
        return {"HOME": str(home)}
    return {"HOME": "/sys"}


def _foreign_directories(tmp_path: Path) -> dict[str, str]:
    """Directories of ours that another user has made beforehand, or that cannot be made."""
    for name in XDG:
        (tmp_path / name / "lineage-tui").mkdir(parents=True)
        if os.geteuid() == 0:
            os.chown(tmp_path / name / "lineage-tui", int(SOMEBODY), int(SOMEBODY))
        else:
            (tmp_path / name / "lineage-tui").chmod(0)
    return {name: str(tmp_path / name) for name in XDG}


PATTERNS: dict[str, Surroundings] = {
    "XDG is no directory": lambda tmp_path: dict.fromkeys(XDG, "/dev/null"),
    "XDG cannot be made": lambda tmp_path: dict.fromkeys(XDG, "/proc/nothing"),
    "no such home": lambda tmp_path: {"HOME": "/proc/nothing"},
    "a home of another user": _foreign,
    "a relative home": lambda tmp_path: {"HOME": "home"},
    "XDG of another user": _foreign_directories,
}


def ask(journal: Path, words: str, environ: dict[str, str], before: list[str] | None = None) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command; environ: HOME and XDG variables, others are not set."""
    kept = {key: value for key, value in os.environ.items() if key not in (*XDG, "HOME")}
    kept |= {"LINEAGE_NOW": "2026-03-14T04:00:00Z", "LINEAGE_DIR": str(journal)}
    command = [*(before or []), *LINEAGE, *words.split()]
    done = forked.run(command, env=kept | environ)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("place", PATTERNS)
def test_a_query_answers_the_same_with_one_note(
    place: str, journal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    expected = ask(journal, "tasks --json", {"HOME": str(tmp_path)})
    assert (expected[0], expected[2]) == (0, "")
    for words in ("tasks --json", "tasks --json", "zombies --json"):
        code, out, err = ask(journal, words, PATTERNS[place](tmp_path / f"{len(list(tmp_path.iterdir()))}"))
        assert code == 0
        assert out == expected[1] or words != "tasks --json"
        assert err.count("\n") == 1 and NOTE in err and "Traceback" not in err
    assert list(here.iterdir()) == []  # nothing is made where we happen to stand


@pytest.mark.parametrize("words", QUESTIONS)
def test_every_command_goes_on_where_nothing_can_be_kept(words: str, journal: Path, tmp_path: Path) -> None:
    if words.startswith("log"):
        journal = tmp_path / "lineage"
    expected = ask(journal, words, {"HOME": str(tmp_path)})
    code, out, err = ask(journal, words, dict.fromkeys(XDG, "/dev/null"))
    assert code == expected[0]
    if not words.startswith(("log", "doctor")):
        assert out == expected[1]
    assert err.count(NOTE) == (0 if words.startswith("log") else 1)
    assert "Traceback" not in err and "a defect" not in err


def test_a_user_id_without_a_name_and_without_a_home(journal: Path, need_tool: Callable[[str], str]) -> None:
    """In a user namespace; where there is none to be had, as the same user without HOME, whose home is then found."""
    before = [need_tool("unshare"), f"--map-user={SOMEBODY}"]
    probe = subprocess.run([*before, "id", "-u"], capture_output=True, text=True, check=False)
    if probe.stdout.strip() != SOMEBODY:
        assert ask(journal, "events --limit 1", {})[0] == 0
        return
    code, out, err = ask(journal, "tasks --json", {}, before)
    assert (code, out) == (0, ask(journal, "tasks --json", dict.fromkeys(XDG, "/dev/null"))[1])
    assert err == (
        "lineage tasks: goes on without cache and config (HOME is not set, and this user id has no home directory)\n"
    )


def test_a_read_only_home_is_read_but_not_written_to(
    journal: Path, tmp_path: Path, need_tool: Callable[[str], str]
) -> None:
    """Mounted so in a namespace; where there is none to be had, by its permissions, which do not bind root."""
    config = tmp_path / ".config" / "lineage-tui"
    config.mkdir(parents=True)
    (config / "config.toml").write_text('zombie-after = "90m"\n')
    script = 'mount --bind "$HOME" "$HOME" && mount -o remount,bind,ro "$HOME" && exec "$@"'
    before = [need_tool("unshare"), "-rm", "sh", "-c", script, "sh"]
    home = {"HOME": str(tmp_path)}
    if subprocess.run([*before, "true"], env=os.environ | home, capture_output=True, check=False).returncode:
        tmp_path.chmod(0o500)
        if os.geteuid() == 0:
            return
        before = []
    code, out, err = ask(journal, "zombies --json", home, before)
    assert code == 0 and err.count("\n") == 1 and NOTE + "cache (" in err
    assert json.loads(out)["thresholds"]["zombie_after_ms"] == 90 * 60_000


def test_relative_variables_are_ignored_as_the_specification_has_it(journal: Path, tmp_path: Path) -> None:
    code, _, err = ask(journal, "tasks", {"HOME": str(tmp_path), **dict.fromkeys(XDG, "relative")})
    assert (code, err) == (0, "")
    assert (tmp_path / ".cache" / "lineage-tui").is_dir()
    assert not Path("relative").exists()


@pytest.mark.parametrize("place", ["XDG is no directory", "no such home", "a home of another user"])
def test_the_screen_goes_on_and_says_so_once(place: str, journal: Path, tmp_path: Path) -> None:
    tmp_path.joinpath("x").mkdir()
    environ = dict.fromkeys(XDG, "") | PATTERNS[place](tmp_path / "x") | {"LINEAGE_NOW": "2026-03-14T04:00:00Z"}
    with PtyProgram([sys.executable, "-m", "lineage_tui.cli", "--dir", str(journal)], env=environ) as app:
        app.wait_for("task-1")
        app.wait_for(NOTE + "cache")
        app.press("3", "[3 attention]")
        app.keys("\x03")
        assert app.ends() == 130
    assert b"Traceback" not in app.output


def test_a_config_file_that_would_never_end_or_is_none_is_done_without(journal: Path, tmp_path: Path) -> None:
    folder = tmp_path / ".config" / "lineage-tui"
    folder.mkdir(parents=True)
    for make in (lambda path: os.mkfifo(path), lambda path: path.mkdir(), lambda path: path.symlink_to("/dev/zero")):
        path = folder / "config.toml"
        make(path)
        code, _, err = ask(journal, "tasks", {"HOME": str(tmp_path)})
        assert code == 0 and err.count("\n") == 1 and NOTE + "config" in err
        path.rmdir() if path.is_dir() else path.unlink()


@pytest.mark.parametrize("umask", [0, 0o022, 0o077])
def test_what_is_made_is_private_whatever_the_umask(
    umask: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "a" / "b"))
    before = os.umask(umask)
    try:
        folder = user_files.folder("cache", "snapshots", "key")
        assert folder is not None
        with user_files.replacing(folder / "file") as file:
            file.write(b"x")
    finally:
        os.umask(before)
    while folder != tmp_path:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder
        folder = folder.parent
    assert stat.S_IMODE((tmp_path / "a/b/lineage-tui/snapshots/key/file").stat().st_mode) == 0o600


def test_a_directory_that_was_open_to_all_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "lineage-tui").mkdir()
    (tmp_path / "lineage-tui").chmod(0o777)
    folder = user_files.folder("cache")
    assert folder is not None and stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_nothing_is_written_or_read_through_a_link(tmp_path: Path) -> None:
    victim, target = tmp_path / "victim", tmp_path / "target"
    victim.write_text("mine")
    target.symlink_to(victim)
    tmp_path.joinpath(f"target.{os.getpid()}.part").symlink_to(victim)
    with user_files.replacing(target) as file:
        file.write(b"new")
    assert (victim.read_text(), target.read_text(), target.is_symlink()) == ("mine", "new", False)
    link = tmp_path / "link"
    link.symlink_to(victim)
    for path in (link, tmp_path):
        with pytest.raises(OSError):
            user_files.open_own(path)
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(OSError, match="is no regular file of this user"):
        user_files.open_own(tmp_path / "fifo")


def test_a_file_that_could_not_be_written_whole_is_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), user_files.replacing(path) as file:
        file.write(b"new")
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


PLANTED: dict[str, Callable[[Path], None]] = {
    "pipe": os.mkfifo,
    "directory": Path.mkdir,
    "endless": lambda path: path.symlink_to("/dev/zero"),
    "link": lambda path: path.symlink_to(path.parent.parent / "victim"),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("plant", PLANTED.values(), ids=PLANTED)
def test_what_stands_in_the_place_of_what_is_kept_is_not_waited_for_nor_written_through(
    plant: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    victim = tmp_path / "victim"
    victim.write_text("mine")
    before = os.umask(0)
    try:
        folder = user_files.folder("state")
        assert folder is not None
        key, grade = ("failed", "task-1", "task-1"), Grade(2, 1, 1)
        plant(folder / "acknowledged.json")
        known = Acknowledgements(tmp_path)
        assert len(known) == 0
        with suppress(IsADirectoryError):
            known.put({key: grade})
        assert known.covers(key, grade)
        plant(folder / "screen.json")
        assert load_state(tmp_path) == SavedState()
        save_state(tmp_path, SavedState(view="workers"))
    finally:
        os.umask(before)
    assert victim.read_text() == "mine"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    kept = [file for file in folder.iterdir() if file.is_file() and not file.is_symlink()]
    assert [stat.S_IMODE(file.stat().st_mode) for file in kept] == [0o600] * len(kept)
    if plant is not Path.mkdir:
        assert Acknowledgements(tmp_path).covers(key, grade)
        assert load_state(tmp_path).view == "workers"
