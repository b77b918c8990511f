"""Whether a record put together from interleaved lines is one writer's, judged by what whole records show.

Two writers that are cut off at the same line leave two objects with their endings exchanged: whole JSON, no key twice,
and yet neither was written. What gives them away is that the task, the actor and the worker do not belong together.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from typing import Any, NamedTuple

from lineage_core.model.event_types import ACTOR_TYPES
from lineage_core.model.record import TOO_DEEP, Record

_FIELDS = (
    "lineage_id",
    "task_id",
    "event_type",
    "timestamp",
    "actor",
    "event_data",
    "parent_lineage_id",
    "context",
    "version",
)
_ACTOR = ("type", "id", "principal")
_CONTEXT = frozenset(("session_id", "trace_id", "master_type", "repository", "branch", "execution_environment"))
_ELSEWHERE = frozenset([*_FIELDS, "id", "principal", "session_id", "trace_id"])  # keys that `event_data` does not have
_LEGACY = (*_FIELDS, *_ACTOR)  # the shape that the legacy library gives its records
_MOST_VOTES = 1_000  # of one region, and
_MOST_SHAPES = 64  # of one region: bounds of memory and time

WINDOW = 256 * 1024
"""Bytes before a region in which other regions count as evidence of what its records must be like."""

PATIENCE = 64 * 1024
"""Bytes after interleaved lines in which lines of its writers may still come."""

Shape = tuple[str, ...]
"""The fields of a record and those of its actor, in order."""


class Region(NamedTuple):
    """A part of a file with a pretty-printed record that stands alone, or with interleaved lines, or with damage.

    shape: of the record that stands alone, otherwise empty. votes: a worker, a task, and 1 if they are named alike,
    otherwise -1, of each whole object.
    """

    start: int
    end: int
    shape: Shape
    votes: list[tuple[int, int, int]]


class SharedTraits:
    """What the pretty-printed records have in common: those of the open region, and of regions not far before it.

    What counts is what the bytes show, never an earlier verdict. So a reader that begins where the oldest region begins
    that counts comes to the same verdicts from there on.
    """

    __slots__ = ("_alone", "_cast", "_damaged", "_namesakes", "_regions", "_seen", "_shapes", "_votes", "suspect")

    def __init__(self) -> None:
        self._regions: deque[Region] = deque()  # those that count, oldest first
        self._shapes: Counter[Shape] = Counter()  # of the records that stand alone in them
        self._votes: dict[int, dict[int, int]] = {}  # worker -> tasks: whole objects in which they stand together
        self._namesakes = 0  # objects whose worker is named like its task (worker-7, task-7), less the others
        self._damaged = -WINDOW  # the end of the last region without a record that stands alone
        self.suspect = False  # whether that is near the open region: a record may seem to stand alone, and be a mixture
        self._alone: Shape = ()
        self._seen: Counter[int] = Counter()  # hashes of shapes in the open region
        self._cast: list[tuple[int, int, int]] = []  # votes in it

    def oldest(self, offset: int) -> int:
        """Where the oldest region begins that counts for one that begins at `offset`, or `offset` if none counts."""
        regions = self._regions
        while regions and regions[0].end <= offset - WINDOW:
            gone = regions.popleft()
            if gone.shape:
                self._shapes[gone.shape] -= 1
                if not self._shapes[gone.shape]:
                    del self._shapes[gone.shape]
            for vote in gone.votes:
                self._count(vote, -1)
        return regions[0].start if regions else offset

    def begin(self, offset: int) -> None:
        """Note that a region begins here."""
        self.oldest(offset)
        self.suspect = self._damaged > offset - PATIENCE
        self._alone = ()
        if self._cast or self._seen:
            self._cast, self._seen = [], Counter()

    def end(self, start: int, end: int) -> None:
        """Note that the region ends here: its votes count from now on."""
        self._regions.append(Region(start, end, self._alone, self._cast))
        self._cast = []
        if self._alone:
            self._shapes[self._alone] = self._shapes.get(self._alone, 0) + 1
        else:
            self._damaged = end

    def learn(self, record: Record, *, alone: bool) -> None:
        """Take note of a whole object; alone: the region has nothing else."""
        shape = _shape(record)
        if alone:
            self._alone = shape
        elif hash(shape) in self._seen or len(self._seen) < _MOST_SHAPES:
            self._seen[hash(shape)] += 1
        worker, task = _worker(record), record["task_id"]
        if worker is not None and len(self._cast) < _MOST_VOTES:
            vote = hash(worker), hash(task), 1 if _namesakes(worker, task) else -1
            self._cast.append(vote)
            self._count(vote, 1)

    def refuse_mixture(self, raw: bytes, record: Record, *, alone: bool) -> None:
        """Raises ValueError when a record that stood among others, or near them, is not like what one writer writes."""
        _refuse_disorder(raw)
        data, context = record.get("event_data") or {}, record.get("context") or {}
        if not (self._may_be if alone else self._expects)(_shape(record)):
            raise ValueError("its fields are not those of the other records")
        if not isinstance(data, dict) or not isinstance(context, dict):
            raise ValueError("a part of it is missing")
        if not alone and (_ELSEWHERE & data.keys() or data.get("type") in ACTOR_TYPES or context.keys() - _CONTEXT):
            raise ValueError("a field of it is in the wrong place")
        actor, kind = record["actor"], record["event_type"].partition("_")[0]
        worker, task = _worker(record), record["task_id"]
        votes = {} if worker is None else self._votes.get(hash(worker), {})
        if (
            (actor["type"] == "worker" and (kind != "worker" or actor["id"] != worker))
            or (kind == "worker" and worker is None)
            or (kind == "handoff" and "handoff_id" not in data)
            or max(votes.values(), default=0) > votes.get(hash(task), 0)
            or (worker is not None and self._namesakes > 0 and not _namesakes(worker, task))
        ):
            raise ValueError("its task, actor and worker do not agree")

    def _expects(self, shape: Shape) -> bool:
        """Whether records of this shape stand alone; as long as none does, whether most in the region have it."""
        if self._shapes:
            return shape in self._shapes or shape == _LEGACY
        seen = self._seen[hash(shape)]
        return shape == _LEGACY or (seen > 1 and seen == max(self._seen.values()))

    def _may_be(self, shape: Shape) -> bool:
        """Whether this is a shape of its own, not what is left of another when a run of its fields is missing."""
        return shape in self._shapes or not any(_is_left_of(shape, other) for other in self._shapes)

    def _count(self, vote: tuple[int, int, int], times: int) -> None:
        worker, task, namesake = vote
        self._namesakes += namesake * times
        tasks = self._votes.get(worker)
        if tasks is None:
            self._votes[worker] = {task: times}
            return
        tasks[task] = count = tasks.get(task, 0) + times
        if not count:
            del tasks[task]
            if not tasks:
                del self._votes[worker]


def _shape(record: Record) -> Shape:
    return (*record, *record["actor"])


def _is_left_of(shape: Shape, other: Shape) -> bool:
    missing = len(other) - len(shape)
    if missing <= 0:
        return False
    same = 0
    while same < len(shape) and shape[same] == other[same]:
        same += 1
    return shape[same:] == other[same + missing :]


def _worker(record: Record) -> str | None:
    data = record.get("event_data")
    worker = data.get("worker_id") if isinstance(data, dict) else None
    return worker if isinstance(worker, str) else None


def _namesakes(worker: str, task: str) -> bool:
    return worker.partition("-")[2] == task.partition("-")[2]


def refuse_doubled_keys(raw: bytes) -> None:
    """Raises ValueError when a key occurs twice in one object of this JSON text."""

    def unique(pairs: list[tuple[str, Any]]) -> None:
        if len({key for key, _ in pairs}) != len(pairs):
            raise ValueError("a key occurs twice")

    try:
        json.loads(raw.decode("utf-8", "replace"), object_pairs_hook=unique)
    except RecursionError:
        raise ValueError(TOO_DEEP) from None


def _refuse_disorder(raw: bytes) -> None:
    """Raises ValueError when a line is not indented as deeply as it is nested, or an empty object is not `{}`."""
    lines = raw.replace(b"\r", b"").split(b"\n")
    unit = len(lines[1]) - len(lines[1].lstrip())
    depth, opened = 0, False
    for line in lines:
        text = line.strip()
        if not text:
            continue
        if text[:1] in b"}]":
            depth -= 1
            if opened:
                raise ValueError("a part of it is missing")
        if len(line) - len(line.lstrip()) != depth * unit:
            raise ValueError("a field of it is in the wrong place")
        opened = text[-1:] in (b"{", b"[")
        depth += opened
