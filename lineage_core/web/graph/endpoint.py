"""`/graphql`: POST and GET for queries, graphql-transport-ws for subscriptions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson
from starlette.routing import BaseRoute, Route, WebSocketRoute
from strawberry.asgi import GraphQL
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from lineage_core.web.graph.limits import Deadline
from lineage_core.web.graph.schema import make_schema

if TYPE_CHECKING:
    from lineage_core.web.shared_state import Service

MOST_SUBSCRIPTIONS = 20
"""Subscriptions of one connection."""


def routes(service: Service) -> Sequence[BaseRoute]:
    """The routes of the graph."""

    class Endpoint(GraphQL[Any, None]):
        async def get_context(self, request: Any, response: Any) -> Any:
            return {"service": service, "deadline": Deadline()}

        def decode_json(self, data: str | bytes) -> Any:
            # orjson has one error for all that is no JSON; of the standard library's two one would be a fault of ours
            value = orjson.loads(data)
            if not isinstance(value, dict):
                raise orjson.JSONDecodeError("not a JSON object", "", 0)
            return value

    endpoint = Endpoint(
        make_schema(),
        graphql_ide=None,
        subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
        connection_init_wait_timeout=timedelta(seconds=10),
        max_subscriptions_per_connection=MOST_SUBSCRIPTIONS,
        allowed_origins=("*",),  # the access layer has looked at the origin already
    )
    return [Route("/graphql", endpoint), WebSocketRoute("/graphql", endpoint)]
