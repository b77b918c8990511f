"""What a collector gets equals what `lineage task --json` says: each attempt, run, wait, link, status and time."""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from lineage_core.cli import main, parser_of
from lineage_core.cli.commands import task as task_command
from lineage_core.otel.export import finished
from lineage_core.state.load import load
from tests.cli.conftest import LEGACY
from tests.core.otel.receiver import Receiver, values
from tests.core.otel.told import of_document, of_spans
from tests.meaning_cases import CASES, write
from tests.stats import strategies


def document_of(directory: Path, task_id: str) -> dict[str, Any]:
    """`lineage task --json`, without its events."""
    document = task_command.answer(parser_of("task").parse_words([f"--dir={directory}", "--", task_id])).document
    found: dict[str, Any] = json.loads(json.dumps(document))
    return found


def by_task(spans: list[Any]) -> dict[str, list[Any]]:
    found = defaultdict(list)
    for span in spans:
        found[values(span.attributes)["cortex.task.id"]].append(span)
    return found


def compare(directory: Path, spans: list[Any]) -> int:
    """Compare all tasks of a directory with their spans; gives how many spans that were."""
    found = by_task(spans)
    for task_id in load(directory).state.rows:
        document = document_of(directory, task_id)
        assert of_spans(found[task_id], document) == of_document(document), task_id
    return sum(map(len, found.values()))


def parents_are_right(spans: list[Any]) -> None:
    """Runs stand below their attempts, waits below one of their task, attempts below one of the parent task."""
    every = {(span.trace_id, span.span_id): values(span.attributes) for span in spans}
    for span in spans:
        told, above = values(span.attributes), every.get((span.trace_id, span.parent_span_id))
        if "cortex.worker.id" in told or "cortex.wait.kind" in told:
            assert span.parent_span_id
            if above is not None:
                assert above["cortex.task.id"] == told["cortex.task.id"]
                assert above["gen_ai.operation.name"] == "invoke_workflow"
                if "cortex.worker.id" in told:
                    assert above["cortex.attempt.number"] == told["cortex.attempt.number"]
        elif above is not None:
            assert above["cortex.task.id"] == told["cortex.task.parent_id"]


@pytest.mark.parametrize("which", ["legacy", "demo"])
def test_what_a_collector_gets_equals_what_the_task_says(which: str, cortex: Path, receiver: Receiver) -> None:
    directory = LEGACY if which == "legacy" else cortex
    assert main(["otel", "export", "--dir", str(directory), "--endpoint", receiver.url]) == 0
    spans = list(receiver.spans.values())
    assert compare(directory, spans) == len(spans) > (1000 if which == "demo" else 10)
    assert set(receiver.sent.values()) == {1}
    parents_are_right(spans)


def encoded(directory: Path) -> list[Any]:
    """The spans of a directory as a collector gets them, without the network between."""
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    from lineage_core.otel.sdk import Maker

    state, make = load(directory).state, Maker()
    data = encode_spans([make.span(span) for span in finished(state, state.rows)]).SerializeToString()
    request = ExportTraceServiceRequest.FromString(data)
    return [s for resource in request.resource_spans for scope in resource.scope_spans for s in scope.spans]


@settings(max_examples=60)
@given(strategies.directories())
def test_any_journal_says_the_same_as_its_spans(contents: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        for file, text in contents.items():
            (directory / file).write_bytes(text)
        spans = encoded(directory)
        compare(directory, spans)
        parents_are_right(spans)
        ids = [(span.trace_id, span.span_id) for span in spans]
        assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_cases_of_meaning_say_the_same_as_their_spans(name: str, tmp_path: Path) -> None:
    write(tmp_path, CASES[name])
    spans = encoded(tmp_path)
    compare(tmp_path, spans)
    parents_are_right(spans)
