"""The config file and what is kept between runs: whatever stands there is settings, one clear error, or left alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from textual.binding import BindingsMap

from lineage_core.base.clock import HOUR, MINUTE
from lineage_core.base.errors import BadInputError
from lineage_core.settings.config_file import KNOWN
from lineage_tui.cli import parser
from lineage_tui.settings.config import SavedState, load_state, read_config, save_state, settings, state_path
from lineage_tui.settings.keymap import COMMANDS, bindings, rebind

VALUES = (
    *('"light"', '"30m"', '"-1s"', "30", "true", "[]", "{}", "1979-05-27", "1979-99-99", "nan", '"\\u001b]0;x"', "'''"),
)
LINES = [f"{key} = {value}" for key in (*KNOWN, "zombie", "a.b") for value in VALUES]
LINES += ["[keys]", "[[keys]]", "[keys.follow]", 'follow = ["F"]', 'follow = [""]', 'follow = ["a,,b", ",", "ctrl+"]']
LINES += ['follow = "F"', 'nothing = ["x"]', "\x00", "=", "[", "9" * 5000 + " = 1", "x = " + "9" * 5000]

texts = st.lists(st.sampled_from(LINES) | st.text(max_size=20), max_size=5).map("\n".join).map(
    lambda text: text.encode("utf-8", "surrogatepass")
) | st.binary(max_size=60)  # fmt: skip


@given(data=texts)
@example(data=b"x = " + b"[" * 5000)
@example(data=b"x = " + b"9" * 5000)
@example(data=b'[keys]\nfollow = ["a,,b"]')
@example(data=b"\xff")
def test_any_config_file_gives_settings_or_one_clear_error(
    data: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "config.toml"
    path.write_bytes(data)
    try:
        chosen = settings({}, {}, read_config(path))
    except BadInputError as error:
        assert str(error)
        return
    BindingsMap(bindings(rebind(chosen.keys)))


def test_an_unknown_setting_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('theme = "light"\n\nzombie-aftre = "30m"\n')
    with pytest.raises(BadInputError, match=r"config\.toml: line 3: unknown setting 'zombie-aftre'.*zombie-after"):
        read_config(path)


def test_how_long_a_task_may_be_blocked_is_set_by_option_environment_and_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('blocked-after = "10m"\n')
    options, given = (vars(parser().parse_args(words)) for words in ([], ["--blocked-after", "2h"]))
    environ = {"LINEAGE_BLOCKED_AFTER": "1h"}
    assert settings(options, {}, {}).thresholds.after("blocked") == 30 * MINUTE
    assert settings(options, {}, read_config(path)).thresholds.after("blocked") == 10 * MINUTE
    assert settings(options, environ, read_config(path)).thresholds.after("blocked") == HOUR
    assert settings(given, environ, read_config(path)).thresholds.after("blocked") == 2 * HOUR


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*SavedState._fields, "x"]), inner, max_size=4),
    max_leaves=8,
)


@given(told=json_values, whole=st.booleans())
def test_whatever_was_kept_is_taken_or_left_and_can_be_replaced(told: Any, whole: bool) -> None:
    directory = Path("/somewhere")
    state_path().parent.mkdir(parents=True, exist_ok=True)
    state_path().write_text(json.dumps(told if whole else {str(directory): told}))
    assert isinstance(load_state(directory), SavedState)
    save_state(directory, SavedState(view="workers"))
    assert load_state(directory) == SavedState(view="workers")


@pytest.mark.parametrize("text", ["[" * 100_000, "", "\ufffe", "9" * 5000, '{"a": NaN'], ids=range(5))
def test_a_damaged_file_is_left_and_replaced(text: str) -> None:
    directory = Path("/somewhere")
    state_path().parent.mkdir(parents=True, exist_ok=True)
    state_path().write_text(text)
    assert load_state(directory) == SavedState()
    save_state(directory, SavedState(view="workers"))
    assert load_state(directory) == SavedState(view="workers")


def test_every_command_can_be_given_other_keys() -> None:
    BindingsMap(bindings(rebind({command.name: ("f5",) for command in COMMANDS})))
