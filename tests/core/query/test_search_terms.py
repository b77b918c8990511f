"""What a search asks for, and which files it opens, before a byte is read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lineage_core.base.clock import DAY, HOUR, parse_timestamp
from lineage_core.base.regex import compiled
from lineage_core.model.record import Found
from lineage_core.query.search_terms import SLACK, Search
from lineage_core.read.journal_files import JournalFile
from tests.build import record

NOON = parse_timestamp("2026-11-22T12:00:00Z")


def daily(name: str = "lineage-2026-11-22.jsonl", date: str = "2026-11-22") -> JournalFile:
    return JournalFile(name, Path(name), date, os.stat(__file__))


@pytest.mark.parametrize(
    ("since", "until", "opened"),
    [
        (None, None, True),
        (NOON, NOON + 1, True),
        (NOON + 12 * HOUR + SLACK - 1, None, True),  # the last event that a host far west dates so
        (NOON + 12 * HOUR + SLACK, None, False),
        (None, NOON - 12 * HOUR - SLACK + 1, True),
        (None, NOON - 12 * HOUR - SLACK, False),
    ],
)
def test_a_daily_file_is_opened_while_its_day_anywhere_on_earth_may_hold_an_answer(
    since: int | None, until: int | None, opened: bool
) -> None:
    assert Search(since=since, until=until).opens(daily()) is opened


def test_a_file_that_names_no_day_is_always_opened() -> None:
    assert Search(since=NOON + 1000 * DAY).opens(daily("lineage.jsonl", ""))


@pytest.mark.parametrize(
    ("hosts", "opened"), [((), True), (("alpha",), True), (("al*",), True), (("beta",), False), (("a?pha",), False)]
)
def test_only_the_files_of_the_hosts_that_are_asked_for_are_opened(hosts: tuple[str, ...], opened: bool) -> None:
    assert Search(hosts=hosts).opens(daily("alpha/2026-11-22.jsonl")) is opened


def test_a_record_is_wanted_from_the_first_moment_on_and_before_the_last() -> None:
    found = Found(0, 1, NOON, record(1))
    assert Search(since=NOON, until=NOON + 1).wants(found)
    assert not Search(since=NOON + 1).wants(found)
    assert not Search(until=NOON).wants(found)
    assert not Search(matches=lambda one: one["task_id"] == "task-2").wants(found)


def test_an_expression_is_looked_for_in_the_record_on_one_line() -> None:
    sought = Search(grep=compiled('"task_id":"task-1"'))
    assert sought.reads(b'{\n  "task_id": "task-1"\n}')
    assert not sought.reads(b'{"task_id":"task-2"}')
