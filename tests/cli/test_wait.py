"""`lineage wait` ends when the task ends, and its exit code says how."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lineage_core.base import clock
from lineage_core.present.rows import iso
from lineage_core.write.journal import Journal
from tests import wallclock
from tests.cli.conftest import Ask

pytestmark = pytest.mark.clock

COMMAND = [sys.executable, "-c", "import sys; from lineage_core.cli import main; sys.exit(main())", "wait"]


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Journal:
    """A journal with a task that runs."""
    monkeypatch.delenv("LINEAGE_NOW")
    journal = Journal(tmp_path / "lineage")
    journal.log("task_created", "task-1", "user-kim")
    journal.log("task_started", "task-1", "security-master")
    return journal


class Waiter:
    """A `lineage wait` that runs, and what it said in the end."""

    def __init__(self, *words: str) -> None:
        self.process = subprocess.Popen([*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def ended(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=120)
        return self.process.returncode, out, err


@pytest.fixture
def start(journal: Journal) -> Iterator[object]:
    waiters: list[Waiter] = []

    def run(*words: str) -> Waiter:
        waiters.append(Waiter(*words, "--dir", str(journal.directory)))
        return waiters[-1]

    yield run
    for waiter in waiters:
        waiter.process.kill()
        waiter.process.communicate()


@pytest.mark.parametrize(
    ("event", "words", "code", "status"),
    [
        ("task_completed", ["security-master", "success"], 0, "completed"),
        ("task_completed", ["security-master", "partial"], 0, "completed"),
        ("task_completed", ["security-master", "failed"], 1, "failed"),
        ("task_failed", ["security-master", "build broke"], 1, "failed"),
        ("task_cancelled", ["coordinator-master", "not needed"], 1, "cancelled"),
    ],
)
def test_it_ends_with_the_task(event, words, code, status, journal: Journal, start) -> None:  # type: ignore[no-untyped-def]
    waiter = start("task-1", "--json", "--timeout", "60s")
    journal.log("worker_spawned", "task-1", "security-master", "worker-1", "scan-worker")
    journal.log("task_completed", "task-2", "security-master", "success")  # somebody else's
    journal.log(event, "task-1", *words)
    ended, out, err = waiter.ended()
    assert (ended, err) == (code, "")
    told = json.loads(out)
    assert told["status"] == status
    assert told["timed_out"] is False
    assert told["task_id"] == "task-1"


def test_a_task_that_has_ended_ends_it_at_once(ask: Ask) -> None:
    assert ask("wait", "task-a-deps-audit").code == 0
    assert ask("wait", "task-a-rollout", "--quiet") == (1, "", "")


def test_the_time_may_be_up_before(journal: Journal, ask: Ask) -> None:
    asked = ask("wait", "task-1", "--timeout", "50ms", "--json", journal.directory)
    assert asked.code == 124
    assert asked.err == "lineage wait: the time is up: task-1 has not ended within 50ms\n"
    assert (asked.json["status"], asked.json["timed_out"]) == ("running", True)


@pytest.mark.parametrize(("words", "late"), [((), False), (("--late", "silent=10m"), True)])
def test_when_the_time_is_up_it_tells_what_is_expected_and_how_late_that_is(
    words: tuple[str, ...], late: bool, journal: Journal, ask: Ask
) -> None:
    spoke = wallclock.now() - 20 * clock.MINUTE
    for event, *more in (("worker_spawned", "security-master"), ("worker_started",)):
        journal.log(event, "task-1", *more, "worker-1", "scan-worker", timestamp=clock.format_timestamp(spoke))
    asked = ask("wait", "task-1", "--timeout", "50ms", "--json", *words, journal.directory)
    (expected,) = asked.json["expects"]
    due = spoke + (10 if late else 30) * clock.MINUTE
    assert (expected["name"], expected["of"], expected["since"]) == ("silent", "worker-1", iso(spoke))
    assert (expected["due"], asked.json["late_since"]) == (iso(due), iso(due) if late else None)
    text = ask("wait", "task-1", "--timeout", "50ms", *words, journal.directory).out
    assert f"a report, expected of worker-1 {'late since' if late else 'by'} {iso(due)}" in text


def test_a_task_not_born_yet_is_waited_for_when_asked(journal: Journal, start) -> None:  # type: ignore[no-untyped-def]
    waiter = start("task-9", "--unborn", "--timeout", "60s")
    journal.log("task_created", "task-9", "user-kim")
    journal.log("task_completed", "task-9", "security-master", "success")
    assert waiter.ended()[0] == 0


def test_a_task_that_nobody_knows_is_4(journal: Journal, ask: Ask) -> None:
    asked = ask("wait", "task-9", journal.directory)
    assert (asked.code, asked.out) == (4, "")
    assert "no task task-9" in asked.err


def test_a_task_that_never_comes_is_124(journal: Journal, ask: Ask) -> None:
    asked = ask("wait", "task-9", "--unborn", "--timeout", "50ms", journal.directory)
    assert (asked.code, asked.out) == (124, "")
    assert "no event of task-9 came within 50ms" in asked.err
