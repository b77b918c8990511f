"""Many events from JSON lines: `lineage log --batch`.

A line is a whole or partial record. What is missing is completed: the id, the timestamp (now), the actor (told from
the event type and its data), context and version from the environment. Secrets are taken out, and the finished record
is judged as `lineage log` judges its words, so that no reader will set it aside. A bad line is reported with its
number; the others are written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from json import loads
from typing import IO, TYPE_CHECKING, Any

from lineage_core.base import clock
from lineage_core.base.errors import BadInputError, ExitCode
from lineage_core.model.event_types import SCHEMA_VERSION, EventSpec, creator_type
from lineage_core.model.json_schema import json_schema
from lineage_core.model.limits import MAX_DEPTH, MAX_LINE
from lineage_core.model.schema_compiler import Problem, compile_schema
from lineage_core.write import json_encoder as codec
from lineage_core.write.journal import Journal, new_id
from lineage_core.write.record_builder import FREE_TEXT, MAX_ID, context_of, error_details, percentage, spec_of
from lineage_core.write.redaction import redactor

if TYPE_CHECKING:
    from lineage_core.model.record import Record

_conforms = compile_schema(json_schema())


def log_lines(
    lines: Iterable[bytes], journal: Journal, environ: Mapping[str, str], out: IO[str], err: IO[str]
) -> ExitCode:
    """Write each line's event, print its id to `out`, report each bad line to `err`; 1 if any was bad.

    environ: the context, the principal and the settings for secrets, as `Journal` takes them.
    """
    code = ExitCode.OK
    redact = redactor(environ)
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            try:
                text = line.decode()
            except UnicodeDecodeError as error:
                raise BadInputError(f"not UTF-8 at byte {error.start}") from None
            given = codec.parse_object(text, what="the record", longest=MAX_LINE, levels=MAX_DEPTH)
            record, at = complete(given, environ, redact)
            journal.append(record, at)
        except BadInputError as error:
            print(f"lineage log: line {number}: {error}", file=err)
            code = ExitCode.CHECK_FAILED
        else:
            print(record["lineage_id"], file=out)
    return code


def complete(
    given: dict[str, Any], environ: Mapping[str, str], redact: Callable[[Any], Any] | None = None
) -> tuple[Record, int]:
    """A whole record without secrets from a partial one, and its time in microseconds since the epoch.

    redact: what takes the secrets out; by default that of `environ`. Raises BadInputError where something is missing
    that cannot be told, or of the wrong kind.
    """
    event_type, task_id = given.get("event_type"), given.get("task_id")
    if type(event_type) is not str or type(task_id) is not str or not task_id:
        raise BadInputError("event_type and task_id are needed, as strings")
    spec = spec_of(event_type)
    data = given.get("event_data", {})
    if not isinstance(data, dict):
        raise BadInputError("event_data must be an object")
    if missing := [key for key in spec.required_data if key not in data]:
        raise BadInputError(f"{event_type}: event_data needs {' and '.join(missing)}")
    if spec.name == "worker_progress":
        data = data | {"progress_percentage": percentage(str(data["progress_percentage"]))}
    timestamp = given.get("timestamp")
    at = clock.now() if timestamp is None else clock.parse_timestamp(str(timestamp))
    if at is None:
        raise BadInputError(f"timestamp {timestamp!r} is not ISO-8601, like 2026-11-22T08:03:48Z")
    record: Record = {
        "lineage_id": given["lineage_id"] if given.get("lineage_id") not in (None, "") else new_id(),
        "task_id": task_id,
        "event_type": event_type,
        "timestamp": timestamp or clock.format_timestamp(at),
        "actor": _actor(spec, given.get("actor"), data, environ),
        "event_data": _without_secrets(spec, data, redact or redactor(environ)),
        "parent_lineage_id": None if given.get("parent_lineage_id") == "" else given.get("parent_lineage_id"),
    }
    known = (*record, "related_task_ids", "context", "tags", "version")
    if unknown := [key for key in given if key not in known]:
        raise BadInputError(f"unknown field {unknown[0]!r}; free fields belong under event_data.metadata")
    for key in ("related_task_ids", "context", "tags"):
        if given.get(key) is not None:
            record[key] = given[key]
    if "context" not in record and (context := context_of(environ)):
        record["context"] = context
    record["version"] = given.get("version") or SCHEMA_VERSION
    _judge(spec, record)
    return record, at


def _without_secrets(spec: EventSpec, data: dict[str, Any], redact: Callable[[Any], Any]) -> dict[str, Any]:
    """`event_data` as the function of that event would have it: an error told as text becomes an object, ids stay."""
    if spec.name == "worker_failed" and type(data["error_details"]) is str:
        message = data["error_details"]
        data = {key: value for key, value in data.items() if key != "error_details"}
        data["error_details"] = error_details(message, data)
    ids = {key: data[key] for key in _names(spec) if key in data}
    cleaned: dict[str, Any] = redact(data)
    return cleaned | ids


def _names(spec: EventSpec) -> list[str]:
    """The keys of `event_data` that hold ids and other names, which are short and no secrets."""
    keys = [param.key for param in spec.params if param.key and param.key not in FREE_TEXT]
    return [key for key in keys if key != "progress_percentage"]


def _judge(spec: EventSpec, record: Record) -> None:
    """Raises BadInputError if a reader could not take the record as it is meant (`lineage validate` finds the same)."""
    data, parent = record["event_data"], record["parent_lineage_id"] or "none"
    named = {key: record[key] for key in ("task_id", "lineage_id")} | {"parent_lineage_id": parent}
    named |= {f"event_data.{key}": data[key] for key in _names(spec) if key in data}
    named["actor.id"] = record["actor"]["id"]
    for name, value in named.items():
        if type(value) is str and not 0 < len(value) <= MAX_ID:
            said = f"has {len(value)} characters; the longest id is {MAX_ID}" if value else "is empty"
            raise BadInputError(f"{spec.name}: {name} {said}")
    problems: list[Problem] = []
    _conforms(loads(codec.encode(record)), problems)  # as it will be read: here its numbers are text
    for problem in problems:
        if (problem.path, problem.keyword) != ("actor.type", "enum"):  # readers keep an unknown one
            raise BadInputError(f"{spec.name}: {problem.text}")


def _actor(spec: EventSpec, given: Any, data: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    principal = environ.get("CORTEX_PRINCIPAL") or "system"
    if isinstance(given, dict) and type(given.get("id")) is str:
        actor_id = given["id"]
        return {"type": spec.actor_type or creator_type(actor_id), "principal": principal} | given
    if isinstance(given, str) and given:
        actor_id = given
    elif given is None:
        param = next((p for p in spec.params if p.name == spec.actor_param and p.key), None)
        actor_id = str(data[param.key]) if param and param.key else spec.actor_param
        if actor_id.isupper():
            raise BadInputError(f"{spec.name}: actor is missing")
    else:
        raise BadInputError("actor must be an object with an id, or the id")
    return {"type": spec.actor_type or creator_type(actor_id), "id": actor_id, "principal": principal}
