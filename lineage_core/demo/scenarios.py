"""What can happen to a task of the simulated cortex: one function per kind of story, and how often each occurs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lineage_core.demo import words
from lineage_core.demo.story import Story

SILENCE = 170.0
"""Units after which the cleanup daemon calls a silent worker a zombie."""


def pick_master(story: Story) -> str:
    """A specialist master; development has most of the work."""
    return story.rng.choices(tuple(words.MASTERS), (5, 3, 2, 3))[0]


def create(
    story: Story,
    master: str,
    creator: str = "",
    *,
    name: str = "",
    parent: str | None = None,
    related: tuple[str, ...] = (),
    **extra: Any,
) -> str:
    """Plan `task_created` and make the new task the current one; gives its priority."""
    rng = story.rng
    line = words.MASTERS[master]
    priority = rng.choices(tuple(words.PRIORITY_WEIGHTS), tuple(words.PRIORITY_WEIGHTS.values()))[0]
    creator = creator or rng.choice(words.USERS if rng.random() < 0.7 else words.DAEMONS)
    story.task_id = f"task-{name or rng.choice(line.subjects)}-{story.serial}"
    story.principal = words.PRINCIPALS.get(creator, "system")
    story.log(
        "task_created",
        creator,
        data={"priority": priority, "type": line.task_type, **extra},
        parent=parent,
        related=related,
        tags=("nightly",) if creator in words.DAEMONS else ("payments", "q4") if rng.random() < 0.15 else (),
        context={**story.context, "repository": rng.choice(words.REPOSITORIES), "branch": f"feat/{story.serial}"},
    )
    return priority


def assign(story: Story, master: str, priority: str) -> None:
    """The coordinator routes the task to a master."""
    story.wait(0.5, 3)
    story.principal = "system"
    story.log("task_assigned", words.COORDINATOR, master, priority)


def begin(story: Story, master: str, **extra: Any) -> str:
    """Create, assign and start a task; gives its priority."""
    priority = create(story, master, **extra)
    assign(story, master, priority)
    start(story, master)
    return priority


def start(story: Story, master: str) -> None:
    """The master begins to work on the task."""
    story.wait(1, 5)
    story.log("task_started", master, context={**story.context, "master_type": master.removesuffix("-master")})


def spawn(story: Story, master: str, worker_type: str, **extra: Any) -> str:
    """The master makes a worker; gives its id."""
    story.wait(0.5, 2)
    worker = story.worker_id(worker_type)
    budget = story.rng.choice((20_000, 40_000, 60_000, 120_000))
    story.log("worker_spawned", master, worker, worker_type, data={"token_budget": budget, **extra})
    return worker


def work(story: Story, master: str, worker_type: str, ending: str = "success", *, effort: float = 1.0) -> str:
    """A worker from its making to its end; gives its id.

    ending: `success`, `partial`, `failed` (worker_failed), `silent` (progress, then nothing more).
    effort: stretches the time it takes.
    """
    rng = story.rng
    worker = spawn(story, master, worker_type, priority="high") if rng.random() < 0.1 else spawn(
        story, master, worker_type
    )  # fmt: skip
    story.wait(0.5, 2)
    begun = story.at
    last = story.log("worker_started", worker, worker_type)
    steps = words.STEPS[worker_type]
    count = rng.choice((2, 3, 3, 4))
    shown = count if ending in ("success", "partial") else max(1, count - 1)
    for n in range(1, shown + 1):
        story.wait(2 * effort, 7 * effort)
        percent = min(99, n * 100 // (count + 1) + rng.randrange(8))
        last = story.log(
            "worker_progress",
            worker,
            str(percent),
            data={"current_step": steps[(n - 1) * len(steps) // count]},
            cause=last,
        )
    if ending == "silent":
        return worker
    story.wait(1.5 * effort, 5 * effort)
    used: dict[str, Any] = {"token_usage": _tokens(story), "duration_ms": story.milliseconds_since(begun)}
    if ending == "failed":
        kind, message = rng.choice(words.ERRORS[worker_type])
        details: dict[str, Any] = {"error_type": kind, "error_message": message}
        if rng.random() < 0.3:
            details["stack_trace"] = words.TRACE.format(line=rng.randrange(40, 400), type=kind, message=message)
        story.log("worker_failed", worker, message, data={"error_details": details, **used}, cause=last)
    else:
        made = words.DELIVERABLES[worker_type]
        used["deliverables"] = list(made[: rng.randint(1, len(made))])
        story.log("worker_completed", worker, ending, data=used, cause=last)
    return worker


def _tokens(story: Story) -> Any:
    """What a worker used: an object mostly, sometimes the bare number that older scripts log."""
    read, written = story.rng.randrange(4_000, 60_000), story.rng.randrange(500, 9_000)
    story.tokens += read + written
    if story.rng.random() < 0.15:
        return read + written
    return {"input_tokens": read, "output_tokens": written, "total_tokens": read + written}


def complete(story: Story, master: str, status: str = "success") -> None:
    """The task ends well, or in part."""
    story.wait(1, 3)
    data: dict[str, Any] = {"duration_ms": story.milliseconds_since(story.begun)}
    if story.tokens:
        data["token_usage"] = {"total_tokens": story.tokens}
    if status == "success":
        data["deliverables"] = [f"pull/{story.rng.randrange(1200, 9800)}"]
    story.log("task_completed", master, status, data=data)


def fail(story: Story, master: str, attempts: int, error: str) -> None:
    """The task ends in failure."""
    story.wait(1, 3)
    reason = story.rng.choice(words.TASK_FAILURES).format(n=attempts, error=error)
    story.log("task_failed", master, reason, data={"duration_ms": story.milliseconds_since(story.begun)})


def _first_worker(story: Story, master: str) -> str:
    return story.rng.choice(words.MASTERS[master].workers)


def plain(story: Story) -> None:
    """One worker does it."""
    master = pick_master(story)
    begin(story, master)
    work(story, master, _first_worker(story, master), effort=1.3)
    complete(story, master, "partial" if story.rng.random() < 0.08 else "success")


def quick(story: Story) -> None:
    """Short work that reports no progress."""
    master = pick_master(story)
    begin(story, master)
    worker_type = _first_worker(story, master)
    worker = spawn(story, master, worker_type)
    story.wait(0.5, 1)
    begun = story.at
    story.log("worker_started", worker, worker_type)
    story.wait(6, 14)
    story.log(
        "worker_completed",
        worker,
        "success",
        data={"token_usage": _tokens(story), "duration_ms": story.milliseconds_since(begun)},
    )
    complete(story, master)


def team(story: Story) -> None:
    """Workers of several types at the same time."""
    master = pick_master(story)
    begin(story, master)
    begun, latest = story.at, story.at
    for worker_type in words.MASTERS[master].workers[: story.rng.choice((2, 3))]:
        story.at = begun
        work(story, master, worker_type, effort=0.9)
        latest = max(latest, story.at)
    story.at = latest
    complete(story, master)


def retry(story: Story) -> None:
    """A worker fails; another of the same type makes it."""
    master = pick_master(story)
    begin(story, master)
    worker_type = _first_worker(story, master)
    work(story, master, worker_type, "failed", effort=0.7)
    work(story, master, worker_type, "success", effort=0.8)
    complete(story, master)


def failure(story: Story) -> None:
    """Two workers fail, and so does the task; sometimes it is begun again later."""
    master = pick_master(story)
    begin(story, master)
    worker_type = _first_worker(story, master)
    work(story, master, worker_type, "failed", effort=0.7)
    work(story, master, worker_type, "failed", effort=0.7)
    details = story.events[-1].data["error_details"]
    fail(story, master, 2, details["error_message"])
    if story.rng.random() < 0.25:
        story.wait(10, 20)
        start(story, master)
        work(story, master, worker_type, "success")
        complete(story, master)


def _handoff(story: Story, n: int, source: str, target: str, low: float, high: float) -> str:
    """A handoff that is accepted after `low` to `high` units; gives its id."""
    handoff = f"handoff-{story.serial}-{n}"
    story.log("handoff_created", handoff, source, target, data={"reason": f"{source} has done its part"})
    story.wait(low, high)
    story.log("handoff_accepted", handoff, target)
    return handoff


def handed_off(story: Story) -> None:
    """Development hands over to CI/CD, which takes it at once, mostly."""
    slow = story.rng.random() < 0.3
    _hand_over(story, "development-master", "cicd-master", "deployment-worker", 20 if slow else 1)


def slow_handoff(story: Story) -> None:
    """Security hands over to development, which takes its time."""
    _hand_over(story, "security-master", "development-master", "implementation-worker", 40)


def _hand_over(story: Story, source: str, target: str, worker_type: str, delay: float) -> None:
    begin(story, source)
    work(story, source, words.MASTERS[source].workers[0], effort=0.6)
    story.wait(0.5, 2)
    handoff = _handoff(story, 1, source, target, delay, delay * 1.6)
    work(story, target, worker_type, effort=0.6)
    story.wait(0.5, 1)
    story.log("handoff_completed", handoff, target, data={"duration_ms": story.milliseconds_since(story.begun)})
    complete(story, target)


def ping_pong(story: Story) -> None:
    """Two masters hand the task to each other, back and forth."""
    a, b = "development-master", "security-master"
    begin(story, a)
    work(story, a, "implementation-worker", effort=0.5)
    for n in range(1, 5):
        story.wait(2, 6)
        handoff = _handoff(story, n, a, b, 1, 4)
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
    story.log("handoff_created", f"handoff-{story.serial}-1", source, "cicd-master", data={"reason": "needs rollout"})
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
    worker_type = _first_worker(story, master)
    work(story, master, worker_type, effort=0.5)
    story.wait(0.5, 2)
    story.log(
        "task_blocked", master, f"Waiting for dependency: {other}", data={"blocked_by": [other]}, related=(other,)
    )
    if stuck and story.lasting:
        return
    story.wait(low, high)
    story.log("task_unblocked", master, f"Dependency completed: {other}", data={"blocked_by": [other]})
    work(story, master, worker_type, effort=0.5)
    complete(story, master)


def escalated(story: Story) -> None:
    """A person has to look at it before it ends."""
    master = pick_master(story)
    begin(story, master)
    work(story, master, _first_worker(story, master), "partial")
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
    work(story, second, _first_worker(story, second))
    complete(story, second)


def cancelled(story: Story) -> None:
    """It is called off, early or in the middle of the work."""
    master = pick_master(story)
    priority = create(story, master)
    assign(story, master, priority)
    if story.rng.random() < 0.6:
        start(story, master)
        spawn(story, master, _first_worker(story, master))
    story.wait(2, 15)
    actor = story.rng.choice((*words.USERS, "system"))
    story.log("task_cancelled", actor, story.rng.choice(words.CANCELLATIONS))


def subtasks(story: Story) -> None:
    """A task with two subtasks: one names its parent task, the other its parent event."""
    master = "development-master"
    priority = begin(story, master)
    top, started, number = story.task_id, story.events[-1].lineage_id, story.serial
    begun, latest = story.at, story.at
    subject = top.removeprefix("task-").removesuffix(f"-{number}")
    for n, part in enumerate(story.rng.choice(words.SUBTASKS)):
        story.at = begun + n * 1000
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
        latest = max(latest, story.at)
    story.at, story.task_id = latest, top
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
    worker_type = _first_worker(story, master)
    worker = work(story, master, worker_type, "silent")
    if confirmed:
        _confirm(story, worker)
        work(story, master, worker_type, "success", effort=0.7)
        complete(story, master)


def _confirm(story: Story, worker: str) -> None:
    """The cleanup script finds the zombie: `worker_failed` with `zombie_timeout`."""
    story.wait(SILENCE, 1.2 * SILENCE)
    details = {"error_type": "zombie_timeout", "error_message": "zombie_timeout"}
    data = {"reason": "zombie_timeout", "error_details": details, "metadata": {"found_by": words.CLEANER}}
    story.log("worker_failed", worker, "zombie_timeout", data=data)


def never_started(story: Story) -> None:
    """A worker that was spawned and never began."""
    master = pick_master(story)
    begin(story, master)
    worker = spawn(story, master, _first_worker(story, master))
    if not story.lasting:
        _confirm(story, worker)
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
        _confirm(story, worker)


Scenario = Callable[[Story], None]

WEIGHTS: dict[Scenario, int] = {
    plain: 300,
    quick: 160,
    team: 90,
    retry: 80,
    handed_off: 70,
    failure: 45,
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
