"""The ASGI program: one feed, many readers. Paths are told in README.md."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import orjson
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from lineage_core.base.errors import BadInputError, LineageError, UnknownNameError
from lineage_core.state.store import State
from lineage_core.web import task_overview
from lineage_core.web.access import COOKIE, Access, RefusedError, login_page, path_of_ours, refuse, same, tell
from lineage_core.web.graph.endpoint import routes as graph_routes
from lineage_core.web.queries import Follow, Query
from lineage_core.web.settings import ServerSettings
from lineage_core.web.shared_state import Service
from lineage_core.web.websocket_routes import events_socket, tasks_socket

log = logging.getLogger("lineage.serve")

BUILT = Path(__file__).parent / "page" / "built"
_KINDS = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".html": "text/html; charset=utf-8",
}

LOGIN_PAUSE = 0.3
"""Seconds that a wrong token costs."""


def refusal_of(error: LineageError) -> RefusedError:
    """The answer to a request that failed so."""
    if isinstance(error, BadInputError):
        return RefusedError(400, str(error))
    return RefusedError(404 if isinstance(error, UnknownNameError) else 503, str(error))


def make_app(
    settings: ServerSettings,
    queries: Sequence[Query],
    follow: Follow,
    version: str,
    trace_url: Callable[[State, str], str] | None = None,
) -> ASGIApp:
    """The program.

    follow: which events some parameters of `/ws/events` ask for. trace_url: where the trace of a task can be seen, for
    a state and the task's id; None where nobody knows.
    """
    service = Service(settings, queries, follow, version)
    static = {path.name: path.read_bytes() for path in sorted(BUILT.iterdir()) if path.suffix in _KINDS}

    async def page(request: Request) -> Response:
        return _file(request, "index.html", static["index.html"])

    async def asset(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in static:
            raise RefusedError(404, "no such file")
        return _file(request, name, static[name])

    async def query(request: Request) -> Response:
        asked = service.queries.get(request.path_params["name"])
        if asked is None:
            raise RefusedError(404, f"no query of that name (there are: {', '.join(service.queries)})")
        etag = service.live.etag
        if _unchanged(request, etag):
            return Response(status_code=304, headers={"etag": etag})
        pairs = request.query_params.multi_items()
        try:
            body = await service.in_thread(lambda: asked.answer(pairs, service.live.answering))
        except LineageError as error:
            raise refusal_of(error) from None
        return Response(body, media_type="application/json", headers={"etag": etag, "cache-control": "no-cache"})

    async def tasks(request: Request) -> Response:
        limit = request.query_params.get("limit")
        if limit is not None and not (limit.isascii() and limit.isdigit() and len(limit) < 10):
            raise RefusedError(400, "limit is a number")
        body = await service.in_thread(
            lambda: _all_tasks(service, int(limit) if limit else None, trace_url is not None)
        )
        return Response(body, media_type="application/json", headers={"cache-control": "no-store"})

    async def trace(request: Request) -> Response:
        state, task_id = service.live.state, request.path_params["id"]
        if trace_url is None:
            raise RefusedError(404, "trace_url in the config file does not say where traces can be seen")
        with state.lock:
            if task_id not in state.rows:
                raise RefusedError(404, f"no task {task_id}")
            return RedirectResponse(trace_url(state, task_id), 303)

    async def description(request: Request) -> Response:
        return JSONResponse(service.description)

    async def health(request: Request) -> Response:
        health = service.live.feed.health
        sound = service.live.feed.is_alive() and service.stream.is_alive() and health.loaded and not health.missing
        status = "ok" if sound else "missing" if health.missing else "starting" if not health.loaded else "failed"
        return JSONResponse({"status": status}, 200 if sound else 503, {"cache-control": "no-store"})

    async def measured(request: Request) -> Response:
        body = await service.in_thread(service.metrics)
        return Response(body, media_type=CONTENT_TYPE_PLAIN_0_0_4, headers={"cache-control": "no-store"})

    async def login(request: Request) -> Response:
        if request.method != "POST":
            return _html(login_page("/"))
        form = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=10)
        next_path, token = form.get("next", ["/"])[-1], form.get("password", [""])[-1].strip()
        if settings.token is None or not same(token, settings.token):
            await asyncio.sleep(LOGIN_PAUSE)
            log.warning("refused a login from %s", request.client.host if request.client else "?")
            return _html(login_page(next_path, wrong=True), 401)
        answer = RedirectResponse(path_of_ours(next_path), 303)
        secure = request.url.scheme == "https"
        assert access.session is not None
        answer.set_cookie(COOKIE, access.session, secure=secure, httponly=True, samesite="lax")
        return answer

    async def logout(request: Request) -> Response:
        answer = RedirectResponse("/", 303)
        answer.delete_cookie(COOKIE)
        return answer

    app = Starlette(
        routes=[
            Route("/", page),
            Route("/task/{id:path}", page),
            Route("/trace/{id:path}", trace),
            Route("/static/{name}", asset),
            Route("/api/v1/openapi.json", description),
            Route("/api/v1/{name}", query),
            Route("/page/tasks", tasks),
            Route("/healthz", health),
            Route("/metrics", measured),
            Route("/login", login, methods=["GET", "POST"]),
            Route("/logout", logout, methods=["POST"]),
            WebSocketRoute("/ws/events", events_socket(service)),
            WebSocketRoute("/ws/tasks", tasks_socket(service)),
            *graph_routes(service),
        ],
        lifespan=service.lifespan,
        exception_handlers={RefusedError: _refused, HTTPException: _not_found, Exception: _defect},
    )
    access = Access(app, settings)
    return access


def _all_tasks(service: Service, limit: int | None, traces: bool) -> bytes:
    live = service.live
    with live.state.lock:
        rows = task_overview.newest(live.state, limit)
        document = {
            "instance": live.instance,
            "version": live.version,
            "fields": task_overview.FIELDS,
            "total": len(live.state.rows),
            "directory": str(service.settings.source or service.settings.directory),
            "health": task_overview.health(live.feed, service.settings.as_of),
            "traces": traces,
            "tasks": rows,
        }
    return orjson.dumps(document)


def _file(request: Request, name: str, content: bytes) -> Response:
    etag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
    headers = {"etag": etag, "cache-control": "no-cache"}
    if _unchanged(request, etag):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=_KINDS["." + name.rpartition(".")[2]], headers=headers)


def _unchanged(request: Request, etag: str) -> bool:
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    return etag.removeprefix("W/") in known


def _html(content: bytes, status: int = 200) -> Response:
    return Response(content, status, {"cache-control": "no-store"}, "text/html; charset=utf-8")


async def _not_found(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    text = "no such path: see /api/v1/openapi.json" if error.status_code == 404 else error.detail
    return JSONResponse({"error": text}, error.status_code, error.headers)


async def _refused(connection: Any, error: Exception) -> Any:
    assert isinstance(error, RefusedError)
    tell(connection.scope, error)
    if isinstance(connection, WebSocket):
        await refuse(connection.scope, error, connection._send)
        return None
    return JSONResponse({"error": error.text}, error.status, dict(error.headers))


async def _defect(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": "a defect of ours: the log of the server has it"}, 500)
