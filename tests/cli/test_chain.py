"""`lineage chain`: what caused what, logged or inferred, across tasks."""

from pathlib import Path

from lineage_core.rules.cause_tree import Link, chain
from lineage_core.write.journal import Journal
from tests.build import fact
from tests.cli.conftest import Ask


def shape(links: list[Link]) -> list[tuple[int, str, bool]]:
    return [(link.depth, link.fact.lineage_id, link.inferred) for link in links]


def test_logged_parents_make_the_tree_and_are_not_marked() -> None:
    facts = [fact(1, "a", "task_created"), fact(2, "b", "task_assigned", "a"), fact(3, "c", "task_started", "a")]
    assert shape(chain({"t": facts}, {}, "t")) == [(0, "a", False), (1, "b", False), (1, "c", False)]


def test_parents_that_were_not_logged_follow_from_ids() -> None:
    facts = [
        fact(1, "created", "task_created"),
        fact(2, "started", "task_started"),
        fact(3, "spawn1", "worker_spawned", worker_id="w1", worker_type="scan"),
        fact(4, "spawn2", "worker_spawned", worker_id="w2", worker_type="test"),
        fact(5, "start2", "worker_started", worker_id="w2"),
        fact(6, "start1", "worker_started", worker_id="w1"),
        fact(7, "fail1", "worker_failed", worker_id="w1"),
        fact(8, "retry1", "worker_spawned", worker_id="w3", worker_type="scan"),
        fact(9, "hand", "handoff_created", handoff_id="h"),
        fact(10, "took", "handoff_accepted", handoff_id="h"),
    ]
    links = chain({"t": facts}, {}, "t")
    causes = {link.fact.lineage_id: link.cause and link.cause.lineage_id for link in links}
    assert causes == {
        "created": None,
        "started": "created",
        "spawn1": "started",
        "spawn2": "started",
        "start2": "spawn2",
        "start1": "spawn1",
        "fail1": "start1",
        "retry1": "fail1",
        "hand": "started",
        "took": "hand",
    }
    assert all(link.inferred for link in links if link.cause)


def test_of_the_tasks_above_only_what_led_to_the_task_is_shown() -> None:
    above = [fact(1, "a1", "task_created"), fact(2, "a2", "task_started", "a1"), fact(3, "a3", "task_blocked", "a2")]
    own = [fact(4, "b1", "task_created", "a2"), fact(5, "b2", "task_started")]
    below = [fact(6, "c1", "task_created")]
    links = chain({"a": above, "b": own, "c": below}, {"b": "a", "c": "b"}, "b")
    assert shape(links) == [(0, "a1", False), (1, "a2", False), (2, "b1", False), (3, "b2", True), (4, "c1", True)]


def test_events_that_name_each_other_are_cut_at_the_first() -> None:
    facts = [fact(1, "a", "task_created", "b"), fact(2, "b", "task_assigned", "a"), fact(3, "c", "x", "c")]
    assert shape(chain({"t": facts}, {}, "t"))[0] == (0, "a", False)
    assert len(chain({"t": facts}, {}, "t")) == 3


def test_a_repeated_id_means_the_latest_event_before() -> None:
    facts = [fact(1, "same", "task_created"), fact(5, "same", "task_assigned"), fact(6, "z", "task_started", "same")]
    assert chain({"t": facts}, {}, "t")[-1].cause == facts[1]


def test_five_thousand_levels_are_no_recursion(tmp_path: Path, ask: Ask) -> None:
    journal = Journal(tmp_path / "lineage")
    previous = journal.log("task_created", "task-1", "user-kim")
    for number in range(5000):
        previous = journal.log("worker_progress", "task-1", "worker-1", str(number % 100), parent=previous)
    asked = ask("chain", "task-1", journal.directory)
    assert asked.code == 0
    assert max(map(len, asked.lines)) < 300
    assert ask("chain", "task-1", "--json", journal.directory).json["events"][-1]["depth"] == 5000


def test_subtasks_hang_from_the_event_that_caused_them(tmp_path: Path, ask: Ask) -> None:
    journal = Journal(tmp_path / "lineage")
    journal.log("task_created", "task-1", "user-kim")
    started = journal.log("task_started", "task-1", "dev-master")
    journal.log("task_created", "task-2", "dev-master", parent=started)
    journal.log("task_created", "task-3", "dev-master", data={"parent_task_id": "task-2"})
    told = ask("chain", "task-1", "--json", journal.directory).json
    assert (told["above"], told["below"]) == ([], ["task-2", "task-3"])
    causes = {event["task_id"]: event["cause"] for event in told["events"] if event["event_type"] == "task_created"}
    assert causes["task-2"] == started
    told = ask("chain", "task-3", "--json", journal.directory).json
    assert (told["above"], told["below"]) == (["task-2", "task-1"], [])
    assert [event["task_id"] for event in told["events"]] == ["task-1", "task-1", "task-2", "task-3"]
    task = ask("task", "task-1", "--json", journal.directory).json
    assert task["links"] == [{"task_id": "task-2", "relation": "subtask", "status": "queued"}]
    links = ask("task", "task-2", "--json", journal.directory).json["links"]
    assert [(link["task_id"], link["relation"], link["status"]) for link in links] == [
        ("task-1", "parent", "running"),
        ("task-3", "subtask", "queued"),
    ]
