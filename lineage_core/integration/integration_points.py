"""The 39 places of a cortex where an event is logged, as data.

Source: "Task Lineage Integration Points", the seed document of the lineage system. It lists 36 places, under 5.2 one
of them with four scripts, which makes 39. Its snippets are given here with the arguments that the library takes and
with every variable that they use handed to jq. Places that the document names in none of its four phases are in the
last one.
"""

from __future__ import annotations

from typing import NamedTuple

from lineage_core.model.event_types import EVENTS

PRIORITIES = ("critical", "high", "medium", "low")
PHASES = {1: "core life cycle", 2: "master integration", 3: "advanced events", 4: "optional enhancements"}


class Point(NamedTuple):
    """One place where a script logs an event.

    id: the number in the seed (`5.2a` to `5.2d` for the four scripts of 5.2). script: below $CORTEX_HOME; empty where
    the seed says "any script that …". location: where in the script. events: what it logs there (one of these).
    marks: what its event carries, by which it is told from others in a journal: the actor's id under `actor`, or keys
    of `event_data`. call: the lines to paste, without the one that sources the library.
    """

    id: str
    category: str
    script: str
    location: str
    events: tuple[str, ...]
    priority: str
    phase: int
    call: str
    marks: tuple[tuple[str, str], ...] = ()

    @property
    def functions(self) -> tuple[str, ...]:
        """The shell functions that log its events."""
        return tuple(EVENTS[event].function for event in self.events)

    @property
    def snippet(self) -> str:
        """What to paste into the script."""
        return f"{source_line(self.script)}\n\n# {self.location}\n{self.call}\n"


def source_line(script: str) -> str:
    """The line that sources the library, for a script at this path below $CORTEX_HOME (empty: anywhere)."""
    if script.startswith("scripts/"):
        up = "../" * (script.count("/") - 1)
        return f'source "$SCRIPT_DIR/{up}lib/lineage.sh"   # once, near the top'
    return 'source "$CORTEX_HOME/scripts/lib/lineage.sh"   # once, near the top'


_CREATED = """\
event_data=$(jq -n --arg prio "$PRIORITY" --arg type "$TASK_TYPE" \\
    '{priority: $prio, type: $type}')
log_task_created "$TASK_ID" "${CORTEX_PRINCIPAL:-user}" "$event_data\""""

_ASSIGNED = 'log_task_assigned "$task_id" "coordinator-master" "$assigned_master" "$priority"'

_SPAWNED = """\
event_data=$(jq -n --arg prio "$PRIORITY" --argjson budget "$TOKEN_BUDGET" \\
    '{priority: $prio, token_budget: $budget}')
log_worker_spawned "$TASK_ID" "$MASTER_AGENT" "$WORKER_ID" "$WORKER_TYPE" "$event_data\""""

_WORKER_COMPLETED = """\
# for each completed worker; token_usage and deliverables are JSON
event_data=$(jq -n --argjson tokens "$token_usage" --argjson dur "$duration" \\
    --argjson deliverables "$deliverables" \\
    '{token_usage: $tokens, duration_ms: $dur, deliverables: $deliverables}')
log_worker_completed "$task_id" "$worker_id" "success" "$event_data\""""

_WORKER_FAILED = """\
event_data=$(jq -n --arg type "$error_type" --argjson dur "$duration" \\
    '{error_type: $type, duration_ms: $dur}')
log_worker_failed "$task_id" "$worker_id" "$error_message" "$event_data\""""

_COMPLETED = """\
event_data=$(jq -n \\
    --argjson deliverables "$deliverables_array" \\
    --argjson tokens "$total_tokens" \\
    --argjson dur "$duration_ms" \\
    '{deliverables: $deliverables, token_usage: {total_tokens: $tokens}, duration_ms: $dur}')
log_task_completed "$task_id" "$master_id" "success" "$event_data\""""

_FAILED = """\
event_data=$(jq -n --argjson dur "$duration_ms" '{duration_ms: $dur}')
log_task_failed "$task_id" "$master_id" "$failure_reason" "$event_data\""""


def _started(master: str) -> str:
    return f"""log_task_started "$task_id" "{master}" '{{}}'"""


def _ended(master: str) -> str:
    return f"""\
event_data=$(jq -n --argjson dur "$duration_ms" '{{duration_ms: $dur}}')
if [[ $task_status == completed ]]; then
    log_task_completed "$task_id" "{master}" "success" "$event_data"
else
    log_task_failed "$task_id" "{master}" "$failure_reason" "$event_data"
fi"""


def _handed(source: str, target: str) -> str:
    return f"""log_handoff_created "$task_id" "$handoff_id" "{source}" "{target}" '{{}}'"""


_CREATION = "Task Creation & Assignment"
_START = "Task Execution Start"
_SPAWNING = "Worker Spawning"
_WORK = "Worker Execution"
_END = "Task Completion"
_CHANGES = "Task State Changes"
_HANDOFFS = "Handoff Management"
_LIB = "coordination/masters/coordinator/lib"
_DEV, _SEC, _INV, _CICD = "development-master", "security-master", "inventory-master", "cicd-master"

POINTS: tuple[Point, ...] = (
    Point(
        "1.1", _CREATION, "scripts/create-task.sh", "After the task is created and written to the task queue",
        ("task_created",), "high", 1, _CREATED,
    ),
    Point(
        "1.2", _CREATION, "scripts/create-task-enhanced.sh", "After the enhanced task creation",
        ("task_created",), "high", 1, _CREATED,
    ),
    Point(
        "1.3", _CREATION, "scripts/wizards/create-task.sh", "After the wizard completes the task creation",
        ("task_created",), "medium", 1, _CREATED,
    ),
    Point(
        "1.4", _CREATION, "scripts/run-coordinator-master.sh",
        "When the coordinator assigns the task to a specialist master, after the routing decision",
        ("task_assigned",), "high", 2, _ASSIGNED,
    ),
    Point(
        "1.5", _CREATION, f"{_LIB}/moe-router.sh",
        "In the routing decision function (route_task_to_expert or similar), after master selection",
        ("task_assigned",), "high", 2, _ASSIGNED,
    ),
    Point(
        "1.6", _CREATION, f"{_LIB}/routing-cascade.sh", "In the hybrid routing cascade, after assignment",
        ("task_assigned",), "medium", 2, _ASSIGNED,
    ),
    Point(
        "1.7", _CREATION, "scripts/task-orchestrator-daemon.sh", "When the orchestrator assigns tasks",
        ("task_assigned",), "medium", 4,
        'log_task_assigned "$task_id" "task-orchestrator-daemon" "$assigned_master" "$priority"',
        (("actor", "task-orchestrator-daemon"),),
    ),
    Point(
        "2.1", _START, "scripts/run-development-master.sh",
        "When the development master starts the task, after accepting it from the coordinator",
        ("task_started",), "high", 2, _started(_DEV), (("actor", _DEV),),
    ),
    Point(
        "2.2", _START, "scripts/run-security-master.sh", "When the security master starts the task",
        ("task_started",), "high", 2, _started(_SEC), (("actor", _SEC),),
    ),
    Point(
        "2.3", _START, "scripts/run-inventory-master.sh", "When the inventory master starts the task",
        ("task_started",), "medium", 2, _started(_INV), (("actor", _INV),),
    ),
    Point(
        "2.4", _START, "scripts/run-cicd-master.sh", "When the CI/CD master starts the task",
        ("task_started",), "medium", 2, _started(_CICD), (("actor", _CICD),),
    ),
    Point(
        "2.5", _START, f"{_LIB}/routing-integration.sh", "After the task was handed over successfully",
        ("task_started",), "medium", 4, """log_task_started "$task_id" "$assigned_master" '{}'""",
    ),
    Point(
        "3.1", _SPAWNING, "scripts/spawn-worker.sh",
        "After the worker spec is created and written to coordination/worker-specs/",
        ("worker_spawned",), "critical", 1, _SPAWNED,
    ),
    Point(
        "3.2", _SPAWNING, "scripts/wizards/create-worker.sh", "After the wizard creates the worker",
        ("worker_spawned",), "medium", 4, _SPAWNED,
    ),
    Point(
        "3.3", _SPAWNING, "scripts/worker-daemon.sh", "When the daemon spawns workers",
        ("worker_spawned",), "medium", 4, _SPAWNED,
    ),
    Point(
        "4.1", _WORK, "scripts/start-worker.sh", "When the worker actually begins execution",
        ("worker_started",), "high", 4, """log_worker_started "$TASK_ID" "$WORKER_ID" "$WORKER_TYPE" '{}'""",
    ),
    Point(
        "4.2", _WORK, "", "Within the worker's execution, if workers report progress (optional)",
        ("worker_progress",), "low", 4,
        """\
event_data=$(jq -n --arg step "$current_step" '{current_step: $step}')
log_worker_progress "$task_id" "$worker_id" "$percent" "$event_data\"""",
    ),
    Point(
        "4.3", _WORK, "scripts/aggregate-worker-results.sh", "When aggregating worker completion",
        ("worker_completed",), "high", 1, _WORKER_COMPLETED,
    ),
    Point(
        "4.4", _WORK, "", "In any script that handles worker failures",
        ("worker_failed",), "high", 3, _WORKER_FAILED,
    ),
    Point(
        "4.5", _WORK, "scripts/archive-failed-workers.sh",
        "When archiving failed workers, if the failure is not logged already",
        ("worker_failed",), "medium", 3, _WORKER_FAILED,
    ),
    Point(
        "4.6", _WORK, "scripts/cleanup-zombie-workers.sh", "When a zombie worker is detected",
        ("worker_failed",), "low", 4,
        """log_worker_failed "$task_id" "$worker_id" "zombie_timeout" '{"reason":"zombie_timeout"}'""",
        (("reason", "zombie_timeout"),),
    ),
    Point(
        "5.1", _END, "scripts/task-completion-hook.sh", "When the task completes successfully",
        ("task_completed",), "critical", 1, _COMPLETED,
    ),
    *(
        Point(
            f"5.2{letter}", _END, f"scripts/run-{master}.sh", "When the task finishes",
            ("task_completed", "task_failed"), "high", 2, _ended(master), (("actor", master),),
        )
        for letter, master in zip("abcd", (_DEV, _SEC, _INV, _CICD), strict=True)
    ),
    Point("5.3", _END, "", "Anywhere tasks fail", ("task_failed",), "high", 4, _FAILED),
    Point(
        "5.4", _END, "scripts/coordinate-task-git.sh", "After the git operations for the task complete",
        ("task_completed",), "medium", 4, _COMPLETED,
    ),
    Point(
        "6.1", _CHANGES, "", "When the task encounters a blocking dependency",
        ("task_blocked",), "medium", 3,
        """\
event_data=$(jq -n --arg dep "$dep_task_id" '{blocked_by: [$dep]}')
log_task_blocked "$task_id" "$master_id" "Waiting for dependency: $dep_task_id" "$event_data\"""",
    ),
    Point(
        "6.2", _CHANGES, "", "When the blocking dependency resolves",
        ("task_unblocked",), "medium", 3,
        """log_task_unblocked "$task_id" "$master_id" "Dependency completed: $dep_task_id" '{}'""",
    ),
    Point(
        "6.3", _CHANGES, "", "When the task is reassigned to a different master",
        ("task_reassigned",), "medium", 3,
        """log_task_reassigned "$task_id" "$from_master" "$to_master" "$reason" '{}'""",
    ),
    Point(
        "6.4", _CHANGES, "", "When the task needs manual intervention",
        ("task_escalated",), "high", 3,
        """log_task_escalated "$task_id" "$master_id" "Requires manual review" '{}'""",
    ),
    Point(
        "6.5", _CHANGES, "", "When a user or the system cancels the task",
        ("task_cancelled",), "medium", 3,
        """log_task_cancelled "$task_id" "coordinator-master" "User requested cancellation" '{}'""",
    ),
    Point(
        "7.1", _HANDOFFS, "scripts/handoff-processor-daemon.sh", "When a handoff between masters is created",
        ("handoff_created",), "high", 3,
        """log_handoff_created "$task_id" "$handoff_id" "$from_master" "$to_master" '{}'""",
    ),
    Point(
        "7.2", _HANDOFFS, "", "When the destination master accepts the handoff",
        ("handoff_accepted",), "high", 3,
        """log_handoff_accepted "$task_id" "$handoff_id" "$accepting_master" '{}'""",
    ),
    Point(
        "7.3", _HANDOFFS, "", "When the work of the handoff is finished",
        ("handoff_completed",), "high", 3,
        """\
event_data=$(jq -n --argjson dur "$duration_ms" '{duration_ms: $dur}')
log_handoff_completed "$task_id" "$handoff_id" "$completing_master" "$event_data\"""",
    ),
    Point(
        "7.4", _HANDOFFS, "scripts/run-development-master.sh", "When the development master hands over to CI/CD",
        ("handoff_created",), "medium", 3, _handed(_DEV, _CICD), (("from_master", _DEV), ("to_master", _CICD)),
    ),
    Point(
        "7.5", _HANDOFFS, "scripts/run-security-master.sh",
        "When the security master hands over to development, after scan completion",
        ("handoff_created",), "medium", 3, _handed(_SEC, _DEV), (("from_master", _SEC), ("to_master", _DEV)),
    ),
    Point(
        "7.6", _HANDOFFS, "scripts/run-coordinator-master.sh", "When the coordinator delegates to a specialist",
        ("handoff_created",), "medium", 3, _handed("coordinator-master", "$assigned_master"),
        (("from_master", "coordinator-master"),),
    ),
)  # fmt: skip
