"""What a live demo begins with besides its stories: one of each situation that an operator has to judge rightly.

They hang, or go on, in the hours before the start, and what goes on does so for a while after it.
"""

from __future__ import annotations

from collections.abc import Callable

from lineage_core.base.clock import HOUR, MINUTE, SECOND
from lineage_core.demo import phrases as words
from lineage_core.demo.simulated_steps import assign, begin, complete, create, fail, hand_over, start
from lineage_core.demo.story import Story

SILENT_MASTER = "compliance-master"
"""A master that dies: nothing else in the demo is given to it."""

SKEW = 275 * SECOND
"""How far the clock of one host is behind: 4m35s."""

HOURLY = 26
"""How often the worker that speaks hourly does: from 7 hours before the start on."""


def dead_master(story: Story) -> None:
    """Five tasks of a master that has died: three were started, two only assigned. One is blocked by one of them."""
    for number, subject in enumerate(("gdpr-export", "audit-trail", "retention-rules", "sox-report", "access-review")):
        story.last_id = None  # no task is caused by the one before
        create(story, "security-master", name=subject)
        assign(story, SILENT_MASTER, "high")
        if number < 3:
            start(story, SILENT_MASTER)
        story.wait(3, 4)
    waited, story.last_id = story.events[0].task_id, None
    begin(story, "security-master", name="release-approval")
    reason = f"Waiting for dependency: {waited}"
    story.log("task_blocked", "security-master", reason, data={"blocked_by": [waited]})


def queued_critical(story: Story) -> None:
    """A critical task that nobody was given."""
    create(story, "security-master", name="leaked-signing-key", priority="critical")


def deadlock(story: Story) -> None:
    """Two tasks that wait for each other."""
    master, tasks = "inventory-master", []
    for name in ("index-schema", "index-loader"):
        story.last_id = None
        begin(story, master, name=name)
        tasks.append(story.task_id)
    for task_id, other in (tasks, reversed(tasks)):
        story.wait(2, 4)
        story.task_id, story.last_id = task_id, None
        story.log("task_blocked", master, f"Waiting for dependency: {other}", data={"blocked_by": [other]})


def costly_handoff(story: Story) -> None:
    """Development used tokens, then handed over to CI/CD, which uses more."""
    source, target = "development-master", "cicd-master"
    begin(story, source, name="checkout-rewrite")
    _work(story, source, "implementation-worker", tokens=31_000)
    hand_over(story, 1, source, target, 2, 4)
    _work(story, target, "test-worker", tokens=48_000)
    _work(story, target, "deployment-worker", steps=40)


def parent(story: Story) -> None:
    """Eight subtasks: five are done, one has failed, two are at work."""
    master = "development-master"
    priority = begin(story, master, name="monolith-split")
    top, fork = story.task_id, story.at
    for number in range(8):
        story.at, story.last_id = fork + number * 2 * SECOND, None
        create(story, master, master, name=f"monolith-split-part-{number + 1}", parent_task_id=top, related=(top,))
        assign(story, master, priority)
        start(story, master)
        if number < 6:
            failed = number == 5
            _work(story, master, "implementation-worker", tokens=9_000 + number, error="boom" if failed else "")
            fail(story, master, 1, "boom") if failed else complete(story, master)
        else:
            _work(story, master, "test-worker", steps=30)


def again(story: Story) -> None:
    """A task that failed is begun again, and its worker runs a second time under the same id."""
    master = "development-master"
    begin(story, master, name="cache-warmup")
    worker = _work(story, master, "implementation-worker", tokens=12_000, error="boom")
    fail(story, master, 1, "boom")
    story.wait(4, 8)
    start(story, master)
    _work(story, master, "implementation-worker", steps=30, worker=worker)


def skewed_host(story: Story) -> None:
    """A worker on a host whose clock is behind: by its clock it began before it was spawned."""
    master = "cicd-master"
    begin(story, master, name="edge-rollout")
    story.wait(24, 25)  # longer than its clock is off, so that nothing else is called wrong
    story.threaded = False  # the event before it comes after it by this clock
    _work(story, master, "deployment-worker", steps=30, behind=SKEW)


def hourly(story: Story) -> None:
    """A worker that says a word each hour, and has done so for long: after 40 minutes of silence it is at work."""
    master = "inventory-master"
    begin(story, master, name="cold-storage-census")
    worker, kind = _spawn(story, master, "analysis-worker")
    story.log("worker_started", worker, kind)
    for number in range(1, HOURLY):
        story.at += HOUR + (number % 5 - 2) * MINUTE
        data = {"current_step": f"shelf {number} of {HOURLY}"}
        story.log("worker_progress", worker, str(number * 100 // HOURLY), data=data)


def _spawn(story: Story, master: str, kind: str, worker: str = "") -> tuple[str, str]:
    story.wait(0.5, 1)
    worker = worker or story.worker_id(kind)
    story.log("worker_spawned", master, worker, kind, data={"token_budget": 60_000})
    return worker, kind


def _work(
    story: Story,
    master: str,
    kind: str,
    *,
    tokens: int = 0,
    error: str = "",
    steps: int = 2,
    worker: str = "",
    behind: int = 0,
) -> str:
    """A run of a worker; gives its id. tokens: what it used when it ended (0: it goes on, for so many steps). error:
    with which it failed. behind: how far its clock is."""
    worker, kind = _spawn(story, master, kind, worker)
    story.at -= behind
    story.wait(1, 2)
    story.log("worker_started", worker, kind)
    names = words.STEPS[kind]
    for number in range(1, steps + 1):
        story.wait(8, 12)
        data = {"current_step": names[number % len(names)]}
        story.log("worker_progress", worker, str(number * 100 // (steps + 1)), data=data)
    if tokens:
        story.wait(2, 5)
        used = {"token_usage": {"total_tokens": tokens}}
        story.tokens += tokens
        if error:
            story.log("worker_failed", worker, error, data=used)
        else:
            story.log("worker_completed", worker, "success", data=used)
    story.at += behind
    return worker


SITUATIONS: tuple[tuple[float, Callable[[Story], None], float], ...] = (
    (6 * 60 + 40, hourly, 1),
    (57, dead_master, 30),
    (34, deadlock, 5),
    (23, queued_critical, 1),
    (14, costly_handoff, 8),
    (12, again, 8),
    (10, parent, 9),
    (18, skewed_host, 15),
)
"""Minutes before the start of a live demo, what happens then, seconds per unit of time."""
