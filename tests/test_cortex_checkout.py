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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lineage_core import clock, shell_install
from lineage_core.batch import complete
from lineage_core.codec import encode
from lineage_core.events import EVENTS
from lineage_core.integration_points import POINTS

CORTEX = Path(__file__).parent / "cortex"
LINEAGE = [sys.executable, "-m", "lineage_core.cli"]
QUEUE = "coordination/task-queue.json"
SPECS = "coordination/worker-specs"
RESULTS = "coordination/worker-results"
HANDOFFS = "coordination/handoffs"
MEASURED = -1  # for a duration that the script measures in whole seconds
COARSE = 10_000  # microseconds by which a file's time may lag

AUDIT, EXPORT, CATALOG = "task-audit-deps-0001", "task-export-csv-0002", "task-catalog-repos-0003"
RELEASE, LOGIN, CLEANUP = "task-release-214-0004", "task-fix-login-0005", "task-old-cleanup-0006"
ROTATE, MISTAKE = "task-rotate-keys-0007", "task-a-mistake-0008"
DEV, SEC, INV, CICD = "development-master", "security-master", "inventory-master", "cicd-master"


@dataclass
class Logged:
    """One event that a script must log.

    work: the file that the script has last written before it, or first writes after it (empty: written again later).
    parent: `previous`, the event that the same shell logged before, or `given`, LINEAGE_PARENT_ID.
    """

    point: str
    event: str
    task: str
    actor: str
    data: dict[str, Any]
    work: str = QUEUE
    before: bool = False
    parent: str | None = None


@dataclass
class Step:
    """One script that is run, and what it must log. first: files to be there before, by name."""

    command: list[str]
    logs: list[Logged]
    stdin: str = ""
    parent: str = ""
    first: dict[str, Any] = field(default_factory=dict)


def created(point: str, task: str, priority: str, kind: str, **more: Any) -> Logged:
    return Logged(point, "task_created", task, "user-kim", {"priority": priority, "type": kind, **more})


def assigned(
    point: str, task: str, master: str, priority: str, by: str = "coordinator-master", work: str = QUEUE
) -> Logged:
    return Logged(point, "task_assigned", task, by, {"master_id": master, "priority": priority}, work)


def started(point: str, task: str, master: str) -> Logged:
    return Logged(point, "task_started", task, master, {}, f"coordination/masters/{master}/{task}.txt", before=True)


def ended(point: str, task: str, master: str, **data: Any) -> Logged:
    event = "task_failed" if "reason" in data else "task_completed"
    return Logged(point, event, task, master, {"duration_ms": MEASURED, **data}, parent="previous")


def spawned(point: str, task: str, master: str, worker: str, kind: str, priority: str, budget: int) -> Logged:
    data = {"priority": priority, "token_budget": budget, "worker_id": worker, "worker_type": kind}
    return Logged(point, "worker_spawned", task, master, data, f"{SPECS}/{worker}.json")


def worker_failed(point: str, task: str, worker: str, message: str, work: str, **data: Any) -> Logged:
    error_type = data.pop("error_type", "worker_failure")
    details = {"error_type": error_type, "error_message": message}
    return Logged(point, "worker_failed", task, worker, {"worker_id": worker, "error_details": details, **data}, work)


def handoff(point: str, task: str, name: str, source: str, target: str, parent: str | None = "previous") -> Logged:
    data = {"handoff_id": name, "from_master": source, "to_master": target}
    return Logged(point, "handoff_created", task, source, data, f"{HANDOFFS}/{name}.json", parent=parent)


def changed(point: str, event: str, task: str, actor: str, **data: Any) -> Step:
    """A run of update-task-state.sh; its words are filled in below."""
    return Step([], [Logged(point, event, task, actor, data)])


def state(words: list[str], step: Step) -> Step:
    step.command = ["scripts/update-task-state.sh", *words]
    return step


STEPS = [
    Step(
        ["scripts/create-task.sh", "--title", "Audit deps", "--type", "security", "--priority", "high"],
        [created("1.1", AUDIT, "high", "security")],
    ),
    Step(
        ["scripts/create-task-enhanced.sh", "Export CSV", "development", "medium", 'the "Q4" numbers'],
        [created("1.2", EXPORT, "medium", "development", metadata={"description": 'the "Q4" numbers'})],
    ),
    Step(
        ["scripts/wizards/create-task.sh"],
        [created("1.3", CATALOG, "low", "inventory")],
        stdin="Catalog repos\ninventory\nlow\n",
    ),
    Step(
        ["scripts/create-task.sh", "--title", "Release 2.14", "--type", "cicd", "--priority", "critical"],
        [created("1.1", RELEASE, "critical", "cicd")],
    ),
    Step(
        ["scripts/create-task.sh", "--title", "Fix login", "--type", "development"],
        [created("1.1", LOGIN, "medium", "development")],
    ),
    Step(
        ["scripts/create-task.sh", "--title", "Old cleanup", "--type", "inventory", "--priority", "low"],
        [created("1.1", CLEANUP, "low", "inventory")],
    ),
    Step(
        ["scripts/run-coordinator-master.sh", EXPORT, "simple", "--delegate", "h-1"],
        [
            assigned("1.4", EXPORT, DEV, "medium"),
            handoff("7.6", EXPORT, "h-1", "coordinator-master", DEV),
        ],
    ),
    Step(["scripts/run-coordinator-master.sh", AUDIT, "moe"], [assigned("1.5", AUDIT, SEC, "high")]),
    Step(["scripts/run-coordinator-master.sh", RELEASE, "cascade"], [assigned("1.6", RELEASE, SEC, "critical")]),
    Step(
        ["scripts/task-orchestrator-daemon.sh", "--once"],
        [
            assigned("1.7", CATALOG, INV, "low", "task-orchestrator-daemon", ""),
            assigned("1.7", LOGIN, DEV, "medium", "task-orchestrator-daemon", ""),
            assigned("1.7", CLEANUP, INV, "low", "task-orchestrator-daemon"),
        ],
    ),
    Step(
        ["scripts/run-development-master.sh", EXPORT, "handoff:h-2"],
        [started("2.1", EXPORT, DEV), handoff("7.4", EXPORT, "h-2", DEV, CICD)],
    ),
    Step(
        ["scripts/update-handoff.sh", "accept", "h-2", CICD],
        [
            Logged(
                "7.2", "handoff_accepted", EXPORT, CICD, {"handoff_id": "h-2"}, f"{HANDOFFS}/h-2.json", parent="given"
            )
        ],
        parent="7.4",
    ),
    Step(
        ["scripts/update-handoff.sh", "complete", "h-2", CICD, "1200"],
        [
            Logged(
                "7.3", "handoff_completed", EXPORT, CICD, {"duration_ms": 1200, "handoff_id": "h-2"},
                f"{HANDOFFS}/h-2.json", parent="given",
            )
        ],
        parent="7.2",
    ),
    Step(
        ["scripts/run-development-master.sh", EXPORT, "completed"],
        [started("2.1", EXPORT, DEV), ended("5.2a", EXPORT, DEV, completion_status="success")],
    ),
    Step(
        ["scripts/run-security-master.sh", AUDIT, "handoff:h-3"],
        [started("2.2", AUDIT, SEC), handoff("7.5", AUDIT, "h-3", SEC, DEV)],
    ),
    Step(
        ["scripts/spawn-worker.sh", "--type", "scan-worker", "--task-id", AUDIT, "--master", SEC, "--priority", "high",
         "--token-budget", "50000"],
        [spawned("3.1", AUDIT, SEC, "worker-scan-001", "scan-worker", "high", 50000)],
    ),
    Step(
        ["scripts/start-worker.sh", "worker-scan-001"],
        [
            Logged(
                "4.1", "worker_started", AUDIT, "worker-scan-001",
                {"worker_id": "worker-scan-001", "worker_type": "scan-worker"},
                f"{RESULTS}/worker-scan-001.part", before=True, parent="given",
            ),
            Logged(
                "4.2", "worker_progress", AUDIT, "worker-scan-001",
                {"current_step": "matching packages against advisories", "worker_id": "worker-scan-001",
                 "progress_percentage": 50},
                f"{RESULTS}/worker-scan-001.part", parent="previous",
            ),
        ],
        parent="3.1",
    ),
    Step(
        ["scripts/aggregate-worker-results.sh"],
        [
            Logged(
                "4.3", "worker_completed", AUDIT, "worker-scan-001",
                {"token_usage": {"input_tokens": 9000, "output_tokens": 1000, "total_tokens": 10000},
                 "duration_ms": 1500, "deliverables": ["reports/findings.sarif"], "worker_id": "worker-scan-001",
                 "completion_status": "success"},
                f"{RESULTS}/worker-scan-001.aggregated",
            )
        ],
    ),
    Step(
        ["scripts/run-security-master.sh", AUDIT, "completed"],
        [started("2.2", AUDIT, SEC), ended("5.2b", AUDIT, SEC, completion_status="success")],
    ),
    Step(
        ["scripts/run-inventory-master.sh", CATALOG, "completed"],
        [started("2.3", CATALOG, INV), ended("5.2c", CATALOG, INV, completion_status="success")],
    ),
    Step(
        ["scripts/run-cicd-master.sh", RELEASE, "failed", "smoke tests failed"],
        [started("2.4", RELEASE, CICD), ended("5.2d", RELEASE, CICD, reason="smoke tests failed")],
    ),
    Step(
        ["coordination/masters/coordinator/lib/routing-integration.sh", LOGIN, DEV],
        [Logged("2.5", "task_started", LOGIN, DEV, {})],
    ),
    Step(
        ["scripts/wizards/create-worker.sh"],
        [spawned("3.2", LOGIN, DEV, "worker-doc-1", "documentation-worker", "low", 20000)],
        stdin=f"worker-doc-1\ndocumentation-worker\n{LOGIN}\n{DEV}\n",
    ),
    Step(
        ["scripts/handle-worker-failure.sh", "worker-doc-1", "timeout", "no answer in 60 s"],
        [
            worker_failed(
                "4.4", LOGIN, "worker-doc-1", "no answer in 60 s", f"{SPECS}/worker-doc-1.json",
                error_type="timeout", duration_ms=900,
            )
        ],
    ),
    Step(
        ["scripts/worker-daemon.sh", "--once"],
        [spawned("3.3", CLEANUP, INV, "worker-daemon-0006", "implementation-worker", "low", 60000)],
        first={QUEUE: lambda queue: queue["tasks"][5].update(status="needs-worker")},
    ),
    Step(
        ["scripts/cleanup-zombie-workers.sh", "60"],
        [
            worker_failed(
                "4.6", CLEANUP, "worker-daemon-0006", "zombie_timeout", f"{SPECS}/worker-daemon-0006.json",
                reason="zombie_timeout",
            )
        ],
        first={f"{SPECS}/worker-daemon-0006.json": lambda spec: spec.update(status="running", heartbeat=0)},
    ),
    Step(
        ["scripts/archive-failed-workers.sh"],  # the failure of worker-doc-1 is logged already
        [
            worker_failed(
                "4.5", CLEANUP, "worker-fix-9", "out of memory", f"{SPECS}/archive/worker-fix-9.json",
                error_type="archived", duration_ms=0,
            )
        ],
        first={
            f"{SPECS}/worker-fix-9.json": {
                "id": "worker-fix-9", "task": CLEANUP, "status": "failed", "error": "out of memory",
            }
        },
    ),
    state(
        ["block", LOGIN, DEV, CLEANUP],
        changed(
            "6.1", "task_blocked", LOGIN, DEV,
            blocked_by=[CLEANUP], reason=f"Waiting for dependency: {CLEANUP}",
        ),
    ),
    state(
        ["fail", CLEANUP, INV, "no worker could finish", "4000"],
        changed("5.3", "task_failed", CLEANUP, INV, duration_ms=4000, reason="no worker could finish"),
    ),
    state(
        ["unblock", LOGIN, DEV],
        changed("6.2", "task_unblocked", LOGIN, DEV, reason=f"Dependency completed: {CLEANUP}"),
    ),
    state(
        ["reassign", LOGIN, DEV, CICD, "a deployment problem"],
        changed(
            "6.3", "task_reassigned", LOGIN, "coordinator-master",
            from_master=DEV, to_master=CICD, reason="a deployment problem",
        ),
    ),
    state(
        ["escalate", LOGIN, CICD],
        changed("6.4", "task_escalated", LOGIN, CICD, reason="Requires manual review"),
    ),
    Step(
        ["scripts/handoff-processor-daemon.sh", "--once"],
        [handoff("7.1", LOGIN, "h-4", CICD, DEV, parent=None)],
        first={f"{HANDOFFS}/h-4.request": f"{LOGIN} h-4 {CICD} {DEV}\n"},
    ),
    Step(
        ["scripts/coordinate-task-git.sh", LOGIN, CICD],
        [
            Logged(
                "5.4", "task_completed", LOGIN, CICD,
                {"deliverables": ["commit/COMMIT"], "token_usage": {"total_tokens": 0}, "duration_ms": 40,
                 "completion_status": "success"},
            )
        ],
    ),
    Step(
        ["scripts/create-task.sh", "--title", "Rotate keys", "--type", "security"],
        [created("1.1", ROTATE, "medium", "security")],
    ),
    Step(
        ["coordination/masters/coordinator/lib/routing-integration.sh", ROTATE, SEC],
        [Logged("2.5", "task_started", ROTATE, SEC, {})],
    ),
    Step(
        ["scripts/task-completion-hook.sh", ROTATE, SEC, "1200", '["keys/rotated.txt"]', "900"],
        [
            Logged(
                "5.1", "task_completed", ROTATE, SEC,
                {"completion_status": "success", "deliverables": ["keys/rotated.txt"],
                 "token_usage": {"total_tokens": 900}, "duration_ms": 1200},
            )
        ],
    ),
    Step(
        ["scripts/create-task.sh", "--title", "A mistake", "--type", "inventory"],
        [created("1.1", MISTAKE, "medium", "inventory")],
    ),
    state(
        ["cancel", MISTAKE, INV],
        changed("6.5", "task_cancelled", MISTAKE, "coordinator-master", reason="User requested cancellation"),
    ),
]  # fmt: skip


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
        begun = clock.now()
        done = cortex.run(step.command, step.stdin, **({"LINEAGE_PARENT_ID": given} if given else {}))
        finished = clock.now()
        assert (done.returncode, done.stderr.replace("Title: Type: Priority: ", "")) == (0, ""), step.command
        outputs.append(done.stdout)
        records = cortex.new_records()
        assert [r["event_type"] for r in records] == [wanted.event for wanted in step.logs], step.command
        previous = None
        for wanted, record in zip(step.logs, records, strict=True):
            work_at = (cortex.home / wanted.work).stat().st_mtime_ns // 1000 if wanted.work else 0
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


@per_point
def test_the_timeline_has_the_event_at_its_time(world: World, point: str, query: Callable[..., Any]):
    for s in at_point(world, point):
        parts = query("--timeline", s.wanted.task)["parts"]
        assert [p["start"] for p in parts] == sorted(p["start"] for p in parts)
        assert s.record["timestamp"] in {time for p in parts for time in (p["start"], p["end"])}


def test_the_events_of_an_actor_and_of_a_day_can_be_retrieved(
    world: World, query: Callable[..., Any], answers: Callable[[str, str], list[dict[str, Any]]]
):
    of_security = [s.record for s in world.seen if s.wanted.actor == SEC]
    assert answers("get_lineage_by_actor", SEC) == query("--actor", SEC) == of_security
    days = sorted({s.record["timestamp"][:10] for s in world.seen})
    assert [r for day in days for r in query("--date", day)] == [s.record for s in world.seen]


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
