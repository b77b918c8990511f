"""What the descriptions allow, and what they do not, asked at random: nothing of it is a fault of ours (5xx)."""

from __future__ import annotations

import json
from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import queries
from schemathesis.checks import CHECKS

from lineage_core.web.graph import schema
from tests.core.web.conftest import Served

EXAMPLES = 6
"""Requests for each operation."""

BOUNDED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    derandomize=True,
)


def test_no_request_that_the_description_allows_or_forbids_is_a_fault_of_ours(served_legacy: Served) -> None:
    described = schemathesis.openapi.from_url(f"{served_legacy.url}api/v1/openapi.json")
    asked = 0
    for operation in described.get_all_operations():
        for mode in ("positive", "negative") if operation.ok().query.items else ("positive",):
            made = operation.ok().as_strategy(generation_mode=schemathesis.GenerationMode(mode))

            @BOUNDED
            @given(case=made)
            def ask(case: Any) -> None:
                nonlocal asked
                asked += 1
                answer = case.call(base_url=served_legacy.url)
                assert answer.status_code < 500, (case.formatted_path, case.query, answer.text)
                case.validate_response(answer, checks=[CHECKS.get_one("response_schema_conformance")])

            ask()
    assert asked > 100


@settings(BOUNDED, max_examples=60)
@given(query=queries(schema.text()))
def _ask_graph(query: str) -> None:
    answer = _ask_graph.served.client.post("/graphql", json={"query": query})  # type: ignore[attr-defined]
    assert answer.status_code < 500, query
    told = answer.json()
    assert all("defect" not in one["message"] for one in told.get("errors") or ()), (query, told)


def test_no_query_of_the_graph_is_a_fault_of_ours(served_legacy: Served) -> None:
    _ask_graph.served = served_legacy  # type: ignore[attr-defined]
    _ask_graph()
    assert "Traceback" not in served_legacy.log.read_text()


NONSENSE = st.recursive(st.none() | st.text() | st.integers() | st.booleans(), st.lists)
FIELDS = st.sampled_from(("query", "variables", "operationName", "extensions"))


@settings(BOUNDED, max_examples=60)
@given(body=st.binary(max_size=200) | (NONSENSE | st.dictionaries(FIELDS, NONSENSE)).map(json.dumps))
def _ask_nonsense(body: str | bytes) -> None:
    headers = {"content-type": "application/json"}
    answer = _ask_nonsense.served.client.post("/graphql", content=body, headers=headers)  # type: ignore[attr-defined]
    assert answer.status_code in (200, 400), body


def test_no_body_is_a_fault_of_ours(served_legacy: Served) -> None:
    _ask_nonsense.served = served_legacy  # type: ignore[attr-defined]
    _ask_nonsense()
