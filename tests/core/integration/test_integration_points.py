"""The 39 integration points: their data, their snippets run for real, and the check of a checkout."""

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from lineage_core.integration import coverage as integration
from lineage_core.integration import install as shell_install
from lineage_core.integration.coverage import points_of, read_script, sightings, survey
from lineage_core.integration.integration_points import POINTS, Point
from lineage_core.model.event_types import EVENTS
from tests import forked
from tests.conftest import CORTEX

LINEAGE = [sys.executable, "-m", "lineage_core.cli"]


def lineage(*words: object) -> subprocess.CompletedProcess[str]:
    return forked.run([*LINEAGE, "integration", *map(str, words)])


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CORTEX, tmp_path / "cortex"))


def test_there_are_39_points_with_ids_of_their_own():
    assert len(POINTS) == len({p.id for p in POINTS}) == 39


def test_the_points_have_the_priorities_and_phases_of_the_seed():
    assert Counter(p.priority for p in POINTS) == {"critical": 2, "high": 18, "medium": 17, "low": 2}
    assert Counter(p.phase for p in POINTS) == {1: 6, 2: 11, 3: 13, 4: 9}
    assert {p.script for p in POINTS if p.priority == "critical"} == {
        "scripts/spawn-worker.sh",
        "scripts/task-completion-hook.sh",
    }


def test_every_event_type_is_logged_at_some_point():
    assert {event for p in POINTS for event in p.events} == set(EVENTS)


VARIABLES = {
    "PRIORITY": "high",
    "TASK_TYPE": "security",
    "TASK_ID": "task-1",
    "WORKER_ID": "worker-7",
    "WORKER_TYPE": "scan-worker",
    "MASTER_AGENT": "security-master",
    "TOKEN_BUDGET": "40000",
    "task_id": "task-1",
    "assigned_master": "cicd-master",
    "priority": "low",
    "worker_id": "worker-7",
    "percent": "40",
    "current_step": 'reading "lock" files',
    "token_usage": '{"total_tokens":12}',
    "total_tokens": "12",
    "duration": "900",
    "duration_ms": "900",
    "deliverables": '["a.md"]',
    "deliverables_array": '["a.md"]',
    "error_message": "it broke",
    "error_type": "timeout",
    "failure_reason": "it broke",
    "master_id": "development-master",
    "dep_task_id": "task-0",
    "from_master": "development-master",
    "to_master": "cicd-master",
    "reason": "not ours",
    "handoff_id": "handoff-1",
    "accepting_master": "cicd-master",
    "completing_master": "cicd-master",
}


def pasted(point: Point, tmp_path: Path, **more: str) -> list[dict]:
    """The records that a script writes which has nothing but the point's snippet."""
    (tmp_path / "cortex").mkdir(parents=True)
    shell_install.install(tmp_path / "cortex")
    script = tmp_path / "cortex" / (point.script or "scripts/any.sh")
    script.parent.mkdir(parents=True, exist_ok=True)
    here = 'SCRIPT_DIR=$(cd "$(dirname "$0")" && pwd)'
    values = "\n".join(f"{name}={value!r}" for name, value in (VARIABLES | more).items())
    script.write_text(f"set -euo pipefail\n{here}\n{values}\n{point.snippet}")
    environ = {"PATH": "/usr/bin:/bin", "CORTEX_HOME": str(tmp_path / "cortex")}
    done = subprocess.run(["bash", script], env=environ, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    files = (tmp_path / "cortex/coordination/lineage").iterdir()
    return [json.loads(line) for path in files for line in path.read_text().splitlines() if line]


@pytest.mark.parametrize("point", POINTS, ids=lambda p: p.id)
def test_the_snippet_pasted_into_a_script_logs_its_event(point: Point, tmp_path: Path, need_tool: Callable[[str], str]):
    need_tool("jq")
    need_tool("bash")
    (record,) = pasted(point, tmp_path, task_status="completed")
    assert record["event_type"] == point.events[0]
    assert set(EVENTS[point.events[0]].required_data) <= set(record["event_data"])
    assert "tags" not in record  # not even invalid-data
    assert sightings([(record["event_type"], record["actor"]["id"], record["event_data"])])[point.id] == 1


@pytest.mark.parametrize("point", points_of("5.2"), ids=lambda p: p.id)
def test_the_snippet_of_a_master_logs_a_failure_too(point: Point, tmp_path: Path, need_tool: Callable[[str], str]):
    need_tool("jq")
    (record,) = pasted(point, tmp_path, task_status="failed")
    assert (record["event_type"], record["event_data"]["reason"]) == ("task_failed", "it broke")


def test_the_snippets_carry_the_data_that_the_seed_wants(tmp_path: Path, need_tool: Callable[[str], str]):
    need_tool("jq")
    data = {p: pasted(points_of(p)[0], tmp_path / p)[0]["event_data"] for p in ("3.1", "4.3", "4.6")}
    assert data["3.1"] == {
        "priority": "high",
        "token_budget": 40000,
        "worker_id": "worker-7",
        "worker_type": "scan-worker",
    }
    assert data["4.3"]["deliverables"] == ["a.md"] and data["4.3"]["token_usage"] == {"total_tokens": 12}
    assert data["4.6"]["reason"] == data["4.6"]["error_details"]["error_message"] == "zombie_timeout"


@pytest.mark.parametrize(
    "line",
    [
        'source "$SCRIPT_DIR/lib/lineage.sh"',
        '  . "$CORTEX_HOME/scripts/lib/lineage.sh"  # logging',
        "[[ -f x ]] && source lib/lineage.sh",
        "if true; then source lib/lineage.sh; fi",
    ],
)
def test_a_line_that_sources_the_library_is_seen(line: str):
    assert read_script(line).sources


@pytest.mark.parametrize(
    "line",
    [
        "# not yet; source lib/lineage.sh",
        "echo source lib/lineage.sh",
        "source lib/my-lineage.shell",
        "source lib/x.sh",
    ],
)
def test_a_line_that_does_not_source_it_is_not(line: str):
    assert not read_script(line).sources


@pytest.mark.parametrize(
    "line",
    [
        "log_task_failed t m r",
        "    log_task_failed",
        "x=1; log_task_failed t m r || true",
        "if ! log_task_failed t m r; then :; fi",
        "( log_task_failed t m r )",
        "ok && log_task_failed t m r &",
    ],
)
def test_a_call_of_a_function_is_seen(line: str):
    assert read_script(line).calls == {"log_task_failed"}


@pytest.mark.parametrize(
    "line",
    [
        "# later; log_task_failed t",
        "x=1 # (log_task_failed t)",
        "echo log_task_failed",
        "log_task_failed() {",
        "log_task_failed_hook x",
        ": # log_task_failed",
    ],
)
def test_what_is_not_a_call_is_not(line: str):
    assert "log_task_failed" not in read_script(line).calls


def test_a_checkout_integrated_as_the_seed_shows_has_all_points(checkout: Path):
    assert [f.point.id for f in survey(checkout) if not f.integrated] == []


def test_an_empty_checkout_has_none(tmp_path: Path):
    findings = survey(tmp_path)
    assert not any(f.exists or f.integrated for f in findings)
    assert {f.word for f in findings} == {"no such script", "no script calls it"}


def finding(checkout: Path, point_id: str) -> integration.Finding:
    return next(f for f in survey(checkout) if f.point.id == point_id)


def test_a_script_that_lost_its_call_is_told_from_one_that_lost_its_library(checkout: Path):
    script = checkout / "scripts/spawn-worker.sh"
    text = script.read_text()
    script.write_text(text.replace("log_worker_spawned", ": log_worker_spawned"))
    assert finding(checkout, "3.1").word == "does not call log_worker_spawned"
    script.write_text(text.replace("lib/lineage.sh", "lib/other.sh"))
    assert finding(checkout, "3.1").word == "does not source lineage.sh"
    script.unlink()
    assert finding(checkout, "3.1").word == "no such script"


def test_a_point_of_no_certain_script_is_found_wherever_it_is(checkout: Path):
    assert finding(checkout, "7.2").script == "scripts/update-handoff.sh"


def test_the_library_itself_counts_as_no_script(checkout: Path):
    (checkout / "scripts/lib/lineage.sh").write_text('source "x/lineage.sh"\nlog_handoff_accepted t h m\n')
    (checkout / "scripts/update-handoff.sh").unlink()
    assert not finding(checkout, "7.2").exists


def test_the_journal_is_that_of_the_environment(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LINEAGE_DIR", str(tmp_path / "elsewhere"))
    told = json.loads(lineage("check", "--cortex-home", checkout, "--json").stdout)
    assert told["journal"] == str(tmp_path / "elsewhere")


def test_the_check_ends_with_1_only_if_a_required_point_is_missing(checkout: Path):
    (checkout / "scripts/run-inventory-master.sh").unlink()  # 2.3 medium, 5.2c high
    codes = {
        level: lineage("check", "--cortex-home", checkout, "--require", level).returncode
        for level in ("critical", "high", "all")
    }
    assert codes == {"critical": 0, "high": 1, "all": 1}
    assert lineage("check", "--cortex-home", checkout).returncode == 0


def test_the_check_as_json_gives_totals_and_what_is_missing(checkout: Path):
    (checkout / "scripts/run-inventory-master.sh").unlink()
    done = lineage("check", "--cortex-home", checkout, "--require", "all", "--json")
    told = json.loads(done.stdout)
    assert told["required_missing"] == ["2.3", "5.2c"]
    assert (told["integrated"], told["total"]) == (37, 39)
    assert told["totals"]["priority"]["high"] == {"integrated": 17, "total": 18}
    assert told["totals"]["phase"]["2"] == {"integrated": 9, "total": 11}
    assert {p["events_seen"] for p in told["points"]} == {None}


def test_the_check_tells_what_the_journal_has_seen(checkout: Path):
    journal = checkout / "coordination/lineage"
    for words in (
        ["task_started", "task-1", "security-master"],
        ["task_started", "task-1", "security-master"],
        ["handoff_created", "task-1", "h-1", "security-master", "development-master"],
        ["worker_failed", "task-1", "worker-1", "zombie_timeout", "--data", '{"reason":"zombie_timeout"}'],
    ):
        assert forked.run([*LINEAGE, "log", *words, "--dir", journal]).returncode == 0
    (daily,) = journal.iterdir()
    shutil.copy(daily, journal / "task-lineage.jsonl")  # the same events a second time
    told = json.loads(lineage("check", "--cortex-home", checkout, "--json").stdout)
    seen = {p["id"]: p["events_seen"] for p in told["points"] if p["events_seen"]}
    assert seen == {"2.2": 2, "2.5": 2, "4.4": 1, "4.5": 1, "4.6": 1, "7.1": 1, "7.5": 1}


def test_the_list_shows_every_point_and_the_matrix():
    out = lineage("list").stdout
    assert all(f"\n{p.id} " in out for p in POINTS)
    assert "\nhigh      3        8        5        2        18\n" in out
    assert "\ntotal     6        11       13       9        39\n" in out


def test_the_list_as_json_gives_each_point_with_its_snippet():
    told = json.loads(lineage("list", "--format", "json").stdout)
    assert [p["id"] for p in told] == [p.id for p in POINTS]
    assert all(p["functions"][0] in p["snippet"] for p in told)


def test_show_prints_one_point_and_the_four_of_5_2():
    one = lineage("show", "3.1").stdout
    assert "scripts/spawn-worker.sh" in one and "--argjson budget" in one
    assert lineage("show", "5.2").stdout.count("log_task_completed") == 4


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["show", "3.9"], 1, "unknown integration point '3.9'"),
        (["show"], 2, "needs the ID"),
        (["check", "--cortex-home", "/proc/nonexistent"], 1, "no such directory"),
        (["check"], 2, "CORTEX_HOME"),
        (["list", "3.1"], 2, "takes no ID"),
        (["frobnicate"], 2, "frobnicate"),
    ],
)
def test_wrong_words_are_one_clear_line(words: list[str], code: int, said: str):
    done = lineage(*words)
    assert done.returncode == code and said in done.stderr and len(done.stderr.splitlines()) == 1
