"""The filter language: what each term takes, what is said about words that mean nothing, and that the help is whole."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_core import stats
from lineage_core.base.clock import HOUR, MINUTE, format_timestamp, parse_timestamp
from lineage_core.base.errors import BadInputError
from lineage_core.model.error_fingerprint import fingerprint
from lineage_core.model.event_types import EVENTS
from lineage_core.model.facts import fact_of, pack, unpack
from lineage_core.model.packed_facts import facts_of, heads_of
from lineage_core.model.task_parts import Status
from lineage_core.query import filter_parser as filters
from lineage_core.query.filter_terms import WORKER_STATES, FilterContext
from lineage_core.rules.thresholds import Thresholds
from lineage_core.settings.threshold_defaults import LateSettings
from lineage_core.state.load import load
from lineage_core.state.store import State
from lineage_core.write.journal import Journal
from tests.cli.conftest import NOW, Ask

NOW_AT = parse_timestamp(NOW) or 0


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """task-quiet has a worker that is silent for 10 minutes, task-dead one for an hour, task-left one that outlived
    it; task-again failed 30 hours ago and runs again; task-lost failed an hour ago, its worker twice."""
    made = Journal(tmp_path_factory.mktemp("filters") / "lineage")

    def log(minutes_ago: float, event: str, task: str, *args: str, **data: object) -> None:
        at = format_timestamp(NOW_AT - int(minutes_ago * MINUTE))
        made.log(event, task, *args, data=data or None, timestamp=at)

    for task, silence in (("task-quiet", 10), ("task-dead", 60), ("task-left", 90)):
        log(300, "task_created", task, "user-kim", type="build")
        log(200, "task_started", task, "dev-master")
        log(silence, "worker_started", task, f"worker-of-{task}", "scan-worker")
    log(80, "task_completed", "task-left", "dev-master", "success")
    log(40 * 60, "task_created", "task-again", "user-kim")
    log(30 * 60, "task_failed", "task-again", "dev-master", "the disk 'sda1' is full")
    log(4, "task_started", "task-again", "ops-master")
    log(3 * 60, "task_created", "task-lost", "user-kim")
    log(2 * 60, "worker_started", "task-lost", "w-1", "load-scan-worker")
    log(100, "worker_failed", "task-lost", "w-1", "no space on /dev/sda1")
    log(90, "worker_started", "task-lost", "w-2", "fix-worker")
    log(70, "worker_completed", "task-lost", "w-2", "success", token_usage=500)
    log(60, "task_failed", "task-lost", "dev-master", "gave up after 2 attempts")
    return made.directory


@pytest.fixture(scope="module")
def state(journal: Path) -> State:
    return load(journal).state


ALL = {"quiet", "dead", "left", "again", "lost"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("is:silent", {"quiet"}),
        ("is:zombie", {"dead"}),
        ("is:silent,zombie", {"quiet", "dead"}),
        ("!is:silent", ALL - {"quiet"}),
        ("failed", {"lost"}),
        ("zombie", {"dead"}),
        ("!failed !open", {"left"}),
        ("fail", set()),
        ("is:orphaned", {"left"}),
        ("is:open", {"quiet", "dead", "again"}),
        ("is:failed,completed", {"lost", "left"}),
        ("is:ran", {"left", "lost"}),
        ("is:metered", {"lost"}),
        ("since:1h", {"quiet", "dead", "again", "lost"}),
        ("since:59m", {"quiet", "again"}),
        ("until:4h", {"quiet", "dead", "left", "again"}),
        ("since:2026-11-22T08:00 until:yesterday", {"again"}),
        ("ended:24h", {"left", "lost"}),
        ("ended:failed", {"again", "lost"}),
        ("ended:failed/24h", {"lost"}),
        ("ended:failed,completed/70m", {"lost"}),
        ("ended:failed/1d6h !status:failed", {"again"}),
        ("worker:scan", {"quiet", "dead", "left", "lost"}),
        ("worker:^scan-worker$", {"quiet", "dead", "left"}),
        ("worker:^scan-worker$/open", {"quiet", "dead", "left"}),
        ("worker:scan/silent", {"quiet"}),
        ("worker:scan/zombie", {"dead", "left"}),
        ("worker:scan/failed", {"lost"}),
        ("worker:fix/failed", set()),
        ("worker:./ended/80m", {"lost"}),
        ("worker:w-1/ended/80m", set()),
        ("worker:fix/metered", {"lost"}),
        ("worker:/retry", set()),
        ("type:^task_failed$", {"again", "lost"}),
        ("type:task_failed/24h", {"lost"}),
        ("type:^failed$", set()),
        ("actor:ops/1h", {"again"}),
        ("actor:^ops-master$", {"again"}),
        ("actor:dev/30m", set()),
        ("why:disk", {"again"}),
        ("why:disk/24h", set()),
        ("'why:^the disk # is full$'", {"again"}),
        ("why:sda1", {"again"}),
        ("error:sda1", {"lost"}),
        ("'error:^no space on /dev/#$/2h'", {"lost"}),
        ("why:sda1,attempts", {"again", "lost"}),
    ],
)
def test_a_term_takes_the_tasks_that_it_says(text: str, expected: set[str], state: State) -> None:
    matches = filters.parse(text, FilterContext(state, NOW_AT)).matches
    assert {row.task_id.removeprefix("task-") for row in state.rows.values() if matches(row)} == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("is:foo", "no task is 'foo' (known: is:open, ended, late, silent, zombie"),
        ("is:zombi", "no task is 'zombi'; did you mean zombie?"),
        ("is:", "no task is ''"),
        ("!", "!: not what? !status:failed"),
        ("status:silent", "'silent' is no status of a task; try is:silent"),
        ("status:failed,zombie", "'zombie' is no status of a task; try is:zombie"),
        ("status:runing", "'runing' is no status of a task; did you mean running?"),
        ("ended:well", "'well' is no way to end"),
        ("ended:", "ended: how, or since when?"),
        ("since:soon", "'soon' is no time"),
        ("worker:scan/silnt", "'silnt' is no state of a worker; did you mean silent?"),
    ],
)
def test_words_that_mean_nothing_are_told_with_what_is_near(text: str, said: str, state: State) -> None:
    for written in (text, "!" + text):
        with pytest.raises(BadInputError) as error:
            filters.parse(written, FilterContext(state, NOW_AT))
        assert str(error.value).startswith(said) and "\n" not in str(error.value)


def test_silence_is_judged_by_the_thresholds_and_the_clock(state: State) -> None:
    def silent(now: int, limits: Thresholds) -> set[str]:
        matches = filters.parse("is:silent", FilterContext(state, now, limits)).matches
        return {row.task_id for row in state.rows.values() if matches(row)}

    assert silent(NOW_AT, Thresholds(LateSettings({"warned": 11 * MINUTE}))) == set()
    assert silent(NOW_AT, Thresholds(LateSettings({"silent": 2 * HOUR}))) == {"task-quiet", "task-dead"}
    assert silent(NOW_AT + 21 * MINUTE, Thresholds()) == set()
    for text, timed in (("is:silent", True), ("!since:1h", True), ("worker:a/1h", True), ("is:open why:disk", False)):
        assert filters.parse(text, FilterContext(state, NOW_AT)).timed is timed


def test_lineage_tasks_and_stats_take_the_same_words(journal: Path, ask: Ask) -> None:
    def named(*words: str) -> list[str]:
        return [row["task_id"] for row in ask("tasks", *words, "--sort", "task_id", "--json", journal).json]

    assert named("is:zombie") == ["task-dead"]
    assert named("is:zombie", "--zombie-after", "5m", "--warn-after", "1m") == ["task-dead", "task-quiet"]
    assert named("ended:failed/24h") == named("status:failed", "--since", "24h") == ["task-lost"]
    assert named("why:^the disk # is full$") == ["task-again"]
    assert ask("stats", "is:zombie", "--json", journal).json["tasks_tracked"] == 1
    refused = ask("tasks", "status:zombie", journal)
    assert refused.code == 2 and "try is:zombie" in refused.err


def test_the_description_of_the_language_is_whole_and_printed_by_the_help(ask: Ask, state: State) -> None:
    told = " ".join(f"{example} {text}" for example, text in filters.LANGUAGE)
    for key in filters.KEYS:
        assert f"{key}:" in told, key
    for name in (*(f"is:{flag}" for flag in filters.FLAGS), *WORKER_STATES):
        assert name in told, name
    for example, text in filters.LANGUAGE:
        filters.parse(example, FilterContext(state, NOW_AT))
        assert len(example) <= 22 and len(text) <= 52, "it fits on 80 cells"
    out = ask("tasks", "--help").out
    for example, text in filters.LANGUAGE:
        assert f"  {example:22}  {text}" in out


# Of odd numerals and combining marks the two may think otherwise.
letters = st.characters(categories=["L", "P", "S", "Z", "Cc"], exclude_characters="ªº")


@given(st.lists(st.text(st.sampled_from("abA/.'\"`0123456789 #,-_:@é\n\t"), max_size=40) | st.text(letters)))
def test_reasons_are_alike_to_filters_as_they_are_to_the_figures(texts: list[str]) -> None:
    frame = pl.DataFrame({"text": texts}, schema={"text": pl.String})
    assert frame.select(stats.pattern_of(pl.col("text"))).to_series().to_list() == list(map(fingerprint, texts))


values = st.recursive(
    st.none() | st.integers(-5, 5) | st.text(st.sampled_from('}],[12,"\\task_failed {'), max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)


@given(
    st.lists(
        st.tuples(st.integers(-9, 9), st.sampled_from([*EVENTS, 'o"dd\\', ""]), values, st.text(max_size=5)), max_size=5
    )
)
def test_facts_are_found_in_bytes_as_they_are_unpacked(events: list[tuple[int, str, object, str]]) -> None:
    facts = [
        fact_of(
            "lineage-2026-11-22.jsonl", n, 9, at,
            {"lineage_id": f"lineage-{text}", "task_id": "task-1", "event_type": kind, "tags": value,
             "actor": {"type": "user", "id": text}, "event_data": {"reason": value, "deliverables": value}},
        )
        for n, (at, kind, value, text) in enumerate(events)
    ]  # fmt: skip
    packed = b"".join(map(pack, facts))
    known = unpack(packed) if packed else []
    for since in (None, 0):
        wanted = [fact for fact in known if since is None or fact.at >= since]
        assert list(facts_of(packed, {fact.event_type for fact in known}, since)) == wanted
    assert list(heads_of(packed, 0)) == [(fact.event_type, fact.actor_id) for fact in known if fact.at >= 0]


def test_every_status_can_be_asked_for(state: State) -> None:
    for status in Status:
        for text in (f"is:{status.value}", f"status:^{status.value}$"):
            matches = filters.parse(text, FilterContext(state, NOW_AT)).matches
            assert all(matches(row) is (row.status is status) for row in state.rows.values())
