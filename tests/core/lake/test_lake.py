"""History in a Delta table: each event once whoever is killed when, and the answers of the journals."""

from __future__ import annotations

import gzip
import json
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from deltalake import DeltaTable

from lineage_core.base import clock
from lineage_core.base.clock import DAY
from lineage_core.base.errors import JournalError
from lineage_core.cli import main
from lineage_core.demo.hosts import backfill_hosts
from lineage_core.lake import sync as syncing
from lineage_core.lake.sync import sync
from lineage_core.lake.table_reader import load
from lineage_core.lake.table_schema import scanned
from lineage_core.native import facts as native_facts
from lineage_core.query.journal_search import find, records
from lineage_core.query.search_terms import Search
from lineage_core.state.load import load as load_journals
from tests.benchmarks.bench_lake import agree
from tests.build import record, write

NOW = clock.parse_timestamp("2026-11-22T12:00:00Z") or 0
LATER = 4 * DAY
PROGRAM = """
import sys
from pathlib import Path
from lineage_core.lake import sync
sync.COMMIT = 300
print(sync.sync(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])).events, flush=True)
"""


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five hosts with 4,000 events of five days."""
    directory = tmp_path_factory.mktemp("lake") / "hosts"
    backfill_hosts(directory, 5, 4000, days=5, clock=lambda: NOW)
    return directory


@pytest.fixture(scope="module")
def lake(hosts: Path) -> str:
    """All of it in a table."""
    url = str(hosts.parent / "table")
    sync(hosts, url, NOW + LATER)
    return url


def _count(directory: Path) -> int:
    return sum(1 for _ in records(find(directory, Search())))


def test_killed_at_random_each_event_is_there_once(hosts: Path, tmp_path: Path) -> None:
    url, rng, kills = str(tmp_path / "table"), random.Random(4), 0
    command = [sys.executable, "-c", PROGRAM, str(hosts), url, str(NOW + LATER)]
    while True:
        run = subprocess.Popen(command, stdout=subprocess.PIPE)
        try:
            run.communicate(timeout=(0.1 + rng.random() / 3) * 1.3**kills)  # ever later, so that it ends
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGKILL)
            run.communicate()
            kills += 1
            continue
        assert run.returncode == 0
        break
    rows = scanned(url).select("file", "offset", "lineage_id").collect()
    assert kills
    assert rows.height == rows.unique().height == _count(hosts)
    assert sync(hosts, url, NOW + LATER).events == 0


@pytest.mark.parametrize(
    "words",
    ["tasks", "tasks status:failed", "tasks host:cortex-3", "failed", "failed --limit 3", "events --type task_failed",
     "events --host cortex-4 --limit 7", "events --host cortex-*", "events --grep handoff", "stats", "stats --by host",
     "stats --by master status:completed", "events --actor cicd-master --since 3d"],
)  # fmt: skip
def test_the_answers_are_those_of_the_journals(
    hosts: Path, lake: str, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LINEAGE_NOW", clock.format_timestamp(NOW + DAY))
    answers: list[Any] = []
    for where in (["--dir", str(hosts)], ["--lake", lake]):
        capsys.readouterr()
        assert main([*words.split(), "--json", *where]) == 0
        answers.append(json.loads(capsys.readouterr().out))
    assert answers[0]
    assert agree(*answers)


@pytest.mark.parametrize("natively", [True, False])
def test_facts_stand_where_those_of_the_journals_do(
    hosts: Path, lake: str, monkeypatch: pytest.MonkeyPatch, natively: bool
) -> None:
    if not natively:
        monkeypatch.setattr(native_facts, "available", lambda: False)
    journals, table = load_journals(hosts).state, load(lake).state
    assert table.rows == journals.rows
    assert all(table.facts(task_id) == journals.facts(task_id) for task_id in journals.rows)
    assert (table.events, table.copies) == (journals.events, journals.copies)


@pytest.mark.parametrize(("since", "until"), [(-2, None), (None, -3), (-3, -2)])
def test_a_stretch_of_time_has_the_tasks_with_events_on_both_sides_of_it(
    hosts: Path, lake: str, since: int | None, until: int | None
) -> None:
    begin, end = (None if days is None else NOW + days * DAY for days in (since, until))
    journals = load_journals(hosts).state
    wanted = {
        task_id
        for task_id in journals.rows
        if any(begin is None or fact.at >= begin for fact in journals.facts(task_id))
        and any(end is None or fact.at < end for fact in journals.facts(task_id))
    }
    assert 0 < len(wanted) < len(journals.rows)
    assert load(lake, begin, end).state.rows.keys() == wanted


def test_a_day_that_grew_after_it_was_closed_is_read_on_also_when_it_was_packed(tmp_path: Path) -> None:
    directory, url = tmp_path / "journal", str(tmp_path / "table")
    write(directory, record(1), record(2))
    assert sync(directory, url, NOW + 9000 * DAY).events == 2
    path = next(directory.iterdir())
    with path.open("ab") as file:
        file.write(json.dumps(record(3)).encode())  # no newline yet
    assert sync(directory, url, NOW + 9000 * DAY).events == 1
    with path.open("ab") as file:
        file.write(b"\n" + json.dumps(record(4), indent=2).encode() + b"\n")
    (archive := directory / "archive" / "2026-11").mkdir(parents=True)
    (archive / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    assert sync(directory, url, NOW + 9000 * DAY).events == 1
    rows = scanned(url).select("lineage_id", "record").collect()
    assert rows["lineage_id"].n_unique() == rows.height == 4
    assert [json.loads(one)["lineage_id"] for one in rows["record"]] == rows["lineage_id"].to_list()


def test_one_id_on_two_hosts_is_two_tasks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LINEAGE_NOW", clock.format_timestamp(NOW + DAY))
    directory, url = tmp_path / "hosts", str(tmp_path / "table")
    for number, host in enumerate(("db", "web", "web", "new")):
        shared = {"context": {"session_id": "s"}} if number > 1 else {}
        write(directory / host, record(number, task_id="task", **shared))
    sync(directory, url, NOW + 9000 * DAY)
    for words in ("events --task task@new", "events --task task@new --host web", "stats --by host", "tasks"):
        given = []
        for where in (["--dir", str(directory)], ["--lake", url]):
            assert main([*words.split(), "--json", *where]) == 0
            given.append(json.loads(capsys.readouterr().out))
        assert given[0] == given[1]
        assert given[0], words
    assert main(["events", "--task", "task@new", "--json", "--lake", url]) == 0
    assert [one["host"] for one in json.loads(capsys.readouterr().out)] == ["web", "web", "new"]


def test_today_is_not_closed(tmp_path: Path) -> None:
    backfill_hosts(tmp_path / "hosts", 2, 50, days=0.01)
    assert sync(tmp_path / "hosts", str(tmp_path / "table"), NOW).events == 0


@pytest.mark.parametrize("name", ['a"b', "x=y", "%2F", "new\nline", "up..%", "umläut", "<b>"])
def test_the_name_of_a_host_stays_in_the_table(tmp_path: Path, name: str) -> None:
    write(tmp_path / "hosts" / name, record(1))
    url = tmp_path / "table"
    sync(tmp_path / "hosts", str(url), NOW + 9000 * DAY)
    assert scanned(str(url)).collect()["host"].to_list() == [name]
    assert set(tmp_path.iterdir()) == {tmp_path / "hosts", url}


def test_other_programs_read_the_same_files(lake: str, hosts: Path) -> None:
    listed = [str(path) for path in DeltaTable(lake).file_uris()]
    ((count,),) = duckdb.sql(f"select count(*) from read_parquet({listed!r})").limit(1).fetchall()
    assert count == _count(hosts)
    folders = {tuple(part.partition("=")[0] for part in Path(one).relative_to(lake).parts[:2]) for one in listed}
    assert folders == {("date", "host")}


def test_within_a_file_events_are_sorted_by_task(lake: str) -> None:
    for path in DeltaTable(lake).file_uris():
        assert pl.read_parquet(path, hive_partitioning=False)["task_id"].is_sorted()


@pytest.mark.parametrize("act", [lambda url: scanned(url), lambda url: sync(Path("/nowhere"), url, 0)])
def test_what_is_no_lake_or_no_journal_is_told(tmp_path: Path, act: Callable[[str], object]) -> None:
    with pytest.raises(JournalError, match=r"is no lake|does not exist"):
        act(str(tmp_path / "none"))


def test_a_table_that_cannot_be_written_is_told(hosts: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()  # root, too, can make no directory below a file
    with pytest.raises(JournalError, match="cannot write the lake"):
        sync(hosts, str(tmp_path / "file" / "table"), NOW + LATER)


def test_few_rows_a_commit_make_the_same_table(hosts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syncing, "COMMIT", 100)
    monkeypatch.setattr(syncing, "BLOCK", 5000)
    assert sync(hosts, str(tmp_path / "table"), NOW + LATER).events == _count(hosts)
