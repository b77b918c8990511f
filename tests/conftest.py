"""What all tests share: the one way to skip for a missing outside tool, and an environment without the user's own."""

import fcntl
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A test says what is right, not how fast: the machine may have other work.
settings.register_profile("lineage", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("lineage"), derandomize=True)  # the same examples each time
settings.load_profile("lineage")

# The programs that tests start are compiled once, as on any host, even where PYTHONDONTWRITEBYTECODE is set.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False  # and so are the tests, whose asserts need not be rewritten in each worker of each run

# A run in the background, or under nohup, ignores these, and so would every program that a test starts.
signal.signal(signal.SIGQUIT, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

ROOT = Path(__file__).parents[1]
DATA = ROOT / "tests" / "data"
CORTEX = ROOT / "tests" / "cortex"  # a small cortex checkout


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """A worker more than there are processors: many tests wait for a process, a timer or a terminal."""
    return None if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else len(os.sched_getaffinity(0)) + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests begin, so that none is left to run alone at the end; all others stay in their order."""
    items.sort(key=lambda item: item.get_closest_marker("first") is None)


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A path that `make` has filled, once for all workers of a run: who comes second waits for who came first.

    It is only to be read; who changes it takes a copy. name: unique among all tests.
    """
    folder = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # each worker has its own below that of the run
    path, made = folder / name, folder / f"{name}.made"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            make(path)
            made.touch()
    return path


@pytest.fixture
def need_tool() -> Callable[[str], str]:
    """`need_tool("jq")` gives the tool's path, or skips the test and names the tool."""

    def need(name: str) -> str:
        path = shutil.which(name)
        if path is None:
            pytest.skip(f"needs {name}")
        return path

    return need


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No LINEAGE_*, CORTEX_* or TMUX of the user reaches a test, and caches and state go to a folder of its own.

    But for LINEAGE_NATIVE: with 0 the tests are those of an install without a C compiler. The screen begins without
    the hints of a first run.
    """
    for name in list(os.environ):
        if (name.startswith(("LINEAGE_", "CORTEX_")) and name != "LINEAGE_NATIVE") or name == "TMUX":
            monkeypatch.delenv(name)
    monkeypatch.setenv("LINEAGE_HINTS", "0")
    monkeypatch.setenv("PAGER", "cat")  # nobody is there to leave it
    for name in ("XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    yield
