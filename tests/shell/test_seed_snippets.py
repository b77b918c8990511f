"""The snippets of the seed as it prints them, and DATA that repeats a word, are logged without starting Python."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lineage_core.model.event_types import EVENTS
from tests.conftest import ROOT
from tests.shell.bash_writer import LIBRARY
from tests.shell.journal_files import content_of
from tests.shell.test_functions import SAMPLE

SNIPPETS = (ROOT / "tests" / "data" / "seed_snippets.sh").read_text().split("# ---\n")[:-1]
WORDS = """
PRIORITY=high priority=high TASK_TYPE=security TOKEN_BUDGET=12000 token_usage=1500 total_tokens=1500 duration=42
duration_ms=42 deliverables_array='["a.txt"]' event_data='{"note":"a \\"b\\""}' event_data_json='{"priority":"high"}'
task_id=task-1 TASK_ID=task-1 creator_id=kim assigned_master=a-master master_id=a-master MASTER_AGENT=a-master
worker_id=worker-1 WORKER_ID=worker-1 worker_type=scan WORKER_TYPE=scan error_message='exit 1' failure_reason=broke
dep_task_id=task-2 from_master=a-master to_master=b-master reason=wrong handoff_id=h-1 accepting_master=b-master
completing_master=b-master
"""


@pytest.fixture
def run(tmp_path: Path) -> Any:
    def run(script: str) -> list[dict[str, Any]]:
        """The records of a script; the interpreter that it is given leaves a mark."""
        bin_ = tmp_path / "bin"
        bin_.mkdir(exist_ok=True)
        for tool in ("jq", "mkdir"):
            if not (bin_ / tool).exists():
                (bin_ / tool).symlink_to(shutil.which(tool) or "")
        (tmp_path / "lib").mkdir(exist_ok=True)
        shutil.copy(LIBRARY, tmp_path / "lib" / "lineage.sh")
        marker = tmp_path / "interpreter"
        marker.write_text(f"#!/bin/bash\n: >'{tmp_path}/started'\nexit 1\n")
        marker.chmod(0o755)
        environ = {"PATH": str(bin_), "LINEAGE_PYTHON": str(marker), "LINEAGE_DIR": str(tmp_path / "journal")}
        script = f"SCRIPT_DIR={tmp_path}\n{WORDS.replace(chr(10), ' ')}\n{script}"
        bash = shutil.which("bash") or "bash"
        done = subprocess.run([bash, "-c", script], env=environ, cwd=tmp_path, capture_output=True, text=True)
        assert "lineage:" not in done.stderr
        assert not (tmp_path / "started").exists(), "Python was started"
        return content_of(tmp_path / "journal").records

    return run


def test_all_of_the_page_is_here():
    assert sum(snippet.count("log_") for snippet in SNIPPETS) >= 18


@pytest.mark.parametrize("number", range(len(SNIPPETS)))
def test_a_snippet_of_the_seed_is_logged_in_bash(number: int, run: Any, need_tool: Any):
    need_tool("jq")
    source = "" if "source " in SNIPPETS[number] else 'source "$SCRIPT_DIR/lib/lineage.sh"\n'
    records = run(f"print_success() {{ :; }}; mkdir -p coordination/worker-specs\n{source}{SNIPPETS[number]}")
    called = [line.split()[0][4:] for line in SNIPPETS[number].splitlines() if line.startswith("log_")]
    assert [record["event_type"] for record in records] == called
    assert all(record["task_id"] == "task-1" and "tags" not in record for record in records)


@pytest.mark.parametrize("spec", [spec for spec in EVENTS.values() if spec.takes_data], ids=lambda spec: spec.name)
def test_data_that_repeats_a_word_is_logged_in_bash(spec: Any, run: Any):
    call = " ".join([spec.function, "task-1", *(f"'{SAMPLE[param.name]}'" for param in spec.params)])
    source = f'source "{LIBRARY}"\n'
    (plain,) = run(source + call)
    names = {*plain["event_data"], *(param.name for param in spec.params)}
    data = [json.dumps({"a": 1, name: "repeated", "z": [{"b": 'c "d"'}]}) for name in names]
    _, *records = run(source + "\n".join(f"{call} '{each}'" for each in data))
    for name, record in zip(names, records, strict=True):
        told = record["event_data"]
        assert (told.pop("a"), told.pop("z")) == (1, [{"b": 'c "d"'}])
        if name == "error_details":  # what DATA says of an error stays
            continue
        if name not in plain["event_data"]:
            assert told.pop(name) == "repeated"
        assert told == plain["event_data"]
