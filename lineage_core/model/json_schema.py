"""The JSON Schema (draft 2020-12) of a record, made from the table of event types.

It is as strict as our writers are. Readers are not: they keep unknown fields, event types and actor types, and
`lineage validate` only warns of them.
"""

from __future__ import annotations

from typing import Any

from lineage_core.model.event_types import ACTOR_TYPES, COMPLETION_STATUSES, EVENTS, PRIORITIES, EventSpec

ENVIRONMENTS = ("local", "ci", "production")

_ID = "^lineage-[0-9]+$"
_TIMESTAMP = "^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?$"

Schema = dict[str, Any]


def _string(**more: Any) -> Schema:
    return {"type": "string", **more}


def _strings() -> Schema:
    return {"type": "array", "items": _string()}


def _number(**more: Any) -> Schema:
    return {"type": "number", "minimum": 0, **more}


def _object(properties: dict[str, Schema], **more: Any) -> Schema:
    return {"type": "object", "properties": properties, **more}


EVENT_DATA: dict[str, Schema] = {
    "priority": _string(enum=list(PRIORITIES)),
    "priority_given": {"type": "boolean"},
    "type": _string(),
    "master_id": _string(),
    "worker_id": _string(),
    "worker_type": _string(),
    "token_budget": _number(),
    "progress_percentage": _number(maximum=100),
    "current_step": _string(),
    "completion_status": _string(enum=list(COMPLETION_STATUSES)),
    "token_usage": {
        "type": ["number", "object"],
        "minimum": 0,
        "properties": {key: _number() for key in ("input_tokens", "output_tokens", "total_tokens")},
    },
    "duration_ms": _number(),
    "deliverables": _strings(),
    "reason": _string(),
    "error_details": _object({key: _string() for key in ("error_type", "error_message", "stack_trace")}),
    "handoff_id": _string(),
    "from_master": _string(),
    "to_master": _string(),
    "blocked_by": _strings(),
    "parent_task_id": _string(),
    "metadata": _object({}),
}
"""The known keys of `event_data`. Scripts may put in others."""


def json_schema() -> Schema:
    """The schema of one record."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Task lineage event",
        "description": "One line of a lineage file.",
        "type": "object",
        "required": ["lineage_id", "task_id", "event_type", "timestamp", "actor"],
        "additionalProperties": False,
        "properties": {
            "lineage_id": _string(pattern=_ID, description="unique id of the event"),
            "task_id": _string(minLength=1, description="the task that the event belongs to"),
            "event_type": _string(enum=list(EVENTS), description="what happened"),
            "timestamp": _string(pattern=_TIMESTAMP, description="when, ISO-8601; UTC if no offset is given"),
            "actor": _object(
                {"type": _string(enum=list(ACTOR_TYPES)), "id": _string(), "principal": _string()},
                required=["type", "id"],
                additionalProperties=False,
                description="who",
            ),
            "event_data": _object(EVENT_DATA),
            "parent_lineage_id": {
                "type": ["string", "null"],
                "pattern": _ID,
                "description": "the event that caused this one",
            },
            "related_task_ids": _strings(),
            "context": _object(
                {
                    "session_id": _string(),
                    "trace_id": _string(),
                    "parent_span_id": _string(),
                    "master_type": _string(),
                    "repository": _string(),
                    "branch": _string(),
                    "execution_environment": _string(enum=list(ENVIRONMENTS)),
                },
                additionalProperties=False,
            ),
            "tags": _strings(),
            "version": _string(pattern="^1\\.[0-9]+\\.[0-9]+$", description="of this schema"),
        },
        "allOf": [_required_data(spec) for spec in EVENTS.values() if spec.required_data],
    }


def _required_data(spec: EventSpec) -> Schema:
    return {
        "if": {"properties": {"event_type": {"const": spec.name}}, "required": ["event_type"]},
        "then": {
            "description": spec.summary,
            "required": ["event_data"],
            "properties": {"event_data": {"required": list(spec.required_data)}},
        },
    }
