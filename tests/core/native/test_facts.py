"""A file folded by facts.c is what `meaning/fold.py` makes of it: each packed fact, byte for byte, and each row."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_core.base.clock import format_timestamp
from lineage_core.meaning.durations import BIG
from lineage_core.model.facts import distinct, pack_all, unpack
from lineage_core.model.record import Rejected
from lineage_core.native import LIBRARY, facts
from lineage_core.native.facts import FileFacts
from lineage_core.read.decoder import Decoder
from lineage_core.state import snapshot_worker
from lineage_core.state.native_fold import FactDecoder, fold_taken, take_file
from lineage_core.state.snapshot import SavedPart, Snapshot
from lineage_core.state.snapshot_writer import folded_from
from lineage_core.state.snapshot_writer import write as write_snapshot
from lineage_core.state.store import State
from tests.build import DAILY, compact, record
from tests.core.meaning import simulation
from tests.core.native import lives
from tests.core.native.nasty_lines import every_odd_line, nasty, sound_lines
from tests.meaning_cases import CASES, NOW_AT, Case, write
from tests.stats.strategies import directories, records, texts
from tests.stats.test_frames_agree_with_fold import comings
from tests.stats.test_simple_tasks import blocked_tasks, given_on, handed_over, life

pytestmark = pytest.mark.skipif(
    not LIBRARY.exists() or facts._functions() is None,
    reason="needs what is in C, compiled from these sources: install it again",
)


def in_pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


class Folded:
    """A file's bytes as one of the two ways folds them."""

    def __init__(self, data: bytes, cuts: list[int], *, native: bool, name: str = DAILY) -> None:
        self.state = State()
        self.rejected: list[Rejected] = []
        decoder = FactDecoder(name) if native else Decoder()

        def decoded() -> Any:
            for piece in (*in_pieces(data, cuts), None):
                found, bad = decoder.flush() if piece is None else decoder.feed(piece)
                self.rejected += bad
                yield found

        if isinstance(decoder, FactDecoder):
            self.file = fold_taken([take_file(name, decoder, decoded())])
            self._adopt(name)
        else:
            self.state.fold((name, found) for found in decoded())
            self.file = folded_from(self.state)
        self.rejected.sort()
        self.ends = decoder.settled, decoder.end, decoder.fresh

    def _adopt(self, name: str) -> None:
        """Into a state, by way of a snapshot."""
        with TemporaryDirectory() as folder:
            write_snapshot(path := Path(folder) / "snapshot", self.file, [SavedPart(0, {"name": name}, (0, 0))], [[]])
            snapshot = Snapshot(path)
            assert snapshot.sound()
            for _ in self.state.adopt(snapshot):
                pass
            self.state.settle()


def check(data: bytes, cuts: list[int] | None = None, name: str = DAILY) -> Folded:
    """The file as facts.c folds it, which has to be what Python makes of it."""
    ours, theirs = (Folded(data, cuts or [], native=native, name=name) for native in (True, False))
    assert (ours.rejected, ours.ends) == (theirs.rejected, theirs.ends)
    a, b = ours.state, theirs.state
    assert a.rows.keys() == b.rows.keys()
    for task_id in b.rows:
        assert bytes(a.packed(task_id)) == bytes(b.packed(task_id))
        assert a.rows[task_id] == b.rows[task_id]
        assert repr(a.rows[task_id]) == repr(b.rows[task_id]), "26 and 26.0 are told apart too"
    assert (a.events, a.copies, a.copied, a.counts, a.heard) == (b.events, b.copies, b.copied, b.counts, b.heard)
    assert a.subtasks.homes() == b.subtasks.homes() == ours.file.homes
    asked = [row.task_id for row in b.rows.values() if row.events < BIG]
    assert ours.file.lengths(asked) == theirs.file.lengths(asked)
    for task_id in b.rows:
        assert (a.subtasks.parent(task_id), a.task(task_id)) == (b.subtasks.parent(task_id), b.task(task_id))
    return ours


def told_natively(data: bytes) -> tuple[int, int]:
    """How many tasks of a file's bytes have a row from facts.c, and how many there are."""
    taken = FileFacts(DAILY, [])
    taken.take(data, 0)
    tasks = [*taken.tasks()]
    return sum(task.row is not None for task in tasks), len(tasks)


@pytest.fixture(scope="module")
def sound() -> list[bytes]:
    return sound_lines(4000)


def test_a_line_of_each_odd_sort_is_taken_as_python_takes_it() -> None:
    lines = every_odd_line()
    check(b"\n".join([*lines, b""]))
    for line in lines:
        check(line + b"\n")


@pytest.mark.parametrize("seed", range(12))
def test_a_nasty_file_is_folded_as_python_folds_it(seed: int, sound: list[bytes]) -> None:
    rng = random.Random(seed)
    data = nasty(sound, seed)
    check(data, [rng.randrange(len(data)) for _ in range(rng.randrange(4))])


@settings(max_examples=200, deadline=None)
@given(texts(), st.lists(st.integers(0, 5000), max_size=3))
def test_any_text_is_folded_as_python_folds_it(text: bytes, cuts: list[int]) -> None:
    check(text, cuts)


@settings(max_examples=200, deadline=None)
@given(st.lists(records(), min_size=1, max_size=8))
def test_any_records_are_folded_as_python_folds_them(some: list[dict[str, Any]]) -> None:
    check(b"".join(map(compact, some)))


@settings(max_examples=100, deadline=None)
@given(directories())
def test_files_of_any_directory_are_folded_as_python_folds_them(contents: dict[str, bytes]) -> None:
    for content in contents.values():
        check(content)


@settings(max_examples=200, deadline=None)
@given(st.lists(comings(), max_size=30))
def test_workers_and_handoffs_that_come_again_are_folded_as_python_folds_them(some: list[dict[str, Any]]) -> None:
    check(b"".join(map(compact, some)))


@pytest.mark.parametrize("seed", range(20))
def test_tasks_that_go_their_way_more_or_less_have_the_rows_that_python_makes(seed: int) -> None:
    rng = random.Random(seed)
    lives = [compact(one) for n in range(400) for one in life(rng, f"task-{n}")]
    check(b"".join(lives))
    native, every = told_natively(b"".join(lives))
    assert native > every / 16, "else nothing is compared here"


def test_tasks_that_are_blocked_given_on_or_handed_over_at_any_point_have_the_rows_that_python_makes() -> None:
    for ways in (blocked_tasks(), given_on(), handed_over()):
        check(b"".join(compact(one) for task in ways for one in task))


MASTERS = ["dev-master", "sec-master", "coordinator-master", "ops-master"]
SAID: dict[str, list[Any]] = {
    "worker_type": ["scan", "scan", "fix", "None", "", 5],
    "progress_percentage": [0, 10, 33, 99, 100, 101, -1, 12.5, 7.0, "9", True],
    "token_usage": [0, 5, 7.9, -3, "7", {"total_tokens": 9}, {"input_tokens": 3, "output_tokens": 4.5}, {"a": 1}, None],
    "completion_status": ["success", "partial", "failed", ""],
    "reason": ["zombie_timeout", "boom", "", 4],
    "error_details": ["exit 3", "zombie_timeout", {"error_message": "", "error_type": "oom"}, {"error_type": 5}, [1]],
    "priority": ["high", "medium", "low", ""],
    "priority_given": [True, False],
    "type": ["review", ""],
    "parent_task_id": ["task-0", "", 3],
    "current_step": ["building"],
    "duration_ms": [12],
}


def closed_life(rng: random.Random, task_id: str) -> list[dict[str, Any]]:
    """The records of a task, mostly over, by few or many workers: of those that facts.c tells the most."""
    master = rng.choice(MASTERS)
    told: list[tuple[str, str, dict[str, Any]]] = [("task_created", "user-1", {})]
    told.append(("task_assigned", "coordinator-master", {"master_id": master}))
    if rng.random() < 0.2:
        to = rng.choice(MASTERS)
        told.append(("task_reassigned", master, {"from_master": rng.choice([master, master, to]), "to_master": to}))
        master = rng.choice([to, to, master])
    if rng.random() < 0.9:
        told.append(("task_started", rng.choice([master, master, *MASTERS]), {}))
    runs: list[list[tuple[str, str, dict[str, Any]]]] = []
    for n in range(rng.choice([0, 1, 1, 2, 3, 70 if rng.random() < 0.02 else 4])):
        name = {"worker_id": f"worker-{n}"}
        kinds = ["worker_spawned", "worker_started", *["worker_progress"] * rng.choice([0, 1, 2, 3, 8])]
        kinds = [kind for kind in kinds if rng.random() < 0.9]
        last = rng.choice(["worker_completed", "worker_completed", "worker_failed"])
        ended = [last] if rng.random() < 0.95 or not kinds else []
        runs.append([(kind, master if "spawn" in kind else f"worker-{n}", name) for kind in [*kinds, *ended]])
    while runs:  # those of several workers stand between each other
        run = rng.choice(runs[: rng.choice([1, 1, 2])])
        told.append(run.pop(0))
        runs = [one for one in runs if one]
    if rng.random() < 0.3:
        to, handed = rng.choice(MASTERS), {"handoff_id": "h-1"}
        some = [("handoff_created", master, {"from_master": master, "to_master": to}), ("handoff_accepted", to, {})]
        some.append(("handoff_completed", to, {"to_master": to}))
        for place, (kind, actor, data) in zip(sorted(rng.sample(range(3, len(told) + 4), 3)), some, strict=True):
            if rng.random() < 0.9:
                told.insert(min(place, len(told)), (kind, actor, handed | data))
    for kind in ("task_escalated", "task_blocked"):
        if rng.random() < 0.3:
            place = rng.randrange(1, len(told) + 1)
            told.insert(place, (kind, rng.choice(MASTERS), {"reason": "why", "blocked_by": ["task-x"]}))
            if kind == "task_blocked" and rng.random() < 0.7:
                told.insert(
                    rng.randrange(place + 1, len(told) + 1), ("task_unblocked", master, {"blocked_by": "task-x"})
                )
    end = rng.choice(["task_completed", "task_completed", "task_failed", "task_cancelled", None])
    if end:
        told.insert(len(told) - rng.choice([0, 0, 0, 0, 1, 2]), (end, master, {}))
    for _ in range(rng.choice([0, 0, 0, 1, 2])):  # two that changed places, or one that was logged again
        place = rng.randrange(len(told) - 1)
        told[place : place + 2] = rng.choice(
            [told[place : place + 2][::-1], [told[place], told[place], told[place + 1]]]
        )
    odd = rng.random() < 0.5
    causes = rng.choice([(1, 2), (1, 2, 99), (1, -2)])  # of events before, of none, and of some after
    made: list[dict[str, Any]] = []
    at = 0
    for kind, actor, data in told:
        some_data = {
            key: rng.choice(values[: None if odd else 2]) for key, values in SAID.items() if rng.random() < 0.4
        }
        at += rng.choice([0, 1, 1, 5, 100])
        made.append(
            record(
                lineage_id=f"lineage-{task_id}-{len(made)}",
                task_id=task_id,
                event_type=kind,
                timestamp=f"2026-11-22T{8 + at // 3600:02d}:{at // 60 % 60:02d}:{at % 60:02d}Z",
                actor={"type": "worker" if actor.startswith("worker") else "master", "id": actor},
                event_data=some_data | data,
                parent_lineage_id=rng.choice([None, *(f"lineage-{task_id}-{len(made) - n}" for n in causes)]),
                context={"session_id": f"s-{at // 10}", "trace_id": "t"} if rng.random() < 0.5 else {},
            )
        )
    return made


@pytest.mark.parametrize("seed", range(10))
def test_tasks_that_are_over_have_the_rows_that_python_makes(seed: int) -> None:
    rng = random.Random(seed)
    lives = [closed_life(rng, f"task-{n}") for n in range(500)]
    data = b"".join(compact(one) for life in lives for one in life)
    check(data)
    native, every = told_natively(data)
    assert native > every / 12, "else nothing is compared here"


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("life", "least"), [(lives.retried, 0.5), (lives.by_chance, 0.15)])
def test_tasks_that_begin_again_have_the_rows_that_python_makes(
    life: Callable[[random.Random, str], bytes], least: float, seed: int
) -> None:
    rng = random.Random(seed)
    data = b"".join(life(rng, f"task-{n}") for n in range(400))
    check(data)
    native, every = told_natively(data)
    assert native > least * every, "else little is compared here"


@pytest.mark.parametrize("spread", [0, 1, 300, simulation.SPREAD])
@pytest.mark.parametrize("handoffs", [False, True])
def test_simulated_lives_have_the_rows_that_python_makes(spread: float, handoffs: bool) -> None:
    rng = random.Random(spread + handoffs)
    lines = []
    for n in range(600):
        told = simulation.life(rng, handoffs).events
        for at, one in simulation.skewed(rng, told, simulation.by_actor, spread):
            lines.append(
                compact({"timestamp": format_timestamp(NOW_AT + round(at * 1e6)), "task_id": f"task-{n}"} | one)
            )
    check(b"".join(lines))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_cases_of_what_events_mean(case: Case) -> None:
    with TemporaryDirectory() as folder:
        write(Path(folder), case)
        for path in Path(folder).iterdir():
            check(path.read_bytes())


def test_nineteen_of_twenty_tasks_of_the_demo_are_told_by_it(sound: list[bytes]) -> None:
    native, every = told_natively(b"".join(line + b"\n" for line in sound))
    assert native > 0.95 * every
    check(b"".join(line + b"\n" for line in sound))


def test_a_file_of_a_host_tells_the_host() -> None:
    state = check(b"".join(compact(record(n)) for n in range(3)), name="web%201/" + DAILY).state
    assert {row.hosts for row in state.rows.values()} == {("web 1",)}


NUMBERS = ["0", "-0", "0.0", "-0.0", "1.0", "1.50", "0.001", "0.0001", "0.00012", "-0.001", "100000000000000", "1e3"]
TEXTS = [
    '"\\/"',
    '"\\b\\f\\n\\r\\t\\"\\\\"',
    '"\\\\/"',
    '"\x7f"',
    '"\u2028"',
    '"😀"',
    '"\\u0041"',
    '"\\ud83d\\ude00"',
    '""',
]


@pytest.mark.parametrize("value", [*NUMBERS, "99999999999999.5", "9999999999999999", "12345678901234.0", *TEXTS])
def test_what_is_spelled_otherwise_has_the_same_digest(value: str) -> None:
    line = compact(record(event_data={"a": "VALUE", "reason": "r"})).replace(b'"VALUE"', value.encode())
    check(line)
    check(line.replace(b'"reason":"r"', b'"reason":' + value.encode()))
    check(line.replace(b'"a"', value.encode()) if value.startswith('"') else line)


def test_the_keys_of_a_digest_are_in_order() -> None:
    for keys in (["b", "a"], ["a", "A", "ab", "a-"], ["ü", "z", "日"], [str(n) for n in range(70)], ["a"] * 2):
        members = ",".join(f'"{key}":{{"y":1,"x":[{{"d":1,"c":2}}]}}' for key in keys)
        check(compact(record()).replace(b'"event_data":{', f'"more":{{{members}}},"event_data":{{'.encode()))


def test_many_facts_of_one_task_and_many_tasks(sound: list[bytes]) -> None:
    def numbered(n: int, **fields: Any) -> bytes:
        return compact(record(n, event_data={"worker_id": f"worker-{n % 90}"}, **fields))

    check(b"".join(numbered(n, task_id="task-1") for n in range(3000)))
    check(b"".join(numbered(n, task_id="task-1") for n in reversed(range(60))))
    check(b"".join(numbered(n) for n in range(9000)))
    masters = [f"m{n}" for n in range(40)]
    check(b"".join(numbered(n, task_id="task-1", actor={"type": "master", "id": one}) for n, one in enumerate(masters)))


def test_what_is_longer_than_facts_keep() -> None:
    for size in (299, 300, 301, 1024, 1025, 70_000):
        for text in ("x" * size, "ü" * (size // 2)):
            check(compact(record(event_data={"reason": text, "worker_id": text})))
            check(compact(record(context={"session_id": text, "trace_id": text}, tags=[text], related_task_ids=[text])))
            check(compact(record(task_id=text, lineage_id=text, parent_lineage_id=text)))
            check(compact(record(event_data={"deliverables": [text] * 3, "error_details": {text: 1}})))
    for count in (63, 64, 65):
        check(compact(record(event_data={"deliverables": ["d"] * count}, tags=["t"] * count)))
    check(b"".join(compact(record(event_data={"deliverables": ["d" * 290] * 64 * n})) for n in (1, 4)))


def test_the_snapshot_of_a_file_is_the_same_with_it_and_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sound: list[bytes]
) -> None:
    path = tmp_path / DAILY
    path.write_bytes(nasty(sound, 3))
    made = []
    for native in (True, False):
        monkeypatch.setattr(facts, "available", lambda native=native: native)
        snapshot_worker.fold([snapshot_worker.Part(path, DAILY, path.stat().st_size)], tmp_path / "snapshot")
        made.append((tmp_path / "snapshot").read_bytes())
    assert made[0] == made[1]
    assert Snapshot(tmp_path / "snapshot").sound()


def test_a_library_of_other_sources_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "library", lambda: LIBRARY)
    assert facts.available()
    for path in (LIBRARY, *LIBRARY.parent.glob("*.[ch]")):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(facts, "LIBRARY", tmp_path / LIBRARY.name)
    facts._functions.cache_clear()
    try:
        assert facts.available()
        facts._functions.cache_clear()
        (tmp_path / "task_steps.h").write_bytes(b"/* newer */")
        assert not facts.available()
    finally:
        facts._functions.cache_clear()


def test_packed_facts_are_those_that_python_packs(sound: list[bytes]) -> None:
    taken = FileFacts(DAILY, [])
    taken.take(b"".join(line + b"\n" for line in sound), 0)
    for task in taken.tasks():
        assert task.packed == pack_all(distinct(unpack(task.packed)))
        assert orjson.loads(b"[" + task.packed[:-1] + b"]")
