"""A journal's text as frames and as a fold told them, and spreads of both: what figures are compared with."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pytest

from lineage_core import stats
from lineage_core.base.clock import SECOND, parse_timestamp
from lineage_core.dataframes.reader import read_frames
from lineage_core.model.entities import Task
from lineage_core.model.event_data import tokens_of
from lineage_core.model.facts import digest_of
from lineage_core.model.task_parts import Worker
from lineage_core.read.decoder import Found
from lineage_core.read.tailer import Tailer
from lineage_core.state.load import load
from tests.build import write

EPOCH = parse_timestamp("2026-11-22T08:00:00Z") or 0


class Told(NamedTuple):
    """A directory, read both ways. cut: the frames; tasks: the fold's; records: distinct ones with their times."""

    cut: stats.Window
    tasks: list[Task]
    records: list[Found]

    def holds(self, at: int | None) -> bool:
        return at is not None and (self.cut.since is None or at >= self.cut.since)

    @property
    def workers(self) -> list[Worker]:
        """Each run: one worker can have several."""
        return [run for task in self.tasks for run in task.runs]


def tell(directory: Path, seconds: int | None) -> Told:
    now = EPOCH + 10 * SECOND
    records: dict[int, Found] = {}
    tailer = Tailer(directory)
    for batch in tailer.scan():
        for found in batch.found:
            records.setdefault(digest_of(found.record), found)
    tailer.close()
    state = load(directory).state
    tasks = [task for task_id in state.rows if (task := state.task(task_id)) is not None]
    cut = stats.Window(read_frames(directory).frames, None if seconds is None else now - seconds * SECOND, now)
    return Told(cut, tasks, list(records.values()))


def told_of(contents: dict[str, bytes], seconds: int | None) -> Told:
    with tempfile.TemporaryDirectory() as folder:
        for name, content in contents.items():
            write(Path(folder), content, name=name)
        return tell(Path(folder), seconds)


def percentile(values: list[float], part: float) -> float:
    """Interpolated linearly between the two nearest."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * part
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def spread(values: Iterable[tuple[str | None, float | None]]) -> dict[str, tuple[Any, ...]]:
    """By key: count, p50, p95, p99, max, and how many are left out."""
    by: dict[str, list[float]] = {}
    for key, value in values:
        if value is not None:
            by.setdefault(key or stats.NOBODY, []).append(value)
    result = {}
    for key, found in by.items():
        fine = [value for value in found if value >= 0]
        points = [percentile(fine, part) for part in (0.5, 0.95, 0.99)] if fine else [None] * 3
        result[key] = (len(fine), *points, max(fine, default=None), len(found) - len(fine))
    return result


def spread_of(table: pl.DataFrame) -> dict[str, tuple[Any, ...]]:
    rows = {}
    for row in table.iter_rows(named=True):
        assert row["count"] == sum(row["histogram"] or [])
        rows[row["key"]] = tuple(row[name] for name in ("count", "p50", "p95", "p99", "max", "left_out"))
    return rows


def assert_spreads_equal(table: pl.DataFrame, expected: dict[str, tuple[Any, ...]]) -> None:
    told = spread_of(table)
    assert told.keys() == expected.keys()
    for key, values in expected.items():
        assert told[key] == pytest.approx(values), key


def ms(later: int | None, earlier: int | None) -> float | None:
    return None if later is None or earlier is None else (later - earlier) / 1000


def run_of(worker: Worker) -> float | None:
    return None if worker.length is None else worker.length / 1000


def wilson(failed: int, ended: int) -> tuple[float, float, float]:
    z, p = 1.959964, failed / ended
    middle = (p + z * z / (2 * ended)) / (1 + z * z / ended)
    half = z * (p * (1 - p) / ended + z * z / (4 * ended * ended)) ** 0.5 / (1 + z * z / ended)
    return p, max(0.0, middle - half), min(1.0, middle + half)


def text_of(value: Any) -> str | None:
    return value[:300] if isinstance(value, str) and value else None


def error_of(data: dict[str, Any]) -> str | None:
    details = data.get("error_details")
    if isinstance(details, dict):
        return text_of(details.get("error_message")) or text_of(details.get("error_type"))
    return text_of(details)


def data_of(record: dict[str, Any]) -> dict[str, Any]:
    data = record.get("event_data")
    return data if isinstance(data, dict) else {}


def is_number(value: Any, most: float = 2**53 - 1) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most


def wrong_in(record: dict[str, Any]) -> list[str]:
    """The keys whose values are of a wrong type: written down a second time, from the record format."""
    wrong = [key for key in ("event_data", "context") if not isinstance(record.get(key), dict | None)]
    data = data_of(record)
    texts = "type priority master_id from_master to_master worker_id worker_type handoff_id parent_task_id"
    texts += " completion_status reason"
    wrong += [key for key in texts.split() if not isinstance(data.get(key), str | None)]
    for key in ("token_budget", "duration_ms"):
        wrong += [key] if data.get(key) is not None and not is_number(data[key]) else []
    percent = data.get("progress_percentage")
    wrong += ["progress_percentage"] if percent is not None and not is_number(percent, 100) else []
    context = record.get("context")
    if isinstance(context, dict):
        wrong += [key for key in ("session_id", "trace_id") if not isinstance(context.get(key), str | None)]
    usage = data.get("token_usage")
    parts = [usage.get(f"{kind}_tokens") for kind in ("total", "input", "output")] if isinstance(usage, dict) else []
    if usage is not None and (tokens_of(usage) is None or not all(p is None or is_number(p) for p in parts)):
        wrong.append("token_usage")
    details = data.get("error_details")
    if isinstance(details, dict):
        fine = all(isinstance(details.get(key), str | None) for key in ("error_message", "error_type"))
    else:
        fine = isinstance(details, str | None)
    wrong += [] if fine else ["error_details"]
    metadata = data.get("metadata")
    took = metadata.get("log_us") if isinstance(metadata, dict) else None
    return wrong + (["log_us"] if took is not None and not is_number(took) else [])
