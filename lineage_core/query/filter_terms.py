"""What the terms of a filter ask of the events and the workers of a task, and what they are asked against."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from lineage_core.base.errors import BadInputError
from lineage_core.base.regex import Pattern, compiled
from lineage_core.base.time_input import parse_when
from lineage_core.meaning.task_row import task_of
from lineage_core.model.entities import TaskRow
from lineage_core.model.error_fingerprint import NO_REASON, fingerprint
from lineage_core.model.event_data import error_of, text_of
from lineage_core.model.event_types import nearest
from lineage_core.model.packed_facts import AnyOf, facts_of, heads_of
from lineage_core.model.task_parts import Status, Worker
from lineage_core.rules.silence import task_look, watch
from lineage_core.rules.thresholds import Thresholds

if TYPE_CHECKING:
    from lineage_core.model.facts import Fact
    from lineage_core.state.store import State

Test = Callable[[TaskRow], bool]


def nothing_slow(row: TaskRow) -> bool:
    """No task is slow: for where nothing is forecast."""
    return False


class FilterContext(NamedTuple):
    """What a filter is asked against: the tasks, the time (microseconds since the epoch), when something is late, which
    tasks take longer than was forecast (`forecast/live_forecasts.py`), and whether there ever was a task that is not
    among these."""

    state: State
    now: int
    thresholds: Thresholds = Thresholds()
    slow: Callable[[TaskRow], bool] = nothing_slow
    known: Callable[[str], bool] = lambda task_id: False

    def look(self, row: TaskRow) -> str:
        """`silent` or `zombie` if a worker of an open task says nothing, `orphaned` if one goes on in a task that is
        over, else empty."""
        if row.silent_since is None:
            return ""
        return task_look(task_of(row), self.now, self.thresholds)


# Where these stand in a packed fact (facts.Fact): the value is inside a JSON string. {0}: what may come before what is
# looked for, {1} that, {2} what has to come after it.
EVENT_FIELDS = {
    "worker": r'"worker_(?:id|type)":"{0}(?:{1}){2}',
    "actor": r'"(?:user|coordinator|master|worker|daemon|system)","{0}(?:{1}){2}',
    "type": r',\d+,\d+,"{0}(?:{1})(?:{2}[^"]*",")',
    "tag": r'"tags":\[[^\]]*?"{0}(?:{1}){2}',
}


def framed(key: str, expression: str) -> tuple[str, str]:
    """What is looked for in packed facts, as `patterns.compiled` takes it: the expression, and the frame to put it
    into (empty: none), in which `^` and `$` mean the quotes around the value."""
    if key not in EVENT_FIELDS:
        return expression, ""
    alone = "|" not in expression
    begins = alone and expression.startswith("^")
    ends = alone and expression.endswith("$") and not expression.endswith(r"\$")
    before, after = "" if begins else '[^"]*?', '(?=")' if ends else ""
    frame = EVENT_FIELDS[key].replace("{0}", before).replace("{2}", after).replace("{1}", "{}")
    return expression[begins : len(expression) - ends], frame


def since_of(rest: tuple[str, ...], now: int) -> int | None:
    """The time that is asked for behind an expression, if one is."""
    return parse_when(rest[0], now) if rest else None


def event_term(key: str, expression: str, since: int | None, on: FilterContext) -> Test:
    """A test: whether an event of a task says it.

    key: what is looked at (`actor`, `tag`, …). expression: regular. since: microseconds since the epoch, None for ever.
    on: the state that is asked. Raises BadInputError for a wrong expression.
    """
    compiled(expression)  # what is wrong with it is said before a part of it goes into a frame
    within, state = compiled(*framed(key, expression)), on.state
    if since is None:
        return lambda row: within.found_in(state.packed(row.task_id))
    pattern = compiled(expression)

    def test(row: TaskRow) -> bool:
        if row.last_logged < since or not within.found_in(packed := state.packed(row.task_id)):
            return False
        if key in ("type", "actor"):
            which = 0 if key == "type" else 1
            return any(pattern.found_in(head[which]) for head in heads_of(packed, since))
        return any(_tagged(fact, pattern) for fact in facts_of(packed, AnyOf(), since))

    return test


def _tagged(fact: Fact, pattern: Pattern) -> bool:
    tags = fact.extra.get("tags")
    return isinstance(tags, list) and any(pattern.found_in(tag) for tag in tags if isinstance(tag, str))


# How tasks ended.

_ENDINGS = {"task_completed": Status.COMPLETED, "task_failed": Status.FAILED, "task_cancelled": Status.CANCELLED}
_FAILED_SAID = b'"completion_status":"failed"'
_ENDING_BYTES = {
    Status.COMPLETED: (b'"task_completed"',),
    Status.FAILED: (b'"task_failed"', _FAILED_SAID),
    Status.CANCELLED: (b'"task_cancelled"',),
}
"""What stands in the packed facts of a task that ended so, to pass over most of the others at once."""


def ended_term(value: str, on: FilterContext) -> Test:
    """`failed`, `failed/24h`, `24h`: whether a task, or an earlier attempt of it, ended so since then.

    Raises BadInputError for a word that is neither an end nor a time.
    """
    names, _, time = value.partition("/")
    wanted = tuple(_ENDINGS.values())
    if not time and not all(name in wanted for name in names.split(",")):
        try:
            names, time = "", str(parse_when(names, on.now) and names)
        except BadInputError:
            time = ""
    if names:
        for name in names.split(","):
            if name not in wanted:
                known = ", ".join(wanted)
                raise BadInputError(f"{name!r} is no way to end{nearest(name, wanted)} (known: {known}, or a time)")
        wanted = tuple(map(Status, names.split(",")))
    elif not time:
        raise BadInputError("ended: how, or since when? ended:failed, ended:24h, ended:failed/24h")
    since = parse_when(time, on.now) if time else None
    needles = [needle for status in wanted for needle in _ENDING_BYTES[status]]

    def test(row: TaskRow) -> bool:
        if row.status in wanted and (since is None or (row.ended_at or row.last_at) >= since):
            return True
        if since is not None and row.last_logged < since:
            return False
        packed = on.state.packed(row.task_id)
        if not any(needle in packed for needle in needles):
            return False
        return any(_ending(fact) in wanted for fact in facts_of(packed, _ENDINGS, since))

    return test


def _ending(fact: Fact) -> Status:
    failed = fact.event_type == "task_completed" and fact.data.get("completion_status") == "failed"
    return Status.FAILED if failed else _ENDINGS[fact.event_type]


# Why tasks and workers failed.

_FAILURES = {"why": ("task_failed", "task_completed"), "error": ("worker_failed", "worker_completed")}


def why_term(key: str, expression: str, since: int | None, on: FilterContext) -> Test:
    """Whether a task (`why`), or a worker of it (`error`), failed since then with a reason that says it, as it was
    written or without what differs from case to case.

    expression: regular. since: microseconds since the epoch, None for ever.
    """
    pattern, types = compiled(expression), _FAILURES[key]
    needles = (f'"{types[0]}"'.encode(), _FAILED_SAID)

    def test(row: TaskRow) -> bool:
        if since is not None and row.last_logged < since:
            return False
        packed = on.state.packed(row.task_id)
        if not any(needle in packed for needle in needles):
            return False
        return any(
            pattern.found_in(said) or pattern.found_in(fingerprint(said))
            for fact in facts_of(packed, types, since)
            if (said := _reason(fact))
        )

    return test


def _reason(fact: Fact) -> str:
    """Why something failed, if this fact says that it did."""
    data = fact.data
    if fact.event_type.endswith("_completed") and data.get("completion_status") != "failed":
        return ""
    texts = (text_of(data.get("reason")), error_of(data))
    return next(filter(None, texts if fact.event_type.startswith("task") else texts[::-1]), NO_REASON)


# Workers.

_ENDED_WORKERS = frozenset(("ended", "success", "partial", "failed", "ran"))


def _stuck(worker: Worker, on: FilterContext) -> str:
    seen = watch(worker, None, on.thresholds)
    return seen.word(on.now) if seen is not None else ""


WORKER_STATES: dict[str, Callable[[Worker, FilterContext], bool]] = {
    "any": lambda worker, _: True,
    "open": lambda worker, _: worker.open,
    "ended": lambda worker, _: not worker.open,
    "success": lambda worker, _: worker.end == "success",
    "partial": lambda worker, _: worker.end == "partial",
    "failed": lambda worker, _: worker.failed,
    "silent": lambda worker, on: _stuck(worker, on) in ("silent", "never-started"),
    "zombie": lambda worker, on: worker.end == "zombie" or _stuck(worker, on) == "zombie",
    "retry": lambda worker, _: worker.retry_of is not None,
    "ran": lambda worker, _: not worker.open and (worker.started_at or worker.spawned_at) is not None,
    "metered": lambda worker, _: worker.tokens is not None,
}
"""What can be said of a worker; `ran`: it ended and its start is known, `metered`: its tokens are known."""


def worker_term(expression: str, rest: tuple[str, ...], on: FilterContext) -> Test:
    """Whether one worker of a task is called so, is in these states, and was heard of (or ended, if the state is an
    end) since then.

    expression: for its id. rest: states and times. Raises BadInputError for a word that is neither.
    """
    pattern = compiled(expression)
    states = [name for name in rest if name in WORKER_STATES]
    times = []
    for text in rest:
        if text not in WORKER_STATES:
            try:
                times.append(parse_when(text, on.now))
            except BadInputError:
                hint = nearest(text, WORKER_STATES)
                known = ", ".join(WORKER_STATES)
                raise BadInputError(f"{text!r} is no state of a worker{hint} (known: {known}, or a time)") from None
    since = max(times, default=None)
    by_end = not _ENDED_WORKERS.isdisjoint(states)
    plain = re.fullmatch(r"\^?([\w-]+)\$?", expression)
    in_bytes = compiled(plain[1], "{}") if plain else None
    tests = [WORKER_STATES[name] for name in states]
    must_be_open, must_have_failed = not {"open", "silent"}.isdisjoint(states), "failed" in states

    def fits(worker: Worker) -> bool:
        at = worker.ended_at if by_end else worker.last_at
        if since is not None and (at is None or at < since):
            return False
        named = pattern.found_in(worker.worker_id) or pattern.found_in(worker.worker_type or "")
        return named and all(test(worker, on) for test in tests)

    def test(row: TaskRow) -> bool:
        # Most tasks are told by their row or their bytes; only the others are derived.
        if not row.workers or (since is not None and row.last_at < since):
            return False
        if (must_be_open and not row.open_workers) or (must_have_failed and not row.failed_workers):
            return False
        if in_bytes is not None and not in_bytes.found_in(on.state.packed(row.task_id)):
            return False
        with on.state.lock:
            task = on.state.task(row.task_id)
            return task is not None and any(map(fits, task.workers.values()))

    return test
