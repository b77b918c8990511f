"""Case 39: secrets in event data do not reach the disk, whoever writes; and it can be switched off."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lineage_core.write.journal import Journal
from lineage_core.write.redaction import redactor
from tests.conftest import ROOT

LIBRARY = ROOT / "lineage_core" / "shell" / "lineage.sh"
SECRETS = {
    "api_key": "hunter2hunter2",
    "GitHub-Token": "opensesame1234",
    "note": "sent with Authorization: Bearer abcdef0123456789abcdef",
    "key file": "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA7\n-----END RSA PRIVATE KEY-----",
    "aws": "AKIAIOSFODNN7EXAMPLE",
    "url": "https://kim:swordfish99@example.com/repo.git",
    "nested": {"list": [{"password": "correcthorse"}]},
}
NEEDLES = ("hunter2hunter2", "opensesame1234", "abcdef0123456789abcdef", "MIIEowIBAAKCAQEA7", "AKIAIOSFODNN7EXAMPLE",
           "swordfish99", "correcthorse")  # fmt: skip
HARMLESS = {"token_usage": {"total_tokens": 4321}, "token_budget": 50_000, "keyboard": "qwerty"}
DATA = json.dumps(SECRETS | HARMLESS)


def by_bash(directory: Path, **environ: str) -> None:
    script = f'source {LIBRARY}; log_task_started task-1 a "$1"; log_task_failed task-1 a "password=$2"'
    told = {"LINEAGE_DIR": str(directory), "LINEAGE_PYTHON": sys.executable} | environ
    subprocess.run(["bash", "-c", script, "x", DATA, NEEDLES[0]], env=os.environ | told, check=True)


def by_command(directory: Path, **environ: str) -> None:
    command = [sys.executable, "-m", "lineage_core.cli", "log", "--dir", str(directory)]
    for words in (["task_started", "task-1", "a", DATA], ["task_failed", "task-1", "a", f"password={NEEDLES[0]}"]):
        subprocess.run([*command, *words], env=os.environ | environ, stdout=subprocess.DEVNULL, check=True)


def by_python(directory: Path, **environ: str) -> None:
    journal = Journal(directory, environ=environ)
    journal.log("task_started", "task-1", "a", data=SECRETS | HARMLESS)
    journal.log("task_failed", "task-1", "a", f"password={NEEDLES[0]}")


def by_batch(directory: Path, **environ: str) -> None:
    lines = [
        {"event_type": "task_started", "task_id": "task-1", "actor": "a", "event_data": SECRETS | HARMLESS},
        {"event_type": "task_failed", "task_id": "task-1", "actor": "a",
         "event_data": {"reason": f"password={NEEDLES[0]}"}},
    ]  # fmt: skip
    command = [sys.executable, "-m", "lineage_core.cli", "log", "--batch", "--dir", str(directory)]
    text = "\n".join(map(json.dumps, lines))
    told = os.environ | environ
    subprocess.run(command, input=text, text=True, env=told, stdout=subprocess.DEVNULL, check=True)


WRITERS = [by_bash, by_command, by_python, by_batch]


@pytest.mark.parametrize("write", WRITERS)
def test_no_secret_reaches_the_disk_and_what_is_none_does(write: object, tmp_path: Path) -> None:
    write(tmp_path / "lineage")  # type: ignore[operator]
    text = "".join(path.read_text() for path in (tmp_path / "lineage").iterdir())
    assert [needle for needle in NEEDLES if needle in text] == []
    assert text.count("[redacted]") >= len(NEEDLES)
    started = json.loads(text.splitlines()[-2])["event_data"]
    assert {key: started[key] for key in HARMLESS} == HARMLESS


@pytest.mark.parametrize("write", WRITERS)
def test_it_can_be_switched_off(write: object, tmp_path: Path) -> None:
    write(tmp_path / "lineage", LINEAGE_REDACT="0")  # type: ignore[operator]
    text = "".join(path.read_text() for path in (tmp_path / "lineage").iterdir())
    assert [needle for needle in NEEDLES if needle not in text] == []


SPELLINGS = {
    '"password"=>"hunter2"': '"password"=>[redacted]',
    "password := hunter2": "password := [redacted]",
    "password == hunter2 is wrong": "password == [redacted] is wrong",
    "error: password=hunter2": "error: password=[redacted]",
    "GET https://host/a?token=hunter2&b=1": "GET https://host/a?token=[redacted]&b=1",
    "Authorization: ApiKey hunter2": "Authorization: [redacted]",
    "Authorization: Bearer hunter2hunter2\nHost: cortex": "Authorization: [redacted]\nHost: cortex",
    "curl -H 'Proxy-Authorization: Key hunter2' host": "curl -H 'Proxy-Authorization: [redacted]' host",
    'authorization: Digest username="kim", response="hunter2" (401)': "authorization: [redacted] (401)",
    "Cookie: theme=dark; sid=hunter2": "Cookie: [redacted]",
    '{"password" : "a\\"hunter2"}': '{"password" : [redacted]}',
    '{\\"password\\":\\"a\\\\\\"hunter2\\",\\"b\\":1}': '{\\"password\\":[redacted],\\"b\\":1}',
    "{'password': 'it\\'s hunter2'}": "{'password': [redacted]}",
    "password=[redacted]hunter2": "password=[redacted]",
    "https://kim:p@hunter2@host:80/a@b": "https://kim:[redacted]@host:80/a@b",
    "https://kim@corp.example:hunter2@host": "https://kim@corp.example:[redacted]@host",
    "see https://host:80/kim@example": "see https://host:80/kim@example",
    "error: 12 tokens: token_usage=12": "error: 12 tokens: token_usage=12",
}
"""Texts, and what is left of them."""


@pytest.mark.parametrize("text", SPELLINGS)
def test_a_secret_is_found_in_each_common_spelling_and_only_the_secret_goes(text: str) -> None:
    clean = redactor({})
    assert clean(text) == SPELLINGS[text]
    assert clean(clean(text)) == clean(text)


def test_bash_takes_out_what_python_does(tmp_path: Path) -> None:
    script = f'source {LIBRARY}; for r; do log_task_failed t a "$r"; log_task_started t a "$DATA"; done'
    told = {"LINEAGE_DIR": str(tmp_path / "lineage"), "LINEAGE_PYTHON": sys.executable}
    told["DATA"] = '{"url":"https:\\/\\/kim:hunter2@host","note":"new:\\nsk-0123456789abcdefghijkl"}'
    subprocess.run(["bash", "-c", script, "x", *SPELLINGS], env=os.environ | told, check=True)
    (path,) = (tmp_path / "lineage").iterdir()
    data = [json.loads(line)["event_data"] for line in path.read_text().splitlines() if line]
    assert [each["reason"] for each in data[::2]] == list(SPELLINGS.values())
    assert data[1::2] == [{"url": "https://kim:[redacted]@host", "note": "new:\n[redacted]"}] * len(SPELLINGS)
