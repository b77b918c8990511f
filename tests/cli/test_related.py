"""`lineage related`: each reason is found and told; the chain of subtasks that sets the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lineage_core.base.clock import HOUR, MINUTE, format_timestamp, parse_timestamp
from lineage_core.cli.commands.related import KEYS, PATH_KEYS
from tests.build import record, write
from tests.cli.conftest import NOW, Ask


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    end = parse_timestamp(NOW)
    assert end is not None
    made: list[dict[str, Any]] = []

    def log(minutes: float, task: str, event_type: str, related: tuple[str, ...] = (), **data: Any) -> None:
        at = end - 6 * HOUR + int(minutes * MINUTE)
        context = {"trace_id": data.pop("trace", None), "session_id": data.pop("session", None)}
        context |= {key: data.pop(key, None) for key in ("repository", "branch")}
        made.append(
            record(
                lineage_id=f"lineage-{at:016d}{len(made):010d}", task_id=task, event_type=event_type,
                timestamp=format_timestamp(at), actor={"type": "master", "id": "dev"}, event_data=data,
                related_task_ids=list(related), context={name: value for name, value in context.items() if value},
            )
        )  # fmt: skip

    log(0, "it", "task_created", ("named",), trace="abc", session="night")
    log(1, "it", "worker_spawned", worker_id="w-shared", worker_type="build-worker")
    log(2, "it", "task_failed", reason="cannot read 'a.txt' after 31 s")
    for name, minutes, data in (
        ("same-trace", 3, {"trace": "abc"}),
        ("same-session", 3, {"session": "night"}),
        ("named", 3, {}),
        ("stranger", 3, {"session": "day"}),
    ):
        log(minutes, name, "task_created", **data)
    log(4, "names-it", "task_created", ("it",))
    log(5, "waits", "task_created")
    log(6, "waits", "task_blocked", reason="needs it", blocked_by=["it"])
    log(7, "same-error", "task_created")
    log(8, "same-error", "task_failed", reason="cannot read 'b.txt' after 7 s")
    log(9, "same-worker", "task_created")
    log(9, "same-worker", "worker_spawned", worker_id="w-shared", worker_type="build-worker")
    # top: first (0-10), then second (10-30) sets the end; aside (10-22) has 8 minutes to spare.
    log(100, "top", "task_created")
    for name, start, stop in (("first", 100, 110), ("second", 110.1, 130), ("aside", 110.1, 122)):
        log(start, name, "task_created", parent_task_id="top")
        log(stop, name, "task_completed", completion_status="success")
    log(131, "top", "task_completed", completion_status="success")
    return write(tmp_path_factory.mktemp("related") / "lineage", *made)


def test_each_reason_is_told_and_the_closest_come_first(journal: Path, ask: Ask) -> None:
    told = ask("related", "it", "--json", journal)
    rows = {row["task_id"]: row for row in told.json["related"]}
    assert set(rows["waits"]) == set(KEYS)
    assert {name: row["reasons"][0] for name, row in rows.items()} == {
        "waits": "waits for it",
        "named": "is named by its events",
        "names-it": "names it in its events",
        "same-worker": "had its worker w-shared",
        "same-error": "failed 6m00s apart with the same error",
        "same-trace": "has the same trace",
        "same-session": "is of the same session",
    }
    assert [*rows][:1] == ["waits"] and [*rows][-1:] == ["same-session"]
    assert rows["waits"]["score"] > 0.95, "it waits for it, and names it"
    assert "is of the same session" in ask("related", "it", journal).out
    assert ask("related", "it", "--limit", "2", "--json", journal).json["related"] == told.json["related"][:2]


def test_the_chain_that_sets_the_end_and_the_slack_of_the_others(journal: Path, ask: Ask) -> None:
    path = {one["task_id"]: one for one in ask("related", "top", "--json", journal).json["critical_path"]}
    assert set(path["top"]) == set(PATH_KEYS)
    assert {name for name, one in path.items() if one["critical"]} == {"top", "first", "second"}
    assert path["aside"]["slack_ms"] == 8 * 60_000 and path["second"]["slack_ms"] == 0
    text = ask("related", "top", journal).out
    assert "8m00s to spare" in text and text.count("sets the end") == 3
    assert not ask("related", "it", "--json", journal).json["critical_path"]


def test_what_is_alone_or_unknown_is_told(journal: Path, ask: Ask) -> None:
    assert ask("related", "stranger", journal).out == "no other task has to do with it\n"
    assert ask("related", "strangr", journal).code == 1


def test_a_branch_says_more_than_its_repository_and_one_that_many_have_says_little(tmp_path: Path, ask: Ask) -> None:
    made = []
    places = {"it": ("api", "fix-1"), "same-branch": ("api", "fix-1"), "other-branch": ("api", "fix-2")}
    places |= {"other-repository": ("web", "fix-1"), "alone": ("docs", "main")}
    places |= {f"many-{n}": ("docs", "main") for n in range(100)}
    for task, (repository, branch) in places.items():
        context = {"branch": branch, "repository": repository}
        made.append(record(len(made), task_id=task, event_type="task_created", event_data={}, context=context))
    directory = write(tmp_path / "lineage", *made)
    told = {row["task_id"]: row for row in ask("related", "it", "--json", directory).json["related"]}
    assert set(told) == {"same-branch", "other-branch"}
    assert told["same-branch"]["reasons"] == ["is of api, branch fix-1 too", "is of api too"]
    assert told["same-branch"]["score"] > 5 * told["other-branch"]["score"]
    many = ask("related", "alone", "--json", directory).json["related"]
    assert max(row["score"] for row in many) < 0.1
