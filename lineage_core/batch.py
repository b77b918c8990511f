"""Many events from JSON lines: `lineage log --batch`.

A line is a whole or partial record. What is missing is completed: the id, the timestamp (now), the actor (told from
the event type and its data), context and version from the environment. A bad line is reported with its number;
the others are written.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import IO, Any

from lineage_core import clock, codec
from lineage_core.compose import context_of, percentage, spec_of
from lineage_core.errors import BadInputError, ExitCode
from lineage_core.events import SCHEMA_VERSION, EventSpec, creator_type
from lineage_core.journal import Journal, new_id


def log_lines(lines: Iterable[bytes], journal: Journal, out: IO[str], err: IO[str]) -> ExitCode:
    """Write each line's event, print its id to `out`, report each bad line to `err`; 1 if any was bad."""
    code = ExitCode.OK
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            try:
                text = line.decode()
            except UnicodeDecodeError as error:
                raise BadInputError(f"not UTF-8 at byte {error.start}") from None
            record, at = complete(codec.parse_object(text), os.environ)
            journal.append(record, at)
        except BadInputError as error:
            print(f"lineage log: line {number}: {error}", file=err)
            code = ExitCode.CHECK_FAILED
        else:
            print(record["lineage_id"], file=out)
    return code


def complete(given: dict[str, Any], environ: Mapping[str, str]) -> tuple[dict[str, Any], int]:
    """A whole record from a partial one, and its time in microseconds since the epoch.

    Raises BadInputError where something is missing that cannot be told, or of the wrong kind.
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
    if "progress_percentage" in data and spec.name == "worker_progress":
        percentage(str(data["progress_percentage"]))
    timestamp = given.get("timestamp")
    at = clock.now() if timestamp is None else clock.parse_timestamp(str(timestamp))
    if at is None:
        raise BadInputError(f"timestamp {timestamp!r} is not ISO-8601, like 2026-11-22T08:03:48Z")
    record: dict[str, Any] = {
        "lineage_id": given.get("lineage_id") or new_id(),
        "task_id": task_id,
        "event_type": event_type,
        "timestamp": timestamp or clock.format_timestamp(at),
        "actor": _actor(spec, given.get("actor"), data, environ),
        "event_data": data,
        "parent_lineage_id": given.get("parent_lineage_id"),
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
    return record, at


def _actor(spec: EventSpec, given: Any, data: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    principal = environ.get("CORTEX_PRINCIPAL") or "system"
    if isinstance(given, dict) and isinstance(given.get("id"), str):
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
