"""Random lives of tasks that begin again: several attempts, runs of one id, handoffs and owners, in order or nearly so.

Each is the lines of one task, in the order in which they stand in a file.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

from lineage_core.base.clock import SECOND, format_timestamp
from tests.build import Event, assigned, compact, created, handoff, reassigned, task, worker
from tests.meaning_cases import NOW_AT

MASTERS = ("dev-master", "sec-master", "ops-master", "coordinator-master")
TYPES = ("scan-worker", "fix-worker", None)
PAUSES = (0, 1, 1, 60, 60, 600, 600, 600, 7000)
"""Seconds between two events: some within and some beyond the 100 minutes in which clocks may be at fault."""


def lines_of(task_id: str, events: Iterable[Event]) -> bytes:
    """The lines of a task's events."""
    made = ((format_timestamp(NOW_AT + round(at * SECOND)), one) for at, one in events)
    return b"".join(compact({"timestamp": at, "task_id": task_id} | one) for at, one in made)


class Retried:
    """A life of one task, event by event. `events` has those that it is told by."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.at = 0
        self.master = rng.choice(MASTERS[:3])
        self.handoffs = self.workers = 0
        self.events: list[Event] = []

    def say(self, make: Callable[..., Event], *words: str, **data: object) -> None:
        """One event, some time after the last."""
        self.at += self.rng.choice(PAUSES)
        made = make(*words, **{key: value for key, value in data.items() if value is not None})
        self.events.append((self.at, made[1]))

    def event(self, kind: str, actor: str = "", **data: object) -> None:
        """An event of the task by its master."""
        self.say(lambda *_, **said: task(kind, 0, actor or self.master, **said), **data)

    def live(self) -> list[Event]:
        """All of it."""
        rng = self.rng
        if rng.random() < 0.9:
            self.say(lambda **said: created(0, **said), type="scan", priority="high")
        if rng.random() < 0.9:
            self.say(lambda **said: assigned(0, self.master, **said), priority=rng.choice([None, "low", "medium"]))
        for _ in range(rng.choice([1, 2, 2, 3])):
            self.attempt()
            if rng.random() < 0.4:
                self.give()
        if rng.random() < 0.1:
            self.work()
        return self.events

    def attempt(self) -> None:
        rng = self.rng
        for _ in range(rng.choice([0, 1, 1, 1, 1, 1, 1, 2])):
            self.event("started", rng.choice([self.master] * 4 + [*MASTERS]))
        for _ in range(rng.choice([0, 1, 1, 2])):
            rng.choice([self.work, self.work, self.work, self.hand_over, self.hand_over, self.wait, self.escalate])()
        if rng.random() < 0.9:
            kind = rng.choice(["failed", "failed", "completed", "cancelled"])
            for _ in range(rng.choice([1, 1, 1, 1, 2])):
                said = (
                    {"completion_status": rng.choice(["success", "partial", "failed"])} if kind == "completed" else {}
                )
                self.event(kind, token_usage=rng.choice([None, 700, 1200]), reason=rng.choice([None, "boom"]), **said)

    def give(self) -> None:
        """To a master, by an assignment or a reassignment."""
        giver, self.master = self.master, self.rng.choice(MASTERS[:3])
        if self.rng.random() < 0.5:
            self.say(lambda **said: assigned(0, self.master, **said))
        else:
            self.say(lambda **said: reassigned(0, self.rng.choice([giver, giver, None]), self.master, **said))

    def work(self) -> None:
        """A run of a new worker, or of the first one again; mostly with an end."""
        rng = self.rng
        self.workers += 1
        name, kind = f"w{rng.choice([1, self.workers])}", rng.choice(TYPES)
        for letter in ("P", "S", "G", "G", rng.choice("CCCFFFZG")):
            if rng.random() < (0.5 if letter == "G" else 0.9):
                actor = self.master if letter == "P" else None
                self.say(
                    lambda letter=letter, actor=actor, **said: worker(letter, 0, name, actor, **said),
                    worker_type=kind if rng.random() < 0.8 else None,
                    progress_percentage=rng.choice([10, 40, 90]) if letter == "G" else None,
                    token_usage=rng.choice([None, 100, 500]) if letter in "CF" else None,
                )

    def hand_over(self) -> None:
        rng = self.rng
        giver, taker = self.master, rng.choice(MASTERS[:3])
        self.handoffs += 1
        name = f"handoff-{rng.choice([1, self.handoffs, self.handoffs])}"
        for kind, actor in (("created", giver), ("accepted", rng.choice([taker] * 5 + [giver])), ("completed", taker)):
            if rng.random() < 0.85:
                data = {"from_master": giver, "to_master": taker} if kind == "created" and rng.random() < 0.9 else {}
                self.say(lambda kind=kind, actor=actor, **said: handoff(kind, 0, actor, name, **said), **data)
                self.master = taker if kind == "accepted" else self.master

    def wait(self) -> None:
        names = self.rng.choice([["task-d1"], "task-d1", "ntask-d1", None])
        self.event("blocked", blocked_by=names, reason=self.rng.choice([None, "Waiting for dependency: task-d1"]))
        if self.rng.random() < 0.8:
            reason = self.rng.choice([None, "Dependency completed: task-d1.", "done\ntask-d1", "xtask-d1 -", "task-d2"])
            self.event("unblocked", blocked_by=self.rng.choice([None, names, names, names]), reason=reason)

    def escalate(self) -> None:
        self.event("escalated", reason="somebody has to look")


def retried(rng: random.Random, task_id: str) -> bytes:
    """A task that begins again; some are cut off at the begin, or have two events that changed places."""
    events = Retried(rng).live()
    if rng.random() < 0.1:
        events = events[rng.randrange(len(events)) :]
    if len(events) > 1 and rng.random() < 0.1:
        place = rng.randrange(len(events) - 1)
        (a, one), (b, other) = events[place : place + 2]
        events[place : place + 2] = [(a, other), (b, one)]
    return lines_of(task_id, events)


def words() -> list[Callable[[], Event]]:
    """The events that lives by chance consist of: few, so that they meet."""
    a, b = MASTERS[:2]
    some: list[Callable[..., Event]] = [
        created, assigned, lambda at: assigned(at, b), lambda at: reassigned(at, a, b), lambda at: reassigned(at, b, a),
        lambda at: handoff("created", at, a, "h1", from_master=a, to_master=b),
        lambda at: handoff("created", at, b, "h2", from_master=b, to_master=a),
        lambda at: handoff("accepted", at, b, "h1"), lambda at: handoff("accepted", at, a, "h2"),
        lambda at: handoff("completed", at, b, "h1"), lambda at: task("escalated", at, a, reason="look"),
        lambda at: task("blocked", at, a, blocked_by=["task-d1"]), lambda at: task("unblocked", at, a),
    ]  # fmt: skip
    ends_and_starts = ("started", "failed", "completed")
    some += [lambda at, kind=kind, who=who: task(kind, at, who) for kind in ends_and_starts for who in (a, b)]
    some += [lambda at, kind=kind, name=name: worker(kind, at, name) for kind in "PSGCFZ" for name in ("w1", "w2")]
    return [lambda make=make: make(0) for make in some]


WORDS = words()


def by_chance(rng: random.Random, task_id: str) -> bytes:
    """A task of a few events that need not make sense."""
    at, events = 0, []
    few = rng.sample(WORDS, 8)
    for _ in range(rng.randrange(1, 12)):
        at += rng.choice(PAUSES)
        events.append((at, rng.choice(few if rng.random() < 0.8 else WORDS)()[1]))
    return lines_of(task_id, events)
