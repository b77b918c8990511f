"""Queries over several hosts: a column, a key and a filter for the host; over one directory nothing is different."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lineage_core import Journal
from tests.cli.conftest import Ask
from tests.wallclock import today

HOSTILE = '<b>\x1b[31m"&,'


@pytest.fixture
def hosts(tmp_path: Path) -> Path:
    """Two hosts, whose names are web1 and one that is hostile; `task-1` is another task on each."""
    for number, host in enumerate(("web1", HOSTILE)):
        journal = Journal(tmp_path / "hosts" / host)
        journal.log("task_created", "task-1", "kim", data={"priority": "high"})
        journal.log("worker_spawned", "task-1", "dev-master", f"w-{number}", "scan-worker")
        journal.log("worker_failed", "task-1", f"w-{number}", "disk full")
        journal.log("task_failed", "task-1", "dev-master", "gave up")
    return tmp_path / "hosts"


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LINEAGE_NOW")


@pytest.mark.parametrize(
    "words", [("tasks",), ("workers",), ("failed",), ("attention", "--each"), ("events",), ("recent",)]
)
def test_each_list_has_the_host(ask: Ask, hosts: Path, words: tuple[str, ...]) -> None:
    text = ask(*words, hosts).out
    assert "web1" in text
    assert "\x1b" not in text
    assert r"<b>\x1b[31m" in text
    csv = ask(*words, "--format", "csv", hosts).out
    assert csv.partition("\n")[0].endswith((",host", ",hosts"))
    assert "\x1b" not in csv
    document = ask(*words, "--json", hosts).out
    assert json.dumps(HOSTILE)[1:-1].replace("\\u001b", "\\u001b") in document


@pytest.mark.parametrize(
    "words", [("tasks",), ("workers",), ("failed",), ("events",), ("recent",), ("stats", "--by", "host")]
)
def test_over_one_directory_there_is_no_host(ask: Ask, hosts: Path, words: tuple[str, ...]) -> None:
    assert "host" not in ask(*words, "--json", hosts / "web1").out
    if words[0] != "stats":
        assert "host" not in ask(*words, "--format", "csv", hosts / "web1").out.partition("\n")[0]
        assert "HOST" not in ask(*words, hosts / "web1").out


def test_one_id_on_two_hosts_is_asked_for_by_its_host(ask: Ask, hosts: Path) -> None:
    names = {row["task_id"]: row["hosts"] for row in ask("tasks", "--json", hosts).json}
    assert names == {"task-1": [HOSTILE], "task-1@web1": ["web1"]}
    found = ask("task", "task-1@web1", "--json", hosts).json
    assert found["task"]["hosts"] == ["web1"]
    assert [event["host"] for event in found["events"]] == ["web1"] * 4
    assert {event["host"] for event in ask("task", "task-1", "--json", hosts).json["events"]} == {HOSTILE}


def test_the_events_of_one_id_are_asked_for_by_its_host(ask: Ask, hosts: Path) -> None:
    found = ask("events", "--task", "task-1@web1", "--json", hosts).json
    assert [event["host"] for event in found] == ["web1"] * 4
    assert ask("events", "--task", "task-1@web1", "--host", "web*", "--json", hosts).json == found
    assert ask("events", "--task", "task-1@web1", "--host", "nowhere", "--json", hosts).json == []
    several = ask("events", "--task", "task-1@web1", "--task", "task-1", hosts)
    assert several.code == 2
    assert several.err.endswith("task-1@web1: a task of one host is asked for alone, or by --task and --host\n")


def test_filters_by_host(ask: Ask, hosts: Path) -> None:
    assert [row["task_id"] for row in ask("tasks", "host:web1", "--json", hosts).json] == ["task-1@web1"]
    assert {event["host"] for event in ask("events", "--host", "web*", "--json", hosts).json} == {"web1"}
    assert ask("events", "--host", "nowhere", "--json", hosts).json == []


def test_figures_by_host(ask: Ask, hosts: Path) -> None:
    rows = ask("stats", "--by", "host", "--json", hosts).json
    assert sum(row["failed"] for row in rows) >= 1
    assert "web1" in {row["key"] for row in rows} | {
        row["key"] for row in ask("stats", "host:web1", "--by", "host", "--json", hosts).json
    }


def test_a_host_of_which_nothing_is_known_is_told(ask: Ask, hosts: Path) -> None:
    (hosts / "cut-off").mkdir()
    assert "cut-off" in ask("tasks", hosts).err
    attention = ask("attention", "--json", hosts).json
    assert not attention["sound"]
    assert any("cut-off" in one["sentence"] for one in attention["findings"])


def test_many_directories_are_given_by_many_options(ask: Ask, hosts: Path, tmp_path: Path) -> None:
    rows = ask(
        "tasks", "--json", "--dir", str(hosts / "web1"), "--dir", f"db={hosts / HOSTILE}", tmp_path / "none"
    ).json
    assert {row["hosts"][0] for row in rows} == {"web1", "db"}


def test_a_writer_takes_one_directory(ask: Ask, hosts: Path) -> None:
    asked = ask("archive", "--dir", str(hosts / "web1"), hosts / HOSTILE)
    assert asked.code == 2
    assert "one directory only" in asked.err


@pytest.mark.clock
def test_a_stray_journal_file_takes_no_alarm_away(ask: Ask, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    assert ask("demo", "--hosts", "5", "--backfill", "2000", mirror).code == 0
    before = ask("attention", "--format", "csv", mirror)
    assert "feed-silent" in before.out
    stray = f"lineage-{today()}.jsonl"
    (mirror / stray).touch()
    asked = ask("attention", "--format", "csv", mirror)
    assert "feed-silent" in asked.out
    assert asked.code == 3
    assert f"cannot read {stray}: it lies beside the directories of hosts" in asked.err
    assert ask("tasks", "host:cortex-1", "--json", mirror).json
    assert f"{stray}: it lies beside the directories of hosts" in ask("doctor", mirror).out
    assert ask("log", "task_created", "t", "kim", mirror) == (
        3,
        "",
        f"lineage log: {mirror} holds the directories of hosts: log into one of these\n",
    )
    assert (mirror / stray).stat().st_size == 0


@pytest.mark.clock
def test_a_stray_journal_file_takes_no_alarm_away_without_a_mark_either(ask: Ask, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    assert ask("demo", "--hosts", "5", "--backfill", "2000", mirror).code == 0
    (mirror / ".lineage-hosts").unlink()  # as rsync, or an older version, leaves it

    def silent() -> set[str]:
        found = ask("attention", "--json", mirror).json["findings"]
        return {one["subject"] for one in found if one["rule"] == "feed-silent"}

    before, tasks = silent(), ask("tasks", "--json", mirror).json
    assert before
    Journal(mirror).log("task_created", "task-astray", "kim")
    assert silent() == before
    after = {row["task_id"]: row["hosts"] for row in ask("tasks", "--json", mirror).json}
    assert after == {row["task_id"]: row["hosts"] for row in tasks} | {"task-astray": ["mirror"]}
    (stray,) = (path.name for path in mirror.glob("lineage-*.jsonl"))
    assert f"beside the directories of hosts: {stray}, read as of a host mirror" in ask("doctor", mirror).out


def test_a_demo_of_hosts_does_not_go_into_a_journal(ask: Ask, tmp_path: Path) -> None:
    Journal(tmp_path).log("task_created", "task-1", "kim")
    asked = ask("demo", "--hosts", "2", "--backfill", "200", tmp_path)
    assert asked.code == 3
    assert asked.err == (
        f"lineage demo: {tmp_path} holds a journal itself: choose another directory for those of hosts\n"
    )
    assert len([*tmp_path.iterdir()]) == 1
