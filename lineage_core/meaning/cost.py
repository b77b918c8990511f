"""What a task cost each master that had it (meaning.md: "Ownership and cost").

Time, tokens, runs and failures count for the owner at that time; a run counts for the master that spawned it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lineage_core.model.entities import Task
from lineage_core.model.task_parts import Worker


@dataclass(slots=True)
class Cost:
    """What a task cost one master.

    micros: how long it had the task, up to its end or to now. tokens: None if nobody said. runs, failures: of workers
    that it spawned, and attempts that failed while it had the task. by_type: the tokens by the type of the workers that
    used them; None: of workers without a type, and what an end said beyond those of its workers.
    """

    master: str
    micros: int = 0
    tokens: int | None = None
    runs: int = 0
    failures: int = 0
    by_type: dict[str | None, int] = field(default_factory=dict)

    def spend(self, tokens: int, worker_type: str | None = None) -> None:
        """Add tokens, of a worker of that type."""
        self.tokens = (self.tokens or 0) + tokens
        self.by_type[worker_type] = self.by_type.get(worker_type, 0) + tokens


def cost_by_owner(task: Task, now: int) -> list[Cost]:
    """The cost of a task by master, in the order in which they had it; the tokens add up to those of the task.

    What nobody had (before it was assigned, or by a worker that names no master) counts for the first of them; a task
    that no master had or worked on has no cost by owner. now: microseconds since the epoch.
    """
    masters = [*(owner.master for owner in task.owners), *(run.master for run in task.runs if run.master is not None)]
    if not masters:
        return []
    costs = {master: Cost(master) for master in masters}
    over = task.ended_at if task.ended is not None and task.ended_at is not None else now
    for owner in task.owners:
        end = over if owner.end is None else min(owner.end, over)
        costs[owner.master].micros += max(0, end - owner.start)

    def of(master: str | None) -> Cost:
        return costs[master if master is not None else masters[0]]

    counted: dict[int, int] = {}  # by attempt: the tokens of its runs
    for run in task.runs:
        cost = of(payer(task, run))
        cost.runs += 1
        cost.failures += run.failed
        if run.tokens is not None:
            cost.spend(run.tokens, run.worker_type)
            counted[run.attempt] = counted.get(run.attempt, 0) + run.tokens
    last = None
    for number, attempt in enumerate(task.attempts):
        if attempt.failed_at is not None:
            of(task.owner_at(attempt.failed_at)).failures += 1
        if attempt.tokens_said is not None and attempt.ended_at is not None:
            last = of(task.owner_at(attempt.ended_at))
            last.spend(max(0, attempt.tokens_said - counted.get(number, 0)))
    rest = (task.tokens or 0) - sum(cost.tokens or 0 for cost in costs.values())
    if rest > 0 and last is not None:  # the last end says more than its attempts add up to
        last.spend(rest)
    return list(costs.values())


def payer(task: Task, run: Worker) -> str | None:
    """The master that a run counts for: that spawned it, else had the task when it began; None if nobody had it."""
    return run.master if run.master is not None else task.owner_at(run.first_at)
