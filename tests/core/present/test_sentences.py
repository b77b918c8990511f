"""Sentences say what was said, and nothing for what was not: no None, null or literal of a programming language."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lineage_core.model.event_types import EVENTS
from lineage_core.present.sentences import percent, route, say, waiting_for, words
from lineage_core.rules.attention import others_of
from lineage_core.rules.stuck_work import check
from lineage_core.rules.thresholds import Thresholds
from lineage_core.state.store import State
from lineage_tui.models.task_brief import brief
from tests.build import NOW, Log
from tests.tui.alone import styles

LITERAL = re.compile(r"\bNone\b|\bnull\b|\bTrue\b|\bFalse\b|\bnan\b|\binf\b|[\[\]{}'\"]|\\")
KEYS = (
    "priority", "type", "master_id", "from_master", "to_master", "reason", "completion_status", "worker_id",
    "worker_type", "current_step", "progress_percentage", "error_details", "handoff_id", "blocked_by",
    "parent_task_id", "token_usage", "duration_ms", "deliverables",
)  # fmt: skip
texts = st.sampled_from(["", " ", "null", "None", "word", "two words", "12"])
odd = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 200) | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "error_message", ""]), inner),
    max_leaves=5,
)
data_of_any_kind = st.dictionaries(st.sampled_from(KEYS), odd, max_size=6)


@pytest.mark.parametrize("event_type", [*EVENTS, "never_heard_of"])
def test_an_event_that_says_nothing_is_told_without_it(event_type: str) -> None:
    for data in (
        {},
        dict.fromkeys(KEYS),
        dict.fromkeys(KEYS, ""),
        dict.fromkeys(KEYS, "null"),
        {key: [] for key in KEYS},
    ):
        said = say(event_type, "development-master", data)
        assert said and not LITERAL.search(said), said
        assert not re.search(r" {2}|: ?$|\( ?\)| (by|to|from)( |$)(?!development)|^ | $", said), said


@pytest.mark.parametrize(
    ("event_type", "data", "said"),
    [
        ("worker_progress", {"worker_id": "w"}, "w goes on"),
        ("worker_progress", {"worker_id": "w", "progress_percentage": None, "current_step": "tests"}, "w tests"),
        ("worker_progress", {"worker_id": "w", "progress_percentage": "45"}, "w 45%"),
        ("worker_progress", {"worker_id": "w", "progress_percentage": "45 %"}, "w 45%"),
        ("worker_progress", {"worker_id": "w", "progress_percentage": True}, "w goes on"),
        ("worker_progress", {"worker_id": "w", "progress_percentage": [1, 2]}, "w goes on"),
        ("worker_progress", {"worker_id": 7, "progress_percentage": 99.5}, "7 99.5%"),
        ("task_assigned", {}, "assigned by ann"),
        ("task_reassigned", {"to_master": "b"}, "reassigned to b"),
        ("task_blocked", {"reason": ["x", 1]}, "blocked by ann: x, 1"),
        ("task_blocked", {"reason": {"code": 7, "on": ["a", "b"], "not": None}}, "blocked by ann: code: 7, on: a, b"),
        ("worker_failed", {"worker_id": "w", "error_details": {"error_code": 3}}, "w failed: error_code: 3"),
        ("worker_failed", {"worker_id": "w"}, "w failed"),
        ("handoff_created", {"to_master": "b"}, "handoff to b"),
        ("task_created", {"priority": 1, "type": ["a", "b"]}, "created by ann (1, a, b)"),
        ("task_completed", {"completion_status": True}, "completed by ann: yes"),
    ],
)
def test_what_was_said_is_told_whatever_it_is(event_type: str, data: dict[str, Any], said: str) -> None:
    assert say(event_type, "ann", data) == said


@given(st.sampled_from([*EVENTS, "never_heard_of"]), data_of_any_kind)
def test_no_sentence_of_an_event_holds_a_literal(event_type: str, data: dict[str, Any]) -> None:
    said = say(event_type, "ann", data)
    assert said.strip() == said != ""
    assert not LITERAL.search(said), said


@example([("worker_progress", {"current_step": "null"})])
@given(st.lists(st.tuples(st.sampled_from(sorted(EVENTS)), data_of_any_kind), min_size=1, max_size=8))
def test_no_sentence_about_a_task_holds_a_literal(events: list[tuple[str, dict[str, Any]]]) -> None:
    log = Log(State())
    for n, (event_type, data) in enumerate(events):
        fields = {key: value for key, value in data.items() if key != "worker_id"}
        log.add(event_type, "task-1", 9000 - n, worker_id="w1" if event_type.startswith("worker") else None, **fields)
    state = log.state
    task = state.task("task-1")
    assert task is not None
    told = [waiting_for(task, state.rows, NOW)]
    about = brief(task, state.rows, NOW, Thresholds(), lambda kind: None, styles())
    told += [sentence.text for sentence in about.said] + [about.about, *about.figures]
    told += [mark.text for mark in task.marks]
    told += [finding.sentence for finding in check(task, others_of(state), NOW, Thresholds())]
    assert [text for text in told if LITERAL.search(text)] == []


@given(odd)
def test_words_and_shares_of_any_value(value: object) -> None:
    assert not LITERAL.search(words(value)), words(value)
    assert not percent(value) or re.fullmatch(r"[-\d.e+]+%", percent(value))
    assert not LITERAL.search(route(value, value, "→"))


def test_depth_has_an_end() -> None:
    deep: object = "x"
    for _ in range(2000):
        deep = [deep]
    assert words(deep) == ""
