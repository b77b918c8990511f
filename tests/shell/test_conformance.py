"""The bash writer and the Python writer, given the same words: the same record, but for id and time.

What bash hands over reaches Python through the real bridge, so that the whole way of each call is compared.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lineage_core.base.errors import BadInputError
from lineage_core.model.event_types import EVENTS, EventSpec
from lineage_core.model.json_schema import EVENT_DATA
from lineage_core.model.schema_compiler import Problem, compile_schema
from lineage_core.write import json_encoder as codec
from lineage_core.write.record_builder import compose
from tests.shell.bash_writer import BashWriter, Reply
from tests.shell.json_texts import DATA, INVALID, TEXTS, VALID, WORDS

MODES = {
    "native": {"LANG": "C.UTF-8"},
    "forced": {"LC_ALL": "C", "LINEAGE_FORCE_PYTHON": "1"},
}
FIXED = {"lineage_id": "lineage-1", "timestamp": "2026-11-22T08:03:48.000000Z"}

FEW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MANY = settings(FEW, max_examples=800)


@pytest.fixture(scope="module", params=MODES)
def bash(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BashWriter]:
    with BashWriter(tmp_path_factory.mktemp("bash"), MODES[request.param]) as writer:
        yield writer
    assert writer.stderr.count(b"lineage: ") <= 1, "one warning for all the missing arguments"


def python_record(event: str, *words: str, environ: dict[str, str] | None = None, strict: bool = False) -> Any:
    """The record that Python makes of a call, as it is read from the journal; None if it refuses the call."""
    task, *args = words
    try:
        record = compose(event, task, args, environ=environ or {}, lenient=not strict, **FIXED)
    except BadInputError:
        return None
    return exact(codec.encode(record))


def exact(line: bytes) -> Any:
    """A record with the spelling of its numbers kept, so that equal means equal. It must be JSON for all readers."""
    orjson.loads(line)

    def object_(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs), f"a key twice: {line!r}"
        return dict(pairs)

    return json.loads(line, parse_int=codec.Number, parse_float=codec.Number, object_pairs_hook=object_)


def only_record(reply: Reply) -> Any:
    """The one record that a call wrote, with its id and time replaced; None if it wrote none."""
    assert reply.code == 0
    if not reply.lines:
        assert reply.lineage_id == ""
        return None
    (line,) = reply.lines
    record = exact(line)
    assert record["lineage_id"] == reply.lineage_id
    return record | FIXED


def calls(data: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[EventSpec, list[str]]]:
    """An event type and the words for it, DATA included."""

    def words(spec: EventSpec) -> st.SearchStrategy[tuple[EventSpec, list[str]]]:
        percent = st.sampled_from(["0", "50", "100", "99.5", "101", "-1", "1e1", "05", "5.", "x", "1e999", "٥"])
        named = [percent if param.name == "PERCENT" else WORDS for param in spec.params]
        more = [st.lists(data, max_size=1)] if spec.takes_data else []
        return st.tuples(WORDS, *named, *more).map(
            lambda parts: (spec, [p for part in parts for p in ([part] if isinstance(part, str) else part)])
        )

    return st.sampled_from(list(EVENTS.values())).flatmap(words)


# Each call is for a new task, so that no event is another's parent.
_numbers = iter(range(1, 1 << 60))


def unique(words: list[str]) -> list[str]:
    return [f"{words[0]}.{next(_numbers)}", *words[1:]] if words and words[0] else words


def agree(bash: BashWriter, spec: EventSpec, words: list[str]) -> None:
    words = unique(words)
    assert only_record(bash.call(spec.function, *words)) == python_record(spec.name, *words)


@MANY
@given(calls(DATA))
def test_any_words_and_data_give_the_same_record(bash: BashWriter, call: tuple[EventSpec, list[str]]):
    agree(bash, *call)


@pytest.mark.long
@pytest.mark.timeout(1800)
@settings(FEW, max_examples=20_000)
@given(calls(DATA))
def test_any_words_and_data_give_the_same_record_at_length(bash: BashWriter, call: tuple[EventSpec, list[str]]):
    agree(bash, *call)


@FEW
@given(spec=st.sampled_from(list(EVENTS.values())), words=st.lists(WORDS | st.just("") | DATA, max_size=7))
def test_missing_empty_and_superfluous_words_are_judged_alike(bash: BashWriter, spec: EventSpec, words: list[str]):
    agree(bash, spec, ["task-1", *words])


@FEW
@given(st.binary(max_size=20).filter(lambda text: b"\0" not in text), st.booleans())
@example(b"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", True)
@example(b"\xc0\xaf", True)
@example(b"\xed\xa0\x80", True)
@example(b"\xf4\x90\x80\x80", True)
@example(b"\xe2\x82", False)
def test_bytes_that_are_no_utf8_become_the_same_characters(bash: BashWriter, text: bytes, in_data: bool):
    word = text.decode("utf-8", "surrogateescape")
    words = ["t", "m", "r", f'{{"a":"{word}"}}'] if in_data else ["t", word or "m", "r"]
    agree(bash, EVENTS["task_failed"], words)
    if "\udc7f" < max(word, default="") < "\ue000":
        assert python_record("task_failed", *words, strict=True) is None
        tagged = python_record("task_failed", *words)
        assert tagged["tags"] == ["invalid-data"] and "\ufffd" in str(tagged)


@pytest.mark.parametrize("text", VALID)
def test_what_is_a_json_object_is_kept_as_data(bash: BashWriter, text: str):
    for spec in (EVENTS["task_created"], EVENTS["worker_failed"], EVENTS["task_failed"]):
        words = unique([*("task-", "worker-1", "broke")[: len(spec.params) + 1], text])
        record = only_record(bash.call(spec.function, *words))
        assert record == python_record(spec.name, *words)
        assert "tags" not in record
        wrong: list[Problem] = []
        compile_schema({"properties": EVENT_DATA}, "")(json.loads(codec.dumps(record["event_data"])), wrong)
        assert python_record(spec.name, *words, strict=True) == (None if wrong else record)


@pytest.mark.parametrize("text", INVALID, ids=lambda text: text[:40])
def test_what_is_no_json_object_is_kept_as_text(bash: BashWriter, text: str):
    words = unique(["task-", "user-kim", text])
    record = only_record(bash.call("log_task_created", *words))
    assert record == python_record("task_created", *words)
    assert record["tags"] == ["invalid-data"]
    if "password" not in text:
        assert record["event_data"] == {"metadata": {"raw_data": text}}
    assert python_record("task_created", *words, strict=True) is None


def test_details_of_an_error_that_are_text_are_kept(bash: BashWriter):
    words = unique(["task-", "worker-1", "broke", '{"error_details":"at line 3"}'])
    record = only_record(bash.call("log_worker_failed", *words))
    assert record == python_record("worker_failed", *words)
    error = {"error_type": "worker_failure", "error_message": "broke", "details": "at line 3"}
    assert record["event_data"]["error_details"] == error


@pytest.mark.parametrize("value", ['"text"', '["a",1]', "7", "null", '"{"', '""', "true"])
def test_metadata_that_is_no_object_is_refused_or_kept_as_text(bash: BashWriter, value: str):
    words = unique(["task-", "kim", f'{{"a":1,"metadata":{value}}}'])
    record = only_record(bash.call("log_task_created", *words))
    assert record == python_record("task_created", *words)
    assert record["tags"] == ["invalid-data"]
    kept = value if value[0] == "[" else exact(value.encode())
    assert record["event_data"] == {"a": "1", "metadata": {"raw_data": kept}}
    assert python_record("task_created", *words, strict=True) is None


_SECRET_NAMES = """
password|db_password|DB_PASSWORD|secret|client_secret|token|access_token|api_key|apikey|private_key|aws_access_key
secretary_password|tokenizer_token|passwordless_token|cookiecutter_secret|key|tokens|token_count|passwords|pwd|name
value|note|s\u00e9cret|a b token
"""
_SECRET_VALUES = """
hunter2|x9|9ab|none|required|12345|1.5|v1.2|s3|[redacted]|$PASS1|${P1}|<p1>|a b1|is required 1||xxx|xx1|***|P@ss1
aé1|-p hunter22|call1(x)|%PW1%|n/a|md5|https://kim:hunter2@host|a=b1|k:v1|/etc/secret1|~1a|a"1|a\\1
"""
NAMES = st.sampled_from(_SECRET_NAMES.strip().replace("\n", "|").split("|"))
VALUES = st.sampled_from([*_SECRET_VALUES.strip().replace("\n", "|").split("|"), "a\n1", "x1" * 200, "x1" * 201])


@st.composite
def _with_secrets(draw: st.DrawFn) -> str:
    """DATA in which some names are those of secrets."""
    one, two, three, four = draw(NAMES), draw(VALUES), draw(NAMES), draw(VALUES)
    value = draw(
        st.sampled_from([{one: two}, {one: two, three: four}, {"a": {one: two}, three: [four]}, {one: {three: four}}])
        | st.sampled_from([{"name": one, "value": two}, {"a": [one, two]}, {"a": [{one: two}, {three: four}], "n": 1}])
    )
    text = json.dumps(
        value, ensure_ascii=draw(st.booleans()), separators=draw(st.sampled_from([(",", ":"), (", ", ": ")]))
    )
    return text if draw(st.integers(0, 9)) else text.replace("}", draw(st.sampled_from([",}", "}}", '"}'])), 1)


@FEW
@given(st.sampled_from([("task_created", ["kim"]), ("task_failed", ["a-master", "wrong password"])]), _with_secrets())
def test_what_stands_under_the_name_of_a_secret_is_redacted_alike(
    bash: BashWriter, call: tuple[str, list[str]], data: str
):
    agree(bash, EVENTS[call[0]], ["task-", *call[1], data])


def test_under_the_usual_names_bash_redacts_by_itself(tmp_path: Path):
    with BashWriter(tmp_path, {"LINEAGE_PYTHON": "/proc/nonexistent"}) as bash:
        for name in ("password", "db_password", "client_secret", "access_token", "api_key"):
            record = only_record(bash.call("log_task_created", "t", "kim", f'{{"{name}": "hunter2","n":"1"}}'))
            assert record["event_data"] == {name: "[redacted]", "n": "1"}


@FEW
@given(st.dictionaries(st.sampled_from(["SESSION_ID", "TRACE_ID", "PRINCIPAL"]), TEXTS), TEXTS)
def test_the_environment_gives_the_same_context(bash: BashWriter, given: dict[str, str], parent: str):
    environ = {f"CORTEX_{name}": value for name, value in given.items()}
    for name in ("CORTEX_SESSION_ID", "CORTEX_TRACE_ID", "CORTEX_PRINCIPAL"):
        bash.set(name, environ.get(name, ""))
    bash.set("LINEAGE_PARENT_ID", parent)
    words = unique(["task-", "user-kim"])
    record = only_record(bash.call("log_task_created", *words))
    bash.set("LINEAGE_PARENT_ID", "")
    for name in environ:
        bash.set(name, "")
    assert record["parent_lineage_id"] == (parent or None)
    assert record | {"parent_lineage_id": None} == python_record("task_created", *words, environ=environ)


_SPAN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
_PARENTS = [
    *(_SPAN, _SPAN.upper(), _SPAN.replace("00-", "01-", 1), _SPAN[:-1], f"{_SPAN}-x", f" {_SPAN}", f"{_SPAN}\n", "00-"),
    *(_SPAN.replace("4bf92f3577b34da6a3ce929d0e0e4736", "0" * 32), _SPAN.replace("00f067aa0ba902b7", "0" * 16)),
    *(
        _SPAN.replace("4", "g"),
        _SPAN.replace("-", "_"),
        _SPAN.replace("4", "٤"),
        "00-$(touch x)-`id`-01",
        '00-"-\\-01',
        "é",
    ),
]


@pytest.mark.parametrize("trace", ["", "trace-1"])
@pytest.mark.parametrize("header", _PARENTS, ids=range(len(_PARENTS)))
def test_traceparent_gives_the_same_context(bash: BashWriter, header: str, trace: str):
    bash.set("TRACEPARENT", header)
    bash.set("CORTEX_TRACE_ID", trace)
    words = unique(["task-", "kim"])
    record = only_record(bash.call("log_task_created", *words))
    bash.set("TRACEPARENT", "")
    bash.set("CORTEX_TRACE_ID", "")
    environ = {"TRACEPARENT": header, "CORTEX_TRACE_ID": trace}
    assert record == python_record("task_created", *words, environ=environ)
    if header == _SPAN and not trace:
        _, trace_id, span_id, _ = _SPAN.split("-")
        assert record["context"] == {"trace_id": trace_id, "parent_span_id": span_id}
    else:
        assert record.get("context", {}) == ({"trace_id": trace} if trace else {})


@pytest.mark.parametrize("size", [900, 1007, 1008, 1009, 4095, 4096, 4097, 10_000, 300_000])
def test_an_event_of_any_size_is_the_same(bash: BashWriter, size: int):
    for text in ("x" * size, "é" * (size // 2), '"' * (size // 2)):
        for words in (["m", text], ["m", "r", json.dumps({"a": text}, ensure_ascii=False)], [text, "r"]):
            agree(bash, EVENTS["task_failed"], ["task-", *words])


def test_every_line_of_a_session_is_json_for_jq(tmp_path: Path, need_tool: Any):
    import subprocess

    jq = need_tool("jq")
    with BashWriter(tmp_path) as bash:
        for text in VALID + INVALID[:-1]:
            bash.call("log_task_created", "task-1", "user-kim", text)
    (journal,) = bash.journal.glob("lineage-*.jsonl")
    told = subprocess.run([jq, "-c", "."], input=journal.read_bytes(), capture_output=True, check=True)
    assert told.stdout.count(b"\n") == len(VALID) + len(INVALID) - 1
