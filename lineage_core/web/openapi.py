"""The description of the API, OpenAPI 3.1, made of the queries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lineage_core.web.queries import Query, schema_of

_ERROR = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}

_REFUSALS = {
    "400": "a parameter is wrong, or the request",
    "401": "the token is missing or wrong",
    "403": "the request comes from another site",
    "404": "a name is unknown",
    "405": "reading is all there is",
    "414": "the request is too long",
    "421": "the server is not called by that name",
    "503": "the lineage directory cannot be read, or too much is asked at once",
}


def document(queries: Iterable[Query], version: str, *, with_token: bool) -> dict[str, Any]:
    """The document. with_token: whether a token has to be known."""
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "lineage",
            "version": version,
            "description": "Each query of the `lineage` command line, with the document that its --json prints.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": {f"/api/v1/{query.name}": {"get": _operation(query)} for query in queries},
        "components": {"schemas": {"Error": _ERROR}},
    }
    document["paths"]["/healthz"] = {
        "get": {
            "operationId": "healthz",
            "summary": "whether the journal is followed",
            "security": [],
            "responses": {
                "200": _json("it is", {"type": "object", "required": ["status"]}),
                "503": _json("it is not, or not yet", {"type": "object", "required": ["status"]}),
                **{code: _refusal(code) for code in ("400", "403", "405", "414", "421")},
            },
        }
    }
    if with_token:
        document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{"token": []}]
    return document


def _operation(query: Query) -> dict[str, Any]:
    row = {"type": "object", "properties": {key: {"description": text} for key, text in query.keys.items()}}
    array = {"type": "array", "items": row if query.rows else {"type": "object"}}
    answer = array if query.rows else row if query.rows is False else {"anyOf": [row, array]}
    found = _json("the answer", answer)
    found["headers"] = {
        "ETag": {"schema": {"type": "string"}, "description": "for If-None-Match: equal while the answer is"}
    }
    return {
        "operationId": query.name,
        "summary": query.about,
        "parameters": [
            {
                "name": one.name,
                "in": "query",
                "required": one.required,
                "description": one.about,
                "schema": schema_of(one),
                "style": "form",
                "explode": True,
            }
            for one in query.parameters
        ],
        "responses": {
            "200": found,
            "304": {"description": "the answer is as it was"},
            **{code: _refusal(code) for code in _REFUSALS},
        },
    }


def _refusal(code: str) -> dict[str, Any]:
    return _json(_REFUSALS[code], {"$ref": "#/components/schemas/Error"})


def _json(about: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": about, "content": {"application/json": {"schema": schema}}}
