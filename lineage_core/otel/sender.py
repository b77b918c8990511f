"""Sends spans, logs and metrics by the SDK's OTLP exporters over HTTP, which know the OTEL_* settings.

The exporters retry by themselves for as long as their timeout (OTEL_EXPORTER_OTLP_TIMEOUT, 10 s); what they give up,
`Sender` tells why, and whether to try again later.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Sequence
from typing import Any

import requests
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk._logs.export import LogRecordExportResult
from opentelemetry.sdk.trace.export import SpanExportResult

from lineage_core.otel.delivery import Answer
from lineage_core.otel.logs import LogLine
from lineage_core.otel.sdk import Maker
from lineage_core.otel.spans import Span

TRACES, LOGS, METRICS = "v1/traces", "v1/logs", "v1/metrics"
_URLS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_CREDENTIALS = "OTEL_PYTHON_EXPORTER_OTLP_HTTP_{}CREDENTIAL_PROVIDER"


class Sender:
    """endpoint: the base URL of a collector, like http://localhost:4318; None: as the OTEL_* variables say.

    tell: called with a line for people, when the other side says that it left something out.
    """

    def __init__(self, endpoint: str | None, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._last: requests.Response | None = None
        self._error: Exception | None = None
        self._session = self._noting(requests.Session())
        _quiet()
        self._make = Maker()
        self._base = endpoint and endpoint.rstrip("/").removesuffix("/" + TRACES)
        self.url = self._base or next((url for name in _URLS if (url := os.environ.get(name))), "http://localhost:4318")
        self._spans = OTLPSpanExporter(**self._where(TRACES))
        self._logs = OTLPLogExporter(**self._where(LOGS))
        self.metrics = OTLPMetricExporter(**self._where(METRICS))
        self.resource = self._make.resource

    def spans(self, batch: Sequence[Span]) -> Answer:
        """Send spans that are over."""
        return self._answer(self._spans.export([*map(self._make.span, batch)]) is SpanExportResult.SUCCESS)

    def logs(self, batch: Sequence[LogLine]) -> Answer:
        """Send lines of the log."""
        return self._answer(self._logs.export([*map(self._make.log, batch)]) is LogRecordExportResult.SUCCESS)

    def stop(self) -> None:
        """Give up what is under way: from a signal handler, or another thread."""
        for exporter in (self._spans, self._logs):
            exporter.shutdown()

    def _where(self, path: str) -> dict[str, Any]:
        arguments: dict[str, Any] = {"endpoint": f"{self._base}/{path}"} if self._base else {}
        kind = path.removeprefix("v1/").upper()
        if not any(os.environ.get(_CREDENTIALS.format(one)) for one in ("", f"{kind}_")):
            arguments["session"] = self._session  # else the SDK makes the one that has the credentials
        return arguments

    def _noting(self, session: Any) -> Any:
        """A session of which the last answer and the last error are kept: the exporters only tell that it failed."""
        ask = session.request

        def request(*words: Any, **options: Any) -> Any:
            self._last = self._error = None
            try:
                self._last = ask(*words, **options)
            except Exception as error:
                self._error = error
                raise
            return self._last

        session.request = request
        return session

    def _answer(self, sent: bool) -> Answer:
        response, error = self._last, self._error
        self._last = self._error = None
        if sent:
            self._left_out(response)
            return Answer(True)
        if response is None:
            return Answer(False, f"no answer from {self.url}" + (f": {_words(error)}" if error else ""))
        arguments = f"{response.status_code} {response.reason or ''}".strip()
        return Answer(False, f"{response.url} answers {arguments}", response.status_code, _seconds(response))

    def _left_out(self, response: requests.Response | None) -> None:
        """Say what was taken only in part (https://opentelemetry.io/docs/specs/otlp/#partial-success-1)."""
        if response is None or not response.content or "protobuf" not in response.headers.get("Content-Type", ""):
            return
        try:
            partial = ExportTraceServiceResponse.FromString(response.content).partial_success
        except Exception:  # noqa: BLE001 (whatever it answers, it has taken what was sent)
            return
        if partial.rejected_spans:
            self._tell(f"{response.url} left out {partial.rejected_spans} of what was sent: {partial.error_message}")


class _Silent(logging.Handler):
    """Keeps from stderr what the SDK logs: it is told once, and in our words."""

    def emit(self, record: logging.LogRecord) -> None:
        """Drop the record."""


def _quiet() -> None:
    logger = logging.getLogger("opentelemetry")
    logger.propagate = False
    if not any(isinstance(one, _Silent) for one in logger.handlers):
        logger.addHandler(_Silent())


def _words(error: Exception) -> str:
    """Why there was no answer, in a few words."""
    arguments = re.findall(r"\[Errno -?\d+\] ([\w ]+)", str(error))
    return str(arguments[-1]) if arguments else type(error).__name__


def _seconds(response: requests.Response) -> float | None:
    """`Retry-After` in seconds; None where there is none, or a date."""
    said = response.headers.get("Retry-After", "")
    return float(said) if said.isascii() and said.isdigit() and len(said) < 6 else None
