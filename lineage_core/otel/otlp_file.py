"""Spans as a file: one request of OTLP in JSON a line (https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/).

OTLP's JSON is protobuf's, but for ids, which are hex, and enumerations, which are numbers.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import orjson
from google.protobuf.json_format import MessageToDict
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

from lineage_core.otel.sdk import Maker
from lineage_core.otel.spans import Span

BATCH = 512
_IDS = ("traceId", "spanId", "parentSpanId")


def lines(spans: Iterable[Span]) -> Iterator[bytes]:
    """The lines of such a file, newlines included."""
    make, left = Maker(), iter(spans)
    while batch := [make.span(span) for span in islice(left, BATCH)]:
        request = MessageToDict(encode_spans(batch), use_integers_for_enums=True)
        for resource in request["resourceSpans"]:
            for scope in resource["scopeSpans"]:
                for span in scope["spans"]:
                    _to_hex(span)
                    for link in span.get("links", ()):
                        _to_hex(link)
        yield orjson.dumps(request, option=orjson.OPT_APPEND_NEWLINE)


def _to_hex(message: dict[str, Any]) -> None:
    for key in _IDS:
        if key in message:
            message[key] = b64decode(message[key]).hex()
