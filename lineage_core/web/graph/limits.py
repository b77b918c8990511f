"""How much one query may ask: levels, aliases, words, nodes and time. What asks more is refused before it begins."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)

from lineage_core.base.errors import BadInputError

DEEPEST = 12
MOST_ALIASES = 30
MOST_TOKENS = 2000
SECONDS = 10.0
"""The time that a query may take."""

MOST_NODES = 20_000
"""Nodes that a query may ask for: the product of all `first` on the way to them."""

_PARTS = {"workers": 10, "handoffs": 5, "phases": 10, "subtasks": 10}
"""Lists without `first`: how many nodes they count as."""

_PAGES = {"tasks": 50, "events": 50, "attention": 100, "forecasts": 100}
"""The default of `first`."""


class TooMuchError(BadInputError):
    """The query asks for too much."""


class Deadline:
    """The time that is left for a query."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._end = time.monotonic() + seconds

    def check(self) -> None:
        """Raises TooMuchError when it is over."""
        if time.monotonic() > self._end:
            raise TooMuchError(f"the query took longer than {SECONDS:g} s: ask for less")


def check_cost(document: DocumentNode, variables: Mapping[str, Any]) -> None:
    """Raises TooMuchError when any operation asks for more than MOST_NODES."""
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    for one in document.definitions:
        if isinstance(one, OperationDefinitionNode):
            nodes = _cost(one.selection_set, fragments, variables, 1, ())
            if nodes > MOST_NODES:
                raise TooMuchError(f"the query asks for up to {nodes:,} nodes, and {MOST_NODES:,} are the most")


def _cost(
    selected: SelectionSetNode | None,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: Mapping[str, Any],
    times: int,
    within: tuple[str, ...],
) -> int:
    if selected is None or len(within) > 2 * DEEPEST:
        return 0
    total = 0
    for one in selected.selections:
        if isinstance(one, FieldNode):
            if one.name.value.startswith("__"):
                continue
            many = times * _factor(one, variables) if one.selection_set else times
            total += (many if one.selection_set else 0) + _cost(
                one.selection_set, fragments, variables, many, (*within, "")
            )
        elif isinstance(one, InlineFragmentNode):
            total += _cost(one.selection_set, fragments, variables, times, (*within, ""))
        elif isinstance(one, FragmentSpreadNode) and (name := one.name.value) in fragments and name not in within:
            total += _cost(fragments[name].selection_set, fragments, variables, times, (*within, name))
        if total > 1 << 60:
            break
    return total


def _factor(field: FieldNode, variables: Mapping[str, Any]) -> int:
    for argument in field.arguments or ():
        if argument.name.value == "first":
            if isinstance(argument.value, IntValueNode):
                return max(1, int(argument.value.value[:9]))
            if isinstance(argument.value, VariableNode):
                given = variables.get(argument.value.name.value)
                return max(1, given) if isinstance(given, int) else 50
    name = field.name.value
    return _PARTS.get(name) or _PAGES.get(name) or 1
