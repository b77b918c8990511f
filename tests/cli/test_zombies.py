"""The rules of stuck work, one by one, and the commands that tell of it."""

from typing import Any

import pytest

from lineage_core.base.clock import MINUTE, format_timestamp, parse_timestamp
from lineage_core.model.expectations import Finding
from lineage_core.read.tailer import Tailer
from lineage_core.rules.attention import others_of
from lineage_core.rules.earliest_due import RowBounds
from lineage_core.rules.stuck_work import RULES, check, crowd
from lineage_core.rules.thresholds import Thresholds
from lineage_core.settings.threshold_defaults import LateSettings
from lineage_core.state.store import State
from lineage_core.write.journal import Journal
from tests.cli.conftest import NOW, Ask

NOW_AT = parse_timestamp(NOW) or 0
TASK = "task-1"


class Story:
    """A journal written at chosen minutes before now."""

    def __init__(self, directory: Any) -> None:
        self.journal = Journal(directory)

    def log(self, minutes_ago: float, event_type: str, *args: str, task: str = TASK, **data: Any) -> None:
        at = format_timestamp(NOW_AT - int(minutes_ago * MINUTE))
        self.journal.log(event_type, task, *args, data=data or None, timestamp=at)

    def run(self, minutes_ago: float = 120, task: str = TASK) -> None:
        self.log(minutes_ago, "task_created", "user-kim", task=task)
        self.log(minutes_ago, "task_started", "dev-master", task=task)

    def worker(self, minutes_ago: float, name: str = "worker-1", kind: str = "scan", task: str = TASK) -> None:
        self.log(minutes_ago, "worker_spawned", "dev-master", name, kind, task=task)
        self.log(minutes_ago, "worker_started", name, kind, task=task)

    def findings(self, **thresholds: int) -> list[Finding]:
        state = State()
        for batch in Tailer(self.journal.directory).scan():
            state.merge(batch.file, batch.found)
        found = []
        for row in state.rows.values():
            task = state.task(row.task_id)
            assert task is not None
            limits, others = Thresholds(LateSettings(thresholds)), others_of(state)
            some = check(task, others, NOW_AT, limits)
            speaks = RowBounds(limits, others).speaks_from(row, NOW_AT)
            assert not some or (speaks is not None and speaks <= NOW_AT)
            found += some
        return found


@pytest.fixture
def story(tmp_path: Any) -> Story:
    return Story(tmp_path / "lineage")


def told(findings: list[Finding]) -> list[tuple[str, str, str]]:
    return [(one.rule, one.severity.value, one.subject) for one in findings]


@pytest.mark.parametrize(("minutes", "expected"), [(4, None), (6, "warning"), (29, "warning"), (31, "bad")])
def test_silence_is_a_warning_after_5_and_a_zombie_after_30_minutes(
    minutes: int, expected: str | None, story: Story
) -> None:
    story.run()
    story.worker(60)
    story.log(minutes, "worker_progress", "worker-1", "40")
    assert told(story.findings()) == ([("silent", expected, "worker-1")] if expected else [])


def test_silence_is_told_with_its_length_and_the_last_progress(story: Story) -> None:
    story.run()
    story.worker(60)
    story.log(45, "worker_progress", "worker-1", "40")
    (finding,) = story.findings()
    assert finding.sentence == "worker-1 has been silent for 45m00s after 40%"
    assert finding.since == NOW_AT - 45 * MINUTE


@pytest.mark.parametrize(("minutes", "expected"), [(4, None), (6, "warning"), (31, "bad")])
def test_a_spawned_worker_has_to_start(minutes: int, expected: str | None, story: Story) -> None:
    story.run()
    story.log(minutes, "worker_spawned", "dev-master", "worker-1", "scan")
    assert told(story.findings()) == ([("never-started", expected, "worker-1")] if expected else [])


def test_a_worker_that_outlives_its_task_is_orphaned(story: Story) -> None:
    story.run()
    story.worker(60)
    story.log(20, "task_completed", "dev-master", "success")
    (finding,) = story.findings()
    assert (finding.rule, finding.subject) == ("orphaned", "worker-1")
    assert "its task completed 20m00s ago" in finding.sentence


@pytest.mark.parametrize(("over", "severity"), [(False, "bad"), (True, "past")])
def test_a_zombie_timeout_confirms_a_zombie(over: bool, severity: str, story: Story) -> None:
    story.run()
    story.worker(60)
    story.log(20, "worker_failed", "worker-1", "zombie_timeout")
    if over:
        story.log(10, "task_failed", "dev-master", "no worker left")
    assert told(story.findings()) == [("found-dead", severity, "worker-1")]


@pytest.mark.parametrize(
    ("event", "args", "severity"),
    [("task_completed", ["dev-master", "success"], "warning"), ("task_failed", ["dev-master", "no disk"], "bad")],
)
def test_what_blocks_a_task_must_not_have_ended(event: str, args: list[str], severity: str, story: Story) -> None:
    story.run()
    story.run(task="task-2")
    story.worker(60, task="task-2")
    story.log(1, "worker_progress", "worker-1", "40", task="task-2")
    story.log(20, "task_blocked", "dev-master", "waits", blocked_by=["task-2"])
    assert story.findings() == []
    story.log(14, event, *args, task="task-2")
    (finding,) = (one for one in story.findings() if one.task_id == TASK)
    assert (finding.rule, finding.severity.value) == ("blocked", severity)
    assert finding.sentence.startswith("blocked by task-2, which ") and "14m00s ago" in finding.sentence
    assert severity == "warning" or finding.sentence.endswith(": no disk"), "the cause"
    story.log(5, "task_unblocked", "dev-master", "goes on")
    assert [one for one in story.findings() if one.task_id == TASK] == []


@pytest.mark.parametrize(("minutes", "expected"), [(29, None), (31, "warning")])
def test_a_task_may_not_be_blocked_for_too_long(minutes: int, expected: str | None, story: Story) -> None:
    story.run()
    story.log(minutes, "task_blocked", "dev-master", "waits for a licence")
    findings = story.findings()
    assert told(findings) == ([("blocked", expected, "task-1")] if expected else [])
    assert not expected or findings[0].sentence == "blocked for 31m00s: waits for a licence"
    assert told(story.findings(blocked=10 * MINUTE)) == [("blocked", "warning", "task-1")]
    story.log(1, "task_unblocked", "dev-master", "goes on")
    assert story.findings(blocked=10 * MINUTE) == []


@pytest.mark.parametrize(("minutes", "expected"), [(4, None), (6, "warning"), (31, "bad")])
def test_a_handoff_has_to_be_accepted(minutes: int, expected: str | None, story: Story) -> None:
    story.run()
    story.log(minutes, "handoff_created", "handoff-1", "dev-master", "cicd-master")
    found = [one for one in story.findings() if one.rule != "idle"]  # its task is, too
    assert told(found) == ([("handoff-unaccepted", expected, "handoff-1")] if expected else [])
    story.log(1, "handoff_accepted", "handoff-1", "cicd-master")
    assert story.findings() == []


def test_going_to_and_fro_between_masters_is_ping_pong(story: Story) -> None:
    story.run()
    story.log(28, "task_reassigned", "dev-master", "cicd-master", "not mine")
    story.log(20, "task_reassigned", "cicd-master", "dev-master", "not mine either")
    assert story.findings() == []
    story.log(10, "task_reassigned", "dev-master", "cicd-master", "no")
    (finding,) = story.findings()
    assert finding.rule == "ping-pong"
    assert finding.sentence == "went 3 times between cicd-master and dev-master"


def test_retries_that_all_fail_are_told_until_one_succeeds(story: Story) -> None:
    story.run()
    for number in range(3):
        story.worker(25 - number, f"worker-{number}")
        story.log(25 - number, "worker_failed", f"worker-{number}", "build broke")
    (finding,) = story.findings()
    assert finding.sentence == "2 retries of scan and none has succeeded"
    story.worker(10, "worker-9")
    story.log(9, "worker_completed", "worker-9", "success")
    assert story.findings() == []


def test_five_zombies_at_once_are_a_crowd(story: Story) -> None:
    for number in range(5):
        story.run(task=f"task-{number}")
        story.worker(60, f"worker-{number}", task=f"task-{number}")
    findings = story.findings()
    many = crowd(findings)
    assert many is not None
    assert many.sentence.startswith("5 zombie workers at once, in 5 tasks")
    assert crowd(findings[1:]) is None


def test_a_healthy_task_has_no_finding(story: Story) -> None:
    story.run()
    story.worker(3)
    story.log(1, "worker_progress", "worker-1", "40")
    assert story.findings() == []


def test_every_rule_has_a_sentence_for_its_category() -> None:
    for rule in RULES.values():
        assert len(rule.category.split()) > 4


def test_the_command_ranks_the_urgent_first_and_takes_thresholds(
    story: Story, ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    story.run()
    story.worker(60, "worker-old")
    story.log(40, "worker_progress", "worker-old", "40")
    story.worker(20, "worker-young")
    story.log(10, "handoff_created", "handoff-1", "dev-master", "cicd-master")
    directory = story.journal.directory

    def subjects(*words: str) -> list[tuple[str, str]]:
        rows = ask("zombies", *words, "--json", directory).json["findings"]
        return [(row["subject"], row["severity"]) for row in rows]

    assert subjects() == [("worker-old", "bad"), ("worker-young", "warning")]
    assert subjects("--all")[1:] == [("handoff-1", "warning"), ("worker-young", "warning")]
    assert subjects("--rule", "handoff-unaccepted") == [("handoff-1", "warning")]
    worst = [("worker-old", "bad"), ("worker-young", "bad")]  # what is late for longer comes first
    assert subjects("--zombie-after", "10m") == worst
    assert subjects("--zombie-after", "2h", "--warn-after", "30m") == [("worker-old", "warning")]
    assert subjects("--rule", "handoff-unaccepted", "--handoff-after", "15m") == []
    story.log(3, "task_blocked", "dev-master", "waits")
    assert subjects("--rule", "blocked") == [] and subjects("--rule", "blocked", "--blocked-after", "2m") == [
        ("task-1", "warning")
    ]
    story.log(2, "task_unblocked", "dev-master", "goes on")
    config = tmp_path / "xdg_config_home" / "lineage-tui" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('zombie-after = "2h"\nwarn-after = "30m"\n')
    assert subjects() == [("worker-old", "warning")]
    monkeypatch.setenv("LINEAGE_ZOMBIE_AFTER", "10m")
    assert subjects("--warn-after", "5m") == worst
    config.write_text("zombie-after = =\n")
    assert ask("zombies", directory).code == 2
    config.unlink()
    assert ask("zombies", "--fail-empty", "--since", "1m", directory).code == 1


def test_the_demo_has_zombies_whose_rows_are_told_in_full(demo_dir: Any, ask: Ask) -> None:
    told = ask("zombies", "--all", "--json", demo_dir).json
    assert {row["rule"] for row in told["findings"]} >= {"found-dead"}
    for row in told["findings"]:
        assert row["task_id"] or row["rule"] in ("master-silent", "feed-silent")
        assert row["age_ms"] >= 0
        assert row["sentence"]
