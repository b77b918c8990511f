"""What each function of lineage.sh writes, and what it leaves in the calling shell."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lineage_core.base.clock import SECOND, format_timestamp, parse_timestamp
from lineage_core.model.event_types import EVENTS, EventSpec
from tests.shell.bash_writer import LIBRARY

SAMPLE = {
    "CREATOR": "user-kim",
    "ASSIGNER": "coordinator-master",
    "ACTOR": "security-master",
    "REASON": "waits for task-2",
    "FROM": "security-master",
    "TO": "development-master",
    "STATUS": "success",
    "MASTER": "development-master",
    "WORKER": "worker-1",
    "TYPE": "scan-worker",
    "PERCENT": "60",
    "PRIORITY": "high",
    "ERROR": "zombie_timeout",
    "HANDOFF": "handoff-1",
}


@pytest.fixture(params=["native", "forced"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Runs a script with lineage.sh sourced; both ways of writing."""
    forced = {"LINEAGE_FORCE_PYTHON": "1"} if request.param == "forced" else {}

    def run(script: str, **environ: str) -> "subprocess.CompletedProcess[str]":
        base = {"PATH": "/usr/bin:/bin", "LINEAGE_DIR": str(tmp_path / "journal"), "LINEAGE_PYTHON": sys.executable}
        return subprocess.run(
            ["bash", "-c", f'source "{LIBRARY}"\n{script}'],
            env={k: v for k, v in (base | forced | environ).items() if v},
            capture_output=True,
            text=True,
            cwd=tmp_path,
            timeout=250,
        )

    return run


@pytest.fixture
def records(tmp_path: Path) -> Callable[[], list[dict[str, Any]]]:
    """The records of the journal so far, in order."""

    def read() -> list[dict[str, Any]]:
        lines = [line for path in sorted(tmp_path.glob("journal/lineage-*")) for line in path.read_text().split("\n")]
        return [json.loads(line) for line in lines if line]

    return read


@pytest.mark.parametrize("spec", EVENTS.values(), ids=EVENTS)
def test_each_function_writes_its_event(spec: EventSpec, run: Any, records: Any):
    words = [SAMPLE[param.name] for param in spec.params]
    data = ["""'{"metadata": {"n": 1.50}}'"""] if spec.takes_data else []
    told = run(" ".join([spec.function, "task-1", *(f"'{word}'" for word in words), *data]))
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")
    (record,) = records()
    expected: dict[str, Any] = {"metadata": {"n": 1.5}} if spec.takes_data else {}
    for param, word in zip(spec.params, words, strict=True):
        if param.key == "progress_percentage":
            expected[param.key] = 60
        elif param.key == "priority":
            expected |= {"priority": word, "priority_given": True}
        elif param.key == "error_details":
            expected[param.key] = {"error_type": "worker_failure", "error_message": word}
        elif param.key:
            expected[param.key] = word
    actor = SAMPLE.get(spec.actor_param, spec.actor_param)
    assert re.fullmatch(r"lineage-\d{26}", record.pop("lineage_id"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", record.pop("timestamp"))
    assert record == {
        "task_id": "task-1",
        "event_type": spec.name,
        "actor": {"type": spec.actor_type or "user", "id": actor, "principal": "system"},
        "event_data": expected,
        "parent_lineage_id": None,
        "version": "1.0.0",
    }


def test_the_creator_of_a_task_tells_its_kind(run: Any, records: Any):
    run("for who in cicd-master worker-daemon daemon system kim master; do log_task_created task-1 $who; done")
    kinds = [record["actor"]["type"] for record in records()]
    assert kinds == ["master", "daemon", "daemon", "system", "user", "user"]


def test_no_priority_is_made_up_and_one_that_is_given_is_marked(run: Any, records: Any):
    run("for p in '' medium; do log_task_assigned t c m $p; done; log_task_assigned t c m ''")
    given = {"priority": "medium", "priority_given": True}
    assert [record["event_data"] for record in records()] == [{"master_id": "m"} | more for more in ({}, given, {})]


def test_the_id_is_left_in_a_variable_and_printed_on_request(run: Any, records: Any):
    told = run(
        """
        log_task_created task-1 kim; echo "left $LINEAGE_ID"
        id=$(LINEAGE_PRINT_ID=1 log_task_started task-1 a-master); echo "printed $id"
        """
    )
    first, second = (record["lineage_id"] for record in records())
    assert told.stdout == f"left {first}\nprinted {second}\n"


def test_an_event_follows_the_last_one_of_its_task_in_this_shell_unless_told_otherwise(run: Any, records: Any):
    run(
        """
        log_task_created task-1 kim
        log_task_created task-2 kim
        log_task_started task-1 a-master
        LINEAGE_PARENT_ID=lineage-77 log_task_started task-2 a-master
        (log_worker_started task-1 worker-1 scan)
        log_task_completed task-1 a-master success
        log_task_created 'task [@] $(x)' kim
        log_task_started 'task [@] $(x)' a-master
        """
    )
    ids = [record["lineage_id"] for record in records()]
    parents = [record["parent_lineage_id"] for record in records()]
    assert parents == [None, None, ids[0], "lineage-77", ids[2], ids[2], None, ids[6]]


def test_ids_of_one_shell_and_its_subshells_differ_and_rise(run: Any, records: Any):
    run("for i in 1 2 3 4 5; do log_task_created task-$i kim; (log_task_started task-$i a-master); done")
    ids = [record["lineage_id"] for record in records()]
    assert len(set(ids)) == 10
    assert ids == sorted(ids)


def test_the_environment_is_read_at_each_call(run: Any, records: Any, tmp_path: Path):
    run(
        """
        log_task_created task-1 kim
        CORTEX_SESSION_ID=session-1 CORTEX_TRACE_ID=trace-1 CORTEX_PRINCIPAL=ops   # not exported
        log_task_created task-2 kim
        unset CORTEX_SESSION_ID LINEAGE_DIR; CORTEX_HOME=$PWD/home
        log_task_created task-3 kim
        """
    )
    first, second = records()
    assert "context" not in first
    assert first["actor"]["principal"] == "system"
    assert second["context"] == {"session_id": "session-1", "trace_id": "trace-1"}
    assert second["actor"]["principal"] == "ops"
    (daily,) = (tmp_path / "home/coordination/lineage").glob("lineage-*.jsonl")
    assert json.loads(daily.read_text())["context"] == {"trace_id": "trace-1"}


def test_without_any_directory_that_of_the_current_checkout_is_used_if_it_is_there(run: Any, tmp_path: Path):
    (tmp_path / "coordination").mkdir()
    told = run("log_task_created task-1 kim; cd /; log_task_created task-1 kim; echo $?", LINEAGE_DIR="")
    assert len([*(tmp_path / "coordination/lineage").iterdir()]) == 1
    assert told.stdout == "0\n"
    assert told.stderr.count("\n") == 1
    assert "LINEAGE_DIR" in told.stderr


@pytest.mark.clock
def test_the_event_is_in_the_file_of_its_day_and_in_the_combined_one_only_if_asked(run: Any, tmp_path: Path):
    run("log_task_created task-1 kim; LINEAGE_WRITE_COMBINED=1 log_task_started task-1 a-master")
    journal = tmp_path / "journal"
    (daily,) = journal.glob("lineage-*")
    created, started = filter(bytes.strip, daily.read_bytes().splitlines(keepends=True))
    assert json.loads(created)["timestamp"].startswith(daily.stem.removeprefix("lineage-"))
    assert (journal / "task-lineage.jsonl").read_bytes() == started


def test_the_duration_of_the_call_is_recorded_on_request(run: Any, records: Any):
    run(
        """
        export LINEAGE_TIMING=1
        log_task_created task-1 kim
        log_task_created task-1 kim '{"metadata":{"a":1}}'
        log_task_created task-1 kim '{"metadata":"text"}'
        log_task_created task-1 kim '{"a":1e5}'
        """
    )
    metadata = [record["event_data"]["metadata"] for record in records()]
    assert metadata[1]["a"] == 1
    assert metadata[2]["raw_data"] == "text"
    for timed in metadata:
        assert isinstance(timed["log_us"], int)
        assert 0 <= timed["log_us"] < 60_000_000


def test_a_disabled_library_does_nothing(run: Any, tmp_path: Path):
    told = run("log_task_created; log_task_created task-1 kim '{'; echo \"<$LINEAGE_ID>\"", LINEAGE_DISABLED="1")
    assert (told.stdout, told.stderr) == ("<>\n", "")
    assert not (tmp_path / "journal").exists()


def test_wrong_calls_are_warned_of_once_and_go_on(run: Any, records: Any):
    told = run(
        """
        set -e
        log_task_created; log_task_started task-1; log_worker_progress '' worker-1 5; log_task_created task-1 ''
        echo "<$LINEAGE_ID>"
        log_worker_progress task-1 worker-1 150
        """
    )
    assert told.returncode == 0
    assert told.stdout == "<>\n"
    assert told.stderr.count("lineage: ") == told.stderr.count("\n") == 1
    assert "CREATOR is missing; usage: task_created TASK CREATOR [DATA]" in told.stderr
    (record,) = records()
    assert record["tags"] == ["invalid-data"]
    assert record["event_data"]["progress_percentage"] == 150


def test_strict_functions_return_what_the_command_would(run: Any, tmp_path: Path):
    told = run(
        """
        log_task_created task-1 kim '{'; echo $?
        log_worker_progress task-1 worker-1 150; echo $?
        log_task_created task-1; echo $?
        LINEAGE_DIR=/dev/null/x; log_task_created task-1 kim; echo $?
        """,
        LINEAGE_STRICT="1",
    )
    assert told.stdout.split() == ["2", "2", "2", "3"]
    assert told.stderr.count("lineage: ") == 4
    assert not (tmp_path / "journal").exists()


@pytest.mark.clock
def test_the_present_time_can_be_set(run: Any, records: Any, tmp_path: Path):
    run("log_task_created task-1 kim", LINEAGE_NOW="2024-02-29T23:59:59.5Z")
    assert records()[0]["timestamp"] == "2024-02-29T23:59:59.500000Z"
    assert (tmp_path / "journal/lineage-2024-02-29.jsonl").exists()


@pytest.mark.clock
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/St_Johns", "UTC"])
def test_the_file_and_the_time_are_utc_whatever_the_zone(zone: str, run: Any, records: Any, tmp_path: Path):
    before, *_, after = run('date +%s; log_task_created task-1 kim; echo "$TZ"; date +%s', TZ=zone).stdout.split()
    at = parse_timestamp(records()[0]["timestamp"])
    assert at and int(before) <= at / 1e6 <= int(after) + 1
    assert (tmp_path / f"journal/lineage-{records()[0]['timestamp'][:10]}.jsonl").exists()


@pytest.mark.clock
def test_dates_are_right_at_any_time(run: Any, records: Any):
    leap = ["1709164799", "1709164800", "1709251200", "1735689599", "4102444800", "4107542399", "4107542400"]
    seconds = leap + [str(second) for second in range(1_000_000_000, 10_000_000_000, 37_123_457)]
    run(
        f"""
        unset EPOCHREALTIME
        for second in {" ".join(seconds)}; do EPOCHREALTIME=$second,000007; log_task_created task-1 kim; done
        """,
        LINEAGE_FORCE_PYTHON="",
    )
    stamps = [record["timestamp"] for record in records()]
    assert stamps == [format_timestamp(int(second) * SECOND + 7) for second in sorted(seconds)]


@pytest.mark.clock
def test_ids_do_not_go_back_when_the_clock_does(run: Any, records: Any):
    run(
        """
        unset EPOCHREALTIME
        for second in 1700000009 1700000003 1700000009 1700000005; do
          EPOCHREALTIME=$second.000000
          log_task_created task-1 kim
        done
        """,
        LINEAGE_FORCE_PYTHON="",
    )
    ids = [record["lineage_id"] for record in records()]
    assert ids == sorted(set(ids))
    assert [record["timestamp"][17:19] for record in records()] == ["29", "23", "29", "25"]


def test_without_the_interpreter_events_are_kept_without_data(run: Any, records: Any, tmp_path: Path):
    gone = tmp_path / "gone"
    told = run(
        """
        set -euo pipefail
        log_task_created task-1 kim '{"priority":"high"}'
        log_task_created task-1 kim '{"a":1,"a":2}'
        log_task_failed task-1 kim $'\\e[1mred \\xff password=hunter2'
        log_task_failed task-1 kim $'\\e[1mred \\xff\\xfe'
        log_worker_progress task-1 worker-1 150
        log_task_created
        echo done
        """,
        LINEAGE_PYTHON=str(gone),
    )
    assert told.stdout == "done\n"
    assert str(gone) in told.stderr
    assert "hunter2" not in "".join(path.read_text() for path in tmp_path.glob("journal/*"))
    found = records()
    data = [record["event_data"] for record in found if "data-dropped" in record.get("tags", [])]
    assert data[-4:] == [
        {},
        {"reason": "[redacted]"},
        {"reason": "?[1mred ??"},
        {"worker_id": "worker-1", "progress_percentage": "150"},
    ]


def test_the_queries_print_json_arrays(run: Any, records: Any):
    script = """
        LINEAGE_WRITE_COMBINED=1
        log_task_created task-1 kim '{"priority":"high"}'; log_task_started task-1 a-master; log_task_created task-2 kim
        for query in 'task_lineage task-1' 'lineage_by_type task_created' 'lineage_by_actor a-master' \\
          'lineage_stats' 'task_lineage task-9'; do get_$query; echo ---; done
    """
    answers = run(script).stdout.split("---\n")
    by_task, by_type, by_actor, stats, nothing = map(json.loads, answers[:5])
    created, started, other = records()
    assert by_task == [created, started]
    assert by_type == [created, other]
    assert by_actor == [started]
    assert stats == {
        "total_events": 3,
        "event_types": {"task_created": 2, "task_started": 1},
        "actors": {"kim": 2, "a-master": 1},
        "tasks_tracked": 2,
    }
    assert nothing == []


def test_queries_without_a_journal_give_nothing_and_one_warning(run: Any):
    told = run("set -e; get_task_lineage task-1; get_lineage_by_type x; get_lineage_stats")
    assert told.stdout == "[]\n[]\n{}\n"
    assert told.stderr.count("\n") == 1


def test_an_old_bash_has_python_do_all(tmp_path: Path, run: Any):
    """What BASH_VERSION says decides; a real bash 3.2 runs the same branch as LINEAGE_FORCE_PYTHON."""
    library = tmp_path / "old.sh"
    text = LIBRARY.read_text()
    assert text.count("case $BASH_VERSION in") == 4
    library.write_text(text.replace("case $BASH_VERSION in", "case '3.2.57(1)-release' in"))
    told = run(f'source "{library}"; log_task_created task-1 kim; echo "$LINEAGE_ID"', LINEAGE_FORCE_PYTHON="")
    assert re.fullmatch(r"lineage-\d{26}\n", told.stdout), told.stderr


def test_shellcheck_finds_nothing(need_tool: Any):
    shellcheck = need_tool("shellcheck")
    files = [str(LIBRARY), str(LIBRARY.with_name("lineage"))]
    told = subprocess.run([shellcheck, "-x", "-P", str(LIBRARY.parents[2]), *files], capture_output=True, text=True)
    assert told.stdout == ""


def test_the_part_that_the_launcher_reads_is_short():
    native, marker, _ = LIBRARY.read_text().partition("\ncase ${__lineage_only_native[1]-} in 1) return 0")
    assert marker
    lines = [line.strip() for line in native.split("\n")]
    assert len([line for line in lines if line and not line.startswith("#")]) < 320
