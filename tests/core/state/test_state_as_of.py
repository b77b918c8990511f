"""A state that moves in time is, at each moment, what a fresh fold of what was written until then is."""

from __future__ import annotations

import gzip
import random
from pathlib import Path
from typing import Any

import pytest

from lineage_core.base.clock import SECOND
from lineage_core.read.as_of_copy import cut
from lineage_core.state.load import load
from lineage_core.state.state_as_of import Past
from lineage_core.state.store import State
from tests.build import write
from tests.core.read.test_as_of_copy import SPAN, START, file_of, laid, random_records, written
from tests.core.state.test_merge_laws import picture


def linked(chance: random.Random, made: list[tuple[int, dict[str, Any]]]) -> None:
    """Let tasks be created by events of others, also by such as are written later."""
    for _, one in made:
        if chance.random() < 0.3:
            one["parent_lineage_id"] = chance.choice(made)[1]["lineage_id"]
            one["event_type"] = "task_created"


def without_zeros(of: dict[str, Any]) -> dict[str, Any]:
    return of | {"counts": {status: count for status, count in of["counts"].items() if count}}


@pytest.mark.parametrize("seed", range(80))
def test_at_any_time_it_is_a_fresh_fold_of_the_files_cut_there(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    made = random_records(chance)
    linked(chance, made)
    whole = write(tmp_path / "whole", *(laid(chance, one) for _, one in made))
    past = Past(load(whole).state)
    for _ in past.index():
        pass
    for number in range(6):
        at = START + chance.randrange(-2, SPAN + 2) * SECOND
        rows = dict(past.rows)
        changed = past.go(at)
        then = tmp_path / str(number)
        cut(whole, at, then)
        assert without_zeros(picture(past)) == without_zeros(picture(load(then).state))
        others = {task_id for task_id in {*rows, *past.rows} if rows.get(task_id) != past.rows.get(task_id)}
        assert others <= changed, "what is another task now is told"
        middle = START + SPAN * SECOND // 2
        for one in (past, past.twin(), past):
            assert one.newest() == State.newest(one)
            assert sorted(one.heard_after(middle)) == sorted(State.heard_after(one, middle))


@pytest.mark.parametrize("seed", range(40))
def test_so_it_is_with_several_hosts_their_archives_and_packed_members(tmp_path: Path, seed: int) -> None:
    """Ids that two hosts have are of one task here, as its session tells: others are named as they are named now."""
    chance = random.Random(seed)
    pieces = []
    for second, one in random_records(chance):
        host = chance.choice(("web1", "web2", "db"))
        one["task_id"] += chance.choice(("", f"-{host}"))
        one["context"] = {"session_id": "session-night"}
        pieces.append((second, f"{host}/{file_of(chance.randrange(4))}", laid(chance, one)))
    whole = tmp_path / "whole"
    written(whole, [(name, raw) for _, name, raw in pieces])
    for path in sorted(whole.rglob("archive/*/*.jsonl")) if seed % 2 else ():
        first, *rest = path.read_bytes().splitlines(keepends=True)
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(first) + gzip.compress(b"".join(rest)))
        path.unlink()
    past = Past(load(whole).state)
    for _ in past.index():
        pass
    for number in range(5):
        at = START + chance.randrange(-2, SPAN + 2) * SECOND
        past.go(at)
        then = tmp_path / str(number)
        assert cut(whole, at, then) == {}
        fresh = load(then).state
        assert without_zeros(picture(past)) == without_zeros(picture(fresh))
        assert dict(past.heard) == dict(fresh.heard)


def test_steps_lead_from_event_to_event_and_back(tmp_path: Path) -> None:
    made = random_records(random.Random(5))
    past = Past(load(write(tmp_path / "whole", *(laid(random.Random(1), one) for _, one in made))).state)
    for _ in past.index():
        pass
    times, at = [past.first], past.first
    while (after := past.next_after(at, 1)) != at:
        times.append(at := after)
    assert at == past.last
    back = [at]
    while (before := past.next_after(at, -1)) != at:
        back.append(at := before)
    assert back == times[::-1]
