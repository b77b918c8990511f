"""`lineage alert` as a process: fires and resolves once over restarts and kills, against a real Alertmanager and a real
webhook receiver; `--check` over the same history finds the same."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lineage_core import Journal
from lineage_core.base.clock import HOUR, MINUTE, format_timestamp, parse_timestamp
from tests.build import record, write
from tests.cli.conftest import NOW, Ask
from tests.core.alerts.receiver import receiving
from tests.ports import unused_port
from tests.wallclock import SHIFT, now, wait_until

Tool = Callable[[str], str]

CONFIG = """
every = "1s"
[heartbeat]
file = "{folder}/beat"
every = "1s"
[[rule]]
name = "failed"
when = "status:failed"
hooks = [{hooks}]
[[rule]]
name = "blocked"
when = "finding:blocked"
for = "2s"
hooks = ["log"]
[hooks.log]
file = "{folder}/alerts.jsonl"
{more}
"""


@contextmanager
def service(directory: Path, config: Path) -> Iterator[subprocess.Popen[str]]:
    """The service as a process; killed in the end, if it still runs."""
    words = ["alert", "--config", str(config), "--state", str(config.parent / "book.json"), "--dir", str(directory)]
    environment = {name: value for name, value in os.environ.items() if name != "LINEAGE_NOW"}
    process = subprocess.Popen(
        [sys.executable, "-m", "lineage_core.cli", *words, "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def told(config: Path) -> list[dict[str, Any]]:
    path = config.parent / "alerts.jsonl"
    whole = path.read_text().rpartition("\n")[0] if path.exists() else ""  # the last line may be under way
    return [json.loads(line) for line in whole.splitlines()]


def idle(config: Path) -> bool:
    """Whether all was delivered, as its book says."""
    return not json.loads((config.parent / "book.json").read_text())["outbox"]


def fails(journal: Journal, task: str) -> None:
    journal.log("task_created", task, "user-kim", data={"priority": "critical"})
    journal.log("task_started", task, "development-master")
    journal.log("task_failed", task, "development-master", "disk is full; $(reboot)")


@pytest.fixture
def alertmanager(need_tool: Tool, tmp_path: Path) -> Iterator[str]:
    """The address of a real Alertmanager."""
    tool = need_tool("prometheus-alertmanager")
    address = f"127.0.0.1:{unused_port()}"
    (tmp_path / "am.yml").write_text("route:\n  receiver: none\nreceivers:\n- name: none\n")
    words = [f"--config.file={tmp_path}/am.yml", f"--storage.path={tmp_path}/am", "--cluster.listen-address="]
    process = subprocess.Popen(
        [tool, *words, f"--web.listen-address={address}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://{address}"

    def ready() -> bool:
        try:
            return urllib.request.urlopen(f"{url}/-/ready", timeout=30).status == 200
        except OSError:
            return False

    try:
        wait_until(ready)
        yield url
    finally:
        process.terminate()
        process.wait()


def holds(url: str, number: int) -> bool:
    """Whether an Alertmanager holds so many alerts for active.

    Not asked where libfaketime shifts our clock: it does not shift that of Alertmanager, a program in Go, for which the
    end of what is resolved then lies ahead.
    """
    if SHIFT:
        return True
    with urllib.request.urlopen(f"{url}/api/v2/alerts?active=true", timeout=30) as answer:
        return len(json.load(answer)) == number


@pytest.mark.clock
def test_each_alert_fires_once_and_resolves_once_over_restarts_and_kills(
    tmp_path: Path, alertmanager: str, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LINEAGE_NOW")
    directory, config = tmp_path / "lineage", tmp_path / "alerts.toml"
    journal, began = Journal(directory), now()
    fails(journal, "before")
    with receiving() as there:
        more = f'[hooks.hook]\nwebhook = "{there.url}"\n[hooks.am]\nalertmanager = "{alertmanager}"'
        config.write_text(CONFIG.format(folder=tmp_path, hooks='"log", "hook", "am"', more=more))
        there.answers = [503]  # the first try fails
        with service(directory, config) as process:
            fails(journal, "task-1")
            wait_until(lambda: len(there.messages) == 2 and len(told(config)) == 2 and holds(alertmanager, 2))
            wait_until(lambda: idle(config) and (tmp_path / "beat").exists())
            assert parse_timestamp((tmp_path / "beat").read_text().strip()) is not None
            process.send_signal(signal.SIGKILL)
        journal.log("task_started", "task-1", "development-master")  # it goes on while nobody looks
        with service(directory, config) as process:
            wait_until(lambda: len(there.messages) == 3 and len(told(config)) == 3 and holds(alertmanager, 1))
            journal.log("task_blocked", "task-1", "development-master", "no word", data={"blocked_by": ["nobody"]})
            wait_until(lambda: len(told(config)) == 4)
            journal.log("task_unblocked", "task-1", "development-master", "found", data={"blocked_by": ["nobody"]})
            wait_until(lambda: len(told(config)) == 5 and idle(config))
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate()
            assert process.returncode == 143 and "hook" not in err
            assert [json.loads(line)["status"] for line in out.splitlines()] == ["resolved", "firing", "resolved"]
        with service(directory, config) as process:  # it begins anew and has nothing to tell
            (tmp_path / "beat").unlink()
            wait_until((tmp_path / "beat").exists)
            second = ask("alert", "--config", str(config), "--state", str(tmp_path / "book.json"), directory)
            assert second.code == 3 and "another lineage alert runs" in second.err
            process.send_signal(signal.SIGKILL)
    lines = told(config)
    assert Counter((one["rule"], one["task_id"], one["status"]) for one in lines) == {
        ("failed", "before", "firing"): 1, ("failed", "task-1", "firing"): 1, ("failed", "task-1", "resolved"): 1,
        ("blocked", "task-1", "firing"): 1, ("blocked", "task-1", "resolved"): 1,
    }  # fmt: skip
    assert Counter(one["alert_id"] for one in there.messages).most_common(1)[0][1] == 2, "firing and resolved"
    assert lines[0]["priority"] == "critical" and lines[0]["master"] == "development-master"
    # What a check of the same time finds is what the runs have told: at the same look, or, on a slow machine, a later.
    check = ask("alert", "--config", str(config), "--check", "--since", format_timestamp(began), "--json", directory)
    found = {(one["rule"], one["task_id"]): (one["fired_at"], one["resolved_at"]) for one in check.json["alerts"]}
    live = {(one["rule"], one["task_id"]): (one["fired_at"], one["resolved_at"]) for one in lines}  # the last word
    assert found.keys() == live.keys()
    for alert, (fired, resolved) in found.items():
        assert fired <= live[alert][0], alert
        assert alert[0] == "failed" or (resolved is not None and resolved <= live[alert][1]), alert
    assert len(found) == 3


@pytest.mark.clock
def test_killed_at_any_moment_it_tells_at_least_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LINEAGE_NOW")
    directory, config = tmp_path / "lineage", tmp_path / "alerts.toml"
    journal = Journal(directory)
    fails(journal, "task-0")
    config.write_text(CONFIG.format(folder=tmp_path, hooks='"log"', more=""))
    for number in range(1, 4):
        with service(directory, config) as process:
            fails(journal, f"task-{number}")
            wait_until(lambda number=number: len({one["task_id"] for one in told(config)}) > number - 2 + (number > 1))
            process.send_signal(signal.SIGKILL)
    with service(directory, config):
        wait_until(lambda: {one["task_id"] for one in told(config)} == {f"task-{n}" for n in range(4)})
    by_task = {one["task_id"]: {each["alert_id"] for each in told(config) if each["task_id"] == one["task_id"]}
               for one in told(config)}  # fmt: skip
    assert all(len(ids) == 1 for ids in by_task.values()), "told again, it is the same alert"


def test_a_check_tells_what_would_have_fired(tmp_path: Path, ask: Ask) -> None:
    end = parse_timestamp(NOW)
    assert end is not None
    directory, config = tmp_path / "lineage", tmp_path / "alerts.toml"

    def log(minutes: int, event_type: str, actor: str, **data: object) -> None:
        at = end - 5 * HOUR + minutes * MINUTE
        write(
            directory,
            record(
                lineage_id=f"lineage-{at:016d}{minutes:010d}", task_id="task-1", event_type=event_type,
                timestamp=format_timestamp(at), actor={"type": "master", "id": actor}, event_data=data,
            ),
        )  # fmt: skip

    log(0, "task_created", "user-kim")
    log(1, "task_assigned", "coordinator-master", master_id="development-master")
    log(2, "task_started", "development-master")
    log(100, "task_failed", "development-master", reason="no disk")
    log(120, "task_started", "development-master")
    log(130, "task_failed", "development-master", reason="no disk")
    log(133, "task_started", "development-master")
    log(140, "task_completed", "development-master", completion_status="success")
    config.write_text("""
[[rule]]
name = "failed for long"
when = "status:failed"
for = "5m"
hooks = ["log"]
[[rule]]
name = "idle"
when = "finding:idle"
hooks = ["log"]
[hooks.log]
file = "nobody-writes-this"
""")
    found = ask("alert", "--config", str(config), "--check", "--since", "6h", "--json", directory)
    assert found.code == 0
    assert [(one["rule"], one["fired"], one["firing"]) for one in found.json["rules"]] == [
        ("failed for long", 1, 0), ("idle", 1, 0),
    ]  # fmt: skip
    idle_alert, failed = found.json["alerts"]
    assert failed["fired_at"][:16] == format_timestamp(end - 5 * HOUR + 105 * MINUTE)[:16]
    assert failed["resolved_at"][:16] == format_timestamp(end - 5 * HOUR + 120 * MINUTE)[:16]
    assert idle_alert["fired_at"][:16] == format_timestamp(end - 5 * HOUR + 32 * MINUTE)[:16], (
        "30 m after its last event"
    )
    text = ask("alert", "--config", str(config), "--check", "--since", "6h", directory)
    assert "failed for long would have fired once in 6 hours" in text.out
    assert not (tmp_path / "nobody-writes-this").exists()


def test_wrong_settings_are_told(tmp_path: Path, ask: Ask) -> None:
    missing = ask("alert", "--config", str(tmp_path / "no.toml"), "--check")
    assert missing.code == 2 and "No such file" in missing.err
    config = tmp_path / "alerts.toml"
    config.write_text('[[rule]]\nname = "a"\nwhen = "is:lost"\nhooks = ["log"]\n[hooks.log]\nfile = "x"\n')
    wrong = ask("alert", "--config", str(config), "--check")
    assert wrong.code == 2 and "rule 'a': when: " in wrong.err and len(wrong.err.splitlines()) == 1


@pytest.mark.first
def test_the_heartbeat_calls_its_address_while_all_is_well_and_not_when_the_directory_is_gone(tmp_path: Path) -> None:
    directory, config = tmp_path / "lineage", tmp_path / "alerts.toml"
    fails(Journal(directory), "task-1")
    with receiving() as there:
        there.answers = [500]
        text = CONFIG.format(folder=tmp_path, hooks='"log"', more="").replace(
            f'file = "{tmp_path}/beat"', f'url = "{there.url}/ping/1"', 1
        )
        config.write_text(text + '[[rule]]\nname = "unsound"\nwhen = "finding:feed"\nfor = "4s"\nhooks = ["log"]\n')
        with service(directory, config) as process:
            wait_until(lambda: len(there.paths) >= 3)
            assert set(there.paths) == {"/ping/1"}
            assert process.stderr is not None
            assert process.stderr.readline().startswith(f"lineage alert: heartbeat: {there.url}")
            directory.rename(tmp_path / "away")
            assert "does not exist" in process.stderr.readline()
            silent = len(there.paths)
            wait_until(lambda: "unsound" in {message["rule"] for message in told(config)})  # it looks all the same
            assert len(there.paths) <= silent + 1, "one may have been under way"
            (tmp_path / "away").rename(directory)
            wait_until(lambda: len(there.paths) > silent + 1)
