"""Metrics: what Prometheus reads, from the server and from a file, in labels of bounded number."""

from __future__ import annotations

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.build import compact, record, write
from tests.cli.conftest import Ask
from tests.core.web.conftest import Served


def samples(text: str) -> dict[tuple[str, ...], float]:
    """The values by name and labels."""
    return {
        (one.name, *(f"{name}={value}" for name, value in sorted(one.labels.items()))): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def test_the_metrics_are_what_the_queries_say(served: Served) -> None:
    answer = served.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = samples(answer.text)
    tasks = served.client.get("/api/v1/tasks").json()
    attention = served.client.get("/api/v1/attention").json()["findings"]
    total = sum(value for key, value in found.items() if key[0] == "lineage_tasks")
    failed = sum(value for key, value in found.items() if key[0] == "lineage_tasks" and "status=failed" in key)
    assert total == len(tasks)
    assert failed == sum(task["status"] == "failed" for task in tasks)
    assert found[("lineage_runs_total",)] == sum(task["runs"] for task in tasks)
    assert found[("lineage_events_total",)] == 4000
    assert sum(value for key, value in found.items() if key[0] == "lineage_findings") == len(attention)
    bounds = [value for key, value in found.items() if key[0].endswith("_bucket") and "status=completed" in key]
    assert bounds == sorted(bounds)
    assert found[("lineage_task_duration_seconds_count", "status=completed")] == bounds[-1]
    assert found[("lineage_notified",)] == 1
    assert ("lineage_lag_seconds", "quantile=0.99") in found


def test_tokens_stay_with_the_master_that_used_them_when_the_task_is_reassigned(tmp_path: Path, ask: Ask) -> None:
    used = {"worker_id": "w", "master_id": "first", "token_usage": 1000, "completion_status": "success"}
    steps = (
        ("task_assigned", {"master_id": "first"}),
        ("worker_spawned", {"worker_id": "w", "master_id": "first"}),
        ("worker_completed", used),
        ("task_assigned", {"master_id": "second"}),
    )
    actor = {"type": "master", "id": "first"}
    events = [
        record(n, task_id="t", event_type=kind, event_data=data, actor=actor) for n, (kind, data) in enumerate(steps, 1)
    ]
    for number in (3, 4):
        directory = write(tmp_path / f"after-{number}", *events[:number])
        found = samples(ask("metrics", directory).out)
        tokens = {key[1]: value for key, value in found.items() if key[0] == "lineage_tokens_total" and value}
        assert tokens == {"master=first": 1000}


def test_a_file_for_node_exporter_is_replaced_whole(tmp_path: Path, ask: Ask) -> None:
    file = tmp_path / "lineage.prom"
    asked = ask("metrics", "--textfile", str(file))
    assert (asked.code, asked.out, asked.err) == (0, "", "")
    found = samples(file.read_text())
    assert found[("lineage_events_total",)] == 30
    assert list(tmp_path.glob("*.prom*")) == [file]
    assert ask("metrics", "--textfile", str(tmp_path / "no" / "x.prom")).code == 3


def test_hostile_and_many_masters_stay_few_and_harmless_labels(tmp_path: Path, ask: Ask) -> None:
    directory = tmp_path / "lineage"
    directory.mkdir()
    lines = [
        compact(
            record(
                number,
                event_type="task_assigned",
                event_data={"master_id": f'master-{number}\n"}} evil 1\x1b[2J\\'},
            )
        )
        for number in range(200)
    ]
    (directory / "lineage-2026-11-22.jsonl").write_bytes(b"".join(lines))
    asked = ask("metrics", directory)
    assert asked.code == 0
    assert "\x1b" not in asked.out
    found = samples(asked.out)
    masters = [key for key in found if key[0] == "lineage_tasks"]
    assert len(masters) == 51
    assert sum(found[key] for key in masters) == 200
