"""What the masters, workers and scripts of the simulated cortex do at a time: the steps that stories are made of."""

from __future__ import annotations

from typing import Any

from lineage_core.demo import phrases as words
from lineage_core.demo.story import Story
from lineage_core.present.sentences import counted

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
    story.begun, story.tokens = story.at, 0
    story.principal = words.PRINCIPALS.get(creator, "system")
    story.log(
        "task_created",
        creator,
        data={"priority": priority, "type": line.task_type, **extra},
        parent=parent,
        related=related,
        tags=("nightly",) if creator in words.DAEMONS else ("payments", "q4") if rng.random() < 0.15 else (),
        context={
            **story.context,
            "repository": rng.choice(words.REPOSITORIES),
            "branch": f"feat/{story.serial}",
        },
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
    used: dict[str, Any] = {"token_usage": tokens_used(story), "duration_ms": story.milliseconds_since(begun)}
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


def tokens_used(story: Story) -> Any:
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
    reason = story.rng.choice(words.TASK_FAILURES).format(attempts=counted(attempts, "attempt"), error=error)
    story.log("task_failed", master, reason, data={"duration_ms": story.milliseconds_since(story.begun)})


def first_worker(story: Story, master: str) -> str:
    """One of the types of workers that a master spawns."""
    return story.rng.choice(words.MASTERS[master].workers)


def hand_over(story: Story, n: int, source: str, target: str, low: float, high: float) -> str:
    """A handoff that is accepted after `low` to `high` units; gives its id."""
    handoff = f"handoff-{story.serial}-{n}"
    story.log("handoff_created", handoff, source, target, data={"reason": f"{source} has done its part"})
    story.wait(low, high)
    story.log("handoff_accepted", handoff, target)
    return handoff


def confirm_zombie(story: Story, worker: str) -> None:
    """The cleanup script finds the zombie: `worker_failed` with `zombie_timeout`."""
    story.wait(SILENCE, 1.2 * SILENCE)
    details = {"error_type": "zombie_timeout", "error_message": "zombie_timeout"}
    data = {"reason": "zombie_timeout", "error_details": details, "metadata": {"found_by": words.CLEANER}}
    story.log("worker_failed", worker, "zombie_timeout", data=data)
