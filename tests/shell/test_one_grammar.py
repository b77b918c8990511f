"""One grammar for all writers and readers: what a writer takes every reader gives back, what it refuses is one line.

The writers are `Journal`, `lineage log`, `lineage log --batch` and the functions of bash; the readers are `events`,
`tasks`, `validate`, the folded state and the data frames.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineage_core.base.errors import BadInputError
from lineage_core.cli import main
from lineage_core.dataframes.reader import read_frames
from lineage_core.model.limits import MAX_DATA, MAX_DEPTH, MAX_LINE
from lineage_core.state.load import load
from lineage_core.write.batch import log_lines
from lineage_core.write.journal import Journal
from lineage_core.write.json_encoder import well_formed
from tests.shell.bash_writer import BashWriter
from tests.shell.json_texts import DATA, INVALID, VALID

CALLS = {
    "task_created": ["user-kim"],
    "worker_progress": ["worker-1", "5"],
    "worker_failed": ["worker-1", "it broke"],
}
OF_MEANING = {"wrong-kind", "bad-value"}
"""Rules of `validate` about the kinds of values in `event_data`, which the lenient writers leave to their callers."""

OFF = {"LINEAGE_REDACT": "0"}
Capture = pytest.CaptureFixture[str]


def shown(directory: Path, capsys: Capture) -> dict[str, dict[str, Any]]:
    """The records by id, in which all readers agree."""
    capsys.readouterr()
    assert main(["events", "--format", "jsonl", "--dir", str(directory)]) == 0
    records = {record["lineage_id"]: record for record in map(json.loads, capsys.readouterr().out.splitlines())}
    loaded = load(directory)
    assert (loaded.state.events, loaded.rejected, loaded.problems) == (len(records), [], {})
    assert set(loaded.state.rows) == {record["task_id"] for record in records.values()}
    frames = read_frames(directory).frames
    assert (frames.events.height, sum(frames.rejected.values())) == (len(records), 0)
    main(["validate", "--format", "json", "--dir", str(directory)])
    validated = json.loads(capsys.readouterr().out)
    assert (validated["records"], validated["quarantined_bytes"]) == (len(records), 0)
    errors = [one for one in validated["findings"] if one["severity"] == "error"]
    assert {one["rule"] for one in errors} <= OF_MEANING
    strict = ("strict-", "log-", "batch-")
    assert not [one for one in errors if one["task_id"].startswith(strict)], "what a strict writer takes is valid"
    return records


def refused(write: Callable[[], object]) -> str:
    """What a writer says of an event that it does not write."""
    with pytest.raises(BadInputError) as error:
        write()
    assert 0 < len(str(error.value)) < 200
    assert "\n" not in str(error.value)
    return str(error.value)


def batched(journal: Journal, event: str, task: str, text: str) -> str | None:
    """The id of an event that a line of JSON around the text of its data gave; None where that was refused."""
    given = {"task_created": "", "worker_progress": '"worker_id":"worker-1","progress_percentage":5,'}
    given |= {"worker_failed": '"worker_id":"worker-1","error_details":"it broke",'}
    inside = text.strip(" \t\r\n").removeprefix("{").removesuffix("}").strip(" \t\r\n")
    line = f'{{"event_type":"{event}","task_id":"{task}","actor":{{"id":"a"}},"event_data":{{{given[event]}{inside}'
    line = line.removesuffix(",") + "}}"
    out, err = io.StringIO(), io.StringIO()
    code = log_lines([line.replace("\n", " ").encode("utf-8", "surrogatepass")], journal, OFF, out, err)
    assert (code, out.getvalue().count("\n"), err.getvalue().count("\n")) in ((0, 1, 0), (1, 0, 1))
    return out.getvalue().strip() or None


def sound(value: Any) -> Any:
    """The value with U+FFFD for lone surrogates, which no file in UTF-8 can hold."""
    if isinstance(value, dict):
        return {well_formed(key): sound(inner) for key, inner in value.items()}
    return (
        [sound(inner) for inner in value]
        if isinstance(value, list)
        else value
        if type(value) is not str
        else well_formed(value)
    )


@pytest.fixture(scope="module")
def bash(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with BashWriter(tmp_path_factory.mktemp("bash"), OFF | {"LANG": "C.UTF-8"}) as writer:
        yield writer


def check(texts: list[str], bash: BashWriter, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the texts as DATA to every writer, and read what they wrote with every reader."""
    monkeypatch.setenv("LINEAGE_REDACT", "0")
    for old in bash.journal.glob("*.jsonl"):
        old.unlink()
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        journal = Journal(directory, environ=OFF)
        written: dict[str, str | None] = {}  # id -> the text of its data, or None where it is kept as raw text
        journal.log("task_created", "first", "u")
        for number, text in enumerate(texts):
            event = list(CALLS)[number % len(CALLS)]
            words = CALLS[event]
            try:
                strict = journal.log(event, f"strict-{number}", *words, text)
                whole = True
            except BadInputError:
                said = refused(lambda e=event, n=number, w=words, t=text: journal.log(e, f"strict-{n}", *w, t))
                strict, whole = None, f"{event}: event_data." in said  # JSON, but a value of the wrong kind
            capsys.readouterr()
            dashed = ["log", "--dir", folder, event, f"log-{number}", *words]
            if len(text.encode("utf-8", "replace")) < 100_000 and not text.startswith(("-", "@")):
                code = main([*dashed, "--data", text])
                out, err = capsys.readouterr()
                assert (code, out.count("\n"), err.count("\n")) == ((0, 1, 0) if strict else (2, 0, 1))
            batched(journal, event, f"batch-{number}", text)
            lenient = journal.log(event, f"lenient-{number}", *words, text, lenient=True)
            written[lenient] = text if whole else None
            if strict:
                written[strict] = text
            assert bash.call(f"log_{event}", f"bash-{number}", *words, text).code == 0
        records = shown(directory, capsys)
        assert set(written) <= set(records)
        for lineage_id, text in written.items():
            record = records[lineage_id]
            assert record.get("tags", []) == (["invalid-data"] if text is None else [])
            if text is not None and record["event_type"] == "task_created":
                assert record["event_data"] == sound(json.loads(text or "{}"))
        by_bash = shown(bash.journal, capsys)
        mine = [records[one] for one in written if records[one]["task_id"].startswith("lenient-")]
        assert [one["event_data"] for one in by_bash.values()] == [one["event_data"] for one in mine]


@pytest.mark.parametrize("texts", [VALID, INVALID[:-1]], ids=["valid", "invalid"])
def test_the_texts_of_the_table(texts: list[str], bash: BashWriter, capsys: Capture, monkeypatch: pytest.MonkeyPatch):
    for start in range(3 if texts is VALID else 1):  # each text with each event
        check(["{}"] * start + texts, bash, capsys, monkeypatch)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(DATA, min_size=20, max_size=60))
def test_any_texts(bash: BashWriter, capsys: Capture, monkeypatch: pytest.MonkeyPatch, texts: list[str]):
    check(texts, bash, capsys, monkeypatch)


def nested(levels: int, value: object = 1) -> Any:
    for level in range(levels):
        value = {"a": value} if level == levels - 1 or level % 2 else [value]
    return value


@pytest.mark.parametrize("event", CALLS)
@pytest.mark.parametrize("above", ["", "error_type", "error_details", "metadata"])
def test_the_bound_of_nesting_is_one(event: str, above: str, tmp_path: Path, bash: BashWriter, capsys: Capture):
    """A record has MAX_DEPTH levels, itself and `event_data` among them, whoever writes it; none are cut off."""
    journal = Journal(tmp_path, environ=OFF)
    for old in bash.journal.glob("*.jsonl"):
        old.unlink()
    deepest = MAX_DEPTH - 2 if above else MAX_DEPTH - 1
    at, over = ({above: nested(n)} if above else nested(n) for n in (deepest, deepest + 1))
    for right, wrong in ((at, over), (json.dumps(at), json.dumps(over))):
        journal.log(event, "t", *CALLS[event], data=right)
        refused(lambda data=wrong: journal.log(event, "t", *CALLS[event], data=data))
    assert batched(journal, event, "t", json.dumps(at))
    assert not batched(journal, event, "t", json.dumps(over))
    bash.call(f"log_{event}", "t", *CALLS[event], json.dumps(at))
    bash.call(f"log_{event}", "t", *CALLS[event], json.dumps(over))
    records = [*shown(tmp_path, capsys).values(), *shown(bash.journal, capsys).values()]
    kept = [record for record in records if "tags" not in record]
    assert (len(records), len(kept)) == (5, 4)
    if (event, above) != ("worker_failed", "error_details"):  # what DATA says of the error is put together with ERROR
        assert all(record["event_data"].items() >= at.items() for record in kept)
    assert not any("…" in json.dumps(record, ensure_ascii=False) for record in records)


def test_the_bounds_of_size_are_told_and_read(tmp_path: Path, capsys: Capture):
    journal = Journal(tmp_path, environ=OFF)
    at = json.dumps({"a": "x" * (MAX_DATA - 9)})
    assert len(at) == MAX_DATA
    over = at.replace("x", "xx", 1)
    journal.log("task_created", "t", "u", at)
    assert str(MAX_DATA) in refused(lambda: journal.log("task_created", "t", "u", over))
    journal.log("task_created", "t", "u", over, lenient=True)
    assert batched(journal, "task_created", "t", over), "a line of a batch is bounded as a line of a file is"
    assert not batched(journal, "task_created", "t", json.dumps({"a": "x" * MAX_LINE}))
    tags = [record.get("tags") for record in shown(tmp_path, capsys).values()]
    assert tags == [None, ["invalid-data"], None]


LOOP: dict[str, Any] = {}
LOOP["x"] = LOOP


@pytest.mark.parametrize(
    "data",
    [LOOP, nested(5000), {"a": float("nan")}, {"a": float("-inf")}, {"a": b"x"}, {"a": {1}}, {1: 2}, {"a": {None: 1}},
     {"a": 10**400}, {"a": object()}, [1], 5, "[1]", True],
    ids=range(1, 15),
)  # fmt: skip
def test_a_mapping_that_is_no_json_is_refused_in_one_line(data: Any, tmp_path: Path):
    refused(lambda: Journal(tmp_path, environ={}).log("task_created", "t", "u", data=data))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("field", ["lineage_id", "parent_lineage_id"])
@pytest.mark.parametrize("value", ["0", "[]", "{}", "false", "1"])
def test_a_batch_puts_nothing_in_the_place_of_a_wrong_id(field: str, value: str, tmp_path: Path):
    line = f'{{"event_type":"task_created","task_id":"t","actor":"u","event_data":{{}},"{field}":{value}}}'
    out, err = io.StringIO(), io.StringIO()
    assert log_lines([line.encode()], Journal(tmp_path, environ={}), {}, out, err) == 1
    assert field in err.getvalue()
    assert out.getvalue() == ""
