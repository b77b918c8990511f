"""The WebSockets: live events from a cursor on, and the tasks that change, for the page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from functools import partial

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect

from lineage_core.base.errors import LineageError
from lineage_core.web import task_overview
from lineage_core.web.access import RefusedError
from lineage_core.web.event_frames import TooSlowError
from lineage_core.web.event_stream import message
from lineage_core.web.settings import MAX_CONNECTIONS
from lineage_core.web.shared_state import Service

Endpoint = Callable[[WebSocket], Awaitable[None]]

TRY_AGAIN, WRONG = 1013, 1008
"""Close codes: come back with your cursor; what you asked is wrong."""

PAUSE = 0.25
"""Seconds between two messages about tasks, at least."""

WORD_EVERY = 2.0
"""Seconds after which the page is told how the feed is, though nothing changed."""

_FLAGS = frozenset(("true", "1", "yes"))


def events_socket(service: Service) -> Endpoint:
    """`/ws/events`: messages of events, each with a cursor."""

    async def endpoint(socket: WebSocket) -> None:
        if service.stream.readers >= MAX_CONNECTIONS:
            raise RefusedError(503, "too many readers: come again later")
        pairs = socket.query_params.multi_items()
        cursor = socket.query_params.get("cursor")
        start = socket.query_params.get("from-start", "").lower() in _FLAGS
        rest = [pair for pair in pairs if pair[0] not in ("cursor", "from-start")]
        await socket.accept()
        try:
            wanted = service.wanted(rest)
            async with while_there(socket), aclosing(service.stream.frames(wanted, cursor, from_start=start)) as frames:
                async for frame in frames:
                    await socket.send_text(frame.text)
        except TooSlowError as error:
            with suppress(WebSocketDisconnect, RuntimeError):
                await socket.send_text(message(str(error)))
                await socket.close(TRY_AGAIN, str(error))
        except LineageError as error:
            with suppress(WebSocketDisconnect, RuntimeError):
                await socket.send_text(message(str(error)))
                await socket.close(WRONG, str(error)[:120].encode()[:120].decode("utf-8", "ignore"))
        except WebSocketDisconnect:
            pass

    return endpoint


def tasks_socket(service: Service) -> Endpoint:
    """`/ws/tasks?instance=…&version=…`: the rows of tasks that changed since, for the page; of each the newest."""

    async def endpoint(socket: WebSocket) -> None:
        live = service.live
        given = socket.query_params.get("version", "")
        version = int(given) if given.isascii() and given.isdigit() and len(given) < 16 else -1
        if socket.query_params.get("instance") != live.instance:
            version = -1
        await socket.accept()
        loop, changed = asyncio.get_running_loop(), asyncio.Event()

        def heard() -> None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(changed.set)

        stop = live.listen(heard)
        try:
            async with while_there(socket):
                while True:
                    changed.clear()
                    at, names = live.changed_since(version)
                    if names is None:
                        await socket.send_text('{"reload":true}')
                        return
                    version = at
                    await socket.send_text(await service.in_thread(partial(_changes, service, at, names)))
                    with suppress(TimeoutError):
                        await asyncio.wait_for(changed.wait(), WORD_EVERY)
                    await asyncio.sleep(PAUSE)
        except (WebSocketDisconnect, RefusedError):
            pass
        finally:
            stop()

    return endpoint


def _changes(service: Service, version: int, names: list[str]) -> str:
    live = service.live
    with live.state.lock:
        chosen = [row for name in names if (row := live.state.rows.get(name)) is not None]
        document = {
            "version": version,
            "health": task_overview.health(live.feed, service.settings.as_of),
            "tasks": task_overview.task_rows(live.state, chosen),
        }
    return orjson.dumps(document).decode()


@asynccontextmanager
async def while_there(socket: WebSocket) -> AsyncIterator[None]:
    """Ends what stands in its block when the client leaves, also while that waits for something to tell."""
    gone = False
    here = asyncio.current_task()
    assert here is not None

    async def watch() -> None:
        nonlocal gone
        with suppress(WebSocketDisconnect, RuntimeError, KeyError):
            while True:
                await socket.receive_text()  # what it says is not listened to
        gone = True
        here.cancel()

    watching = asyncio.create_task(watch())
    try:
        yield
    except asyncio.CancelledError:
        if not gone:
            raise
        here.uncancel()
    finally:
        watching.cancel()
