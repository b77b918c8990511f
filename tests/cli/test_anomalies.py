"""`lineage anomalies`: what is planted in a journal is found, with its evidence."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineage_core.base.clock import HOUR, MINUTE, format_timestamp, parse_timestamp
from lineage_core.cli.commands.anomalies import KEYS
from tests.build import record, write
from tests.cli.conftest import NOW, Ask


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten days of scans, one in half an hour; the last dozen take three times as long."""
    end = parse_timestamp(NOW)
    assert end is not None
    directory = tmp_path_factory.mktemp("anomalies") / "lineage"
    made = []
    for number in range(480):
        start = end - (480 - number) * HOUR // 2
        length = (10 + number % 5) * MINUTE * (3 if number >= 468 else 1)
        steps = (("worker_spawned", start), ("worker_started", start), ("worker_completed", start + length))
        for step, (event_type, at) in enumerate(steps):
            data = {"worker_id": f"w-{number}", "worker_type": "scan-worker", "completion_status": "success"}
            made.append(
                record(
                    lineage_id=f"lineage-{at:016d}{number:07d}00{step}", task_id=f"task-{number}",
                    event_type=event_type, timestamp=format_timestamp(at),
                    actor={"type": "worker", "id": f"w-{number}"}, event_data=data,
                )
            )  # fmt: skip
    return write(directory, *made)


def test_what_takes_longer_is_told_with_its_evidence(journal: Path, ask: Ask) -> None:
    early = ask("anomalies", "--until", "3d", "--check", journal)
    assert early.out == "nothing is out of the ordinary\n" and early.code == 0
    found = ask("anomalies", "--until", "40m", "--check", "--json", journal)
    assert found.code == 1
    row = next(row for row in found.json if row["rule"] == "takes-longer")
    assert set(row) == set(KEYS)
    assert row["subject"] == "worker type scan-worker" and row["severity"] == "warning"
    assert "takes 3.0 times as long as before" in row["sentence"] and row["p_value"] < 1e-3
    assert row["task_ids"] and all(int(task.removeprefix("task-")) >= 468 for task in row["task_ids"])
    assert "takes 3.0 times as long" in ask("anomalies", "--until", "40m", journal).out
