"""DuckDB, asked in SQL over the same files, gives the same numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from lineage_core import demo, stats
from lineage_core.base.clock import DAY
from lineage_core.dataframes.reader import read_frames
from tests.wallclock import now

pytestmark = pytest.mark.clock

COLUMNS = (
    "{lineage_id: 'VARCHAR', task_id: 'VARCHAR', event_type: 'VARCHAR', timestamp: 'TIMESTAMPTZ', "
    "actor: 'STRUCT(type VARCHAR, id VARCHAR)', event_data: 'JSON', context: 'STRUCT(session_id VARCHAR)'}"
)


class Both:
    """A journal, as frames and as a DuckDB view named `events`."""

    def __init__(self, directory: Path) -> None:
        demo.backfill(directory, 6000, days=2)
        self.cut = stats.Window(read_frames(directory).frames, None, now())
        self.duck = duckdb.connect()
        self.duck.execute("SET TimeZone = 'UTC'")
        source = f"read_ndjson('{directory}/*.jsonl', columns = {COLUMNS})"
        self.duck.execute(f"CREATE TABLE events AS SELECT * FROM {source}")

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        return self.duck.execute(sql).fetchall()


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    both = Both(tmp_path_factory.mktemp("lineage"))
    yield both
    both.duck.close()


def rows(table: pl.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    return sorted(table.select(*columns).rows())


def test_events_by_type_and_actor(both: Both) -> None:
    types = both.ask("SELECT event_type, count(*) FROM events GROUP BY 1")
    assert rows(stats.event_types(both.cut), "key", "events") == sorted(types)
    actors = both.ask("SELECT actor.id, count(*) FROM events GROUP BY 1")
    assert rows(stats.actors(both.cut), "key", "events") == sorted(actors)


def test_events_by_hour(both: Both) -> None:
    hours = both.ask("SELECT timestamp::DATE, hour(timestamp), count(*) FROM events GROUP BY ALL")
    assert rows(stats.heat(both.cut), "day", "hour", "events") == sorted(hours)


def test_tokens_by_worker_type(both: Both) -> None:
    told = both.ask(
        """
        WITH told AS (
            SELECT task_id, event_data->>'worker_id' AS worker,
                   last(event_data->>'worker_type' ORDER BY timestamp)
                       FILTER ((event_data->>'worker_type') IS NOT NULL) AS kind,
                   last(coalesce(event_data->'$.token_usage.total_tokens', event_data->'token_usage')::BIGINT
                        ORDER BY timestamp) FILTER ((event_data->'token_usage') IS NOT NULL) AS tokens
            FROM events WHERE event_type LIKE 'worker%' GROUP BY ALL)
        SELECT kind, count(tokens), sum(tokens)::BIGINT FROM told GROUP BY 1
        """
    )
    assert rows(stats.tokens(both.cut, "worker_type"), "key", "items", "tokens") == sorted(told)


def test_run_times_of_workers(both: Both) -> None:
    told = both.ask(
        """
        WITH life AS (
            SELECT task_id, event_data->>'worker_id' AS worker,
                   any_value(event_data->>'worker_type') AS kind,
                   max(timestamp) FILTER (event_type = 'worker_spawned') AS spawned,
                   max(timestamp) FILTER (event_type = 'worker_started') AS started,
                   max(timestamp) FILTER (event_type IN ('worker_completed', 'worker_failed')) AS ended
            FROM events WHERE event_type LIKE 'worker%' GROUP BY ALL)
        SELECT kind, count(*), quantile_cont(ms, 0.5), quantile_cont(ms, 0.95), quantile_cont(ms, 0.99), max(ms)
        FROM (SELECT kind, date_diff('microseconds', coalesce(started, spawned), ended) / 1000 AS ms
              FROM life WHERE ended > coalesce(greatest(started, spawned), '-infinity')) WHERE ms IS NOT NULL GROUP BY 1
        """
    )
    table = stats.durations(both.cut, "worker_type")
    for mine, theirs in zip(rows(table, "key", "count", "p50", "p95", "p99", "max"), sorted(told), strict=True):
        assert mine[:2] == theirs[:2]
        assert mine[2:] == pytest.approx(theirs[2:])


def test_tasks_that_failed_by_master_in_the_last_day(both: Both) -> None:
    cut = both.cut._replace(since=both.cut.now - DAY)
    told = both.ask(
        f"""
        WITH ends AS (
            SELECT task_id, last(event_type ORDER BY timestamp) AS how, max(timestamp) AS at,
                   last(event_data->>'completion_status' ORDER BY timestamp) AS completion
            FROM events WHERE event_type IN ('task_completed', 'task_failed', 'task_cancelled') GROUP BY 1),
        starts AS (SELECT task_id, max(timestamp) AS at FROM events
                   WHERE event_type IN ('task_created', 'task_assigned', 'task_reassigned', 'task_started',
                                        'task_blocked') GROUP BY 1),
        masters AS (
            SELECT task_id, last(master ORDER BY timestamp) FILTER (master IS NOT NULL) AS master FROM (
                SELECT task_id, timestamp, CASE event_type
                    WHEN 'task_assigned' THEN event_data->>'master_id'
                    WHEN 'task_reassigned' THEN event_data->>'to_master'
                    WHEN 'handoff_accepted' THEN actor.id
                    WHEN 'task_started' THEN actor.id END AS master FROM events) GROUP BY 1)
        SELECT coalesce(master, '(none)'), count(*), count(*) FILTER (how = 'task_failed' OR completion = 'failed')
        FROM ends JOIN masters USING (task_id) JOIN starts USING (task_id)
        WHERE how != 'task_cancelled' AND ends.at > starts.at AND ends.at >= make_timestamptz({cut.since})
        GROUP BY 1
        """
    )
    assert rows(stats.failures(cut, "master"), "key", "ended", "failed") == sorted(told)


def test_a_parquet_file_of_ours_is_read_by_duckdb(both: Both, tmp_path: Path) -> None:
    path = tmp_path / "tasks.parquet"
    both.cut.frames.tasks.write_parquet(path)
    told = both.ask(f"SELECT status::VARCHAR, count(*) FROM '{path}' GROUP BY 1")
    expected = both.cut.frames.tasks.group_by(pl.col("status").cast(pl.String)).len().rows()
    assert sorted(told) == sorted(expected)
