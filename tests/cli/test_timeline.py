"""The timeline in text: bars where they belong, within the width, whatever the proportions."""

import pytest

from lineage_core.base.clock import DAY, HOUR, SECOND, parse_timestamp
from lineage_core.base.escaping import visible
from lineage_core.meaning.fold import derive
from lineage_core.present.timeline import Timeline, timeline
from lineage_core.present.timeline_text import BARS, draw
from tests.build import event, facts_of
from tests.cli.conftest import NOW, Ask

T0 = parse_timestamp("2026-11-22T00:00:00Z") or 0


def task_of(*steps: tuple[int, str, dict[str, object]]) -> Timeline:
    """The timeline of a task with events at those seconds after midnight."""
    events = [event(kind, T0 / SECOND + second, "dev-master", "master", **data) for second, kind, data in steps]
    return timeline(derive("task-1", facts_of(events, "task-1")))


def drawn(line: Timeline, now: int, width: int, *, ascii_only: bool = False) -> list[str]:
    return ["".join(text for text, _ in pieces) for pieces in draw(line, now, width, ascii_only)]


WORKER = {"worker_id": "worker-1", "worker_type": "scan"}
LIFE = [
    (0, "task_created", {}),
    (100, "task_assigned", {"master_id": "dev-master"}),
    (200, "task_started", {}),
    (300, "task_blocked", {"reason": "x"}),
    (400, "task_unblocked", {"reason": "x"}),
    (500, "worker_spawned", WORKER),
    (600, "worker_started", WORKER),
    (700, "worker_progress", {**WORKER, "progress_percentage": 50}),
    (800, "worker_completed", {**WORKER, "completion_status": "success"}),
    (1000, "task_completed", {"completion_status": "success"}),
]


def test_bars_stand_where_the_time_went() -> None:
    rows = drawn(task_of(*LIFE), T0, 119, ascii_only=True)  # 100 columns for 1,000 seconds
    assert rows[1][11:111] == "." * 10 + "-" * 10 + "=" * 10 + "#" * 10 + "=" * 60
    assert rows[2][11:111] == " " * 50 + "." * 10 + "=" * 10 + "'" + "=" * 9 + " " * 20


def test_offsets_stand_over_the_columns_they_name() -> None:
    ruler = drawn(task_of(*LIFE), T0, 119)[0]
    for mark, minute in (("+2m00s", 2), ("+4m00s", 4), ("+16m40s", None)):
        if minute is not None:
            assert abs(ruler.index(mark) - 11 - minute * 6) <= 1


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 200])
def test_no_line_is_wider_than_the_paper(width: int) -> None:
    for row in drawn(task_of(*LIFE), T0, width)[:-1]:
        assert len(row) <= max(width, 40)


def test_a_phase_a_thousand_times_shorter_is_still_seen() -> None:
    steps = (0, "task_created", {}), (1, "task_assigned", {}), (2, "task_started", {}), (3000, "task_failed", {})
    bars = drawn(task_of(*steps), T0, 100)[1]
    assert BARS["queued"].sign + BARS["assigned"].sign + BARS["running"].sign * 70 in bars


def test_an_open_bar_grows_with_the_clock() -> None:
    line = task_of((0, "task_created", {}), (3600, "task_started", {}))
    early, late = (drawn(line, T0 + now, 100, ascii_only=True)[1] for now in (2 * HOUR, 2 * DAY))
    assert abs(early.count(".") - early.count("=")) <= 1
    assert late.count("=") > 20 * late.count(".")


def test_it_fits_100_columns_when_piped_and_is_ascii_when_asked(ask: Ask) -> None:
    asked = ask("timeline", "task-a-rollout", "--ascii")
    assert asked.out.isascii()
    assert max(map(len, asked.lines)) <= 100
    assert not ask("timeline", "task-a-rollout").out.isascii()


def test_as_json_it_is_every_bar_and_mark_with_offsets(ask: Ask) -> None:
    told = ask("timeline", "task-a-rollout", "--json").json
    assert (told["status"], told["elapsed_ms"]) == ("failed", 3000)
    blocked = next(part for part in told["parts"] if part["kind"] == "blocked")
    assert (blocked["offset_ms"], blocked["duration_ms"], blocked["what"]) == (0, 2000, "bar")
    assert [part["kind"] for part in told["parts"] if part["what"] == "mark"] == ["escalated", "reassigned"]


def test_text_names_are_cut_to_the_paper(ask: Ask) -> None:
    name = visible("x" * 500)
    line = task_of((0, "task_created", {}), (5, "worker_spawned", {"worker_id": name, "worker_type": "scan"}))
    assert all(len(row) <= 100 for row in drawn(line, parse_timestamp(NOW) or 0, 100)[:-1])


def test_a_retry_is_joined_to_the_failure_it_follows_and_the_error_is_told() -> None:
    second = {"worker_id": "worker-2", "worker_type": "scan"}
    line = task_of(
        (0, "task_started", {}),
        (100, "worker_spawned", WORKER),
        (300, "worker_failed", {**WORKER, "error_details": {"error_message": "no disk"}}),
        (600, "worker_spawned", second),
        (1000, "worker_completed", {**second, "completion_status": "success"}),
        (1000, "task_failed", {}),
    )
    rows = drawn(line, T0, 119, ascii_only=True)  # 100 columns for 1,000 seconds
    assert rows[3][11 + 30 : 11 + 60] == "`" + "-" * 29
    assert line.lanes[1].bars[-1].text == "no disk"


def test_now_stands_over_the_end_of_what_goes_on() -> None:
    steps = (0, "task_created", {}), (10, "task_started", {})
    assert drawn(task_of(*steps), T0 + HOUR, 100)[0].endswith("now")
    assert "now" not in drawn(task_of(*steps, (20, "task_failed", {})), T0 + HOUR, 100)[0]
