"""The queries of the command line as the server answers them: the same words, the same functions, the same documents.

A parameter of a request is a word or an option of the command. What concerns how an answer is printed, or which
directory is asked, is none; nor is --at, which asks a copy of it.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from importlib import import_module
from typing import NoReturn

from lineage_core.base.errors import BadInputError
from lineage_core.cli import COMMANDS, output, parser_of, text_output
from lineage_core.cli.argparser import MARK, CommandParser
from lineage_core.cli.commands import events
from lineage_core.cli.commands.export import QUERIES
from lineage_core.cli.progress import answered_from
from lineage_core.model.event_types import nearest
from lineage_core.present.host_columns import HOST, HOSTS
from lineage_core.present.rows import WORKER_KEYS
from lineage_core.present.task_rows import TASK_KEYS
from lineage_core.query.event_query import EventQuery
from lineage_core.web.queries import Kind, Live, Pairs, Parameter, Query

_PRINTING = frozenset(("help", "dir", "at", "lake", "format", "fail_empty", "check", "ascii"))
_ROWS = {"tasks": TASK_KEYS | HOSTS, "workers": WORKER_KEYS | HOST, "events": {}, "recent": {}, "anomalies": {}}
"""Queries that answer with an array, and the keys of its objects, if not KEYS of the module: event records have those
of the schema."""

_TRUE, _FALSE = frozenset(("true", "1", "yes", "")), frozenset(("false", "0", "no"))


class _Parser(CommandParser):
    """A parser that raises BadInputError instead of ending the program."""

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        text = (message or "").partition(": ")[2].partition(" (see ")[0].removeprefix("argument --")
        raise BadInputError(text.strip() or "the parameters are wrong")


def web_queries(directory: str) -> list[Query]:
    """All queries, over one lineage directory."""
    return [_query(name, directory) for name in QUERIES]


def followed(pairs: Pairs) -> EventQuery:
    """Which live events some parameters ask for: the filters of `lineage follow`. Raises BadInputError."""
    parser = parser_of("follow", _Parser)
    actions = {_name(action): action for action in parser._actions if action.dest not in (*_PRINTING, "from_start")}
    return events.query_of(parser.parse_words(_words(pairs, actions)))


def _query(name: str, directory: str) -> Query:
    module = import_module(f"lineage_core.cli.commands.{name}")
    parser = parser_of(name, _Parser)
    actions = {_name(action): action for action in parser._actions if action.dest not in _PRINTING}
    actions.pop("n", None)  # of `recent`: `limit` says it too
    parameters = tuple(_parameter(called, action) for called, action in actions.items())
    keys: Mapping[str, str] = _ROWS.get(name) or getattr(module, "DOCUMENT_KEYS", None) or getattr(module, "KEYS", {})
    if name in ("chain", "timeline", "failed", "attention", "zombies", "forecast"):
        keys = {}  # the module's are those of the objects in the document

    def answer(pairs: Pairs, live: Live) -> bytes:
        args = parser_of(name, _Parser).parse_words(_words(pairs, actions))
        args.dir, args.format = directory, "json"
        with live() as loaded, answered_from(loaded):
            return "".join(output.lines(module.answer(args), "json", text_output.Paper())).encode()

    rows = None if name == "stats" else name in _ROWS  # with `by` it answers with rows
    return Query(name, COMMANDS[name], parameters, rows, keys, answer)


def _name(action: argparse.Action) -> str:
    if action.option_strings:
        return max(action.option_strings, key=len).lstrip("-")
    return str(action.metavar or action.dest).lower()


def _parameter(name: str, action: argparse.Action) -> Parameter:
    kind: Kind = "flag" if action.nargs == 0 else "count" if action.type is output.count else "text"
    many = isinstance(action, argparse._AppendAction) or action.nargs in ("*", "+")
    about = (action.help or "").replace("%%", "%")
    required = not action.option_strings and action.nargs is None
    return Parameter(name, about, kind, tuple(map(str, action.choices or ())), many, required)


def _words(pairs: Pairs, actions: Mapping[str, argparse.Action]) -> list[str]:
    """The words of a command line. Raises BadInputError for what is no parameter, or given twice."""
    options: list[str] = []
    words: list[str] = []
    given: set[str] = set()
    for name, value in pairs:
        action = actions.get(name)
        if action is None:
            known = ", ".join(actions)
            raise BadInputError(f"no parameter {name[:60]!r}{nearest(name[:60], actions)} (there are: {known})")
        if MARK in value:
            raise BadInputError(f"{name}: NUL is no character of a name or a word")
        if name in given and not _parameter(name, action).many:
            raise BadInputError(f"{name} is given twice")
        given.add(name)
        if action.nargs == 0:
            if value.lower() not in _TRUE | _FALSE:
                raise BadInputError(f"{name} is true or false, not {value[:60]!r}")
            options += [f"--{name}"] if value.lower() in _TRUE else []
        elif action.option_strings:
            options.append(f"--{name}={value}")
        else:
            words.append(value)
    return [*options, "--", *words]
