"""The server: uvicorn over our own sockets, with a time limit on the heads of requests and a quiet end."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import h11

os.environ.setdefault("WEBSOCKETS_MAX_LINE_LENGTH", "65536")  # read on import: a cursor may be longer than its default

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from lineage_core.base.errors import JournalError
from lineage_core.web.settings import HEADER_SECONDS, MAX_CONNECTIONS, MAX_HEADERS, ServerSettings

log = logging.getLogger("lineage.serve")

MAX_WEBSOCKET_HEADERS = 100

_TOO_SLOW = (
    b"HTTP/1.1 408 Request Timeout\r\ncontent-type: application/json\r\nconnection: close\r\n"
    b'content-length: 59\r\n\r\n{"error":"the head of the request did not come in 10 s"}   '
)


class TimedProtocol(H11Protocol):
    """HTTP that waits for the head of a request for HEADER_SECONDS, and no longer."""

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        before = self.cycle
        if self._timer is None and (before is None or before.response_complete):
            self._expect()
        super().data_received(data)
        if self.cycle is not before or self.transport.get_protocol() is not self:
            self._done()

    def connection_lost(self, exc: Exception | None) -> None:
        self._done()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        if len(self.headers) > MAX_WEBSOCKET_HEADERS:  # more than the WebSocket protocol class takes
            self.send_400_response(f"too many headers: {MAX_WEBSOCKET_HEADERS} are the most")
            return
        super().handle_websocket_upgrade(event)

    def _expect(self) -> None:
        self._timer = self.loop.call_later(HEADER_SECONDS, self._too_slow)

    def _done(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            log.warning("refused 408 %s: the head of the request was too slow", (self.client or ("?",))[0])
            self.transport.write(_TOO_SLOW)
            self.transport.close()


class _Server(uvicorn.Server):
    """Ends at SIGINT and SIGTERM, and leaves it to its caller what that means."""

    ended_by: signal.Signals | None = None

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()

        def end(number: signal.Signals) -> None:
            self.force_exit = self.should_exit and number is signal.SIGINT
            self.should_exit, self.ended_by = True, number

        signals = (signal.SIGINT, signal.SIGTERM)
        for one in signals:
            loop.add_signal_handler(one, end, one)
        try:
            yield
        finally:
            for one in signals:
                loop.remove_signal_handler(one)


def listen(settings: ServerSettings) -> socket.socket:
    """The socket to serve on. Raises JournalError when it cannot be had."""
    family = socket.AF_INET6 if ":" in settings.address else socket.AF_INET
    try:
        return socket.create_server((settings.address, settings.port), family=family, backlog=256)
    except OSError as error:
        reason = error.strerror or str(error)
        raise JournalError(f"cannot listen on {settings.address} port {settings.port}: {reason}") from None


def serve(app: ASGIApp, settings: ServerSettings, listening: socket.socket) -> signal.Signals | None:
    """Serve until a signal; returns which."""
    tls: dict[str, Any] = {"ssl_certfile": settings.cert, "ssl_keyfile": settings.key} if settings.cert else {}
    config = uvicorn.Config(
        app,
        http=TimedProtocol,
        ws="websockets-sansio",
        loop="asyncio",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips="127.0.0.1,::1",
        ws_per_message_deflate=False,  # it would cost memory for each client, and the processor's time
        ws_max_size=1 << 16,
        limit_concurrency=MAX_CONNECTIONS,
        h11_max_incomplete_event_size=MAX_HEADERS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=3,
        **tls,
    )
    server = _Server(config)
    server.run(sockets=[listening])
    return server.ended_by
