"""`--at`: every query as of a time, as if nothing had been written since."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lineage_core.base.clock import SECOND, format_timestamp, parse_timestamp
from lineage_core.cli import COMMANDS, parser_of
from lineage_core.cli.commands.export import QUERIES
from lineage_core.read.journal_files import files
from tests.build import record, write
from tests.cli.conftest import NOW, Ask

AT = "2026-11-21T20:00:00Z"
THEN = parse_timestamp(AT) or 0
ALL = tuple(
    name
    for name in COMMANDS
    if name not in ("bundle", "serve") and any(action.dest == "at" for action in parser_of(name)._actions)
)
ABOUT_A_TASK = ("task", "timeline", "duration", "summary", "explain", "chain", "related")


@pytest.fixture(scope="session")
def known(demo_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's directory as it was at AT, by the lines of its files: each holds the id of its event first."""
    directory = tmp_path_factory.mktemp("known") / "lineage"
    for file in files(demo_dir):
        lines = [line for line in file.path.read_bytes().splitlines(keepends=True) if int(line[23:39]) <= THEN]
        if lines:
            write(directory, *lines, name=file.path.name)
    return directory


def test_every_query_takes_it() -> None:
    assert set(QUERIES) <= set(ALL) | {"export"}
    assert {"forecast", "anomalies", "related"} <= set(ALL)


@pytest.mark.parametrize("query", ALL)
def test_a_query_as_of_a_time_is_that_over_what_was_written_until_then(
    ask: Ask, demo_dir: Path, known: Path, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [query, "--json"]
    if query in ABOUT_A_TASK:
        words.insert(1, newest_task(ask, known, monkeypatch))
    if query == "changed":
        words += ["--since", "6h"]
    if query == "diff":
        words[1:1] = [newest_task(ask, known, monkeypatch)] * 2
    ask(*words, demo_dir)  # what is cached of the whole must not matter
    then = ask(*words, "--at", AT, demo_dir)
    assert os.environ["LINEAGE_NOW"] == NOW
    monkeypatch.setenv("LINEAGE_NOW", AT)
    monkeypatch.setenv("XDG_CACHE_HOME", str(known.parent / "no-cache"))
    assert then == ask(*words, known)
    assert then.code == 0


def newest_task(ask: Ask, known: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    with monkeypatch.context() as patch:
        patch.setenv("LINEAGE_NOW", AT)
        return str(ask("tasks", "is:open", "--json", known).json[0]["task_id"])


def failing_later(directory: Path) -> Path:
    """A task that failed half an hour before NOW, and ran an hour before."""
    now = parse_timestamp(NOW) or 0

    def event(minutes: int, kind: str, **data: str) -> dict[str, object]:
        at = now - minutes * 60 * SECOND
        return record(
            lineage_id=f"lineage-{at:016d}{minutes:010d}",
            task_id="task-1",
            event_type=kind,
            timestamp=format_timestamp(at),
            event_data=data,
        )

    return write(directory, event(90, "task_created"), event(60, "task_started"), event(30, "task_failed", reason="oh"))


def test_what_failed_later_had_not_failed(ask: Ask, tmp_path: Path) -> None:
    directory = failing_later(tmp_path / "lineage")
    assert ask("tasks", "--json", directory).json[0]["status"] == "failed"
    [then] = ask("tasks", "--at", "45m", "--json", directory).json
    assert (then["status"], then["elapsed_ms"], then["reason"]) == ("running", 45 * 60_000, None)
    assert "oh" not in ask("events", "--at", "45m", directory).out
    assert "no failure" in ask("failed", "--at", "45m", directory).out


def test_before_its_first_event_a_task_is_unknown(ask: Ask, tmp_path: Path) -> None:
    directory = failing_later(tmp_path / "lineage")
    code, _, err = ask("task", "task-1", "--at", "2h", directory)
    assert code == 1
    assert err == f"lineage task: no task task-1 in {directory} as of 2026-11-22T06:10:00Z\n"


@pytest.mark.parametrize("when", ["yesterday", "2026-11-22T07:30", "2026-11-22T08:30+01:00", "40m", "now", "today"])
def test_it_takes_times_as_since_does(ask: Ask, tmp_path: Path, when: str) -> None:
    assert ask("tasks", "--at", when, failing_later(tmp_path / "lineage")).code == 0


def test_what_is_no_time_is_one_line(ask: Ask, tmp_path: Path) -> None:
    code, out, err = ask("tasks", "--at", "soon", tmp_path)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("lineage tasks: --at: 'soon' is no time: write it like 2h")


def test_the_future_is_not_known(ask: Ask, tmp_path: Path) -> None:
    code, _, err = ask("tasks", "--at", "2027-01-01", tmp_path)
    assert (code, err.count("\n")) == (2, 1)
    assert "still to come" in err


def test_relative_times_of_the_query_are_before_then(ask: Ask, tmp_path: Path) -> None:
    directory = failing_later(tmp_path / "lineage")
    kinds = [one["event_type"] for one in ask("events", "--at", "45m", "--since", "20m", "--json", directory).json]
    assert kinds == ["task_started"]


def test_an_export_takes_it(ask: Ask, tmp_path: Path) -> None:
    directory = failing_later(tmp_path / "lineage")
    assert ",running," in ask("export", "tasks", "--at", "45m", "--format", "csv", directory).out


def test_nothing_is_left_behind(ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = failing_later(tmp_path / "lineage")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    ask("stats", "--at", "45m", directory)
    ask("task", "nobody", "--at", "45m", directory)
    assert list((tmp_path / "temporary").iterdir()) == []
