"""In which trace a task is, and under what: by what it states, else by its parent, else by its id."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lineage_core import Journal
from lineage_core.base.clock import format_timestamp
from lineage_core.otel import ids
from lineage_core.otel.export import finished
from lineage_core.otel.spans import Span
from lineage_core.state.load import load
from tests.conftest import ROOT
from tests.meaning_cases import NOW_AT

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"
FOOT = [("task_started", "dev-master"), ("task_completed", "dev-master", "success")]


def log(directory: Path, task_id: str, *events: tuple[str, ...], at: int = 0, parent: str = "", **who: str) -> None:
    """Log events of a task, a second apart."""
    journal = Journal(directory, environ=who)
    data = {"parent_task_id": parent} if parent else {}
    for second, (name, *args) in enumerate([("task_created", "kim"), *events], at):
        when = format_timestamp(NOW_AT + second * 1_000_000)
        journal.log(name, task_id, *args, data=data if name == "task_created" else None, timestamp=when)


def spans(directory: Path) -> list[Span]:
    state = load(directory).state
    return list(finished(state, state.rows))


def attempts(directory: Path) -> dict[str, Span]:
    """The attempts by their tasks."""
    return {str(one.attributes["cortex.task.id"]): one for one in spans(directory) if "workflow" in one.name}


def test_a_root_that_states_nothing_has_a_trace_by_its_id_and_its_subtasks_are_in_it(tmp_path: Path) -> None:
    log(tmp_path, "task-1", *FOOT)
    log(tmp_path, "task-2", *FOOT, at=1, parent="task-1")
    log(tmp_path, "task-3", *FOOT, at=2, parent="task-2")
    found = attempts(tmp_path)
    assert {one.trace_id for one in found.values()} == {ids.trace_id("task-1")}
    assert found["task-1"].parent_id is None
    assert found["task-2"].parent_id == found["task-1"].span_id
    assert found["task-3"].parent_id == found["task-2"].span_id


@pytest.mark.parametrize("said", [TRACE, TRACE.upper(), TRACEPARENT])
def test_a_trace_id_or_a_traceparent_in_cortex_trace_id_is_the_trace(said: str, tmp_path: Path) -> None:
    log(tmp_path, "task-1", *FOOT, CORTEX_TRACE_ID=said)
    one = attempts(tmp_path)["task-1"]
    assert one.trace_id == TRACE
    assert one.parent_id == (PARENT if said == TRACEPARENT else None)
    assert one.attributes["cortex.trace_id"] == said


@pytest.mark.parametrize("said", ["trace-7", "0" * 32, TRACE[:-1], f"00-{TRACE}-{'0' * 16}-01", "é" * 32])
def test_any_other_trace_id_is_an_attribute_only(said: str, tmp_path: Path) -> None:
    log(tmp_path, "task-1", *FOOT, CORTEX_TRACE_ID=said)
    one = attempts(tmp_path)["task-1"]
    assert (one.trace_id, one.parent_id) == (ids.trace_id("task-1"), None)
    assert one.attributes["cortex.trace_id"] == said


def test_a_subtask_that_states_a_trace_is_there_and_linked_to_its_parent(tmp_path: Path) -> None:
    log(tmp_path, "task-1", *FOOT)
    log(tmp_path, "task-2", *FOOT, at=1, parent="task-1", TRACEPARENT=TRACEPARENT)
    log(tmp_path, "task-3", *FOOT, at=2, parent="task-2")
    found = attempts(tmp_path)
    two = found["task-2"]
    assert (two.trace_id, two.parent_id, two.remote) == (TRACE, PARENT, True)
    (link,) = two.links
    assert (link.trace_id, link.span_id) == (ids.trace_id("task-1"), found["task-1"].span_id)
    assert (found["task-3"].trace_id, found["task-3"].parent_id) == (TRACE, two.span_id)


def test_a_subtask_in_the_trace_of_its_parent_stands_below_it(tmp_path: Path) -> None:
    log(tmp_path, "task-1", *FOOT, TRACEPARENT=TRACEPARENT)
    log(tmp_path, "task-2", *FOOT, at=1, parent="task-1", TRACEPARENT=TRACEPARENT)
    found = attempts(tmp_path)
    assert found["task-1"].parent_id == PARENT
    assert (found["task-2"].parent_id, found["task-2"].remote) == (found["task-1"].span_id, False)


def test_tasks_that_are_each_others_parents_have_one_trace(tmp_path: Path) -> None:
    log(tmp_path, "task-1", *FOOT, parent="task-2")
    log(tmp_path, "task-2", *FOOT, parent="task-1")
    log(tmp_path, "task-3", *FOOT, parent="task-2")
    found = attempts(tmp_path)
    assert len({one.trace_id for one in found.values()}) == 1


def test_a_subtask_stands_below_the_attempt_in_which_it_was_made(tmp_path: Path) -> None:
    failed = [("task_started", "dev-master"), ("task_failed", "dev-master", "no disk")]
    log(tmp_path, "task-1", *failed, *FOOT)
    log(tmp_path, "task-2", *FOOT, at=4, parent="task-1")
    found = attempts(tmp_path)
    assert found["task-2"].parent_id == ids.attempt_id("task-1", 2)


def test_retries_are_links(tmp_path: Path) -> None:
    life = [
        ("task_started", "dev-master"),
        ("worker_spawned", "dev-master", "w1", "scan-worker"),
        ("worker_failed", "w1", "no disk at /var/lib/7"),
        ("worker_spawned", "dev-master", "w1", "scan-worker"),
        ("worker_completed", "w1", "success"),
        ("task_failed", "dev-master", "no disk at /var/lib/8"),
    ]
    log(tmp_path, "task-1", *life, *FOOT)
    every = spans(tmp_path)
    links = {(one.span_id, link.span_id) for one in every for link in one.links}
    assert links == {
        (ids.run_id("task-1", "w1", 2), ids.run_id("task-1", "w1", 1)),
        (ids.attempt_id("task-1", 2), ids.attempt_id("task-1", 1)),
    }
    errors = {one.message: one.attributes["error.type"] for one in every if one.outcome == "ERROR"}
    assert errors == dict.fromkeys(("no disk at /var/lib/7", "no disk at /var/lib/8"), "no disk at /var/lib/#")


def test_ids_are_those_that_they_always_were() -> None:
    """Another hash would show everything twice in a backend that has it already."""
    assert ids.trace_id("task-1") == "914559df49d58bffaa9ddb816003b7c2"
    assert ids.attempt_id("task-1", 1) == "146b7ce8460b9c11"
    assert ids.run_id("task-1", "w1", 1) == "c47a27d75361a6d6"
    assert ids.wait_id("task-1", "queued", "", 1) == "ca728d4d43477ed5"
    assert ids.handoff_id("task-1", "handoff-1") == "cf0e5e46363347b1"


SCRIPT = """
set -euo pipefail
source {library}
log_task_created task-1 kim
log_task_started task-1 dev-master
log_worker_started task-1 w1 scan-worker
log_worker_completed task-1 w1 success
log_task_completed task-1 dev-master success
"""


def test_a_script_under_an_instrumented_parent_is_in_the_trace_of_that_parent(tmp_path: Path) -> None:
    """The parent is a program with OpenTelemetry's SDK, the script uses the shell library."""
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    library = ROOT / "lineage_core" / "shell" / "lineage.sh"
    with TracerProvider().get_tracer("parent").start_as_current_span("nightly") as parent:
        carrier: dict[str, str] = {}
        TraceContextTextMapPropagator().inject(carrier)
        settings = {
            "LINEAGE_DIR": str(tmp_path),
            "TRACEPARENT": carrier["traceparent"],
            "LINEAGE_PYTHON": sys.executable,
            "LINEAGE_NOW": "",
        }
        subprocess.run(["bash", "-c", SCRIPT.format(library=library)], env=os.environ | settings, check=True)
        context = parent.get_span_context()
    found = spans(tmp_path)
    assert {one.trace_id for one in found} == {f"{context.trace_id:032x}"}
    (attempt,) = (one for one in found if one.name == "invoke_workflow")
    assert (attempt.parent_id, attempt.remote) == (f"{context.span_id:016x}", True)
    (run,) = (one for one in found if one.name == "invoke_agent scan-worker")
    assert run.parent_id == attempt.span_id
