"""When something is late is read in one place: every command and the screen agree, and what is wrong is named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_core.base.clock import HOUR, MINUTE, SECOND
from lineage_core.base.errors import BadInputError
from lineage_core.cli import COMMANDS, WITHOUT_SETTINGS, main
from lineage_core.rules.thresholds import Thresholds, thresholds
from lineage_core.settings.config_file import line_of, read_config
from lineage_core.settings.threshold_defaults import LATE, OLD_NAMES, LateSettings, late_settings
from lineage_tui.cli import parser
from lineage_tui.settings import config as screen
from tests.build import record, write, write_config
from tests.cli.conftest import LEGACY

NOW = "2026-03-14T03:00:00Z"


def at(minutes: int) -> str:
    return f"2026-03-14T02:{60 - minutes:02d}:00Z"


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Workers that have said nothing for 5, 15, 25 … minutes."""
    monkeypatch.setenv("LINEAGE_NOW", NOW)
    return write(
        tmp_path / "lineage",
        *(
            record(number, task_id=f"task-{minutes}", event_type=event, timestamp=at(minutes),
                   event_data={"worker_id": f"worker-{minutes}", "worker_type": "scan-worker"})
            for minutes in range(5, 60, 10)
            for number, event in enumerate(("worker_spawned", "worker_started"), 2 * minutes)
        ),
        name="lineage-2026-03-14.jsonl",
    )  # fmt: skip


def told(*words: str, journal: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert main([*words, "--dir", str(journal)]) == 0
    return capsys.readouterr().out


SILENT = {10: 5, 20: 4, 30: 3, 40: 2}
"""How many workers are zombies after so many minutes."""


@pytest.mark.parametrize("minutes", SILENT)
@pytest.mark.parametrize("source", ["option", "late option", "variable", "old variable", "config", "old config"])
def test_zombies_tasks_stats_and_the_screen_agree(
    source: str, minutes: int, journal: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words: list[str] = []
    if "option" in source:
        words = ["--zombie-after" if source == "option" else "--late", f"{minutes}m"]
        words[1] = words[1] if source == "option" else f"silent={words[1]}"
    elif "variable" in source:
        monkeypatch.setenv("LINEAGE_SILENT_AFTER" if source == "variable" else "LINEAGE_ZOMBIE_AFTER", f"{minutes}m")
    else:
        write_config(f'[late.silent]\ndefault = "{minutes}m"' if source == "config" else f'zombie-after = "{minutes}m"')
    expected = SILENT[minutes]
    found = json.loads(told("zombies", "--json", *words, journal=journal, capsys=capsys))
    assert sum(one["severity"] == "bad" for one in found["findings"]) == expected
    tasks = json.loads(told("tasks", "is:zombie", "--json", *words, journal=journal, capsys=capsys))
    assert len(tasks) == expected
    chosen = json.loads(told("stats", "is:zombie", "--json", *words, journal=journal, capsys=capsys))
    assert chosen["tasks_tracked"] == expected
    every = json.loads(told("stats", "--json", *words, journal=journal, capsys=capsys))
    assert sum(row["silent"] for row in every["workers"]) == expected
    options = vars(parser().parse_args(words))
    assert screen.settings(options, os.environ, screen.read_config()).thresholds.silent == minutes * MINUTE


def test_an_option_counts_before_the_environment_and_that_before_the_config_file() -> None:
    config = {"late": {"silent": {"default": "3m", "scan-worker": "4m"}}, "zombie-after": "5m"}
    environ = {"LINEAGE_SILENT_AFTER": "2m", "LINEAGE_ZOMBIE_AFTER": "6m"}
    options = {"late": ["silent=1m"], "zombie_after": "7m"}
    assert late_settings(options, environ, config).explicit("silent", "scan-worker") == MINUTE
    assert late_settings({}, environ, config).explicit("silent", "scan-worker") == 2 * MINUTE
    assert late_settings({}, {}, config).explicit("silent", "scan-worker") == 4 * MINUTE
    assert late_settings({}, {}, config).explicit("silent", "fix-worker") == 3 * MINUTE
    assert late_settings({}, {}, config).explicit("silent") == 3 * MINUTE
    assert late_settings({"zombie_after": "7m"}, environ, config).explicit("silent") == 7 * MINUTE
    assert late_settings({}, {}, {}).explicit("silent", "scan-worker") is None


durations = st.integers(0, 10**6).map(lambda seconds: (f"{seconds}s", seconds * SECOND))
sources = st.dictionaries(st.sampled_from(sorted(LATE)), durations)


@given(options=sources, environ=sources, config=sources, by_type=sources)
def test_every_name_is_read_alike(
    options: dict[str, tuple[str, int]],
    environ: dict[str, tuple[str, int]],
    config: dict[str, tuple[str, int]],
    by_type: dict[str, tuple[str, int]],
) -> None:
    late: dict[str, dict[str, str]] = {name: {"default": text} for name, (text, _) in config.items()}
    for name, (text, _) in by_type.items():
        late.setdefault(name, {})["build"] = text
    found = late_settings(
        {"late": [f"{name}={text}" for name, (text, _) in options.items()]},
        {f"LINEAGE_{name.upper().replace('-', '_')}_AFTER": text for name, (text, _) in environ.items()},
        {"late": late},
    )
    for name in LATE:
        for kind, places in ((None, (options, environ, config)), ("build", (options, environ, by_type, config))):
            expected = next((place[name][1] for place in places if name in place), None)
            assert found.explicit(name, kind) == expected


def test_what_is_not_set_has_the_defaults_and_a_warning_never_comes_after_what_it_warns_of() -> None:
    assert thresholds(LateSettings()) == Thresholds()
    set_ = {old.replace("-", "_"): "2m" for old in OLD_NAMES}
    limits = thresholds(late_settings(set_, {}, {}))
    names = ("silent", "warned", "never-started", "handoff-unaccepted", "blocked")
    assert [limits.after(name) for name in names] == [2 * MINUTE] * 5
    assert thresholds(late_settings({"zombie_after": "1m", "warn_after": "1h"}, {}, {})).warned == MINUTE
    assert thresholds(late_settings({"zombie_after": "2h", "warn_after": "1h"}, {}, {})).warned == HOUR


@pytest.mark.parametrize(
    ("options", "environ", "said"),
    [
        ({"late": ["silent"]}, {}, "--late silent: write NAME=TIME, like silent=30m"),
        ({"late": ["silnt=3m"]}, {}, "--late silnt=3m: write NAME=TIME, like silent=30m; did you mean silent?"),
        ({"late": ["silent=soon"]}, {}, "--late silent: 'soon' is no duration"),
        ({"zombie_after": ""}, {}, "--zombie-after: '' is no duration"),
        ({}, {"LINEAGE_IDLE_AFTER": "soon"}, "LINEAGE_IDLE_AFTER: 'soon' is no duration"),
        ({}, {"LINEAGE_ZOMBIE_AFTER": "-1m"}, "LINEAGE_ZOMBIE_AFTER: '-1m' is no duration"),
        ({"late": ["silent=" + "9" * 400 + "d"]}, {}, "--late silent: "),
    ],
)
def test_a_wrong_option_or_variable_is_named(options: dict[str, object], environ: dict[str, str], said: str) -> None:
    with pytest.raises(BadInputError) as error:
        late_settings(options, environ, {})
    assert str(error.value).startswith(said)


BAD = (
    ('theme = "dark"\nzombie-after = "soon"\n', 2, "zombie-after: 'soon' is no duration"),
    ("\nzombie-after = 30\n", 2, "zombie-after: '30' is no duration"),
    ('[late.silent]\n# build = ""\ndefault = "30m"\nbuild = "soon"\n', 4, "late.silent.build: 'soon' is no duration"),
    ('late.silent.default = "soon"\n', 1, "late.silent.default: 'soon' is no duration"),
    ('[late.silnt]\ndefault = "3m"\n', 1, "late: unknown name 'silnt'; did you mean silent?"),
    ('[late]\nsilent = "3m"\n', 2, "late.silent must be a table"),
    ("ascii = true\n\nlate = 3\n", 3, "late must be tables"),
    ('[keys]\nfollow = "F"\n', 2, "keys of follow must be a list of key names"),
    ('theme = "drak"\n', 1, "theme must be one of dark, light, clear, ansi, not 'drak'"),
    ("colour = 1\n", 1, "unknown setting 'colour'"),
    ("theme = \n", 1, "line 1"),
)


@pytest.mark.parametrize(("text", "line", "said"), BAD, ids=range(len(BAD)))
def test_a_wrong_value_in_the_config_file_is_named_with_its_line(text: str, line: int, said: str) -> None:
    path = write_config(text)
    for read in (read_config, screen.read_config):
        with pytest.raises(BadInputError) as error:
            read()
        assert str(path) in str(error.value) and f"line {line}" in str(error.value) and said in str(error.value)


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in WITHOUT_SETTINGS])
def test_every_command_names_a_wrong_value_and_does_nothing(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_config('\nblocked-after = "soon"\n')
    assert main([command, "--dir", str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"lineage {command}: {path}: line 2: blocked-after: 'soon' is no duration")


def test_so_does_the_screen_before_it_draws_anything(tmp_path: Path) -> None:
    path = write_config('\nblocked-after = "soon"\n')
    done = subprocess.run(
        [sys.executable, "-m", "lineage_tui.cli", "--dir", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"lineage-tui: {path}: line 2: blocked-after: 'soon' is no duration")


def test_an_event_is_written_whatever_the_config_file_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_config("zombie-after = 3\n")
    assert main(["log", "task_created", "task-1", "user-kim", "--dir", str(tmp_path / "lineage")]) == 0
    assert capsys.readouterr().err == ""


@given(st.lists(st.sampled_from(["a", "b", "c-d"]), min_size=1, max_size=3), st.integers(0, 3))
def test_the_line_of_a_key_is_found_in_any_spelling(keys: list[str], split: int) -> None:
    table, rest = keys[:split], keys[split:]
    lines = ["# a comment = 1", "", *([f"[{'.'.join(table)}] # a.b"] if table else [])]
    if rest:
        lines.append(f"{'.'.join(rest)} = 1")
    assert line_of("\n".join(lines) + "\n", keys) == len(lines)


def test_the_legacy_sample_is_read_with_a_config_file(capsys: pytest.CaptureFixture[str]) -> None:
    write_config('theme = "light"\n[late.idle]\ndefault = "1h"\n')
    assert main(["tasks", "--dir", str(LEGACY)]) == 0
    assert capsys.readouterr().err == ""
