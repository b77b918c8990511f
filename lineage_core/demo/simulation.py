"""The simulated cortex: an endless, sorted stream of planned events from a seed and a start time. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from heapq import heappop, heappush, merge
from itertools import accumulate, chain, islice, repeat
from random import Random
from typing import NamedTuple
from zlib import crc32

from lineage_core.base.clock import HOUR, MINUTE, SECOND, utc_date
from lineage_core.demo import scenarios as s
from lineage_core.demo import stuck_scenarios as stuck
from lineage_core.demo.situations_at_start import SITUATIONS
from lineage_core.demo.story import PlannedEvent, Recent, Story

_KINDS = tuple(s.WEIGHTS)
_CUMULATIVE = tuple(accumulate(s.WEIGHTS.values()))


FIRST_SITUATION = 9001
"""The number of the first situation: such a one no story has for long."""


class _Cue(NamedTuple):
    """When a story of which kind (None: by chance) begins, and the length of its unit of time, in microseconds."""

    at: int
    scenario: s.Scenario | None
    pace: int
    lasting: bool


# What has happened before a live demo begins: minutes before its start, the kind of story, seconds per unit.
_PRELUDE: tuple[tuple[float, s.Scenario, float], ...] = (
    (62, s.plain, 2),
    (57, stuck.silent_zombie, 12),
    (54, stuck.blocked_by_ended, 8),
    (52, stuck.confirmed_zombie, 10),
    (48, stuck.never_started, 6),
    (40, stuck.lost_handoff, 8),
    (36, s.slow_handoff, 8),
    (30, stuck.orphan, 8),
    (19, s.plain, 4),
    (17, stuck.ping_pong, 6),
    (15, s.failure, 4),
    (14, s.reopened, 3),
    (13, s.retry, 4),
    (11, s.subtasks, 6),
    (9, s.cancelled, 4),
    (8, s.team, 6),
    (7, s.handed_off, 4),
    (5, s.escalated, 7),
    (4, s.failure, 3),
    (3, s.reassigned, 3),
    (2.5, stuck.blocked, 3),
)


def plan(seed: int, start: int, *, rate: float = 5.0, speed: float = 1.0, run: str = "") -> Iterator[PlannedEvent]:
    """The events of a cortex watched from `start` on, without end, sorted by time.

    The hour before `start` is there in outline, the last minute and a half at full `rate` (events per second,
    on average). speed: how many times faster than 20 to 90 seconds tasks run. run: goes into every id, so that
    two plans can share a directory.
    """
    lead = min(int(90 * SECOND / speed), 2 * MINUTE)
    rng = Random(f"{seed} lasting")
    before = (_Cue(start - int(ago * MINUTE), kind, int(pace * SECOND), True) for ago, kind, pace in _PRELUDE)
    pace = max(1, int(SECOND / speed))
    stories = _stories(
        seed,
        chain(before, (_Cue(0, None, pace, rng.random() < 0.5) for _ in repeat(None))),
        live_from=start - lead,
        gap=SECOND / rate,
        run=run,
    )
    return merge(stories, _situations(seed, start, run), key=lambda event: (event.at, event.lineage_id))


def _situations(seed: int, start: int, run: str) -> Iterator[PlannedEvent]:
    """The events of all situations, sorted by time. They share nothing with the stories, which are the same without
    them."""
    rng = Random(f"{seed} situations")
    events: list[PlannedEvent] = []
    for number, (ago, situation, pace) in enumerate(SITUATIONS, FIRST_SITUATION):
        at = start - int(ago * MINUTE)
        session = _session(seed, at, rng)
        story = Story(rng, number, at, pace=int(pace * SECOND), run=run, session=session)
        situation(story)
        events += story.events
    yield from sorted(events, key=lambda event: (event.at, event.lineage_id))


def history(seed: int, end: int, count: int, span: int, *, run: str = "") -> Iterator[PlannedEvent]:
    """Exactly `count` events in the `span` microseconds that end at `end`, sorted by time.

    Tasks take four to twenty minutes (less where the span is short); the last of them still run at `end`.
    """
    pace = max(1, min(12 * SECOND, span // 1000))
    longest = 400 * pace
    first = end - span
    hanging = span - max(span // 100, longest)

    def planned(start: int) -> Iterator[PlannedEvent]:
        featured = chain(reversed(_KINDS), repeat(None))
        cues = (_Cue(0, kind, pace, False) for kind in featured)
        gap = max(1, span - longest) / count
        return islice(_stories(seed, cues, live_from=start, gap=gap, run=run, hanging=hanging), count)

    # Told twice: where the last event falls is known only at the end, and it is to fall on `end`.
    last = first
    for event in planned(first):
        last = event.at
    return planned(first + end - last)


def _stories(
    seed: int, cues: Iterator[_Cue], *, live_from: int, gap: float, run: str, hanging: int | None = None
) -> Iterator[PlannedEvent]:
    """The events of all stories, merged by time.

    Stories without a time of their own begin from `live_from` on, spaced so that one event comes every `gap`
    microseconds on average. What hangs in those that begin `hanging` microseconds later is left hanging.
    """
    rng = Random(seed)
    waiting: list[PlannedEvent] = []
    recent: deque[Recent] = deque(maxlen=12)
    planned = 0
    for number, cue in enumerate(cues, 1):
        at = cue.at or live_from + int(planned * gap)
        while waiting and waiting[0].at < at:
            yield heappop(waiting)
        lasting = cue.lasting or (hanging is not None and at - live_from > hanging)
        story = Story(
            rng,
            number,
            at,
            pace=cue.pace,
            run=run,
            session=_session(seed, at, rng),
            lasting=lasting,
            recent=tuple(recent),
        )
        (cue.scenario or rng.choices(_KINDS, cum_weights=_CUMULATIVE)[0])(story)
        ends = story.events[-1].event_type in ("task_completed", "task_failed", "task_cancelled")
        recent.append(Recent(story.task_id, story.at if ends else None))
        if not cue.at:
            planned += len(story.events)
        for event in story.events:
            heappush(waiting, event)


def _session(seed: int, at: int, rng: Random) -> str:
    """One of the three sessions of these four hours; some stories have none."""
    which = rng.randrange(16)
    if which == 15:
        return ""
    mark = crc32(f"{seed} {at // (4 * HOUR)} {which % 3}".encode()) & 0xFFFF
    return f"session-{utc_date(at).replace('-', '')}-{mark:04x}"
