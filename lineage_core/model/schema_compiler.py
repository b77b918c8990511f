"""A JSON Schema compiled into one function that tells what is wrong with a value.

Only the keywords that `model/json_schema.py` uses are understood; any other raises at compile time, so that a check
cannot be lost. A million records take seconds, where a general validator takes minutes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from lineage_core.base.escaping import visible

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "object": (dict,),
    "array": (list,),
    "boolean": (bool,),
    "null": (type(None),),
}
_NAMES = {
    str: "a string",
    int: "a number",
    float: "a number",
    dict: "an object",
    list: "an array",
    bool: "true or false",
    type(None): "null",
}
_ANNOTATIONS = frozenset(("$schema", "$id", "title", "description"))
_KEYWORDS = frozenset(
    ("type", "enum", "pattern", "minLength", "minimum", "maximum", "items", "required", "properties", "allOf")
) | {"additionalProperties"}


class Problem(NamedTuple):
    """What is wrong. path: where, like `event_data.worker_id`. keyword: which of the schema's is violated."""

    path: str
    keyword: str
    text: str


Check = Callable[[Any, list[Problem]], None]
"""Appends what is wrong with a value to the list."""


def compile_schema(schema: dict[str, Any], path: str = "") -> Check:
    """The check that a schema asks for; `path` names the value in problems.

    Raises ValueError for a schema that uses more than is understood here.
    """
    member = _compile(schema, path)

    def check(value: Any, problems: list[Problem]) -> None:
        if type(value) not in member.kinds:
            problems.append(member.mismatch(value))
        elif member.inside is not None:
            member.inside(value, problems)

    return check


class _Member(NamedTuple):
    """A compiled schema. kinds: the types that pass. inside: what else is asked of a value of such a type."""

    path: str
    names: tuple[str, ...]
    kinds: frozenset[type]
    inside: Check | None

    def mismatch(self, value: Any) -> Problem:
        """The problem of a value of another type."""
        wanted = " or ".join(_NAMES[_TYPES[name][0]] for name in self.names)
        is_now = _NAMES.get(type(value), type(value).__name__)
        return Problem(self.path, "type", f"{self.path or 'it'} is {is_now}, not {wanted}")


def _compile(schema: dict[str, Any], path: str) -> _Member:
    if unknown := schema.keys() - _ANNOTATIONS - _KEYWORDS:
        raise ValueError(f"schema keywords not understood at {path or 'the top'}: {', '.join(sorted(unknown))}")
    said = schema.get("type", tuple(_TYPES))
    names = (said,) if isinstance(said, str) else tuple(said)
    makers = {"string": _text_check, "number": _number_check, "array": _array_check, "object": _object_check}
    inside = {name: makers[name](schema, path) for name in names if name in makers}
    by_kind = {kind: check for name, check in inside.items() if check for kind in _TYPES[name]}
    if len(names) == 1 or not by_kind:
        check = inside.get(names[0])
    else:

        def check(value: Any, problems: list[Problem]) -> None:
            if of_kind := by_kind.get(type(value)):
                of_kind(value, problems)

    kinds = [kind for name in names for kind in _TYPES[name]]
    return _Member(path, names, frozenset(kinds), check)


def _text_check(schema: dict[str, Any], path: str) -> Check | None:
    known = frozenset(schema["enum"]) if "enum" in schema else None
    matches = re.compile(schema["pattern"]).search if "pattern" in schema else None
    least = schema.get("minLength", 0)
    if known is None and matches is None and not least:
        return None

    def check(value: Any, problems: list[Problem]) -> None:
        if known is not None and value not in known:
            choice = f": not one of {', '.join(sorted(known))}" if len(known) < 8 else " is not a known one"
            problems.append(Problem(path, "enum", f"{path} {visible(value, 60)!r}{choice}"))
        if matches is not None and not matches(value):
            form = schema["pattern"]
            problems.append(Problem(path, "pattern", f"{path} {visible(value, 60)!r} has not the form {form}"))
        if len(value) < least:
            problems.append(Problem(path, "minLength", f"{path} is empty"))

    return check


def _number_check(schema: dict[str, Any], path: str) -> Check | None:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is None and high is None:
        return None

    def check(value: Any, problems: list[Problem]) -> None:
        if low is not None and value < low:
            problems.append(Problem(path, "minimum", f"{path} is {value}, less than {low}"))
        if high is not None and value > high:
            problems.append(Problem(path, "maximum", f"{path} is {value}, more than {high}"))

    return check


def _array_check(schema: dict[str, Any], path: str) -> Check | None:
    if "items" not in schema:
        return None
    item_check = compile_schema(schema["items"], f"{path}[]")

    def check(value: Any, problems: list[Problem]) -> None:
        for item in value:
            item_check(item, problems)

    return check


def _object_check(schema: dict[str, Any], path: str) -> Check | None:
    prefix = f"{path}." if path else ""
    required = frozenset(schema.get("required", ()))
    members = {key: _compile(sub, prefix + key) for key, sub in schema.get("properties", {}).items()}
    closed = schema.get("additionalProperties") is False
    branches = _branches(schema.get("allOf", ()), path)
    if not (required or members or closed or branches):
        return None

    def check(value: Any, problems: list[Problem]) -> None:
        if not required <= value.keys():
            missing = sorted(required - value.keys())
            problems += [Problem(prefix + key, "required", f"{prefix}{key} is missing") for key in missing]
        for key, item in value.items():
            member = members.get(key)
            if member is not None:
                if type(item) not in member.kinds:
                    problems.append(member.mismatch(item))
                elif member.inside is not None:
                    member.inside(item, problems)
            elif closed:
                shown = visible(prefix + key, 60)
                problems.append(Problem(shown, "additionalProperties", f"{shown} is not a known field"))
        for key, cases in branches.items():
            said = value.get(key)
            then = cases.get(said) if type(said) is str else None
            if then is not None:
                then(value, problems)

    return check


def _branches(conditions: Any, path: str) -> dict[str, dict[str, Check]]:
    """Per property, what each of its values demands: `if` this property has this `const`, `then` check that."""
    found: dict[str, dict[str, Check]] = {}
    for condition in conditions:
        (key, test), *others = condition["if"]["properties"].items()
        if condition.keys() != {"if", "then"} or test.keys() != {"const"} or others:
            raise ValueError(f"a condition that is not understood at {path or 'the top'}")
        found.setdefault(key, {})[test["const"]] = compile_schema(condition["then"], path)
    return found
