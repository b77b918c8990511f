"""Tasks of some minutes ago and what is late of them: what the tests of expectations share."""

from __future__ import annotations

from lineage_core.base.clock import MINUTE
from lineage_core.model.expectations import Expectation
from lineage_core.rules.attention import attention, others_of
from lineage_core.rules.expectations import expectations
from lineage_core.rules.thresholds import Thresholds
from lineage_core.settings.threshold_defaults import LateSettings
from lineage_core.state.store import State
from tests import build as e
from tests.build import DAILY, Event, facts_of

NOW = 1_795_334_628_000_000


M = 60.0


def at(minutes_ago: float) -> float:
    """The time, in seconds, so many minutes before now."""
    return NOW / 1_000_000 - minutes_ago * M


def state_of(**tasks: list[Event]) -> State:
    """A state of these tasks; `_` in a name stands for `-`."""
    state = State()
    for number, (name, events) in enumerate(tasks.items()):
        task_id = name.replace("_", "-")
        facts = facts_of(events, task_id, DAILY)
        moved = [fact._replace(offset=fact.offset + 100_000 * number) for fact in facts]
        state.merge_facts((task_id, fact) for fact in moved)
    return state


def expected(state: State, task_id: str = "t", now: int = NOW, limits: Thresholds | None = None) -> list[Expectation]:
    task = state.task(task_id)
    assert task is not None
    return expectations(task, others_of(state), now, limits or Thresholds())


def late(state: State, now: int = NOW, limits: Thresholds | None = None) -> list[tuple[str, str]]:
    """Rules and subjects of what is late or warned of, the most urgent first."""
    return [
        (one.rule, one.subject) for one in attention(state, now, limits or Thresholds()) if one.rule != "feed-silent"
    ]


def setting(**minutes: int) -> Thresholds:
    return Thresholds(LateSettings({name.replace("_", "-"): n * MINUTE for name, n in minutes.items()}))


def going(minutes_ago: float, master: str = "dev-master") -> list[Event]:
    return [e.created(at(minutes_ago)), e.assigned(at(minutes_ago), master), e.started(at(minutes_ago), master)]


def busy(minutes_ago: float = 1) -> list[Event]:
    """A worker that spoke so long ago."""
    return [e.worker("S", at(200), "w-busy"), e.worker("G", at(minutes_ago), "w-busy", progress_percentage=5)]


def kid(parent: str, *more: Event) -> list[Event]:
    return [e.created(at(100), parent_task_id=parent), *more]
