"""A collector of OpenTelemetry for tests: real HTTP on loopback, decoded by opentelemetry-proto's own classes."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

Reply = tuple[int, dict[str, str]]
"""A status of HTTP and headers."""

TAKEN: Reply = 200, {}
HANG_UP: Reply = 0, {}
"""The connection is closed in the middle of the answer; what came is not taken."""


class Receiver:
    """A collector that keeps what it takes as a backend keyed by ids does.

    replies: the answers to the next requests for spans; after them each is taken. judge: gives the answer to a request
    by its spans, if it is set. spans: by trace and span id; logs: by uid. requests: taken requests for spans.
    sent: how often each span came in a taken request. only_traces: whether it takes nothing else.
    """

    def __init__(self, port: int = 0) -> None:
        self.replies: list[Reply] = []
        self.judge: Callable[[list[Any]], Reply] | None = None
        self.only_traces = False
        self.spans: dict[tuple[str, str], Any] = {}
        self.resources: list[Any] = []
        self.sent: dict[tuple[str, str], int] = {}
        self.logs: dict[str, Any] = {}
        self.metrics: dict[str, Any] = {}
        self.requests = 0
        self.refused = 0
        self.changed = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients are killed on purpose
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait(self, condition: Callable[[], object], seconds: float = 120) -> None:
        """Wait until a condition holds of what was taken."""
        with self.changed:
            assert self.changed.wait_for(condition, seconds), f"waited {seconds} s for nothing"

    def _take(self, path: str, body: bytes) -> tuple[Reply, bytes]:
        with self.changed:
            if path == "/v1/traces":
                reply, answer = self._take_spans(ExportTraceServiceRequest.FromString(body))
            elif self.only_traces:
                reply, answer = (405, {}), b""
            elif path == "/v1/logs":
                reply, answer = TAKEN, ExportLogsServiceResponse().SerializeToString()
                for resource in ExportLogsServiceRequest.FromString(body).resource_logs:
                    for one in (one for scope in resource.scope_logs for one in scope.log_records):
                        self.logs[values(one.attributes)["log.record.uid"]] = one
            elif path == "/v1/metrics":
                reply, answer = TAKEN, ExportMetricsServiceResponse().SerializeToString()
                for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                    for one in (one for scope in resource.scope_metrics for one in scope.metrics):
                        self.metrics[one.name] = one
            else:
                reply, answer = (404, {}), b""
            self.changed.notify_all()
        return reply, answer

    def _take_spans(self, request: Any) -> tuple[Reply, bytes]:
        spans = [s for resource in request.resource_spans for scope in resource.scope_spans for s in scope.spans]
        reply = self.replies.pop(0) if self.replies else self.judge(spans) if self.judge else TAKEN
        if reply[0] == 200:
            self.requests += 1
            self.resources += [resource.resource for resource in request.resource_spans]
            for span in spans:
                key = span.trace_id.hex(), span.span_id.hex()
                self.spans[key] = span
                self.sent[key] = self.sent.get(key, 0) + 1
        else:
            self.refused += 1
        return reply, ExportTraceServiceResponse().SerializeToString()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                (status, headers), answer = receiver._take(self.path, body)
                if status == 0:
                    self.close_connection = True
                    self.wfile.write(b"HTTP/1.1 2")
                    return
                self.send_response(status)
                for name, value in {"Content-Type": "application/x-protobuf", **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *words: object) -> None:
                pass

        return Handler


def values(attributes: Any) -> dict[str, Any]:
    """Attributes of a message as plain values."""
    return {one.key: value_of(one.value) for one in attributes}


def value_of(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [value_of(one) for one in value.array_value.values]
    return getattr(value, kind) if kind else None
