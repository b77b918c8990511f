"""The API: the documents of the command line, under its names."""

from __future__ import annotations

import json
from pathlib import Path

import openapi_spec_validator
import pytest

from lineage_core.cli.commands.export import QUERIES
from tests.build import compact, record
from tests.cli.conftest import LEGACY, NOW, Ask
from tests.core.web.conftest import Served, serving
from tests.wallclock import wait_until

TASK = "task-a-rollout"
CASES: list[tuple[str, dict[str, str | list[str]], list[str]]] = [
    *(
        (name, {}, [])
        for name in ("events", "recent", "tasks", "workers", "failed", "zombies", "attention", "stats", "forecast")
    ),
    *((name, {"task": TASK}, [TASK]) for name in ("task", "timeline", "workers", "duration", "summary", "chain")),
    ("anomalies", {"until": "2026-11-23"}, ["--until", "2026-11-23"]),
    ("related", {"task": TASK}, [TASK]),
    ("explain", {"task": TASK, "all": "true"}, [TASK, "--all"]),
    (
        "tasks",
        {"filter": ["is:open", "!status:blocked"], "sort": "events"},
        ["is:open", "!status:blocked", "--sort", "events"],
    ),
    ("tasks", {"limit": "1", "reverse": "true"}, ["--limit", "1", "--reverse"]),
    (
        "events",
        {"type": ["worker_*", "task_created"], "limit": "3"},
        ["--type", "worker_*", "--type", "task_created", "--limit", "3"],
    ),
    ("recent", {"limit": "2"}, ["2"]),
    ("failed", {"tasks": "true"}, ["--tasks"]),
    ("attention", {"rule": "blocked", "blocked-after": "1s"}, ["--rule", "blocked", "--blocked-after", "1s"]),
    ("changed", {"since": "1h"}, ["--since", "1h"]),
    ("diff", {"task": "task-a-rollout", "other": "task-a-rollout"}, ["task-a-rollout", "task-a-rollout"]),
    ("stats", {"by": "master"}, ["--by", "master"]),
    ("stats", {"filter": "status:failed", "window": "24h"}, ["status:failed", "--window", "24h"]),
]


@pytest.mark.parametrize(("query", "parameters", "words"), CASES, ids=lambda value: str(value)[:40])
def test_the_api_answers_with_the_document_of_the_command(
    query: str,
    parameters: dict[str, str | list[str]],
    words: list[str],
    served_legacy: Served,
    ask: Ask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LINEAGE_NOW", NOW)
    answer = served_legacy.client.get(f"/api/v1/{query}", params=parameters)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.text == ask(query, *words, "--json", LEGACY).out


def test_every_query_of_the_command_line_is_compared() -> None:
    assert {query for query, _, _ in CASES} == set(QUERIES)


@pytest.mark.parametrize("query", ["tasks", "attention", "failed", "workers", "stats"])
def test_folded_answers_agree_over_many_tasks(
    query: str,
    served: Served,
    demo_dir: Path,
    ask: Ask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LINEAGE_NOW", NOW)
    assert json.loads(served.client.get(f"/api/v1/{query}").text) == ask(query, "--json", demo_dir).json


def test_an_answer_that_is_as_it_was_is_not_sent_again(served: Served) -> None:
    etag = served.client.get("/api/v1/tasks").headers["etag"]
    again = served.client.get("/api/v1/tasks", headers={"if-none-match": etag})
    assert (again.status_code, again.content) == (304, b"")
    assert served.client.get("/api/v1/tasks", headers={"if-none-match": 'W/"other"'}).status_code == 200


def test_a_directory_that_appears_later_is_waited_for_and_each_event_makes_another_etag(tmp_path: Path) -> None:
    directory = tmp_path / "lineage"
    with serving(directory, tmp_path / "server", ready=503, LINEAGE_NOW=NOW) as one:
        client = one.client
        assert client.get("/healthz").json() == {"status": "missing"}
        told = client.get("/api/v1/tasks")
        assert (told.status_code, "does not exist" in told.json()["error"]) == (503, True)
        directory.mkdir()
        path = directory / "lineage-2026-11-22.jsonl"
        path.write_bytes(compact(record(1)))
        wait_until(lambda: client.get("/healthz").status_code == 200)
        wait_until(lambda: len(client.get("/api/v1/tasks").json()) == 1)
        etag = client.get("/api/v1/tasks").headers["etag"]
        with path.open("ab") as file:
            file.write(compact(record(2)))
        wait_until(lambda: client.get("/api/v1/tasks", headers={"if-none-match": etag}).status_code == 200)
        assert len(client.get("/api/v1/tasks").json()) == 2


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        ("/api/v1/tasks?limit=ten", 400, "is no count"),
        ("/api/v1/tasks?nonsense=1", 400, "no parameter 'nonsense' (there are: filter, sort"),
        ("/api/v1/tasks?sort=event", 400, "did you mean events?"),
        ("/api/v1/tasks?limit=1&limit=2", 400, "given twice"),
        ("/api/v1/tasks?reverse=perhaps", 400, "true or false"),
        ("/api/v1/tasks?filter=nonsense:x", 400, "unknown filter key"),
        ("/api/v1/events?grep=(", 400, "expression"),
        ("/api/v1/task", 400, "required"),
        ("/api/v1/task?task=no-such", 404, "no task no-such"),
        ("/api/v1/task?task=%00", 400, "NUL"),
        ("/api/v1/nothing", 404, "no query of that name"),
        ("/nothing", 404, "no such path"),
        ("/api/v1/tasks?dir=/etc", 400, "no parameter 'dir'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(path: str, status: int, word: str, served_legacy: Served) -> None:
    answer = served_legacy.client.get(path)
    assert answer.status_code == status
    assert word in answer.json()["error"]
    assert "\n" not in answer.json()["error"]


def test_the_description_is_valid_openapi_and_names_every_query(served: Served) -> None:
    document = served.client.get("/api/v1/openapi.json").json()
    openapi_spec_validator.validate(document)
    assert set(document["paths"]) == {*(f"/api/v1/{name}" for name in QUERIES), "/healthz"}
