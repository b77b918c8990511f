"""Hooks: what is told arrives whole, as data; what hangs, fails or floods is bounded and told."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import sys
from pathlib import Path

import pytest

from lineage_core.alerts.delivery import MOST_OUTPUT, deliver
from lineage_core.alerts.settings import Hook
from lineage_core.base.clock import SECOND
from tests.core.alerts.receiver import receiving
from tests.wallclock import wait_until

HOSTILE = {
    "sentence": "$(touch owned) `touch owned`; touch owned \x1b]0;x\x07 \udc80 '\"",
    "status": "firing",
    "rule": "x",
}


def program(*words: str, timeout: float = 60) -> Hook:
    return Hook("page", "exec", words, int(timeout * SECOND))


def test_a_program_gets_the_message_on_standard_input_and_nothing_by_a_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    save = (
        "import sys; open('in.json', 'wb').write(sys.stdin.buffer.read()); open('argv', 'w').write(str(sys.argv[1:]))"
    )
    assert deliver(program(sys.executable, "-c", save, "$(touch owned)", "; touch owned"), HOSTILE) == ""
    assert json.loads(Path("in.json").read_bytes()) == HOSTILE
    assert Path("argv").read_text() == str(["$(touch owned)", "; touch owned"])
    assert not Path("owned").exists()


def test_a_program_that_fails_is_told_with_its_word() -> None:
    assert deliver(program("/bin/sh", "-c", "echo no pager >&2; exit 3"), HOSTILE) == "ended with 3: no pager"
    assert deliver(program("/nowhere/page"), HOSTILE) == "/nowhere/page: No such file or directory"
    assert deliver(program("/bin/true"), HOSTILE | {"sentence": "x" * 1_000_000}) == "", "it need not read"


def test_a_program_that_hangs_ends_with_all_that_it_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    hang = f"sleep 300 & echo $! > {pids}; sleep 300"
    assert deliver(program("/bin/sh", "-c", hang, timeout=3), HOSTILE) == "still ran after 3 s and was ended"
    child = Path(f"/proc/{int(pids.read_text())}/stat")

    def is_gone() -> bool:
        try:
            return " Z " in child.read_text()
        except (FileNotFoundError, ProcessLookupError):
            return True

    wait_until(is_gone)


def test_a_program_that_floods_is_ended() -> None:
    assert deliver(program("/usr/bin/yes"), HOSTILE) == f"said more than {MOST_OUTPUT:,} bytes and was ended"


def test_a_webhook_is_signed() -> None:
    with receiving() as there:
        assert deliver(Hook("chat", "webhook", (there.url,), 5 * SECOND, b"secret"), HOSTILE) == ""
        (body,), (headers,) = there.bodies, there.headers
    at, mac = (part.partition("=")[2] for part in headers["X-Lineage-Signature"].split(","))
    assert hmac.new(b"secret", at.encode() + b"." + body, hashlib.sha256).hexdigest() == mac
    assert json.loads(body) == HOSTILE and body.isascii()


def test_an_address_that_fails_leads_elsewhere_or_hangs_is_told() -> None:
    with receiving() as there:
        hook = Hook("chat", "webhook", (there.url,), SECOND // 2)
        there.answers = [503, 302]
        assert "503" in deliver(hook, HOSTILE)
        assert "302" in deliver(hook, HOSTILE)
        assert there.paths == ["/", "/"], "a redirect is not followed"
        there.hang = True
        assert "timed out" in deliver(hook, HOSTILE)
    assert "refused" in deliver(hook, HOSTILE)


def test_a_file_takes_one_line_each(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    for _ in range(2):
        assert deliver(Hook("log", "file", (str(path),)), HOSTILE) == ""
    assert [json.loads(line) for line in path.read_text().splitlines()] == [HOSTILE, HOSTILE]
    assert "No such file" in deliver(Hook("log", "file", (str(tmp_path / "no" / "x"),)), HOSTILE)
    os.mkfifo(tmp_path / "fifo")
    assert deliver(Hook("log", "file", (str(tmp_path / "fifo"),)), HOSTILE), "nobody reads it: told, not waited for"
