"""The installed `lineage` command: wherever and however installed, it logs alike, and hands on what is not its own."""

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lineage_core.cli import main
from tests.shell.bash_writer import LIBRARY, PACKAGE
from tests.shell.journal_files import content_of

SITE = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def _venv(prefix: Path) -> None:
    venv.create(prefix, symlinks=True)
    metadata = prefix / SITE / "lineage_tui-0.9.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: lineage-tui\nVersion: 0.9\n")


def _installed(prefix: Path) -> Path:
    """As a wheel is installed: the script beside an interpreter, the package among its libraries."""
    _venv(prefix)
    shutil.copytree(PACKAGE, prefix / SITE / "lineage_core", ignore=shutil.ignore_patterns("__pycache__"))
    return Path(shutil.copy(LIBRARY.with_name("lineage"), prefix / "bin"))


def _editable(prefix: Path) -> Path:
    """As an editable wheel is installed: a .pth file names the checkout."""
    _venv(prefix)
    (prefix / SITE / "_editable_impl_lineage_tui.pth").write_text(f"{PACKAGE.parent}\n{PACKAGE.parent}")
    return Path(shutil.copy(LIBRARY.with_name("lineage"), prefix / "bin"))


LAYOUTS = {"installed": _installed, "editable": _editable, "in the checkout": lambda _: LIBRARY.with_name("lineage")}


@pytest.fixture(scope="module", params=LAYOUTS)
def launcher(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return LAYOUTS[request.param](tmp_path_factory.mktemp("prefix with space") / "a venv")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(*command: Any, **environ: str) -> "subprocess.CompletedProcess[str]":
        base = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "LINEAGE_DIR": str(tmp_path / "journal")}
        command = tuple(map(str, command))
        return subprocess.run(
            command, env=base | environ, capture_output=True, text=True, cwd=tmp_path, timeout=250, input=""
        )

    return run


IN_BASH = {
    "no data": ("task_created", "t", "kim"),
    "words like options": ("task_failed", "--", "t", "m", "-5: no answer"),
    "plain": ("task_created", "t", "kim", "--data", '{"priority":"high"}'),
    "counts of tokens": ("task_created", "t", "kim", "--data", '{"token_count":9,"token_usage":{"total_tokens":9}}'),
    "what jq prints": (
        "task_created",
        "t",
        "kim",
        "--data",
        '{\n  "note": "a \\"b\\" \\u00e9",\n  "n": [\n    1.5\n  ]\n}',
    ),
    "what a word says too": ("task_completed", "t", "kim", "success", "--data", '{"completion_status":"x","n":1}'),
    "a list of text": (
        "task_completed",
        "t",
        "kim",
        "success",
        "--data",
        '{"deliverables":["a, b","c"],"duration_ms":5,"n":["x",1]}',
    ),
    "a number like a priority's": ("task_assigned", "t", "c", "m", "high"),
    "umlauts": ("task_failed", "t", "kim", "die Größe: über dem Limit", "--data", '{"außen":"so"}'),
}


@pytest.mark.parametrize("words", IN_BASH.values(), ids=IN_BASH)
def test_it_logs_without_python(words: tuple[str, ...], launcher: Path, run: Run, tmp_path: Path, need_tool: Any):
    strace = need_tool("strace")
    told = run(strace, "-f", "-o", tmp_path / "calls", "-e", "trace=execve", launcher, "log", *words)
    (record,) = content_of(tmp_path / "journal").records
    assert told.stdout == record["lineage_id"] + "\n"
    assert "python" not in (tmp_path / "calls").read_text().replace("site-packages", "")
    run(launcher, "log", *words, LINEAGE_FORCE_PYTHON="1")
    _, by_python = content_of(tmp_path / "journal").records
    assert record["event_data"] == by_python["event_data"]


@pytest.mark.parametrize("before", [["--dir", "{}"], ["--dir={}"], ["--dir", "log"], ["--dir=log"]], ids=str)
def test_the_directory_may_stand_before_log(
    launcher: Path, run: Run, tmp_path: Path, before: list[str], need_tool: Any
):
    strace = need_tool("strace")
    words = [word.format(tmp_path / "a dir") for word in before]
    told = run(
        *(strace, "-f", "-o", tmp_path / "calls", "-e", "trace=execve"),
        *(launcher, *words, "log", "task_created", "t", "kim", "--session", "s"),
    )
    (record,) = content_of(tmp_path / ("log" if "log" in before[-1] else "a dir")).records
    assert told.stdout == record["lineage_id"] + "\n"
    assert "python" not in (tmp_path / "calls").read_text().replace("site-packages", "")


@pytest.mark.parametrize(
    "words",
    [
        ["--dir", "", "log", "task_created", "t", "kim"],
        ["--dir=", "log", "task_created", "t", "kim"],
        ["--no-pager", "--dir", "journal", "log", "task_created", "t", "kim"],
        ["--dir", "elsewhere", "log", "--dir", "journal", "task_created", "t", "kim"],
    ],
    ids=" ".join,
)
def test_options_before_log_mean_what_they_mean_to_python(launcher: Path, run: Run, tmp_path: Path, words: list[str]):
    told = [run(launcher, *words, LINEAGE_FORCE_PYTHON=force) for force in ("", "1")]
    assert [one.returncode for one in told] == [0, 0]
    assert len(content_of(tmp_path / "journal").records) == 2
    assert not (tmp_path / "elsewhere").exists()


def test_it_hands_everything_else_to_python(launcher: Path, run: Run):
    told = run(launcher, "--version")
    assert told.stdout.startswith("lineage "), told.stderr
    assert run(launcher).returncode == 2
    assert "did you mean tasks" in run(launcher, "taks").stderr
    assert run(launcher, "log", "--help").stdout.startswith("examples:\n")


def test_it_hands_on_whatever_is_doubtful(launcher: Path, run: Run, tmp_path: Path):
    told = run(launcher, "log", "task_created", "t", "kim", '{"a":1e5,"b":"\\u00e9"}')
    assert (told.returncode, told.stderr) == (0, "")
    refused = run(launcher, "log", "task_created", "t", "kim", '{"a":1,}')
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "line 1 column 8" in refused.stderr
    (record,) = content_of(tmp_path / "journal").records
    assert record["event_data"] == {"a": 1e5, "b": "é"}


@pytest.mark.parametrize("link", ["absolute", "relative", "chain"])
def test_it_works_through_a_symlink(link: str, launcher: Path, run: Run, tmp_path: Path):
    bin_ = tmp_path / "some bin"
    bin_.mkdir()
    target = launcher if link == "absolute" else Path(os.path.relpath(launcher, bin_))
    (bin_ / "lineage").symlink_to(target)
    if link == "chain":
        (bin_ / "other").mkdir()
        (bin_ / "other" / "lineage").symlink_to("../lineage")
        bin_ /= "other"
    path = f"{bin_}:/usr/bin:/bin"
    assert run("lineage", "log", "task_created", "t", "kim", PATH=path).returncode == 0
    assert run("lineage", "log", "task_created", "t", "kim", '{"a":1e5}', PATH=path).returncode == 0
    assert run(bin_ / "lineage", "--version").stdout.startswith("lineage ")
    assert len(content_of(tmp_path / "journal").records) == 2


@pytest.mark.parametrize("bash", ["old", "none", "posix"])
def test_without_a_new_bash_python_does_all(bash: str, launcher: Path, run: Run, tmp_path: Path, need_tool: Any):
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    script = tmp_path / "lineage"
    for tool in ("readlink", "dash"):
        (bin_ / tool).symlink_to(need_tool(tool))
    for tool in ("python", "python3"):
        (bin_ / tool).symlink_to(sys.executable)
    if bash == "old":  # what bash 3.2 answers to; the syntax is checked elsewhere
        text = launcher.read_text()
        assert text.count("${BASH_VERSION-}") == 2
        script = launcher.with_name("lineage-old")
        script.write_text(text.replace("${BASH_VERSION-}", "3.2.57"))
        script.chmod(0o755)
        (bin_ / "bash").symlink_to(need_tool("bash"))
        shell = "bash"
    else:
        script = launcher
        shell = "dash" if bash == "none" else need_tool("bash")
    start = [shell, "-o", "posix"] if bash == "posix" else [str(bin_ / shell)]
    try:
        told = run(*start, script, "log", "task_created", "t", "kim", PATH=str(bin_))
    finally:
        if bash == "old":
            script.unlink()
    assert told.returncode == 0, told.stderr
    (record,) = content_of(tmp_path / "journal").records
    assert told.stdout == record["lineage_id"] + "\n"


HANDED = [
    (["task_failed", "t", "m", "-1: failed"], {"reason": "-1: failed"}),
    (["task_failed", "t", "m", "-5"], {"reason": "-5"}),
    (["task_failed", "t", "m", "--", "-x"], {"reason": "-x"}),
    (["task_failed", "t", "m", "--", "--data"], {"reason": "--data"}),
    (["task_failed", "--", "t", "m", "-x", '{"a":1}'], {"a": 1, "reason": "-x"}),
    (["--data", '{"a":1}', "task_failed", "--", "t", "-m", "--"], {"a": 1, "reason": "--"}),
    (["--", "task_failed", "t", "m", "-x"], {"reason": "-x"}),
    (["--data", '{"a":1}', "task_failed", "t", "m", "r"], {"a": 1, "reason": "r"}),
    (["task_failed", "--data", '{"a":1}', "t", "m", "r"], {"a": 1, "reason": "r"}),
    (["task_failed", '--data={"a": 1}', "t", "m", "r"], {"a": 1, "reason": "r"}),
    (["task_failed", "t", "m", "r", "--data", ""], {"reason": "r"}),
    (["task_failed", "t", "m", "-"], {"reason": "-"}),
    (["task_failed", "t", "m", "r", '{"a":1}'], {"a": 1, "reason": "r"}),
    (["task_assigned", "t", "c", "m"], {"master_id": "m"}),
    (["task_assigned", "t", "c", "m", "--data", '{"a":1}'], {"a": 1, "master_id": "m"}),
    (["worker_progress", "t", "w", "5", "--session", "s", "--trace", "", "--principal", "p"], None),
    (["task_started", "t", "m", "--parent", "lineage-5", "--dir", "other"], {}),
    (["task_started", "t", "m", "--tag", "a", "--tag=b", "--related", "task-2"], {}),
    (["task_started", "t", "m", "--timestamp", "2026-01-02T03:04:05+01:00"], {}),
    (["task_started", "t", "*"], {}),
    (["task_started", "t", "m", "--data", "@file.json"], {"from": "file"}),
    (["task_started", "t", "m", "--session", "s"], {}),
    (["task_started", "t", "m", "--trace", "a", "--data", '{"n":1.5}'], {"n": 1.5}),
    (["task_failed", "t", "m", "token limit exceeded"], {"reason": "token limit exceeded"}),
    (["task_failed", "t", "m", "x" * 900], {"reason": "x" * 900}),
    (["task_failed", "t", "ä-master", "ß"], {"reason": "ß"}),
    (["worker_progress", "t", "w", "5.5"], None),
    (["worker_failed", "t", "w", "e", '{"error_type":"E", "password":"hunter2x"}'], None),
]
SURROUNDINGS = [
    {},
    {"CORTEX_SESSION_ID": "s-1", "CORTEX_TRACE_ID": "t-1"},
    {"TRACEPARENT": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
    {"LINEAGE_REDACT_KEYS": "reason,n"},
]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal in which one event stands, to be copied."""
    journal = tmp_path_factory.mktemp("begun") / "journal"
    subprocess.run(
        [LIBRARY.with_name("lineage"), "log", "task_created", "first", "kim"],
        env={"PATH": "/usr/bin:/bin", "LINEAGE_DIR": str(journal)}, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return journal


@pytest.mark.parametrize("environ", SURROUNDINGS, ids=str)
@pytest.mark.parametrize(("words", "data"), HANDED, ids=[" ".join(words)[:60] for words, _ in HANDED])
def test_words_and_options_mean_the_same_to_bash_and_python(
    words: list[str], data: dict[str, Any] | None, environ: dict[str, str], run: Run, tmp_path: Path, begun: Path
):
    """In a journal that is there already: where its file is new, the launcher reads all of the library."""
    (tmp_path / "file.json").write_text('{"from":"file"}')
    for name in ("journal", "other"):
        shutil.copytree(begun, tmp_path / name)
    told = run(LIBRARY.with_name("lineage"), "log", *words, **environ)
    assert (told.returncode, told.stderr) == (0, "")
    forced = run(LIBRARY.with_name("lineage"), "log", *words, **environ, LINEAGE_FORCE_PYTHON="1")
    assert (forced.returncode, forced.stderr) == (0, "")
    records = [r for name in ("journal", "other") for r in content_of(tmp_path / name).records]
    one, other = (record for record in records if record["task_id"] != "first")
    assert data is None or environ.get("LINEAGE_REDACT_KEYS") or one["event_data"] == data
    for record, printed in ((one, told), (other, forced)):
        assert record.pop("lineage_id") == printed.stdout.strip()
        if "--timestamp" not in words:
            record.pop("timestamp")
    assert one == other


REFUSED = [
    ["task_failed", "t", "m", "--foo"],
    ["task_failed", "t", "m", "-x"],
    ["task_failed", "t", "m", "r", "--data"],
    ["task_failed", "t", "m", "r", "{}", "--data", "{}"],
    ["task_failed", "t", "m", "r", "{}", "more"],
    ["task_failed", "t", "m"],
    ["task_failed", "t", "m", ""],
    ["task_fialed", "t", "m", "r"],
    ["task_failed"],
    [],
    ["worker_progress", "t", "w", "101"],
    ["task_failed", "t", "m", "r", "--timestamp", "yesterday"],
    ["task_failed", "t", "m", "r", "--data", "@nowhere"],
    ["task_failed", "t", "m", "r", "--data", "[]"],
    ["--batch", "task_failed"],
    ["task_assigned", "t", "c", "m", "urgent"],
    ["task_completed", "t", "m", "done"],
    ["task_created", "t", "kim", "--data", '{"priority":"urgent"}'],
    ["task_created", "t", "kim", "--data", '{"priority":"high","a":{"priority":1}}', "--parent", "none"],
    ["task_completed", "t", "m", "success", "--data", '{"duration_ms":"ten"}'],
    ["task_completed", "t", "m", "success", "--data", '{"duration_ms":-1}'],
    ["task_completed", "t", "m", "success", "--data", '{"deliverables":["a",1]}'],
    ["task_completed", "t", "m", "success", "--data", '{"deliverables":["]",1]}'],
    ["task_completed", "t", "m", "success", "--data", '{"deliverables":"a"}'],
    ["task_blocked", "t", "m", "r", "--data", '{"blocked_by":["a\\"]",1]}'],
    ["task_started", "t", "m", "--data", '{"token_usage":{"total_tokens":"9"}}'],
    ["task_started", "t", "m", "--data", '{"progress_percentage":110}'],
    ["task_started", "t", "m", "--data", '{"metadata":[1]}'],
    ["task_started", "t", "m", "--data", '{"worker_id":7}'],
    ["worker_failed", "t", "w", "e", "--data", '{"error_details":{"stack_trace":[1]}}'],
]


@pytest.mark.parametrize("words", REFUSED, ids=" ".join)
def test_wrong_words_are_refused_in_one_line(words: list[str], run: Run, tmp_path: Path):
    told = run(LIBRARY.with_name("lineage"), "log", *words)
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.startswith("lineage log: ")
    assert told.stderr.count("\n") == 1
    assert not (tmp_path / "journal").exists()


def test_the_parent_is_taken_from_the_environment_too(run: Run, tmp_path: Path):
    for force in ("", "1"):
        run(
            LIBRARY.with_name("lineage"), "log", "task_created", "t", "kim",
            LINEAGE_PARENT_ID="lineage-9", LINEAGE_FORCE_PYTHON=force,
        )  # fmt: skip
    assert [record["parent_lineage_id"] for record in content_of(tmp_path / "journal").records] == ["lineage-9"] * 2


def test_hostile_surroundings_do_not_reach_it(run: Run, tmp_path: Path):
    """No module of the working directory, no function or start-up file from the environment is run."""
    for name in ("json.py", "lineage_core.py", "re.py", "bash", "start.sh", "readlink"):
        (tmp_path / name).write_text("touch hacked; import os; os.system('touch hacked')\n")
        (tmp_path / name).chmod(0o755)
    environ = {
        "BASH_ENV": str(tmp_path / "start.sh"),
        "ENV": str(tmp_path / "start.sh"),
        "BASH_FUNC_printf%%": "() { touch hacked; }",
        "BASH_FUNC_read%%": "() { touch hacked; }",
        "SHELLOPTS": "errexit:nounset:xtrace",
        "__l_tag": "x",
        "__lineage_at": "a[$(touch hacked)]",
    }
    for data in ('{"a":1}', '{"a":1e5}'):
        told = run(LIBRARY.with_name("lineage"), "log", "task_created", "t", "kim", data, **environ)
        assert (told.returncode, told.stderr) == (0, "")
    assert not (tmp_path / "hacked").exists()
    assert [record.get("tags") for record in content_of(tmp_path / "journal").records] == [None, None]


def test_python_dash_m_is_the_same_command(run: Run, tmp_path: Path):
    told = run(sys.executable, "-m", "lineage_core.cli", "log", "task_created", "t", "kim")
    assert told.stdout.strip() == content_of(tmp_path / "journal").records[0]["lineage_id"]
    assert main(["log", "task_created", "t", "kim", "--dir", str(tmp_path / "journal")]) == 0


def test_an_event_whose_second_copy_cannot_be_written_is_told_and_not_written_again(run: Run, tmp_path: Path):
    """Where the daily file is new, and where it is there already, which is less work to write to."""
    (tmp_path / "journal" / "task-lineage.jsonl").mkdir(parents=True)
    for force in ("", "", "1"):
        environ = {"LINEAGE_WRITE_COMBINED": "1", "LINEAGE_FORCE_PYTHON": force}
        told = run(LIBRARY.with_name("lineage"), "log", "task_created", "t", "kim", **environ)
        assert (told.returncode, told.stdout) == (3, "")
        assert "task-lineage.jsonl" in told.stderr
    assert len(content_of(tmp_path / "journal").records) == 3
