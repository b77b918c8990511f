"""`lineage otel export`: over a real network, to a file, and when the other side is unwell."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from lineage_core.cli import main
from tests.cli.conftest import LEGACY
from tests.core.otel.receiver import HANG_UP, Receiver, values
from tests.ports import unused_port

PROGRAM = [sys.executable, "-m", "lineage_core.cli", "otel", "export"]


def export(*words: str, directory: Path = LEGACY) -> int:
    return main(["otel", "export", *words, "--dir", str(directory)])


def test_two_processes_and_a_copied_directory_send_the_same_spans(cortex: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(cortex, tmp_path / "elsewhere" / "copy")
    seen = []
    for directory in (cortex, cortex, copy):
        with Receiver() as receiver:
            subprocess.run([*PROGRAM, "--endpoint", receiver.url, "--dir", str(directory)], check=True)
            seen.append({key: span.SerializeToString() for key, span in receiver.spans.items()})
            assert len({resource.SerializeToString() for resource in receiver.resources}) == 1
    assert seen[0] == seen[1] == seen[2]
    assert len(seen[0]) > 1000


def test_sent_twice_is_there_once(receiver: Receiver) -> None:
    assert export("--endpoint", receiver.url) == 0
    before = dict(receiver.spans)
    assert export("--endpoint", receiver.url) == 0
    assert receiver.spans == before
    assert set(receiver.sent.values()) == {2}


@pytest.mark.parametrize(
    "replies",
    [
        [(429, {"Retry-After": "0"})] * 3,
        [(503, {"Retry-After": "0"}), (429, {"Retry-After": "0"}), (502, {"Retry-After": "0"})],
        [(503, {"Retry-After": "99"})],
        [HANG_UP],
        [(401, {})],
    ],
    ids=["429", "503-429-502", "a long Retry-After", "killed in the middle", "401"],
)
def test_what_is_not_taken_is_sent_again(
    replies: list[Any], receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lineage_core.otel.delivery.LONGEST_PAUSE", 0.05)
    receiver.replies = list(replies)
    assert export("--endpoint", receiver.url) == 0
    assert not receiver.replies
    assert set(receiver.sent.values()) == {1}
    assert len(receiver.spans) == 12


def test_a_collector_that_is_away_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.1")
    url = f"http://127.0.0.1:{unused_port()}"
    assert export("--endpoint", url, "--patience", "0") == 3
    assert capsys.readouterr().err == f"lineage otel: no answer from {url}: Connection refused; 0 spans sent before\n"


def test_a_wrong_address_is_told(receiver: Receiver, capsys: pytest.CaptureFixture[str]) -> None:
    receiver.judge = lambda spans: (404, {})
    assert export("--endpoint", receiver.url, "--patience", "0") == 3
    told = capsys.readouterr().err
    assert told == f"lineage otel: {receiver.url}/v1/traces answers 404 Not Found; 0 spans sent before\n"


def test_a_span_that_is_refused_does_not_keep_back_the_others(
    receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    def judge(spans: list[Any]) -> Any:
        bad = any(values(one.attributes).get("cortex.worker.id") == "worker-a-fix-01" for one in spans)
        return (400, {}) if bad else (200, {})

    receiver.judge = judge
    assert export("--endpoint", receiver.url) == 0
    told = capsys.readouterr().err
    assert "answers 400 Bad Request to this alone, which is left out: invoke_agent" in told
    assert "left out" in told.splitlines()[-1]
    assert 0 < len(receiver.spans) < 12


def test_where_nothing_at_all_is_taken_nothing_is_left_out(
    receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    receiver.judge = lambda spans: (400, {})
    assert export("--endpoint", receiver.url, "--patience", "0") == 3
    assert "left out" not in capsys.readouterr().err


def test_the_settings_of_opentelemetry_are_honoured(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "cortex-7")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test")
    assert export() == 0
    (resource,) = map(values, (one.attributes for one in receiver.resources))
    assert resource["service.name"] == "cortex-7"
    assert resource["deployment.environment"] == "test"


def test_only_the_tasks_of_the_filter_are_sent(receiver: Receiver) -> None:
    assert export("task:task-a-rollout", "--endpoint", receiver.url) == 0
    assert {values(one.attributes)["cortex.task.id"] for one in receiver.spans.values()} == {"task-a-rollout"}


def to_base64(message: Any) -> Any:
    """OTLP's JSON as protobuf's: its parser reads hex ids as base64."""
    if isinstance(message, list):
        return [to_base64(one) for one in message]
    if not isinstance(message, dict):
        return message
    ids = ("traceId", "spanId", "parentSpanId")
    return {
        key: b64encode(bytes.fromhex(one)).decode() if key in ids else to_base64(one) for key, one in message.items()
    }


def test_the_file_holds_what_is_sent(receiver: Receiver, tmp_path: Path, capsysbinary: Any) -> None:
    assert export("--endpoint", receiver.url) == 0
    assert export("--file", str(tmp_path / "spans.jsonl")) == 0
    text = (tmp_path / "spans.jsonl").read_bytes()
    found = {}
    for line in text.splitlines():
        request = ParseDict(to_base64(json.loads(line)), ExportTraceServiceRequest())
        for span in (s for resource in request.resource_spans for scope in resource.scope_spans for s in scope.spans):
            found[span.trace_id.hex(), span.span_id.hex()] = span
    assert found == receiver.spans
    capsysbinary.readouterr()
    assert export("--file", "-") == 0
    assert capsysbinary.readouterr().out == text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["export", "--endpoint", "collector:4318"], "--endpoint: 'collector:4318' is no URL: write it like"),
        (["export", "--file", "x", "--endpoint", "http://h"], "--file or --endpoint, not both"),
        (["export", "--from-start"], "--from-start is for follow"),
        (["follow", "status:failed"], "a filter is for export: follow sends all"),
        (["follow", "--since", "1d"], "--since is for export: follow sends all"),
    ],
)
def test_wrong_words_are_told(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["otel", *words, "--dir", str(LEGACY)]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("action", ["export", "follow"])
def test_without_the_extra_one_line_says_what_to_install(action: str) -> None:
    program = (
        "import sys; sys.modules['opentelemetry'] = None\n"
        "from lineage_core.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    words = ["otel", action, "--dir", str(LEGACY)]
    done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, env=os.environ)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "lineage otel: needs OpenTelemetry: pip install 'lineage-tui[otel]'\n"
