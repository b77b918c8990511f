"""What the scripts of `tests/cortex` are run with, one after the other, and what each must log: the 39 points of the
seed in one story."""

from dataclasses import dataclass, field
from typing import Any

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
    data = {"master_id": master, "priority": priority, "priority_given": True}
    return Logged(point, "task_assigned", task, by, data, work)


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
