"""What goes wrong with tasks of the simulated cortex: handoffs, blocks and workers that hang; one function a story."""

from __future__ import annotations

from lineage_core.demo import phrases as words
from lineage_core.demo.simulated_steps import (
    SILENCE,
    begin,
    complete,
    confirm_zombie,
    fail,
    first_worker,
    hand_over,
    pick_master,
    spawn,
    work,
)
from lineage_core.demo.story import Story


def ping_pong(story: Story) -> None:
    """Two masters hand the task to each other, back and forth."""
    a, b = "development-master", "security-master"
    begin(story, a)
    work(story, a, "implementation-worker", effort=0.5)
    for n in range(1, 5):
        story.wait(2, 6)
        handoff = hand_over(story, n, a, b, 1, 4)
        a, b = b, a
        story.wait(2, 5)
        story.log("handoff_completed", handoff, a, data={"reason": "not ours; sent back"})
    complete(story, a, "partial")


def lost_handoff(story: Story) -> None:
    """A handoff that nobody ever accepts."""
    source = "inventory-master"
    begin(story, source)
    work(story, source, "analysis-worker", effort=0.6)
    story.wait(0.5, 2)
    story.log(
        "handoff_created",
        f"handoff-{story.serial}-1",
        source,
        "cicd-master",
        data={"reason": "needs rollout"},
    )
    if not story.lasting:
        story.wait(SILENCE, 1.3 * SILENCE)
        story.log("task_cancelled", "system", "handoff was never accepted")


def blocked(story: Story) -> None:
    """The task waits for another one, then goes on."""
    others = [r.task_id for r in story.recent if r.ended is None or r.ended > story.at + 20]
    _blocked_by(story, others[-1] if others else f"task-schema-change-{story.serial}", 8, 25, stuck=False)


def blocked_by_ended(story: Story) -> None:
    """The task waits for one that has ended already, so that nothing wakes it."""
    others = [r.task_id for r in story.recent if r.ended is not None and r.ended < story.at]
    _blocked_by(story, others[-1] if others else f"task-schema-change-{story.serial}", 60, 90, stuck=True)


def _blocked_by(story: Story, other: str, low: float, high: float, *, stuck: bool) -> None:
    master = pick_master(story)
    begin(story, master, related=(other,))
    worker_type = first_worker(story, master)
    work(story, master, worker_type, effort=0.5)
    story.wait(0.5, 2)
    story.log(
        "task_blocked",
        master,
        f"Waiting for dependency: {other}",
        data={"blocked_by": [other]},
        related=(other,),
    )
    if stuck and story.lasting:
        return
    story.wait(low, high)
    story.log("task_unblocked", master, f"Dependency completed: {other}", data={"blocked_by": [other]})
    work(story, master, worker_type, effort=0.5)
    complete(story, master)


def silent_zombie(story: Story) -> None:
    """A worker that goes silent in the middle of its work."""
    _zombie(story, confirmed=not story.lasting)


def confirmed_zombie(story: Story) -> None:
    """A worker that went silent, was found by the cleanup script and replaced."""
    _zombie(story, confirmed=True)


def _zombie(story: Story, *, confirmed: bool) -> None:
    master = pick_master(story)
    begin(story, master)
    worker_type = first_worker(story, master)
    worker = work(story, master, worker_type, "silent")
    if confirmed:
        confirm_zombie(story, worker)
        work(story, master, worker_type, "success", effort=0.7)
        complete(story, master)


def never_started(story: Story) -> None:
    """A worker that was spawned and never began."""
    master = pick_master(story)
    begin(story, master)
    worker = spawn(story, master, first_worker(story, master))
    if not story.lasting:
        confirm_zombie(story, worker)
        fail(story, master, 1, "worker never started")


def orphan(story: Story) -> None:
    """The task ends while a worker of it still seems to run."""
    master = pick_master(story)
    begin(story, master)
    first, *others = words.MASTERS[master].workers
    worker = work(story, master, first, "silent", effort=0.6)
    work(story, master, others[0], effort=0.6)
    complete(story, master)
    if not story.lasting:
        confirm_zombie(story, worker)
