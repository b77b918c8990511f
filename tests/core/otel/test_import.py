"""`lineage import otlp`: foreign spans as tasks of another directory, never of the journal."""

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

from lineage_core.cli import main
from lineage_core.otel.spans_to_events import task_id
from lineage_core.state.load import load
from tests.cli.conftest import LEGACY

SECOND = 1_000_000_000
START = 1_795_334_400 * SECOND  # 2026-11-22T08:00:00Z
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def attribute(key: str, value: Any) -> dict[str, Any]:
    kind = {str: "stringValue", int: "intValue", float: "doubleValue", bool: "boolValue"}[type(value)]
    return {"key": key, "value": {kind: str(value) if kind == "intValue" else value}}


def span(number: int, name: str, parent: int = 0, start: int = 0, end: int | None = 60, **more: Any) -> dict[str, Any]:
    """A span as a collector writes it. number: its id; parent: that of the one above. start, end: seconds."""
    made = {
        "traceId": TRACE,
        "spanId": f"{number:016x}",
        "name": name,
        "kind": 1,
        "startTimeUnixNano": str(START + start * SECOND),
        **({"endTimeUnixNano": str(START + end * SECOND)} if end is not None else {}),
        **({"parentSpanId": f"{parent:016x}"} if parent else {}),
    }
    return made | more


def document(*spans: dict[str, Any], service: str = "checkout") -> dict[str, Any]:
    resource = {"attributes": [attribute("service.name", service)]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": list(spans)}]}]}


SPANS = (
    span(1, "POST /order", end=100, attributes=[attribute("session.id", "session-7")]),
    span(2, "plan", parent=1, start=1, end=50),
    span(
        3,
        "chat model",
        parent=2,
        start=2,
        end=40,
        attributes=[attribute("gen_ai.usage.input_tokens", 900), attribute("gen_ai.usage.output_tokens", 100)],
    ),
    span(
        4,
        "charge",
        parent=1,
        start=60,
        end=90,
        status={"code": 2},
        events=[
            {
                "name": "exception",
                "timeUnixNano": str(START + 80 * SECOND),
                "attributes": [attribute("exception.type", "Declined"), attribute("exception.message", "card 4711")],
            }
        ],
    ),
    span(5, "mail", parent=1, start=95, end=None),
)


def bring(tmp_path: Path, text: str, *words: str) -> int:
    (tmp_path / "spans.json").write_text(text)
    return main(["import", "otlp", str(tmp_path / "spans.json"), "--into", str(tmp_path / "into"), *words])


def task_of(number: int) -> str:
    return task_id(TRACE, f"{number:016x}")


@pytest.mark.parametrize("form", ["document", "lines", "indented", "base64"])
def test_spans_become_tasks_and_runs_of_workers(form: str, tmp_path: Path) -> None:
    whole = document(*SPANS)
    if form == "base64":  # as protobuf's own JSON has ids
        for one in whole["resourceSpans"][0]["scopeSpans"][0]["spans"]:
            for key in {"traceId", "spanId", "parentSpanId"} & one.keys():
                one[key] = b64encode(bytes.fromhex(one[key])).decode()
    lines = "".join(json.dumps(document(one)) + "\n" for one in SPANS)
    text = lines if form == "lines" else json.dumps(whole, indent=2 if form == "indented" else None)
    assert bring(tmp_path, text) == 0
    state = load(tmp_path / "into").state
    assert set(state.rows) == {task_of(1), task_of(2)}
    order, plan = state.task(task_of(1)), state.task(task_of(2))
    assert order is not None
    assert plan is not None
    assert (order.task_type, order.status, order.master) == ("POST /order", "completed", "checkout")
    assert (order.session, order.trace) == ("session-7", TRACE)
    assert state.subtasks.parent(task_of(2)) == task_of(1)
    assert plan.parent_span == f"{1:016x}"
    (chat,) = plan.runs
    assert (chat.worker_type, chat.tokens, chat.input_tokens, chat.end) == ("chat model", 1000, 900, "success")
    charge, mail = order.runs
    assert (charge.worker_type, charge.end, charge.error) == ("charge", "failed", "card 4711")
    assert charge.started_at == (START + 60 * SECOND) // 1000
    assert (mail.worker_type, mail.open) == ("mail", True)


def test_it_needs_no_extra(tmp_path: Path) -> None:
    (tmp_path / "spans.json").write_text(json.dumps(document(*SPANS)))
    program = (
        "import sys; sys.modules['opentelemetry'] = sys.modules['google'] = sys.modules['requests'] = None\n"
        "from lineage_core.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    words = ["import", "otlp", str(tmp_path / "spans.json"), "--into", str(tmp_path / "into")]
    subprocess.run([sys.executable, "-c", program, *words], check=True)
    assert set(load(tmp_path / "into").state.rows) == {task_of(1), task_of(2)}


def test_imported_twice_is_there_once(tmp_path: Path) -> None:
    assert bring(tmp_path, json.dumps(document(*SPANS))) == 0
    once = load(tmp_path / "into").state.rows
    assert bring(tmp_path, json.dumps(document(*SPANS))) == 0
    assert load(tmp_path / "into").state.rows == once


def test_it_never_writes_into_the_journal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal = Path(shutil.copytree(LEGACY, tmp_path / "into"))
    before = {path.name: path.read_bytes() for path in journal.iterdir()}
    text = json.dumps(document(*SPANS))
    (tmp_path / "other").symlink_to(journal)
    for words in (["--dir", str(journal)], ["--dir", str(tmp_path / "other")], ["--dir", str(tmp_path / "no")]):
        assert bring(tmp_path, text, *words) == 2
    told = capsys.readouterr().err.splitlines()
    assert all(f"{tmp_path / 'into'} is the lineage directory: give another one" in line for line in told[:2])
    assert f"{tmp_path / 'into'} holds something else: give a new directory" in told[2]
    assert {path.name: path.read_bytes() for path in journal.iterdir()} == before


def test_what_is_no_span_is_told_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = [
        {"name": "no ids"},
        span(7, "x") | {"startTimeUnixNano": "soon"},
        span(8, "y") | {"traceId": "../../etc"},
        17,
    ]
    lines = [json.dumps(document(one)) for one in (SPANS[0], *wrong)]
    assert bring(tmp_path, "\n".join([*lines, "{torn", '"text"', "null", ""])) == 1
    told = capsys.readouterr().err.replace(str(tmp_path), "")
    assert "/spans.json: line 2: no span: without traceId or spanId" in told
    assert "/spans.json: line 3: span 0000000000000007: without startTimeUnixNano" in told
    assert "line 5: no span: not a JSON object" in told
    assert "line 6: no JSON" in told
    assert set(load(tmp_path / "into").state.rows) == {task_of(1)}


def test_a_file_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "otlp", str(tmp_path / "none"), "--into", str(tmp_path / "into")]) == 3
    assert capsys.readouterr().err == f"lineage import: cannot read {tmp_path / 'none'}: No such file or directory\n"
    assert not (tmp_path / "into").exists()


def test_hostile_names_stay_text_and_secrets_stay_out(tmp_path: Path) -> None:
    name = "\x1b]0;owned\x07$(touch owned)'; --"
    secret = attribute("api_key", "sk-" + "a1B2" * 12)
    assert bring(tmp_path, json.dumps(document(span(1, name, attributes=[secret]), service="../../x"))) == 0
    (row,) = load(tmp_path / "into").state.rows.values()
    assert (row.task_type, row.master) == (name, "../../x")
    assert {path.name for path in (tmp_path / "into").iterdir()} == {"lineage-2026-11-22.jsonl", "imported-from-otlp"}
    assert "a1B2a1B2" not in (tmp_path / "into" / "lineage-2026-11-22.jsonl").read_text()


def test_what_was_exported_can_be_imported(tmp_path: Path, cortex: Path) -> None:
    assert main(["otel", "export", "--file", str(tmp_path / "out.jsonl"), "--dir", str(cortex)]) == 0
    words = ["import", "otlp", str(tmp_path / "out.jsonl"), "--into", str(tmp_path / "into")]
    assert main(words) == 0
    theirs, ours = load(tmp_path / "into").state, load(cortex).state
    failed = sum(row.failed_workers for row in ours.rows.values())
    assert sum(row.failed_workers for row in theirs.rows.values()) == failed > 10
    assert os.listdir(tmp_path / "into")
