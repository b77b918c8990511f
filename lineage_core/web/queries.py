"""The queries that the server answers, as the command line hands them in: the same functions, the same documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, NamedTuple

from lineage_core.query.event_query import EventQuery
from lineage_core.state.load import Loaded

Kind = Literal["text", "count", "flag"]
Pairs = Sequence[tuple[str, str]]
"""The parameters of a request, in their order, as they came."""

Live = Callable[[], AbstractContextManager[Callable[[], Loaded]]]
"""Opens a context that gives the state as it is folded."""


Follow = Callable[[Pairs], EventQuery]
"""Which live events some parameters ask for. Raises BadInputError."""


class Parameter(NamedTuple):
    """A parameter of a query: a word or an option of the command. many: whether it may be given more than once."""

    name: str
    about: str
    kind: Kind = "text"
    choices: tuple[str, ...] = ()
    many: bool = False
    required: bool = False


class Query(NamedTuple):
    """A query. rows: whether it answers with an array of objects; None: it depends. keys: those of its answer, or of a
    row of it.

    answer: what it answers to some parameters, as JSON text. Raises BadInputError, UnknownNameError and JournalError.
    """

    name: str
    about: str
    parameters: tuple[Parameter, ...]
    rows: bool | None
    keys: Mapping[str, str]
    answer: Callable[[Pairs, Live], bytes]


def schema_of(parameter: Parameter) -> dict[str, Any]:
    """What a parameter takes, as JSON Schema."""
    if parameter.kind == "flag":
        one: dict[str, Any] = {"type": "boolean"}
    elif parameter.kind == "count":
        one = {"type": "integer", "minimum": 0, "maximum": 10**18 - 1}
    else:
        one = {"type": "string", "enum": list(parameter.choices)} if parameter.choices else {"type": "string"}
    return {"type": "array", "items": one} if parameter.many else one
