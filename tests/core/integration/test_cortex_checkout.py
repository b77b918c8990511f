"""The seed's testing checklist, per integration point, over a miniature cortex whose scripts run for real.

`tests/cortex` is a checkout with all 39 points in its scripts. Its scripts are run one after the other, as people,
masters and daemons would; each test holds one line of the checklist against one event that they logged.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lineage_core.base import clock
from lineage_core.integration import install as shell_install
from lineage_core.integration.integration_points import POINTS
from lineage_core.model.event_types import EVENTS
from lineage_core.write.batch import complete
from lineage_core.write.json_encoder import encode
from tests.conftest import CORTEX
from tests.core.integration.cortex_story import AUDIT, COARSE, LOGIN, MEASURED, QUEUE, SEC, STEPS, Logged
from tests.wallclock import SHIFT, now, written_at

LINEAGE = [sys.executable, "-m", "lineage_core.cli"]


class Cortex:
    """A checkout with our library installed. Runs its scripts and keeps what they logged."""

    def __init__(self, home: Path, **environ: str) -> None:
        shutil.copytree(CORTEX, home)
        shell_install.install(home)
        self.home = home
        self._watch_python()
        self.journal = home / "coordination/lineage"
        self.environ = {
            "PATH": os.environ["PATH"],
            "CORTEX_HOME": str(home),
            "CORTEX_PRINCIPAL": "user-kim",
            "CORTEX_SESSION_ID": "session-1",
            "CORTEX_TRACE_ID": "trace-1",
            **SHIFT,
            **environ,
        }
        self._read = 0

    def _watch_python(self) -> None:
        """Have the library note each time it starts Python, which it does where bash alone is not sure."""
        watched = self.home / "watched-python"
        watched.write_text(f'#!/bin/sh\necho asked >> "{self.home}/asked"\nexec "{sys.executable}" "$@"\n')
        watched.chmod(0o755)
        library = self.home / "scripts/lib/lineage.sh"
        text = library.read_text()
        recorded = f"__lineage_python={sys.executable}"
        assert recorded in text
        library.write_text(text.replace(recorded, f"__lineage_python='{watched}'"))

    def python_starts(self) -> int:
        """How often the library has started Python so far."""
        asked = self.home / "asked"
        return len(asked.read_text().splitlines()) if asked.exists() else 0

    def run(self, words: list[str], stdin: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, cwd=self.home, input=stdin, capture_output=True, text=True, env=self.environ | environ
        )

    def prepare(self, files: dict[str, Any]) -> None:
        """Put files in place: a text, a JSON value, or a change to the JSON that is there."""
        for name, content in files.items():
            path = self.home / name
            if callable(content):
                value = json.loads(path.read_text())
                content(value)
                content = value
            path.write_text(content if isinstance(content, str) else json.dumps(content))

    def new_records(self) -> list[dict[str, Any]]:
        """What was logged since the last call, in the order of the file."""
        texts = [path.read_text() for path in sorted(self.journal.glob("lineage-*.jsonl"))]
        records = [json.loads(line) for text in texts for line in text.splitlines() if line]
        new, self._read = records[self._read :], len(records)
        return new


@dataclass
class Seen:
    """An event that must be logged, beside what was."""

    wanted: Logged
    record: dict[str, Any]
    begun: int
    ended: int
    work_at: int
    previous: str | None
    given: str | None
    python: int


@dataclass
class World:
    cortex: Cortex
    seen: list[Seen]
    outputs: list[str]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    for tool in ("bash", "jq", "git"):
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool}")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("LINEAGE_", "CORTEX_")):
                patch.delenv(name)
        yield played(Cortex(tmp_path_factory.mktemp("world") / "cortex"))


def played(cortex: Cortex) -> World:
    """All scripts of the checkout run in the order of STEPS."""
    seen: list[Seen] = []
    outputs = []
    ids: dict[str, str] = {}
    for step in STEPS:
        cortex.prepare(step.first)
        given = ids[step.parent] if step.parent else None
        python = cortex.python_starts()
        begun = now()
        done = cortex.run(step.command, step.stdin, **({"LINEAGE_PARENT_ID": given} if given else {}))
        finished = now()
        assert (done.returncode, done.stderr.replace("Title: Type: Priority: ", "")) == (0, ""), step.command
        outputs.append(done.stdout)
        records = cortex.new_records()
        assert [r["event_type"] for r in records] == [wanted.event for wanted in step.logs], step.command
        previous = None
        for wanted, record in zip(step.logs, records, strict=True):
            work_at = written_at(cortex.home / wanted.work) if wanted.work else 0
            seen.append(
                Seen(wanted, record, begun, finished, work_at, previous, given, cortex.python_starts() - python)
            )
            previous = ids[wanted.point] = record["lineage_id"]
    return World(cortex, seen, outputs)


per_point = pytest.mark.parametrize("point", [p.id for p in POINTS])


def at_point(world: World, point: str) -> list[Seen]:
    seen = [s for s in world.seen if s.wanted.point == point]
    assert seen, f"no script logs {point}"
    return seen


@per_point
def test_the_event_is_logged_at_the_right_time(world: World, point: str):
    for s in at_point(world, point):
        at = clock.parse_timestamp(s.record["timestamp"])
        assert s.begun <= at <= s.ended
        if s.work_at:
            assert at <= s.work_at + COARSE if s.wanted.before else s.work_at <= at


@per_point
def test_the_event_has_all_required_fields(world: World, point: str):
    for s in at_point(world, point):
        assert json.loads(encode(complete(json.loads(json.dumps(s.record)), {})[0])) == s.record
        assert set(EVENTS[s.wanted.event].required_data) <= set(s.record["event_data"])
        assert s.record["context"] == {"session_id": "session-1", "trace_id": "trace-1"}
        assert s.record["actor"]["principal"] == "user-kim"


@per_point
def test_the_event_data_is_accurate_and_complete(world: World, point: str):
    for s in at_point(world, point):
        data = dict(s.record["event_data"])
        if point == "5.4":
            head = world.cortex.run(["git", "-C", "repository", "rev-parse", "--short", "HEAD"]).stdout.strip()
            assert data["deliverables"] == [f"commit/{head}"]
            data["deliverables"] = ["commit/COMMIT"]
        if s.wanted.data.get("duration_ms") == MEASURED:
            assert 0 <= data["duration_ms"] <= (s.ended - s.begun) / 1000 + 1000
            data["duration_ms"] = MEASURED
        assert data == s.wanted.data
        assert (s.record["task_id"], s.record["actor"]["id"]) == (s.wanted.task, s.wanted.actor)
        assert "tags" not in s.record


@per_point
def test_the_parent_is_set_where_it_is_known(world: World, point: str):
    for s in at_point(world, point):
        wanted = {"previous": s.previous, "given": s.given, None: None}[s.wanted.parent]
        assert s.record["parent_lineage_id"] == wanted
        assert (wanted is None) == (s.wanted.parent is None)


@pytest.fixture(scope="module")
def answers(world: World) -> Callable[[str, str], list[dict[str, Any]]]:
    """What a function of the library answers, each question asked once."""
    known: dict[tuple[str, str], list[dict[str, Any]]] = {}

    def ask(function: str, word: str) -> list[dict[str, Any]]:
        if (function, word) not in known:
            done = world.cortex.run(["bash", "-c", f'source scripts/lib/lineage.sh; {function} "$1"', "ask", word])
            assert done.returncode == 0, done.stderr
            known[function, word] = json.loads(done.stdout)
        return known[function, word]

    return ask


@per_point
def test_the_library_can_retrieve_the_event(
    world: World, point: str, answers: Callable[[str, str], list[dict[str, Any]]]
):
    for s in at_point(world, point):
        assert s.record in answers("get_task_lineage", s.wanted.task)
        assert s.record in answers("get_lineage_by_type", s.wanted.event)


@per_point
def test_the_events_of_a_task_are_in_the_order_in_which_its_scripts_ran(
    world: World, point: str, answers: Callable[[str, str], list[dict[str, Any]]]
):
    for s in at_point(world, point):
        told = [r["lineage_id"] for r in answers("get_task_lineage", s.wanted.task)]
        assert told == [o.record["lineage_id"] for o in world.seen if o.wanted.task == s.wanted.task]


def test_every_event_was_logged_at_one_of_the_points_and_every_point_logged_one(world: World):
    assert {s.wanted.point for s in world.seen} == {p.id for p in POINTS}


def test_the_output_of_the_scripts_is_their_own(world: World):
    assert world.outputs[0] == f"Created {AUDIT}\n"
    assert not any("lineage-" in text for text in world.outputs)


def test_the_check_finds_every_point_integrated_and_its_event_in_the_journal(world: World):
    done = world.cortex.run([*LINEAGE, "integration", "check", "--require", "all", "--json"])
    told = json.loads(done.stdout)
    assert (done.returncode, told["integrated"]) == (0, 39)
    assert all(p["events_seen"] for p in told["points"])


@pytest.mark.parametrize(
    "words",
    [
        ["scripts/create-task.sh", "--title", "x"],
        ["scripts/run-coordinator-master.sh", AUDIT],
        ["scripts/run-security-master.sh", AUDIT, "completed"],
        ["scripts/task-completion-hook.sh", AUDIT, SEC, "1", "[]", "1"],
        ["scripts/update-task-state.sh", "block", AUDIT, SEC, LOGIN],
        ["scripts/worker-daemon.sh"],
    ],
    ids=lambda words: words[0],
)
def test_work_that_fails_logs_no_event(tmp_path: Path, words: list[str], need_tool: Callable[[str], str]):
    need_tool("jq")
    cortex = Cortex(tmp_path / "cortex")
    (cortex.home / QUEUE).write_text("{broken")
    assert cortex.run(words).returncode != 0 or not words[1:]
    assert not cortex.journal.exists()


def test_the_scripts_do_the_same_work_when_logging_fails(tmp_path: Path, need_tool: Callable[[str], str]):
    need_tool("jq")
    logging, broken = Cortex(tmp_path / "one"), Cortex(tmp_path / "two")
    (broken.home / "coordination/lineage").write_text("a file where the directory must be")
    for cortex in (logging, broken):
        for step in STEPS[:7]:
            assert cortex.run(step.command, step.stdin).returncode == 0
    assert (logging.home / QUEUE).read_text() == (broken.home / QUEUE).read_text()


@per_point
def test_logging_the_event_starts_no_python_unless_data_must_be_merged(world: World, point: str):
    """In these three DATA names a key that an argument sets too: completion_status, and what error_details has."""
    for s in at_point(world, point):
        assert s.python <= (point in ("4.4", "4.5", "5.1"))


@pytest.fixture(scope="module")
def query(world: World) -> Callable[..., Any]:
    """What the installed query-lineage.sh answers as JSON, each question asked once."""
    known: dict[tuple[str, ...], Any] = {}

    def ask(*words: str) -> Any:
        if words not in known:
            done = world.cortex.run(["scripts/query-lineage.sh", *words, "--format", "json"])
            assert done.returncode == 0, done.stderr
            known[words] = json.loads(done.stdout)
        return known[words]

    return ask


@per_point
def test_the_query_tool_can_retrieve_the_event(world: World, point: str, query: Callable[..., Any]):
    for s in at_point(world, point):
        assert s.record in query("--task", s.wanted.task)
        assert s.record in query("--type", s.wanted.event)


def repeats(world: World, seen: Seen) -> bool:
    """Whether the event says again that a task has started, as several scripts of a cortex do."""
    same = [s.record for s in world.seen if s.record["task_id"] == seen.record["task_id"]]
    starts = [record for record in same if record["event_type"] == "task_started"]
    return seen.record["event_type"] == "task_started" and seen.record["timestamp"] > min(
        r["timestamp"] for r in starts
    )


@per_point
def test_the_timeline_has_the_event_at_its_time(world: World, point: str, query: Callable[..., Any]):
    for s in at_point(world, point):
        parts = query("--timeline", s.wanted.task)["parts"]
        assert [p["start"] for p in parts] == sorted(p["start"] for p in parts)
        if not repeats(world, s):  # starts with no end between are one, at the time of the first
            assert s.record["timestamp"] in {time for p in parts for time in (p["start"], p["end"])}


@pytest.mark.clock
def test_the_events_of_an_actor_and_of_a_day_can_be_retrieved(
    world: World, query: Callable[..., Any], answers: Callable[[str, str], list[dict[str, Any]]]
):
    of_security = [s.record for s in world.seen if s.wanted.actor == SEC]
    assert answers("get_lineage_by_actor", SEC) == query("--actor", SEC) == of_security
    days = sorted({s.record["timestamp"][:10] for s in world.seen})
    assert [r for day in days for r in query("--date", day)] == [s.record for s in world.seen]


@pytest.mark.clock
def test_the_validation_commands_of_the_seed_work(world: World, query: Callable[..., Any]):
    assert query("--stats")["total_events"] == len(world.seen)
    assert [worker["worker_id"] for worker in query("--workers", AUDIT)] == ["worker-scan-001"]
    assert query("--recent", "1") == [world.seen[-1].record]
    assert query("--duration", AUDIT)["task_id"] == query("--summary", AUDIT)["task_id"] == AUDIT
    assert AUDIT in json.dumps(query("--chain", AUDIT))
    failed = query("--failed")
    assert (failed["tasks"], failed["workers"]) == (2, 3)


@pytest.mark.parametrize(
    ("words", "begins"),
    [
        (["--task", AUDIT, "--export", "csv"], "timestamp,lineage_id,"),
        (["--task", AUDIT, "--export", "json"], "["),
        (["--timeline", AUDIT, "--export", "html"], "<!DOCTYPE html>"),
        (["--workers", "--export", "csv"], "worker_id,"),
    ],
)
def test_an_answer_of_the_query_tool_can_be_exported(world: World, words: list[str], begins: str):
    done = world.cortex.run(["scripts/query-lineage.sh", *words])
    assert done.returncode == 0 and done.stdout.startswith(begins)
    assert AUDIT in done.stdout
