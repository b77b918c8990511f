"""What each query tells a person about the legacy sample, in full.

`python -m tests.cli.test_text_on_legacy` writes the expected files anew; read them before you commit them.
"""

import contextlib
import io
import os
from pathlib import Path

import pytest

from lineage_core.cli import main
from tests.cli.conftest import LEGACY, NOW, Ask

EXPECTED = Path(__file__).parent / "expected"

QUESTIONS = {
    "events": "events",
    "events-of-a-worker": "events --worker worker-a-scan-01",
    "events-csv": "events --type task_failed --type task_completed --format csv",
    "events-jsonl": "events --task task-a-rollout --type worker_failed --format jsonl",
    "recent": "recent 3",
    "tasks": "tasks",
    "tasks-csv": "tasks --sort task_id --format csv",
    "task": "task task-a-deps-audit",
    "task-failed": "task task-a-rollout",
    "timeline": "timeline task-a-deps-audit",
    "timeline-ascii": "timeline task-a-rollout --ascii",
    "timeline-csv": "timeline task-a-rollout --format csv",
    "workers": "workers",
    "workers-of-a-task": "workers task-a-rollout",
    "duration": "duration task-a-rollout",
    "summary": "summary task-a-rollout",
    "summary-completed": "summary task-a-deps-audit",
    "chain": "chain task-a-rollout",
    "chain-ascii": "chain task-a-deps-audit --ascii",
    "failed": "failed",
    "zombies": "zombies",
    "wait": "wait task-a-deps-audit",
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_query_tells_of_the_legacy_sample_what_it_should(name: str, ask: Ask) -> None:
    asked = ask(*QUESTIONS[name].split())
    assert asked.err == ""
    assert asked.code == 0
    assert asked.out == (EXPECTED / f"{name}.txt").read_text(encoding="utf-8")


def _write() -> None:
    os.environ["LINEAGE_NOW"] = NOW
    for name, question in QUESTIONS.items():
        out = io.TextIOWrapper(io.BytesIO(), "utf-8")
        with contextlib.redirect_stdout(out):
            main([*question.split(), "--dir", str(LEGACY)])
        (EXPECTED / f"{name}.txt").write_bytes(out.detach().getvalue())  # type: ignore[attr-defined]


if __name__ == "__main__":
    _write()
