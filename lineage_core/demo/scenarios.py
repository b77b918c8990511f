"""What can happen to a task of the simulated cortex: one function per kind of story, and how often it occurs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lineage_core.demo import phrases as words
from lineage_core.demo.simulated_steps import (
    assign,
    begin,
    complete,
    create,
    fail,
    first_worker,
    hand_over,
    pick_master,
    spawn,
    start,
    tokens_used,
    work,
)
from lineage_core.demo.story import Story
from lineage_core.demo.stuck_scenarios import (
    blocked,
    blocked_by_ended,
    confirmed_zombie,
    lost_handoff,
    never_started,
    orphan,
    ping_pong,
    silent_zombie,
)


def plain(story: Story) -> None:
    """One worker does it."""
    master = pick_master(story)
    begin(story, master)
    work(story, master, first_worker(story, master), effort=1.3)
    complete(story, master, "partial" if story.rng.random() < 0.08 else "success")


def quick(story: Story) -> None:
    """Short work that reports no progress."""
    master = pick_master(story)
    begin(story, master)
    worker_type = first_worker(story, master)
    worker = spawn(story, master, worker_type)
    story.wait(0.5, 1)
    begun = story.at
    story.log("worker_started", worker, worker_type)
    story.wait(10, 20)
    story.log(
        "worker_completed",
        worker,
        "success",
        data={"token_usage": tokens_used(story), "duration_ms": story.milliseconds_since(begun)},
    )
    complete(story, master)


def team(story: Story) -> None:
    """Workers of several types at the same time."""
    master = pick_master(story)
    begin(story, master)
    fork, ends = (story.at, story.last_id), []
    for worker_type in words.MASTERS[master].workers[: story.rng.choice((2, 3))]:
        story.at, story.last_id = fork
        work(story, master, worker_type, effort=0.9)
        ends.append((story.at, story.last_id))
    story.at, story.last_id = max(ends)
    complete(story, master)


def retry(story: Story) -> None:
    """A worker fails; another of the same type makes it."""
    master = pick_master(story)
    begin(story, master)
    worker_type = first_worker(story, master)
    work(story, master, worker_type, "failed", effort=0.7)
    work(story, master, worker_type, "success", effort=0.8)
    complete(story, master)


def failure(story: Story) -> None:
    """Two workers fail, and so does the task."""
    _two_failures(story, pick_master(story))


def reopened(story: Story) -> None:
    """It fails, is begun again and done."""
    master = pick_master(story)
    worker_type = _two_failures(story, master)
    story.wait(10, 20)
    start(story, master)
    work(story, master, worker_type, "success")
    complete(story, master)


def _two_failures(story: Story, master: str) -> str:
    begin(story, master)
    worker_type = first_worker(story, master)
    work(story, master, worker_type, "failed", effort=0.7)
    work(story, master, worker_type, "failed", effort=0.7)
    details = story.events[-1].data["error_details"]
    fail(story, master, 2, details["error_message"])
    return worker_type


def handed_off(story: Story) -> None:
    """Development hands over to CI/CD, which takes it at once, mostly."""
    slow = story.rng.random() < 0.3
    _with_handoff(story, "development-master", "cicd-master", "deployment-worker", 20 if slow else 1)


def slow_handoff(story: Story) -> None:
    """Security hands over to development, which takes its time."""
    _with_handoff(story, "security-master", "development-master", "implementation-worker", 40)


def _with_handoff(story: Story, source: str, target: str, worker_type: str, delay: float) -> None:
    begin(story, source)
    work(story, source, words.MASTERS[source].workers[0], effort=0.6)
    story.wait(0.5, 2)
    handoff = hand_over(story, 1, source, target, delay, delay * 1.6)
    work(story, target, worker_type, effort=0.6)
    story.wait(0.5, 1)
    story.log("handoff_completed", handoff, target, data={"duration_ms": story.milliseconds_since(story.begun)})
    complete(story, target)


def escalated(story: Story) -> None:
    """A person has to look at it before it ends."""
    master = pick_master(story)
    begin(story, master)
    work(story, master, first_worker(story, master), "partial")
    story.wait(1, 3)
    story.log("task_escalated", master, story.rng.choice(words.ESCALATIONS), tags=("needs-human",))
    story.wait(20, 40)
    complete(story, master)


def reassigned(story: Story) -> None:
    """The coordinator gives it to another master."""
    first, second = story.rng.sample(tuple(words.MASTERS), 2)
    priority = create(story, first)
    assign(story, first, priority)
    story.wait(2, 8)
    story.log("task_reassigned", first, second, story.rng.choice(words.REASSIGNMENTS))
    start(story, second)
    work(story, second, first_worker(story, second))
    complete(story, second)


def cancelled(story: Story) -> None:
    """It is called off, early or in the middle of the work."""
    master = pick_master(story)
    priority = create(story, master)
    assign(story, master, priority)
    if story.rng.random() < 0.6:
        start(story, master)
        spawn(story, master, first_worker(story, master))
    story.wait(2, 15)
    actor = story.rng.choice((*words.USERS, "system"))
    story.log("task_cancelled", actor, story.rng.choice(words.CANCELLATIONS))


def subtasks(story: Story) -> None:
    """A task with two subtasks: one names its parent task, the other its parent event."""
    master = "development-master"
    priority = begin(story, master)
    top, started, number = story.task_id, story.events[-1].lineage_id, story.serial
    begun, fork, ends, tokens = story.begun, story.at, [], 0
    subject = top.removeprefix("task-").removesuffix(f"-{number}")
    for n, part in enumerate(story.rng.choice(words.SUBTASKS)):
        story.at = fork + n * 1000
        named: dict[str, Any] = {"parent_task_id": top} if n == 0 else {}
        story.last_id = started
        create(
            story, master, master, name=f"{subject}-{part}", parent=started if n else None,
            related=(top,) if n == 0 else (), **named,
        )  # fmt: skip
        assign(story, master, priority)
        start(story, master)
        work(story, master, ("implementation-worker", "test-worker")[n], effort=0.8)
        complete(story, master)
        ends.append((story.at, story.last_id))
        tokens += story.tokens
    story.at, story.last_id = max(ends)
    story.task_id, story.begun, story.tokens = top, begun, tokens
    complete(story, master)


Scenario = Callable[[Story], None]

WEIGHTS: dict[Scenario, int] = {
    plain: 300,
    quick: 240,
    team: 90,
    retry: 80,
    handed_off: 70,
    failure: 36,
    reopened: 9,
    subtasks: 40,
    blocked: 40,
    cancelled: 35,
    reassigned: 30,
    escalated: 25,
    slow_handoff: 15,
    confirmed_zombie: 10,
    blocked_by_ended: 6,
    ping_pong: 6,
    silent_zombie: 5,
    orphan: 4,
    never_started: 3,
    lost_handoff: 3,
}
"""How often each kind of story is told, in about one thousand."""
