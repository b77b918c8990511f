"""The JSON Schema is what its standard says it is, and our fast check says the same as a general validator."""

from __future__ import annotations

import copy
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from lineage_core.cli import main
from lineage_core.maintenance.validate import Validation, quick_check
from lineage_core.model.event_types import EVENTS
from lineage_core.model.json_schema import EVENT_DATA, json_schema
from lineage_core.model.schema_compiler import Problem, compile_schema
from lineage_core.write.batch import complete
from lineage_core.write.record_builder import compose

VALIDATOR = Draft202012Validator(json_schema())
CHECK = compile_schema(json_schema())
QUICK = quick_check()
ARGUMENTS = {"PERCENT": "40", "STATUS": "success", "PRIORITY": "high"}


def problems(record: Any) -> list[Problem]:
    found: list[Problem] = []
    CHECK(record, found)
    return found


def written(event_type: str) -> dict[str, Any]:
    """A record as our writers put it on disk, and readers read it."""
    args = [ARGUMENTS.get(param.name, f"the-{param.name.lower()}") for param in EVENTS[event_type].params]
    record = compose(
        event_type,
        "task-1",
        args,
        lineage_id="lineage-17953410820291260008910000",
        timestamp="2026-11-22T08:03:48.123456Z",
        environ={"CORTEX_SESSION_ID": "session-1", "CORTEX_PRINCIPAL": "ops"},
        parent="lineage-1",
        related=["task-2"],
        tags=["nightly"],
    )
    return json.loads(json.dumps(record).replace('"40"', "40"))


def test_the_schema_is_printed_and_is_a_valid_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "--schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)
    assert schema == json_schema()


@pytest.mark.parametrize("event_type", EVENTS)
def test_what_our_writers_write_is_valid(event_type: str) -> None:
    record = written(event_type)
    assert problems(record) == []
    VALIDATOR.validate(record)


@pytest.mark.parametrize("event_type", EVENTS)
def test_each_event_needs_the_data_that_its_function_puts_in(event_type: str) -> None:
    for key in EVENTS[event_type].required_data:
        record = written(event_type)
        del record["event_data"][key]
        (problem,) = problems(record)
        assert problem == (f"event_data.{key}", "required", f"event_data.{key} is missing")
        assert not VALIDATOR.is_valid(record)


def test_what_a_batch_completes_is_valid() -> None:
    record, _ = complete({"event_type": "task_created", "task_id": "task-1", "actor": "kim"}, {})
    assert problems(json.loads(json.dumps(record))) == []


def test_every_known_key_of_the_data_is_described() -> None:
    keys = {param.key for spec in EVENTS.values() for param in spec.params if param.key}
    assert keys <= EVENT_DATA.keys()


def test_a_schema_that_asks_for_more_than_is_checked_is_refused() -> None:
    with pytest.raises(ValueError, match="maxLength"):
        compile_schema({"type": "object", "properties": {"a": {"type": "string", "maxLength": 3}}})


ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 200)
    | st.floats(-1, 101)
    | st.sampled_from(["", "x", "lineage-1", "lineage-", "high", "success", "local", "1.0.0", "2.0.0", "2026-11-22"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["type", "id", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)
PATHS = [[key] for key in [*json_schema()["properties"], "surplus"]]
PATHS += [["event_data", key] for key in [*EVENT_DATA, "surplus"]]
PATHS += [["actor", "type"], ["actor", "id"], ["actor", "principal"], ["actor", "surplus"]]
PATHS += [["context", "session_id"], ["context", "execution_environment"], ["context", "surplus"]]
PATHS += [["event_data", "token_usage", "total_tokens"], ["event_data", "error_details", "error_message"]]


@given(
    st.sampled_from(sorted(EVENTS)),
    st.lists(st.tuples(st.sampled_from(PATHS), ODD | st.just(...)), max_size=3),
)
@settings(max_examples=400, deadline=None)
def test_the_fast_check_agrees_with_a_general_validator(event_type: str, changes: list[Any]) -> None:
    record = written(event_type)
    for path, value in changes:
        target: Any = record
        for key in path[:-1]:
            target = target.get(key) if isinstance(target, dict) else None
        if isinstance(target, dict):
            if value is ...:
                target.pop(path[-1], None)
            else:
                target[path[-1]] = copy.deepcopy(value)
    assert bool(problems(record)) == (not VALIDATOR.is_valid(record)), problems(record)
    assert QUICK is not None
    assert QUICK(record) == (not problems(record)), problems(record)


@pytest.mark.parametrize(
    "value",
    ["\ud800", 10**30, float("nan"), "lineage-1\n", json.loads("[" * 900 + "]" * 900)],
    ids=lambda one: repr(one)[:9],
)
def test_what_the_quick_check_cannot_judge_goes_to_the_other(value: Any) -> None:
    assert QUICK is not None
    record = written("task_created")
    for key in ("event_data", "lineage_id", "tags"):
        changed = record | {key: {"metadata": value} if key == "event_data" else value}
        assert not QUICK(changed) or problems(changed) == []


def test_the_findings_are_the_same_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = []
    for number, event_type in enumerate(EVENTS):
        record = written(event_type) | {"lineage_id": f"lineage-{number}"}
        if number % 3 == 1:
            record["surplus"] = number
        if number % 3 == 2:
            record["event_data"] = {"priority": "soon", "duration_ms": -1}
        lines.append(json.dumps(record) + "\n")
    (tmp_path / "lineage-2026-11-22.jsonl").write_text("".join(lines))
    now = 1795334628000000
    with_it = list(Validation(tmp_path, now=now))
    monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
    assert quick_check() is None
    assert list(Validation(tmp_path, now=now)) == with_it
    assert len(with_it) > 10
