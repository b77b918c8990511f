"""Random cortexes of which the truth is known: who has which task, what goes on, what is stuck and why.

Seconds by the true clock, 0 is now. What goes on does what is expected of it in the time that `rules/README.md` gives
it; what has died does nothing more. Nothing here asks the rules: only their times stand in both.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from math import inf
from typing import NamedTuple

from tests import build as e
from tests.build import Event

MINUTE, HOUR = 60, 3600

MASTERS = ("dev-master", "security-master", "cicd-master", "docs-master")
COORDINATOR = "coordinator-master"
PERSON = "a person"
DUE = {
    "unassigned": 30 * MINUTE,
    "urgent": 5 * MINUTE,
    "unstarted": 10 * MINUTE,
    "idle": 30 * MINUTE,
    "never-started": 5 * MINUTE,
    "silent": 30 * MINUTE,
    "handoff-unaccepted": 5 * MINUTE,
    "handoff-uncompleted": 30 * MINUTE,
    "blocked": 30 * MINUTE,
    "blocked for ever": 0,
    "unblock": 10 * MINUTE,
    "deadlock": 0,
    "escalated": 0,
    "parent-waiting": 10 * MINUTE,
}
"""After how long each open thing is late."""


class Thing(NamedTuple):
    """Something open. name: a key of DUE. of: whose turn it is. since: when its time began. due: how long it has.
    stuck: whether it will never happen."""

    name: str
    of: str
    since: float
    due: float
    stuck: bool


class Said(NamedTuple):
    """An event. at: by the true clock. telling: whether the present state cannot be known without it."""

    at: float
    task_id: str
    actor: str
    record: Event
    telling: bool


class OpenNow(Exception):  # noqa: N818 (no error)
    """A life has come to what is open now."""


class Life:
    """One task. status, owner: what is so now. things: what is open, empty once it has ended. whole: whether it has
    lived up to now. telling, always: which of `said` the present state cannot be known without."""

    def __init__(self, cortex: Cortex, task_id: str, begin: float) -> None:
        self.cortex = cortex
        self.task_id = task_id
        self.at = begin
        self.status = "queued"
        self.owner: str | None = None
        self.things: list[Thing] = []
        self.ended_at: float | None = None
        self.whole = False
        self.said: list[tuple[float, str, Event]] = []
        self.telling: list[int] = []
        self.always = [0]

    @property
    def stuck(self) -> bool:
        """Whether something of it will never happen."""
        return any(thing.stuck for thing in self.things)

    def say(self, actor: str, event: Event, status: str | None = None) -> None:
        """Log an event, now in this life; what changes the status tells of the present one."""
        self.said.append((self.at, actor, event))
        if status is not None:
            self.status = status
            self.telling = [len(self.said) - 1]

    def turn(self, actor: str, name: str, least: float, most: float, since: float | None = None, due: str = "") -> None:
        """Let it be the turn of an actor, who takes from `least` to `most` seconds; raises OpenNow if it has died or
        the time has not come."""
        since = self.at if since is None else since
        when = max(self.at, since) + least * (most / least) ** self.cortex.rng.random()
        if when > 0 or self.cortex.died(actor) <= when:
            self.open(name, actor, since, DUE[due or name], stuck=self.cortex.died(actor) <= when)
            raise OpenNow
        self.at = when

    def open(self, name: str, of: str, since: float, due: float, *, stuck: bool) -> None:
        """Note what is open; what was said last tells of it."""
        self.things.append(Thing(name, of, since, due, stuck))
        self.telling.append(len(self.said) - 1)

    def end(self, status: str) -> None:
        """It has ended."""
        self.status, self.ended_at = status, self.at
        self.telling.append(len(self.said) - 1)


class Cortex:
    """Some lives under masters of which some have died."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.lives: dict[str, Life] = {}
        self._died: dict[str, float] = {
            name: -rng.uniform(20 * MINUTE, 5 * HOUR) if rng.random() < 0.2 else inf for name in (*MASTERS, COORDINATOR)
        }
        for number in range(rng.randint(4, 12)):
            self._live(f"t{number}", -rng.uniform(1, 10) * HOUR * rng.random())
        if rng.random() < 0.2:
            self._deadlock()

    def died(self, actor: str) -> float:
        """When an actor died; infinity if it lives."""
        return self._died.get(actor, inf)

    def said(self) -> Iterator[Said]:
        """All events, in the order of each task."""
        for life in self.lives.values():
            for number, (at, actor, record) in enumerate(life.said):
                yield Said(at, life.task_id, actor, record, number in (*life.always, *life.telling))

    # Lives.

    def _live(self, task_id: str, begin: float, parent: str | None = None, depth: int = 0) -> Life:
        life = self.lives[task_id] = Life(self, task_id, begin)
        with suppress(OpenNow):
            self._whole(life, parent, depth)
        life.whole = True
        return life

    def _whole(self, life: Life, parent: str | None, depth: int) -> None:
        rng = self.rng
        priority = rng.choice(("critical", "high", "medium", "low", None))
        data = {key: value for key, value in (("priority", priority), ("parent_task_id", parent)) if value}
        life.say("kim", e.created(life.at, **data), "queued")
        life.turn(COORDINATOR, "unassigned", 1, 60, due="urgent" if priority in ("critical", "high") else "")
        life.owner = rng.choice(MASTERS)
        life.say(COORDINATOR, e.assigned(life.at, life.owner), "assigned")
        for attempt in range(1, 4):
            assert life.owner is not None
            life.turn(life.owner, "unstarted", 2, 120)
            life.say(life.owner, e.started(life.at, life.owner), "running")
            life.always.append(len(life.said) - 1)  # a failure short of its start reads as skew
            self._attempt(life, depth)
            owner = life.owner
            if rng.random() < 0.75 or attempt == 3:
                life.say(owner, e.completed(life.at, owner), "completed")
                life.end("completed")
                return
            life.say(owner, e.failed(life.at, owner, reason="boom"), "failed")
            if rng.random() < 0.5 or self.died(COORDINATOR) < life.at + 400 or life.at > -400:
                life.end("failed")
                return
            life.at += rng.uniform(20, 400)
            giver, life.owner = owner, rng.choice([one for one in MASTERS if one != owner])
            life.say(COORDINATOR, e.reassigned(life.at, giver, life.owner), "assigned")

    def _attempt(self, life: Life, depth: int) -> None:
        rng = self.rng
        for _ in range(rng.choice((0, 1, 1, 2))):
            match rng.choice(("run", "run", "run", "block", "handoff", "escalation", "subtasks", "word")):
                case "run":
                    self._runs(life)
                case "block":
                    self._block(life)
                case "handoff":
                    self._handoff(life)
                case "escalation":
                    self._escalation(life)
                case "subtasks" if depth < 1:
                    self._subtasks(life)
                    return
        life.turn(life.owner or "", "idle", 5, 12 * MINUTE)

    def _runs(self, life: Life) -> None:
        """One or two workers at a time; of a failed one another takes the place."""
        rng, owner = self.rng, life.owner or ""
        life.turn(owner, "idle", 5, 10 * MINUTE)
        begin, ends, hourly = life.at, [], rng.random() < 0.08
        for number in range(rng.choice((1, 1, 2))):
            life.at = begin + number
            if (end := self._run(life, owner, hourly)) is not None:
                ends.append(end)
        if life.things:  # a run is open: nobody else is expected to do anything
            raise OpenNow
        life.at = max(ends)

    def _run(self, life: Life, owner: str, hourly: bool) -> float | None:
        """A worker from its making to its end; when that was, None if it is open."""
        rng = self.rng
        name = f"w-{life.task_id}-{len(life.said)}" if rng.random() < 0.8 else f"w-{life.task_id}"
        if any(event["event_data"].get("worker_id") == name for _, _, (_, event) in life.said[-3:]):
            name += "-2"
        dies = life.at + rng.choice((0.0, rng.uniform(0, 1 * HOUR))) if rng.random() < 0.15 else inf
        fails = rng.random() < 0.25
        life.say(owner, e.worker("P", life.at, name, owner, worker_type="scan-worker"))
        words = rng.randint(5, 9) if hourly else rng.randint(0, 4)
        for number in range(words + 2):
            if number == 0:
                expected, pause = "never-started", rng.uniform(1, 60)
            elif hourly:
                expected, pause = "silent", rng.uniform(55, 62) * MINUTE
            else:
                expected, pause = "silent", 10 * 90 ** rng.random()
            when = life.at + pause
            if when > 0 or dies <= when:
                usual = 62 * MINUTE if hourly and number > 3 else 0  # from the third pause on
                due = max(DUE[expected], usual)
                if hourly and number <= 3 and not dies <= when:
                    due = inf  # whether that is late nobody can know yet
                life.open(expected, name, life.at, due, stuck=dies <= when)
                return None
            life.at = when
            kind = "S" if number == 0 else "G" if number <= words else "F" if fails else "C"
            life.say(name, e.worker(kind, life.at, name))
            if hourly:
                life.telling.append(len(life.said) - 1)  # of its pauses
        return life.at

    def _block(self, life: Life) -> None:
        """It waits for another task, mostly one that goes on."""
        rng, owner = self.rng, life.owner or ""
        life.turn(owner, "idle", 5, 10 * MINUTE)
        others = [
            one
            for one in self.lives.values()
            if one.whole
            and one.said[0][0] < life.at
            and (one.ended_at is None or one.ended_at > life.at)
            and not any(thing.name == "parent" for thing in one.things)
        ]
        gone = rng.random() < 0.05
        if not others and not gone:
            return
        other = None if gone else rng.choice(others)
        name = other.task_id if other is not None else "task-gone"
        if other is not None and other.things and not other.stuck and life.at < -25 * MINUTE:
            return  # a wait that is late though all is well: nothing to learn
        data: dict[str, object] = {"reason": f"Waiting for dependency: {name}"}
        if gone or rng.random() < 0.6:
            data["blocked_by"] = [name]
        begin = life.at
        life.say(owner, e.task("blocked", life.at, owner, **data), "blocked")
        if other is None:
            life.open("blocked for ever", name, begin, 0, stuck=True)
            raise OpenNow
        if other.ended_at is None:
            due = DUE["blocked"]
            life.open("blocked", name, begin, due, stuck=other.stuck)
            raise OpenNow
        if other.status != "completed":
            life.open("blocked for ever", name, max(begin, other.ended_at), 0, stuck=True)
            raise OpenNow
        life.turn(owner, "blocked", 5, 2 * MINUTE, since=other.ended_at, due="unblock")
        life.say(owner, e.task("unblocked", life.at, owner, reason=f"Dependency completed: {name}"), "running")

    def _handoff(self, life: Life) -> None:
        rng, owner = self.rng, life.owner or ""
        life.turn(owner, "idle", 5, 10 * MINUTE)
        taker = rng.choice([one for one in MASTERS if one != owner])
        name = f"handoff-{life.task_id}-{len(life.said)}"
        life.say(owner, e.handoff("created", life.at, owner, name, from_master=owner, to_master=taker))
        life.turn(taker, "handoff-unaccepted", 2, 60)
        life.owner = taker
        life.say(taker, e.handoff("accepted", life.at, taker, name))
        life.telling.append(len(life.said) - 1)
        life.turn(taker, "handoff-uncompleted", 5, 10 * MINUTE)
        life.say(taker, e.handoff("completed", life.at, taker, name))

    def _escalation(self, life: Life) -> None:
        """A person answers after a while; until then it needs one."""
        rng, owner = self.rng, life.owner or ""
        life.turn(owner, "idle", 5, 10 * MINUTE)
        life.say(owner, e.task("escalated", life.at, owner, reason="which key?"))
        answer = life.at + rng.uniform(1, 90) * MINUTE
        if answer > 0 or rng.random() < 0.2:
            life.open("escalated", PERSON, life.at, 0, stuck=True)
            raise OpenNow
        life.at = answer
        life.say("kim", e.event("task_unblocked", life.at, "kim", "user", reason="use the new key"))
        life.telling.append(len(life.said) - 1)

    def _subtasks(self, life: Life) -> None:
        """It waits for its subtasks, and goes on when all have ended."""
        rng, owner = self.rng, life.owner or ""
        life.turn(owner, "idle", 5, 10 * MINUTE)
        kids = [
            self._live(f"{life.task_id}-s{number}", min(0, life.at + number), life.task_id, 1)
            for number in range(rng.randint(1, 3))
        ]
        if any(kid.ended_at is None for kid in kids):
            life.open("parent", "", life.at, inf, stuck=False)
            raise OpenNow
        ends = max(kid.ended_at or 0 for kid in kids)
        life.at = max(life.at, ends)
        life.turn(owner, "parent-waiting", 5, 3 * MINUTE)

    def _deadlock(self) -> None:
        """Two tasks that wait for each other."""
        begin = -self.rng.uniform(10 * MINUTE, 3 * HOUR)
        names = ("x0", "x1")
        for name, other in zip(names, reversed(names), strict=True):
            life = self.lives[name] = Life(self, name, begin)
            life.owner = "dev-master"
            if self.died("dev-master") < begin + 20:
                del self.lives[name]
                return
            life.say("kim", e.created(begin))
            life.say("dev-master", e.started(begin + 5, "dev-master"))
            life.at = begin + 10
            life.say("dev-master", e.task("blocked", begin + 10, blocked_by=[other]), "blocked")
            life.open("deadlock", other, begin + 10, 0, stuck=True)
