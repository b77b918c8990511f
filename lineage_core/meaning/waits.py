"""What a task waits for, and what ends a wait (meaning.md: status, "What blocks what")."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping

from lineage_core.model.event_data import names_of, text_of
from lineage_core.model.facts import Fact
from lineage_core.model.task_parts import Wait

_TOKEN = re.compile(r"[A-Za-z0-9_.:-]+")


def tokens_of(text: str | None) -> list[str]:
    """The words of a reason that can be ids of tasks, without what punctuation is behind them."""
    return [word for word in (token.rstrip(".:-_") for token in _TOKEN.findall(text or "")) if word]


def _shape(word: str) -> str:
    return re.sub(r"\d+", "0", word)


def _task_like(word: str, others: Iterable[str] = ()) -> bool:
    """Whether a word looks like the id of a task: `task-…`, or alike one of others but for its digits."""
    if word.startswith("task-") and len(word) > len("task-"):
        return True
    return any(c.isdigit() for c in word) and _shape(word) in map(_shape, others)


def _is_id(word: str) -> bool:
    return any(c.isdigit() or c in "_.:-" for c in word)


def waits_of(task_id: str, fact: Fact) -> list[Wait]:
    """The waits that a task_blocked begins; where it names no task, those that its reason seems to name."""
    reason = text_of(fact.data.get("reason"))
    if names := names_of(fact.data.get("blocked_by")):
        return [Wait(name, fact.at, reason) for name in dict.fromkeys(names)]
    seems = [word for word in dict.fromkeys(tokens_of(reason)) if word != task_id and _task_like(word)]
    return [Wait(word, fact.at, reason, inferred=True) for word in seems] or [Wait(None, fact.at, reason)]


def names_of_wait(wait: Wait, task_id: str, known: Container[str], hosts: Iterable[str] = ()) -> list[str]:
    """The tasks that a wait of a task is for: the one that `blocked_by` named, known or not, else the known ones among
    the words of the reason. Never the task itself. hosts: those of the task, of several tasks of an id theirs is meant.
    """
    if wait.name is not None and not wait.inferred:
        name = _on(hosts, wait.name, known)
        return [name] if name != task_id else []
    words = [wait.name] if wait.name is not None else dict.fromkeys(tokens_of(wait.reason))
    names = [_on(hosts, word, known) for word in words]
    return [name for name in names if name in known and name != task_id]


def _on(hosts: Iterable[str], name: str, known: Container[str]) -> str:
    """What a task is called on one of these hosts."""
    return next((own for host in hosts if (own := f"{name}@{host}") in known), name)


def key_of(wait: Wait) -> str:
    """What a wait is known by among those of its task."""
    return wait.name if wait.name is not None else f" {wait.reason or ''}"


def _names(wait: Wait) -> list[str]:
    """The words of an unblock that name a wait."""
    return [wait.name] if wait.name is not None else [word for word in tokens_of(wait.reason) if _is_id(word)]


def _named_by(task_id: str, unblocked: Fact) -> tuple[list[str], bool]:
    """The words of a task_unblocked that may name tasks, and whether they are meant as names."""
    stated = [name for name in names_of(unblocked.data.get("blocked_by")) if name != task_id]
    words = stated or [word for word in tokens_of(text_of(unblocked.data.get("reason"))) if word != task_id]
    return words, bool(stated)


def ended_by(task_id: str, unblocked: Fact, waits: Mapping[str, Wait]) -> tuple[list[Wait], str | None]:
    """The waits that a task_unblocked ends: those for the tasks that it names, or all if it names none.

    waits: by `key_of`. The second is a task that it names and that nothing waits for: then it ends nothing.
    """
    words, stated = _named_by(task_id, unblocked)
    if named := _named_in(words, waits):
        return named, None
    known = [wait.name for wait in waits.values() if wait.name is not None]
    strange = next((word for word in words if stated or _task_like(word, known)), None)
    return ([], strange) if strange is not None else (list(waits.values()), None)


def ends_plainly(task_id: str, unblocked: Fact, waits: Mapping[str, Wait]) -> bool:
    """Whether a task_unblocked ends some of these waits, whatever else is logged before or after it."""
    words, stated = _named_by(task_id, unblocked)
    if _named_in(words, waits):
        return True
    return bool(waits) and not stated and not any(_task_like(word, [word]) for word in words)


def _named_in(words: list[str], waits: Mapping[str, Wait]) -> list[Wait]:
    named = [waits[word] for word in dict.fromkeys(words) if word in waits]
    sought = set(words)
    return named or [wait for wait in waits.values() if wait.name is None and not sought.isdisjoint(_names(wait))]


def causes(task_id: str, facts: list[Fact], apart: int) -> Iterator[tuple[int, int]]:
    """Edges to each task_unblocked that was logged before all that it could end, from the first of these (O2)."""
    blocks = [i for i, fact in enumerate(facts) if fact.event_type == "task_blocked"]
    if not blocks or not any(fact.event_type == "task_unblocked" for fact in facts[: blocks[-1]]):
        return
    later: dict[str, int] = {}  # by each word that names a wait: the first block that waits so
    for i in reversed(blocks):
        later.update({name: i for wait in waits_of(task_id, facts[i]) for name in _names(wait)})
    heard: set[str] = set()
    known: set[str] = set()
    asked = None  # who escalated, until another unblocks: that is the answer, and ends no wait that comes later
    for i, fact in enumerate(facts):
        if fact.event_type == "task_escalated":
            asked = fact.actor_id
        elif fact.event_type == "task_blocked":
            waits = waits_of(task_id, fact)
            heard.update(name for wait in waits for name in _names(wait))
            known.update(wait.name for wait in waits if wait.name is not None)
        elif fact.event_type == "task_unblocked":
            words, stated = _named_by(task_id, fact)
            answer = asked is not None and asked != fact.actor_id
            strange = answer or any(stated or _task_like(word, known) for word in words)
            asked = None if answer else asked
            if heard.isdisjoint(words) and (strange or blocks[0] > i):
                named = [later[word] for word in words if word in later]
                able = min(named, default=None if strange else blocks[0])
                if able is not None and facts[able].at - fact.at <= apart:
                    yield able, i
