"""The cutter in C: what it proves, what it leaves, that it is built, and that it can be done without."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path

import polars as pl
import pytest

from lineage_core import native
from lineage_core.native import LIBRARY
from lineage_core.native.cutter import NUMBERS, TEXTS, cut
from tests.conftest import ROOT
from tests.core.native import fuzz

needs_cutter = pytest.mark.skipif(not LIBRARY.exists(), reason="needs a C compiler when it is installed")

LINE = (
    b'{"lineage_id":"lineage-17934912385901600000262005","task_id":"task-1","event_type":"worker_progress",'
    b'"timestamp":"2026-11-01T00:00:38.590160Z","actor":{"type":"worker","id":"worker-1"},'
    b'"event_data":{"worker_id":"worker-1","progress_percentage":26},"parent_lineage_id":null,"version":"1.0.0"}'
)


@needs_cutter
def test_a_proven_line_is_a_row_and_any_other_is_told() -> None:
    block = b"\n".join([LINE, b"", b"torn" + LINE, LINE, b"an unfinished line"])
    made = cut(block, 1000, ids=True)
    assert made.rows["offset"].to_list() == [1000, 1000 + 2 * len(LINE) + 7]
    assert [block[start:end] for start, end in made.odd] == [b"torn" + LINE]
    row = made.rows.row(0, named=True)
    known = {name: row[name] for name in (*TEXTS, *NUMBERS) if row[name] is not None}
    assert known == {
        "task_id": "task-1",
        "event_type": "worker_progress",
        "actor_type": "worker",
        "actor_id": "worker-1",
        "worker_id": "worker-1",
        "percent": 26.0,
        "made_at": 1_793_491_238_590_160,
    }
    assert (row["at"], row["length"], row["priority_given"]) == (1_793_491_238_590_160, len(LINE), None)
    assert made.ids is not None
    assert made.ids[0] == "lineage-17934912385901600000262005"
    assert row["id_hash"] == made.ids.hash()[0]
    assert row["line_hash"] == pl.Series([LINE], dtype=pl.Binary).hash()[0]


@needs_cutter
@pytest.mark.parametrize(
    ("value", "names"),
    [
        (b"null", None),
        (b"[]", None),
        (b'""', None),
        (b'[""]', None),
        (b'"task-2"', "task-2"),
        (b'["task-2"]', "task-2"),
    ],
)
def test_what_a_task_waits_for_is_proven_where_it_is_one_name(value: bytes, names: str | None) -> None:
    made = cut(LINE.replace(b'"progress_percentage":26', b'"blocked_by":' + value) + b"\n", 0)
    assert (made.odd, made.rows["blocked_by"].to_list()) == ([], [names])


@needs_cutter
@pytest.mark.parametrize(
    "value", [b'["a","b"]', b"[5]", b"[null]", b'[["a"]]', b'["a",]', b'["a"', b"7", b"{}", b'["\\n"]']
)
def test_what_a_task_waits_for_is_left_where_it_is_anything_else(value: bytes) -> None:
    line = LINE.replace(b'"progress_percentage":26', b'"blocked_by":' + value)
    assert cut(line + b"\n", 0).odd == [(0, len(line))]


@needs_cutter
def test_a_block_without_lines_is_empty() -> None:
    for block in (b"", b"\n", b"no newline"):
        made = cut(block, 0, ids=True)
        assert (made.rows.height, made.odd) == (0, [])


@needs_cutter
def test_many_texts_are_told_apart() -> None:
    lines = [LINE.replace(b"task-1", b"task-%d" % (n % 40_000)) for n in range(50_000)]
    made = cut(b"\n".join(lines) + b"\n", 0)
    assert made.rows["task_id"].to_list() == [f"task-{n % 40_000}" for n in range(50_000)]


@needs_cutter
def test_damaged_lines_harm_nothing(tmp_path: Path) -> None:
    """Under the sanitizers; `python -m tests.core.native.fuzz --minutes 60` goes on for longer."""
    for program, seed in product(fuzz.build(tmp_path), (1, 2)):
        assert fuzz.run(program, seed, 5000).startswith("5000 pieces, ")


@needs_cutter
def test_it_can_be_switched_off() -> None:
    ask = "from lineage_core.native import library; print(library() is not None)"
    for value, answer in (("0", "False"), ("1", "True"), ("", "True")):
        environment = os.environ | {"LINEAGE_NATIVE": value}
        done = subprocess.run([sys.executable, "-c", ask], env=environment, cwd=ROOT, capture_output=True, text=True)
        assert done.stdout.strip() == answer, done.stderr


@pytest.mark.parametrize("source", ["int other;", "const int cut_format = 1;"])
def test_one_that_was_built_from_another_source_is_not_taken(
    source: str, tmp_path: Path, need_tool: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkout that was updated and not installed again reads without it."""
    (tmp_path / "old.c").write_text(source)
    made = tmp_path / "libcutter.so"
    subprocess.run([need_tool("gcc"), "-shared", "-fPIC", "-o", str(made), str(tmp_path / "old.c")], check=True)
    monkeypatch.delenv("LINEAGE_NATIVE", raising=False)
    monkeypatch.setattr(native, "LIBRARY", made)
    assert native.library.__wrapped__() is None
