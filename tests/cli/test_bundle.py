"""`lineage bundle`: one file that is the same when made twice, holds no secret, and opens anywhere, whoever made it."""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from lineage_core.base.errors import JournalError
from lineage_core.maintenance import bundle
from lineage_core.maintenance.bundle import MANIFEST, opened_bundle, unpack
from lineage_core.state.load import load
from tests.build import compact, record, write
from tests.cli.conftest import Ask
from tests.core.web.browser import chromium, opened, until
from tests.core.write.redaction_corpus import left_of, secrets

SECRET = "hunter2" + "correcthorse9"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A task with a subtask, a secret in each kind of text of it, and a task that has nothing to do with it."""
    actor = {"type": "worker", "id": "worker-1", "principal": f"token={SECRET}"}
    secrets = {
        "event_data": {"reason": f"DB_PASSWORD={SECRET}", "metadata": {"api_key": SECRET}},
        "tags": [f"password={SECRET}"],
        "context": {"session_id": "session-1", "env": f"API_TOKEN={SECRET}"},
        "actor": actor,
        "unknown_field": {"password": SECRET},
    }
    return write(
        tmp_path / "lineage",
        record(1, task_id="task-top", event_type="task_created"),
        record(2, task_id="task-below", event_type="task_created", event_data={"parent_task_id": "task-top"}),
        record(3, task_id="task-other", event_type="task_created"),
        record(4, task_id="task-below", event_type="task_failed", **secrets),
        b'{"torn": "password=' + SECRET.encode() + b"\n",
    )


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def bundled(ask: Ask, directory: Path, *words: str, name: str = "b.zip") -> Path:
    path = directory.parent / name
    code, out, err = ask("bundle", *words, "-o", str(path), directory)
    assert (code, err) == (0, "")
    assert out.startswith(f"{path}: ")
    return path


def test_made_twice_it_is_the_same_whatever_time_it_is(
    ask: Ask, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = bundled(ask, directory, "task-top", name="1.zip").read_bytes()
    monkeypatch.setenv("LINEAGE_NOW", "2026-12-24T18:00:00Z")
    assert bundled(ask, directory, "task-top", name="2.zip").read_bytes() == first


def test_the_events_of_the_task_and_of_all_below_it_are_in_it(ask: Ask, directory: Path, tmp_path: Path) -> None:
    path = bundled(ask, directory, "task-top")
    unpack(path, tmp_path / "there")
    state = load(tmp_path / "there").state
    assert sorted(state.rows) == ["task-below", "task-top"]
    assert state.rows["task-below"].status == "failed"
    assert state.subtasks.children("task-top") == ["task-below"]
    files = {*members(path)}
    assert files >= {"manifest.json", "report.txt", "page.html", "findings.json", "doctor.json"}


def test_it_holds_no_secret_that_redaction_knows(ask: Ask, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEAGE_REDACT", "0")  # of writers; a bundle leaves the house
    found = members(bundled(ask, directory, "task-top"))
    assert [name for name, content in found.items() if SECRET.encode() in content] == []
    assert b"[redacted]" in found["lineage/lineage-2026-11-22.jsonl"]
    findings = json.loads(found["findings.json"])
    assert [one["task_id"] for one in findings] == ["task-below"]


@pytest.mark.parametrize("seed", range(3))
def test_none_of_all_shapes_of_secrets_is_in_it(ask: Ask, tmp_path: Path, seed: int) -> None:
    samples = list(secrets(seed))
    records = [
        record(number, task_id="task-top", event_type="task_progress", event_data={"note": sample.value})
        for number, sample in enumerate(samples, 1)
    ]
    found = members(bundled(ask, write(tmp_path / "lineage", *records), "task-top"))
    events = [json.loads(line) for line in found["lineage/lineage-2026-11-22.jsonl"].splitlines()]
    texts = [content.decode() for name, content in found.items() if not name.startswith("lineage/")]
    left: list[tuple[str, str]] = []
    for sample, event in zip(samples, events, strict=True):
        cleaned = event["event_data"]["note"]
        left += [(sample.name, one) for one in left_of(sample, cleaned)]
        said = json.dumps(cleaned, ensure_ascii=False)
        for text in texts:  # what is left of a secret there, but for what is no secret in its place
            inside = [one for one in sample.secrets if len(one) >= 8 and one in text and one not in said]
            left += [(sample.name, one) for one in inside]
    assert left == []


def test_a_record_without_a_secret_is_as_it_was_written(ask: Ask, tmp_path: Path) -> None:
    line = compact(record(1, task_id="task-1")).replace(b"12.5", b"1.250e1")
    found = members(bundled(ask, write(tmp_path / "lineage", line), "task-1"))
    assert found["lineage/lineage-2026-11-22.jsonl"] == line


def test_as_of_a_time_it_holds_what_was_written_by_then(ask: Ask, directory: Path, tmp_path: Path) -> None:
    moment = "2026-11-22T08:03:48.000003Z"  # that of the third event, by its id
    path = bundled(ask, directory, "task-top", "--at", moment)
    assert json.loads(members(path)["manifest.json"])["as_of"] == moment
    unpack(path, tmp_path / "there")
    assert load(tmp_path / "there").state.rows["task-below"].status == "queued"


def test_an_unknown_task_is_named_and_no_file_made(ask: Ask, directory: Path) -> None:
    code, out, err = ask("bundle", "task-tip", "-o", str(directory.parent / "x.zip"), directory)
    assert (code, out) == (1, "")
    assert "did you mean task-top" in err
    assert not (directory.parent / "x.zip").exists()


# What is opened may be anybody's.


def made(path: Path, **content: bytes | str) -> Path:
    """A zip file with a manifest and files of these names."""
    head = {"format": 1, "tasks": ["t"], "as_of": "2026-11-22T08:00:00Z", "versions": {}}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(MANIFEST, json.dumps(head))
        for name, data in content.items():
            packed.writestr(name, data)
    return path


@pytest.mark.parametrize(
    "name",
    [
        *("../lineage-2026-11-22.jsonl", "lineage/../../lineage-2026-11-22.jsonl", "/tmp/lineage-2026-11-22.jsonl"),
        *(
            "lineage/./lineage-2026-11-22.jsonl",
            "lineage//lineage-2026-11-22.jsonl",
            "lineage/x\\lineage-2026-11-22.jsonl",
        ),
        *(
            "lineage/.lineage-hosts",
            "lineage/evil.sh",
            "lineage/lineage-2026-11-22.jsonl.gz",
            "lineage-2026-11-22.jsonl",
        ),
        *("lineage/a/b/c/d/lineage-2026-11-22.jsonl", "lineage/\x1b[31m/lineage-2026-11-22.jsonl", "lineage/"),
        *("lineage/lineage-2026-11-22.jsonl/", "lineage/lineage-2026-11-22 (copy).jsonl"),
    ],
)
def test_names_that_lead_elsewhere_are_not_taken_out(tmp_path: Path, name: str) -> None:
    unpack(made(tmp_path / "x.zip", **{name: compact(record(1))}), tmp_path / "there" / "lineage")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "x.zip"]


def test_no_link_is_made(tmp_path: Path) -> None:
    path = made(tmp_path / "x.zip")
    with zipfile.ZipFile(path, "a") as packed:
        entry = zipfile.ZipInfo("lineage/lineage-2026-11-22.jsonl")
        entry.external_attr = 0o120777 << 16
        packed.writestr(entry, "/etc/passwd")
    unpack(path, tmp_path / "there")
    assert not (tmp_path / "there" / "lineage-2026-11-22.jsonl").is_symlink()


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "MAX_BYTES", 8 << 20)
    path = made(tmp_path / "x.zip", **{"lineage/lineage-2026-11-22.jsonl": b"\n" * (64 << 20)})
    assert path.stat().st_size < 1 << 20
    with pytest.raises(JournalError, match="unpacks to more than 8 MB"):
        unpack(path, tmp_path / "there")
    assert sum(one.stat().st_size for one in (tmp_path / "there").iterdir()) < 16 << 20


def test_one_file_twice_is_refused(tmp_path: Path) -> None:
    path = made(tmp_path / "x.zip", **{"lineage/lineage-2026-11-22.jsonl": compact(record(1))})
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(path, "a") as packed:
        packed.writestr("lineage/lineage-2026-11-22.jsonl", compact(record(2)))
    with pytest.raises(JournalError, match="File exists"):
        unpack(path, tmp_path / "there")


@pytest.mark.parametrize(
    "content",
    [b"", b"no zip", b"PK\x05\x06" + bytes(18), b"PK\x03\x04" + bytes(100)],
    ids=["empty", "text", "nothing in it", "torn"],
)
def test_what_is_no_bundle_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(JournalError, match="is no bundle of ours"):
        unpack(tmp_path / "x.zip", tmp_path / "there")


@pytest.mark.parametrize(
    "head", ["[]", "{}", '{"format": 2}', '{"format": 1, "as_of": 7, "tasks": [], "versions": {}}']
)
def test_another_manifest_is_one_line(tmp_path: Path, head: str) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as packed:
        packed.writestr(MANIFEST, head)
    with pytest.raises(JournalError, match="is no bundle of ours"):
        unpack(tmp_path / "x.zip", tmp_path / "there")


def test_a_bundle_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="No such file"):
        unpack(tmp_path / "x.zip", tmp_path / "there")


def test_what_was_unpacked_goes_again(ask: Ask, directory: Path) -> None:
    with opened_bundle(str(bundled(ask, directory, "task-top"))) as (there, as_of):
        assert as_of == max(row.last_at for row in load(directory).state.rows.values())
        assert list(there.iterdir())
    assert not there.exists()


def test_its_page_opens_in_a_browser(
    ask: Ask, directory: Path, tmp_path: Path, need_tool: Callable[[str], str]
) -> None:
    need_tool("chromium")
    page_file = tmp_path / "page.html"
    page_file.write_bytes(members(bundled(ask, directory, "task-top"))["page.html"])
    with chromium() as browser, opened(browser, page_file.as_uri()) as page:
        assert until(page, "document.body.innerText.includes('task-below')")
        assert SECRET not in page.content()


BIN = Path(sys.executable).parent


def test_the_app_opens_it(ask: Ask, directory: Path, need_tool: Callable[[str], str], tmp_path: Path) -> None:
    from tests.tui.test_terminal import Terminal

    path = bundled(ask, directory, "task-top")
    terminal = Terminal(need_tool("tmux"), tmp_path / "tmux.sock")
    try:
        terminal.start(f"{BIN}/lineage-tui --bundle {path}; echo ended")
        screen = terminal.wait_for("task-below")
        assert "task-other" not in screen
        terminal.keys("q")
        terminal.wait_for("ended")
    finally:
        terminal.run("kill-server")
