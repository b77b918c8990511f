"""Commands, logs and filters of the operator's own: placeholders are whole arguments, ids are anybody's text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lineage_core.base.errors import BadInputError
from lineage_core.settings.config_file import read_config
from lineage_core.settings.user_commands import OwnCommand, argv_of, cortex_dir, log_path

SHOW = OwnCommand("show", "f6", "worker", ("show", "--", "{worker_id}"))

HOSTILE = [
    *(
        "; rm -rf /",
        "$(reboot)",
        "`reboot`",
        "a b\tc\nd",
        "--force",
        "-x",
        "'",
        '"',
        "*",
        "{task_id}",
        "é\u202e",
        "|x>y",
    ),
    "\x1b]0;x\x07",
]


@pytest.mark.parametrize("worker_id", HOSTILE)
def test_an_id_is_one_argument_whatever_it_holds(worker_id: str) -> None:
    assert argv_of(SHOW, {"worker_id": worker_id}) == ["show", "--", worker_id]


def test_marked_tasks_are_an_argument_each() -> None:
    command = OwnCommand("all", "f6", "any", ("show", "{task_ids}", "end"))
    assert argv_of(command, {"task_ids": ["a b", "-c"]}) == ["show", "a b", "-c", "end"]


@pytest.mark.parametrize("values", [{}, {"worker_id": None}, {"worker_id": "a\0b"}])
def test_what_is_not_there_or_cannot_be_an_argument_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(BadInputError, match=r"^show: "):
        argv_of(SHOW, values)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[commands.x]\nargv = ["sh", "-c", "rm {task_id}"]\nkey = "f6"', "a placeholder is a whole argument"),
        ('[commands.x]\nargv = ["{task_id}"]\nkey = "f6"', "the program itself is no placeholder"),
        ('[commands.x]\nargv = ["a", "{task}"]\nkey = "f6"', "unknown placeholder {task}"),
        ('[commands.x]\nargv = "ls"\nkey = "f6"', "argv must be a list of words"),
        ('[commands.x]\nargv = ["ls"]', "key must be that of the command"),
        ('[commands.x]\nargv = ["ls"]\nkey = "f6"\nshell = true', "unknown setting 'shell'"),
        ('[commands.x]\nargv = ["ls"]\nkey = "f6"\nconfirm = 1', "confirm must be true or false"),
        ('[commands.x]\nargv = ["ls"]\nkey = "f6"\nscope = "all"', "scope must be one of task, worker, any"),
        ('[commands."X y"]\nargv = ["ls"]\nkey = "f6"', "small letters"),
        ('log = "/var/log/{worker_id}"', "it cannot lead out of it"),
        ('log = "../{worker_id}"', "it cannot lead out of it"),
        ('log = "logs/x.log"', "log must be like"),
        ('log = "logs/{worker_id}{pid}"', "unknown placeholder {pid}"),
        ("[filters]\nx = 1", "filters.x must be a filter"),
    ],
)
def test_a_wrong_setting_is_named_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(BadInputError) as error:
        read_config(path)
    assert problem in str(error.value)
    assert str(error.value).startswith(f"{path}: line ")


def test_a_log_is_below_the_cortex(tmp_path: Path) -> None:
    directory = tmp_path / "cortex" / "coordination" / "prod" / "lineage"
    assert cortex_dir(directory) == tmp_path / "cortex"
    path = log_path("logs/{worker_id}.log", tmp_path, {"worker_id": "worker-1"})
    assert path == tmp_path / "logs" / "worker-1.log"


@pytest.mark.parametrize(
    "worker_id", ["../../etc/passwd", "a/b", "..", ".", "", "a\0", "a\nb", "a\\b", "x" * 300, "\u202e"]
)
def test_an_id_that_is_no_name_of_a_file_leads_nowhere(tmp_path: Path, worker_id: str) -> None:
    with pytest.raises(BadInputError, match="no plain file name"):
        log_path("logs/{worker_id}", tmp_path, {"worker_id": worker_id})


def test_a_link_does_not_lead_out(tmp_path: Path) -> None:
    base = tmp_path / "cortex"
    (base / "logs").mkdir(parents=True)
    (base / "logs" / "w.log").symlink_to("/etc/passwd")
    (base / "logs" / "d").symlink_to("/etc")
    for template, worker in (("logs/{worker_id}.log", "w"), ("logs/{worker_id}/passwd", "d")):
        with pytest.raises(BadInputError, match="leads out of"):
            log_path(template, base, {"worker_id": worker})
