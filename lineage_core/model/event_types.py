"""The vocabulary: the 18 event types, who acts in each, and the data each one carries.

This table is the only place where an event type is described. The writers build records from it, validation and
the JSON Schema check against it, the documentation and the tests are generated from it. Source: the 18 functions
of the cortex lineage library.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

SCHEMA_VERSION = "1.0.0"
PRIORITIES = ("critical", "high", "medium", "low")
COMPLETION_STATUSES = ("success", "partial", "failed")


class Param(NamedTuple):
    """One positional argument of an event, after TASK.

    name: as shown in usage lines. key: where it goes in `event_data` (None: not there).
    optional: whether it may be left out; then its key is not written.
    """

    name: str
    key: str | None = None
    optional: bool = False


ActorType = Literal["user", "coordinator", "master", "worker", "daemon", "system"]
EventName = Literal[
    "task_created", "task_assigned", "task_started", "task_blocked", "task_unblocked", "task_reassigned",
    "task_escalated", "task_completed", "task_failed", "task_cancelled",
    "worker_spawned", "worker_started", "worker_progress", "worker_completed", "worker_failed",
    "handoff_created", "handoff_accepted", "handoff_completed",
]  # fmt: skip
"""What our writers log. What is read may have other names, so facts have strings."""

ACTOR_TYPES: tuple[ActorType, ...] = get_args(ActorType)


class EventSpec(NamedTuple):
    """What one event type means and carries.

    actor_param: the name of the positional argument that is the actor's id, or a fixed id in lower case.
    actor_type: None where it is told from the id (see `creator_type`).
    takes_data: whether a JSON object may follow the positional arguments.
    """

    name: EventName
    summary: str
    params: tuple[Param, ...]
    actor_param: str
    actor_type: ActorType | None
    takes_data: bool = True

    @property
    def function(self) -> str:
        """The name of the shell function that logs this event."""
        return f"log_{self.name}"

    @property
    def required_data(self) -> tuple[str, ...]:
        """The keys that `event_data` of such an event must have."""
        return tuple(p.key for p in self.params if p.key and not p.optional)

    @property
    def usage(self) -> str:
        """The arguments as a person types them: `TASK MASTER WORKER TYPE [DATA]`."""
        words = ["TASK", *(f"[{p.name}]" if p.optional else p.name for p in self.params)]
        return " ".join([*words, "[DATA]"] if self.takes_data else words)


_REASON = Param("REASON", "reason")
_WORKER = Param("WORKER", "worker_id")
_TYPE = Param("TYPE", "worker_type")
_STATUS = Param("STATUS", "completion_status")
_HANDOFF = Param("HANDOFF", "handoff_id")
_FROM = Param("FROM", "from_master")
_TO = Param("TO", "to_master")
_ACTOR = Param("ACTOR")
_MASTER = Param("MASTER")

_SPECS = (
    EventSpec("task_created", "a task exists", (Param("CREATOR"),), "CREATOR", None),
    EventSpec(
        "task_assigned",
        "a coordinator gave the task to a master",
        (Param("ASSIGNER"), Param("MASTER", "master_id"), Param("PRIORITY", "priority", optional=True)),
        "ASSIGNER",
        "coordinator",
        takes_data=False,
    ),
    EventSpec("task_started", "a master began to work on it", (_MASTER,), "MASTER", "master"),
    EventSpec("task_blocked", "it waits for something", (_ACTOR, _REASON), "ACTOR", "master"),
    EventSpec("task_unblocked", "it waits no longer", (_ACTOR, _REASON), "ACTOR", "master"),
    EventSpec(
        "task_reassigned", "another master has it now", (_FROM, _TO, _REASON), "coordinator-master", "coordinator"
    ),
    EventSpec("task_escalated", "a person is needed", (_ACTOR, _REASON), "ACTOR", "master"),
    EventSpec("task_completed", "it ended, well or in part", (_ACTOR, _STATUS), "ACTOR", "master"),
    EventSpec("task_failed", "it ended in failure", (_ACTOR, _REASON), "ACTOR", "master"),
    EventSpec("task_cancelled", "it was called off", (_ACTOR, _REASON), "ACTOR", "system"),
    EventSpec("worker_spawned", "a master made a worker", (_MASTER, _WORKER, _TYPE), "MASTER", "master"),
    EventSpec("worker_started", "the worker began", (_WORKER, _TYPE), "WORKER", "worker"),
    EventSpec(
        "worker_progress",
        "how far the worker is, 0 to 100",
        (_WORKER, Param("PERCENT", "progress_percentage", optional=True)),
        "WORKER",
        "worker",
    ),
    EventSpec("worker_completed", "the worker ended its work", (_WORKER, _STATUS), "WORKER", "worker"),
    EventSpec("worker_failed", "the worker failed", (_WORKER, Param("ERROR", "error_details")), "WORKER", "worker"),
    EventSpec("handoff_created", "one master offers the task to another", (_HANDOFF, _FROM, _TO), "FROM", "master"),
    EventSpec("handoff_accepted", "the other master took it", (_HANDOFF, _MASTER), "MASTER", "master"),
    EventSpec("handoff_completed", "the handed-over work is done", (_HANDOFF, _MASTER), "MASTER", "master"),
)

EVENTS: dict[str, EventSpec] = {spec.name: spec for spec in _SPECS}


def creator_type(creator: str) -> ActorType:
    """The actor type of a task's creator: `*-master`, `*daemon` and `system` are what they say, others are users."""
    if creator.endswith("-master"):
        return "master"
    if creator.endswith("daemon"):
        return "daemon"
    return "system" if creator == "system" else "user"


def nearest(word: str, known: object) -> str:
    """`; did you mean …?` for the name in `known` that is closest to `word`, or an empty string."""
    from difflib import get_close_matches  # only when something is wrong

    close = get_close_matches(word, [str(name) for name in known], n=1)  # type: ignore[attr-defined]
    return f"; did you mean {close[0]}?" if close else ""
