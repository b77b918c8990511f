"""Values of `event_data`, taken where they are of the right kind; any other is left out, never guessed."""

from __future__ import annotations

from typing import Any

NOTHING = frozenset(("", "null", "None", "undefined"))
"""What shell scripts, jq, Python and JavaScript make of a value that is not there."""


def tokens_of(value: Any) -> int | None:
    """Total tokens of a `token_usage`, which is a number or an object with total (or input and output) tokens."""
    if isinstance(value, dict):
        total = count_of(value.get("total_tokens"))
        if total is not None:
            return total
        parts = [count_of(value.get("input_tokens")), count_of(value.get("output_tokens"))]
        known = [part for part in parts if part is not None]
        return count_of(sum(known)) if known else None
    return count_of(value)


def token_parts(value: Any) -> tuple[int | None, int | None]:
    """Input and output tokens of a `token_usage`, as far as it tells them apart."""
    if not isinstance(value, dict):
        return None, None
    return count_of(value.get("input_tokens")), count_of(value.get("output_tokens"))


def count_of(value: Any) -> int | None:
    """A number that can be one of ours, without its fraction."""
    number = number_of(value)
    return int(number) if number is not None else None


def number_of(value: Any) -> float | None:
    """A number that can be one of ours: finite, not negative, not absurd (below 2^53)."""
    return value if type(value) in (int, float) and 0 <= value < 2**53 else None


def text_of(value: Any) -> str | None:
    """A value that is a text, and says something."""
    return value if isinstance(value, str) and value else None


def names_of(value: Any) -> list[str]:
    """A name or a list of names, as a list of those that are names."""
    if isinstance(value, str):
        return [value]
    return [v for v in value if isinstance(v, str) and v] if isinstance(value, list) else []


def error_of(data: dict[str, Any]) -> str | None:
    """What `error_details` says: its message, else its type, else itself."""
    details = data.get("error_details")
    if isinstance(details, dict):
        return text_of(details.get("error_message")) or text_of(details.get("error_type"))
    return text_of(details)
