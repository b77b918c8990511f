"""`lineage serve`: the journal in a browser and for programs, over HTTP."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from lineage_core.base import clock
from lineage_core.base.clock import format_timestamp
from lineage_core.base.errors import BadInputError, ExitCode, LineageError
from lineage_core.cli import at_option
from lineage_core.settings import threshold_defaults as late

if TYPE_CHECKING:
    from lineage_core.state.store import State

EXAMPLES = (
    "lineage serve",
    "lineage serve --demo",
    "lineage serve --at 2026-11-22T03:12",
    "lineage serve --name cortex.example.org --token-file ~/.lineage-token",
    "lineage serve --port 0 --tls-cert cert.pem",
)

PACKAGES = ("starlette", "uvicorn", "websockets", "strawberry", "prometheus_client")

ABOUT = """\
Paths:
  /                  attention, tasks and the timeline, live; /task/ID?at=TIME leads to a moment of a task
  /api/v1/QUERY      each query with its options as parameters: the document of its --json; /api/v1/openapi.json
  /graphql           the same as a graph; subscriptions by graphql-transport-ws
  /ws/events         live events, filtered as in `lineage follow`; ?cursor= goes on where a message was
  /metrics, /healthz for Prometheus, and for whoever watches the server"""


class MissingExtraError(LineageError):
    """The packages of an extra are not installed."""

    exit_code = ExitCode.USAGE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage serve`."""
    parser.description = f"{parser.description}\n\n{ABOUT}"
    parser.add_argument("--port", type=int, default=8765, metavar="N", help="the port (default 8765; 0: any free one)")
    parser.add_argument("--listen", default="127.0.0.1", metavar="ADDRESS", help="the address (default 127.0.0.1)")
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        metavar="HOST",
        help="a name by which it is called, besides localhost and the address; may be repeated",
    )
    parser.add_argument("--token-file", type=Path, metavar="FILE", help="ask for the token in FILE (mode 600)")
    parser.add_argument("--tls-cert", type=Path, metavar="FILE", help="serve TLS with this certificate (PEM)")
    parser.add_argument("--tls-key", type=Path, metavar="FILE", help="its key (default: in the same file)")
    parser.add_argument("--demo", action="store_true", help="serve a simulated cortex in a temporary directory")
    parser.add_argument("--seed", type=int, default=7, metavar="N", help="which demo (default 7)")
    parser.add_argument(
        "--rate", type=float, default=8.0, metavar="N", help="events per second of the demo (default 8)"
    )
    at_option.add_arguments(parser)
    late.add_arguments(parser)


def need_extra() -> None:
    """Raises MissingExtraError, with what to install, where the extra `web` is not there."""
    if missing := [name for name in PACKAGES if find_spec(name) is None]:
        raise MissingExtraError(f"needs {', '.join(missing)}: pip install 'lineage-tui[web]'")


def _trace_url() -> Callable[[State, str], str] | None:
    """Where the trace of a task can be seen, if the config file says so."""
    from lineage_core.otel.trace_context import Traces
    from lineage_core.settings.config_file import read_config
    from lineage_core.settings.trace_url import url_of

    template = read_config().get("trace_url")
    return None if template is None else lambda state, task_id: url_of(template, Traces(state).trace_of(task_id)[0])


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted (130) or terminated (0).

    Raises BadInputError for a wrong port or half a TLS setting.
    """
    need_extra()
    if not 0 <= args.port < 65536:
        raise BadInputError(f"--port is from 0 to 65535, not {args.port}")
    if args.at and args.demo:
        raise BadInputError("--at is of a journal that is there: give --dir, not --demo")
    if bool(args.tls_key) and not args.tls_cert:
        raise BadInputError("--tls-key goes with --tls-cert")
    from importlib.metadata import version

    from lineage_core.cli.commands.web_queries import followed, web_queries
    from lineage_core.rules.thresholds import thresholds
    from lineage_core.settings.config_file import read_late
    from lineage_core.web.app import make_app
    from lineage_core.web.server import listen, serve
    from lineage_core.web.settings import ServerSettings, names_of, read_token
    from lineage_core.write.locations import lineage_dir

    token = read_token(args.token_file) if args.token_file else None
    names = names_of(args.listen, args.name, token)
    limits = thresholds(read_late(vars(args)))
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="lineage serve: %(message)s")
    logging.getLogger("lineage.serve").setLevel(logging.INFO)
    with ExitStack() as stack:
        if args.demo:
            from lineage_core.demo.directory import demo_directory

            directory = stack.enter_context(demo_directory(rate=args.rate, seed=args.seed))
        else:
            directory = lineage_dir(args.dir)
        at, source = (clock.now(), args.source) if args.at else (None, directory)
        settings = ServerSettings(
            *(directory, args.listen, args.port, names, token, args.tls_cert, args.tls_key, limits), at, source
        )
        listening = stack.enter_context(listen(settings))
        settings = ServerSettings(**{**vars(settings), "port": listening.getsockname()[1]})
        app = make_app(settings, web_queries(str(directory)), followed, version("lineage-tui"), _trace_url())
        then = "" if at is None else f" as of {format_timestamp(at)[:19]}Z"
        print(f"lineage serve: {source}{then} at {settings.origin}", file=sys.stderr)
        if args.token_file and not args.tls_cert:
            print(
                "lineage serve: put TLS before it, or give --tls-cert: the token is readable on the way",
                file=sys.stderr,
            )
        ended_by = serve(app, settings, listening)
    return ExitCode.INTERRUPTED if ended_by is signal.SIGINT else ExitCode.OK
