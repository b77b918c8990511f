"""From the words of a caller to a record: positional arguments, DATA and the environment, checked by one table.

Pure: the time, the id and the environment come in as arguments.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from lineage_core.codec import Number, parse_object
from lineage_core.errors import BadInputError
from lineage_core.events import EVENTS, SCHEMA_VERSION, EventSpec, creator_type, nearest

MAX_ID = 1024
"""Characters of the longest id we write."""

INVALID_DATA_TAG = "invalid-data"

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")


def spec_of(event_type: str) -> EventSpec:
    """The event type's row of the table; raises BadInputError that names the nearest one."""
    if event_type not in EVENTS:
        raise BadInputError(f"unknown event type {event_type!r}{nearest(event_type, EVENTS)}")
    return EVENTS[event_type]


def percentage(text: str) -> Number:
    """A percentage as it was typed; raises BadInputError unless it is a JSON number from 0 to 100."""
    if not _NUMBER.fullmatch(text) or not 0 <= float(text) <= 100:
        raise BadInputError(f"PERCENT must be a number from 0 to 100, not {text!r}")
    return Number(text)


def bind(spec: EventSpec, task_id: str, args: Sequence[str]) -> tuple[dict[str, str], str | None]:
    """The positional arguments by name, and the DATA text that may follow them.

    Raises BadInputError for a missing, empty, overlong or superfluous argument.
    """
    usage = f"usage: {spec.name} {spec.usage}"
    named = {"TASK": task_id}
    rest = list(args)
    for param in spec.params:
        if rest:
            named[param.name] = rest.pop(0)
        elif param.default is not None:
            named[param.name] = param.default
        else:
            raise BadInputError(f"{spec.name}: {param.name} is missing; {usage}")
        if not named[param.name] and param.default is not None:
            named[param.name] = param.default
    for name, value in named.items():
        if not value:
            raise BadInputError(f"{spec.name}: {name} is empty; {usage}")
        if len(value) > MAX_ID and name not in ("REASON", "ERROR"):
            raise BadInputError(f"{spec.name}: {name} has {len(value)} characters; the longest id is {MAX_ID}")
    data = rest.pop(0) if rest and spec.takes_data else None
    if rest:
        raise BadInputError(f"{spec.name}: unexpected argument {rest[0]!r}; {usage}")
    return named, data


def event_data(spec: EventSpec, named: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, Any]:
    """`event_data`: what DATA gives, then the positional arguments, which win (but see worker_failed).

    Raises BadInputError for a percentage outside 0 to 100.
    """
    data = dict(given)
    for param in spec.params:
        if not param.key:
            continue
        value = named[param.name]
        if param.key == "progress_percentage":
            data[param.key] = percentage(value)
        elif param.key == "error_details":
            data[param.key] = _error_details(value, data)
        else:
            data[param.key] = value
    return data


def _error_details(message: str, data: dict[str, Any]) -> dict[str, Any]:
    """What DATA says of the error stays; the positional message and the type fill what it leaves open."""
    error_type = data.pop("error_type", None)
    details = data.pop("error_details", None)
    base = {"error_type": "worker_failure" if error_type is None else error_type, "error_message": message}
    return base | details if isinstance(details, dict) else base


def context_of(environ: Mapping[str, str]) -> dict[str, str]:
    """`context` from CORTEX_SESSION_ID and CORTEX_TRACE_ID; keys without a value are left out."""
    pairs = (("session_id", "CORTEX_SESSION_ID"), ("trace_id", "CORTEX_TRACE_ID"))
    return {key: environ[name] for key, name in pairs if environ.get(name)}


def compose(
    event_type: str,
    task_id: str,
    args: Sequence[str],
    *,
    lineage_id: str,
    timestamp: str,
    environ: Mapping[str, str],
    data: str | Mapping[str, Any] | None = None,
    parent: str | None = None,
    related: Sequence[str] = (),
    tags: Sequence[str] = (),
    lenient: bool = False,
) -> dict[str, Any]:
    """The record of one event.

    data: a JSON object, as text or as a mapping, merged under the positional arguments. lenient: what the shell
    functions do: DATA that is no JSON object is kept under `metadata.raw_data`, a wrong percentage is kept as it is,
    both with the tag `invalid-data`. Missing arguments raise BadInputError in either case.
    """
    spec = spec_of(event_type)
    named, positional_data = bind(spec, task_id, args)
    if positional_data is not None and data is not None:
        raise BadInputError(f"{event_type}: data given twice, as an argument and as --data")
    text = positional_data if positional_data is not None else data
    labels = list(tags)
    try:
        given = parse_object(text) if isinstance(text, str) and text else dict(text or {})
    except BadInputError:
        if not lenient:
            raise
        given = {"metadata": {"raw_data": text}}
        labels.append(INVALID_DATA_TAG)
    try:
        full = event_data(spec, named, given)
    except BadInputError:
        if not lenient:
            raise
        word = named["PERCENT"]
        full = {**given, "worker_id": named["WORKER"]}
        full["progress_percentage"] = Number(word) if _NUMBER.fullmatch(word) else word
        if INVALID_DATA_TAG not in labels:
            labels.append(INVALID_DATA_TAG)
    actor_id = named.get(spec.actor_param, spec.actor_param)
    record: dict[str, Any] = {
        "lineage_id": lineage_id,
        "task_id": task_id,
        "event_type": event_type,
        "timestamp": timestamp,
        "actor": {
            "type": spec.actor_type or creator_type(actor_id),
            "id": actor_id,
            "principal": environ.get("CORTEX_PRINCIPAL") or "system",
        },
        "event_data": full,
        "parent_lineage_id": parent or None,
    }
    if related:
        record["related_task_ids"] = list(related)
    if context := context_of(environ):
        record["context"] = context
    if labels:
        record["tags"] = labels
    record["version"] = SCHEMA_VERSION
    return record
