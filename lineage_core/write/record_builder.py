"""From the words of a caller to a record: positional arguments, DATA and the environment, checked by one table.

Pure: the time, the id and the environment come in as arguments.

Two judges, one set of rules. Strict (`lineage log`, `Journal.log`, LINEAGE_STRICT=1) refuses with BadInputError, also
what `lineage validate` would call an error: a known key of `event_data` with a value of the wrong kind. Lenient (the
shell functions) keeps the event wherever it can, and marks it with the tag `invalid-data`: DATA that is no JSON object
and words beyond the last argument are kept as text under `metadata.raw_data`, as is a `metadata` that is no object, a
wrong percentage as it is, an id longer than MAX_ID and a text longer than MAX_TEXT cut short with `…`, bytes that are
not UTF-8 as U+FFFD. A missing argument is refused by both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from lineage_core.base.errors import BadInputError
from lineage_core.model.event_types import EVENTS, SCHEMA_VERSION, EventSpec, creator_type, nearest
from lineage_core.write.json_encoder import Number, checked_object, dumps, number, parse_object, well_formed
from lineage_core.write.redaction import redactor

if TYPE_CHECKING:
    from lineage_core.model.record import Record
    from lineage_core.model.schema_compiler import Check, Problem

MAX_ID = 1024
"""Characters of the longest id we write."""

MAX_TEXT = 1_000_000
"""Characters of the longest reason, error or raw DATA that the lenient judge keeps."""

INVALID_DATA_TAG = "invalid-data"

FREE_TEXT = ("reason", "error_details")
"""Keys of `event_data` whose positional argument is prose, of any length, and could hold a secret."""


_WHO = ("CORTEX_PRINCIPAL", "CORTEX_SESSION_ID", "CORTEX_TRACE_ID", "TRACEPARENT")
"""What the environment says of the actor and the context."""


def spec_of(event_type: str) -> EventSpec:
    """The event type's row of the table; raises BadInputError that names the nearest one."""
    if event_type not in EVENTS:
        raise BadInputError(f"unknown event type {event_type!r}{nearest(event_type, EVENTS)}")
    return EVENTS[event_type]


def percentage(text: str) -> Number:
    """A percentage as it was typed; raises BadInputError unless it is a JSON number from 0 to 100."""
    value = _json_number(text)
    if value is None or not 0 <= float(value) <= 100:
        raise BadInputError(f"PERCENT must be a number from 0 to 100, not {text[:100]!r}")
    return value


def _json_number(text: str) -> Number | None:
    import re

    if not re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", text):
        return None
    try:
        return number(text)
    except ValueError:
        return None


def bind(
    spec: EventSpec, task_id: str, args: Sequence[str], *, lenient: bool = False
) -> tuple[dict[str, str], str | None, bool]:
    """The positional arguments by name, the DATA text that may follow them, and whether something had to be bent.

    Raises BadInputError for a missing or empty argument and, unless lenient, for an overlong or superfluous one.
    """
    usage = f"usage: {spec.name} {spec.usage}"
    named, free, bent = {"TASK": task_id}, set(), False
    rest = list(args)
    for param in spec.params:
        word = rest.pop(0) if rest else ""
        if not word and param.optional:
            continue
        if not word and len(named) > len(args):
            raise BadInputError(f"{spec.name}: {param.name} is missing; {usage}")
        named[param.name] = word
        if param.key in FREE_TEXT:
            free.add(param.name)
    for name, value in named.items():
        if not value:
            raise BadInputError(f"{spec.name}: {name} is empty; {usage}")
        longest = MAX_TEXT if name in free else MAX_ID
        if len(value) > longest:
            if lenient:
                named[name], bent = value[: longest - 1] + "…", True
            elif name not in free:
                raise BadInputError(f"{spec.name}: {name} has {len(value)} characters; the longest id is {MAX_ID}")
    while lenient and rest and not rest[-1]:
        rest.pop()
    if len(rest) > spec.takes_data:
        if not lenient:
            raise BadInputError(f"{spec.name}: unexpected argument {rest[spec.takes_data][:100]!r}; {usage}")
        rest, bent = [" ".join(rest)], True
    return named, rest[0] if rest else None, bent


def event_data(
    spec: EventSpec, named: Mapping[str, str], given: Mapping[str, Any], *, lenient: bool = False
) -> tuple[dict[str, Any], bool]:
    """`event_data`: what DATA gives, then the positional arguments, which win (but see worker_failed); and whether
    something had to be bent.

    spec: the row of the event's type. named: the positional arguments, as `bind` gives them. given: DATA.
    Raises BadInputError, unless lenient, for a percentage outside 0 to 100.
    """
    data, bent = dict(given), False
    for param in spec.params:
        if not param.key or param.name not in named:
            continue
        value = named[param.name]
        if param.key == "priority" and param.optional:  # older writers wrote one unasked
            data["priority_given"] = True
        if param.key == "progress_percentage":
            try:
                data[param.key] = percentage(value)
            except BadInputError:
                if not lenient:
                    raise
                parsed = _json_number(value)
                data[param.key], bent = value if parsed is None else parsed, True
        elif param.key == "error_details":
            data[param.key] = error_details(value, data)
        else:
            data[param.key] = value
    return data, bent


def error_details(message: str, data: dict[str, Any]) -> dict[str, Any]:
    """`error_details`: what DATA says of the error stays (it is taken out of `data`); the positional message and the
    type fill what it leaves open. An `error_type` that is an object or array is no type, and stays where it is: one
    level further down it may be nested too deeply.
    """
    error_type = None if isinstance(data.get("error_type"), (dict, list, tuple)) else data.pop("error_type", None)
    details = data.pop("error_details", None)
    base = {"error_type": "worker_failure" if error_type is None else error_type, "error_message": message}
    if details is not None and not isinstance(details, dict):
        details = {"details": _one_level_down(details)}
    return base | (details or {})


def _one_level_down(value: Any) -> Any:
    """A value that is not put where it was given: a list becomes its JSON text, as it could be nested too deeply."""
    return dumps(value) if isinstance(value, (list, tuple)) else value


def metadata(given: dict[str, Any], *, lenient: bool) -> tuple[dict[str, Any], bool]:
    """DATA whose `metadata`, if there is one, is an object; and whether it had to be made one (see `compose`).

    Raises BadInputError, unless lenient.
    """
    if isinstance(given.get("metadata", {}), dict):
        return given, False
    if not lenient:
        raise BadInputError(f"metadata must be a JSON object, not {str(given['metadata'])[:100]!r}")
    return given | {"metadata": {"raw_data": _one_level_down(given["metadata"])}}, True


def refuse_misunderstood(event_type: str, data: Mapping[str, Any], parent: str) -> None:
    """Raises BadInputError for a value of `event_data`, or a parent ('' is none), that `lineage validate` would find
    wrong (`model/json_schema.py`).
    """
    from lineage_core.model.json_schema import EVENT_DATA

    problems: list[Problem] = []
    if known := {key: value for key, value in data.items() if key in EVENT_DATA}:
        from json import loads

        _event_data_check()(loads(dumps(known)), problems)  # as it will be read: here numbers are text
    if problems:
        raise BadInputError(f"{event_type}: {problems[0].text}")
    if parent and not (parent.startswith("lineage-") and parent.isascii() and parent[8:].isdigit()):
        raise BadInputError(f"{event_type}: the parent {parent[:60]!r} is no id of an event, like lineage-17612345678")


@cache
def _event_data_check() -> Check:
    from lineage_core.model.json_schema import EVENT_DATA
    from lineage_core.model.schema_compiler import compile_schema

    return compile_schema({"type": "object", "properties": EVENT_DATA}, "event_data")


def context_of(environ: Mapping[str, str]) -> dict[str, str]:
    """`context` from CORTEX_SESSION_ID and CORTEX_TRACE_ID, or without the latter from TRACEPARENT; keys without a
    value are left out.
    """
    pairs = (("session_id", "CORTEX_SESSION_ID"), ("trace_id", "CORTEX_TRACE_ID"))
    context = {key: environ[name] for key, name in pairs if environ.get(name)}
    if "trace_id" not in context and (parent := trace_parent(environ.get("TRACEPARENT", ""))):
        context["trace_id"], context["parent_span_id"] = parent
    return context


def trace_parent(header: str) -> tuple[str, str] | None:
    """The trace id (32 hex digits) and the parent's span id (16) of a W3C `traceparent`, version 00; None if it is
    none. Source: https://www.w3.org/TR/trace-context/#traceparent-header
    """
    version, trace, span, flags = parts if len(parts := header.split("-")) == 4 else ("", "", "", "")
    sizes = (len(version), len(trace), len(span), len(flags))
    digits = trace + span + flags
    if version != "00" or sizes != (2, 32, 16, 2) or digits.strip("0123456789abcdef"):
        return None
    return (trace, span) if trace.strip("0") and span.strip("0") else None


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
    """The record of one event, without secrets.

    event_type, task_id, args: as the shell function of that name takes them. lineage_id: its id. timestamp: ISO-8601.
    environ: the context, the principal and the settings for secrets. parent: the id of the event that caused it.
    related: ids of other tasks. tags: free words.
    data: a JSON object, as text or as a mapping, merged under the positional arguments. lenient: which judge, see
    above; a mapping that is no JSON object is refused by both. Raises BadInputError.
    """
    spec = spec_of(event_type)
    not_utf8: list[str] = []

    def utf8(word: str) -> str:
        fixed = well_formed(word)
        if fixed != word:
            not_utf8.append(word)
        return fixed

    task_id, args, parent = utf8(task_id), [*map(utf8, args)], utf8(parent or "")
    related, tags = [*map(utf8, related)], [*map(utf8, tags)]
    data = utf8(data) if isinstance(data, str) else data
    who = {name: utf8(environ.get(name, "")) for name in _WHO}
    if not_utf8 and not lenient:
        raise BadInputError(f"{event_type}: not UTF-8: {not_utf8[0][:100]!a}")
    named, text, bent = bind(spec, task_id, args, lenient=lenient)
    if text is not None and data is not None:
        raise BadInputError(f"{event_type}: data given twice, as an argument and as --data")
    redact = redactor(environ)
    for param in spec.params:
        if param.key in FREE_TEXT:
            named[param.name] = redact(named[param.name])
    given: Any = text if text is not None else data or {}
    if not isinstance(given, str):
        given = checked_object(given)
    elif given:
        try:
            given = parse_object(given)
        except BadInputError:
            if not lenient:
                raise
            given, bent = {"metadata": {"raw_data": given[:MAX_TEXT]}}, True
    else:
        given = {}
    given, not_object = metadata(given, lenient=lenient)
    full, wrong = event_data(spec, named, redact(given), lenient=lenient)
    if not lenient:
        refuse_misunderstood(event_type, full, parent)
    actor_id = named.get(spec.actor_param, spec.actor_param)
    record: Record = {
        "lineage_id": lineage_id,
        "task_id": named["TASK"],
        "event_type": event_type,
        "timestamp": timestamp,
        "actor": {
            "type": spec.actor_type or creator_type(actor_id),
            "id": actor_id,
            "principal": who["CORTEX_PRINCIPAL"] or "system",
        },
        "event_data": full,
        "parent_lineage_id": parent or None,
    }
    if related:
        record["related_task_ids"] = related
    if context := context_of(who):
        record["context"] = context
    labels = [*tags, INVALID_DATA_TAG] if bent or wrong or not_object or not_utf8 else tags
    if labels:
        record["tags"] = labels
    record["version"] = SCHEMA_VERSION
    return record
