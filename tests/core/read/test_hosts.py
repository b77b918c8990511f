"""A directory of hosts is read as one journal whose files know their hosts."""

from __future__ import annotations

import gzip
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from lineage_core import Journal
from lineage_core.base.clock import DAY
from lineage_core.base.errors import BadInputError, JournalError
from lineage_core.model.host_file_names import HOSTS_MARK, host_of, prefix_of
from lineage_core.read.as_of_copy import cut
from lineage_core.read.journal_files import files, host_folders, mark_hosts
from lineage_core.read.tailer import Tailer
from lineage_core.read.watcher import Watcher
from lineage_core.settings.host_directories import as_one, named
from lineage_core.state.load import load
from tests.build import record
from tests.wallclock import now

HOSTILE = ('a"b', "new\nline", "\x1b[31mred", "%2e", "{},[", "umläut", "..x", os.fsdecode(b"no-\xff-utf8"), "-rf", " ")


def _log(directory: Path, task_id: str = "t") -> None:
    Journal(directory).log("task_created", task_id, "user-a")


def test_hosts_are_told_by_the_names_of_their_folders(tmp_path: Path) -> None:
    _log(tmp_path / "web1", "one")
    _log(tmp_path / "web2", "two")
    assert {host_of(file.name) for file in files(tmp_path)} == {"web1", "web2"}
    assert load(tmp_path).state.rows.keys() == {"one", "two"}


def test_a_lineage_directory_with_folders_in_it_is_one_host(tmp_path: Path) -> None:
    _log(tmp_path)
    _log(tmp_path / "old")
    assert {host_of(file.name) for file in files(tmp_path)} == {""}
    assert host_folders(tmp_path) == []


def test_an_archive_is_no_host(tmp_path: Path) -> None:
    _log(tmp_path / "archive" / "2026-01")
    assert [host_of(file.name) for file in files(tmp_path)] == [""]


def test_a_host_has_an_archive_of_its_own(tmp_path: Path) -> None:
    _log(tmp_path / "web1")
    _log(tmp_path / "web1" / "archive" / "2026-01")
    assert [host_of(file.name) for file in files(tmp_path)] == ["web1", "web1"]


def test_a_host_without_journal_files_is_told(tmp_path: Path) -> None:
    _log(tmp_path / "web1")
    (tmp_path / "web2").mkdir()
    (tmp_path / "web3").symlink_to("/nowhere")
    problems = load(tmp_path).problems
    assert "nothing is known" in problems["web2"]
    assert "no such file" in problems["web3"]


def test_a_host_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    _log(tmp_path / "web1")
    if os.geteuid():
        _log(tmp_path / "web2")
        (tmp_path / "web2").chmod(0)
    else:  # root may read everything, but what leads to itself
        (tmp_path / "web2").symlink_to("web2")
    try:
        assert re.search("permission denied|too many levels", load(tmp_path).problems["web2"])
    finally:
        if os.geteuid():
            (tmp_path / "web2").chmod(0o700)


def test_a_mark_makes_a_directory_of_hosts_while_all_are_empty(tmp_path: Path) -> None:
    (tmp_path / "web1").mkdir()
    assert not load(tmp_path).problems
    (tmp_path / HOSTS_MARK).touch()
    assert load(tmp_path).problems.keys() == {"web1"}


@pytest.mark.parametrize(
    "stray", ["lineage-2026-11-30.jsonl", "task-lineage.jsonl", "archive/2026-01/lineage-2026-01-02.jsonl"]
)
def test_what_lies_astray_beside_marked_hosts_is_told_and_not_read(tmp_path: Path, stray: str) -> None:
    mirror = tmp_path / "mirror"
    _log(mirror / "web1", "one")
    _log(mirror / "web2", "two")
    (mirror / HOSTS_MARK).touch()
    _log(tmp_path, "astray")
    (mirror / stray).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(next(tmp_path.glob("lineage-*")), mirror / stray)
    assert {host_of(file.name) for file in files(mirror)} == {"web1", "web2"}
    assert [folder.name for folder in host_folders(mirror)] == ["web1", "web2"]
    found = load(mirror)
    assert found.state.rows.keys() == {"one", "two"}
    assert found.state.hosts == {"web1", "web2"}
    assert [*found.problems] == [stray.partition("/")[0]]
    tailer = Tailer(mirror)
    assert {batch.path.parent.name for batch in tailer.scan()} == {"web1", "web2"}
    assert tailer.problems == found.problems
    tailer.close()


def _day(directory: Path, *tasks: str, of: str = "2026-11-22", name: str = "lineage-{}.jsonl") -> Path:
    """A daily file with these tasks; those of one task are equal wherever they lie."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / name.format(of)
    lines = [record(number, task_id=task, lineage_id=f"of-{task}") for number, task in enumerate(tasks)]
    path.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    return path


@pytest.mark.parametrize("stray", ["lineage-2026-11-22.jsonl", "archive/2026-01/lineage-2026-01-02.jsonl"])
def test_a_stray_file_does_not_make_hosts_without_a_mark_one_journal(tmp_path: Path, stray: str) -> None:
    hosts = tmp_path / "mirror"
    _day(hosts / "web1", "one", of="2026-11-21")
    for host in ("web1", "web2", "web3"):
        _day(hosts / host, f"of-{host}")
    _day((hosts / stray).parent, "stray", name=Path(stray).name)
    tailer = Tailer(hosts)
    found = load(hosts)
    assert found.state.hosts == {host_of(batch.file) for batch in tailer.scan()} == {"mirror", "web1", "web2", "web3"}
    assert found.state.rows["stray"].hosts == ("mirror",)
    assert found.state.rows.keys() == {"one", "of-web1", "of-web2", "of-web3", "stray"}
    assert not found.problems
    assert [folder.name for folder in host_folders(hosts)] == ["web1", "web2", "web3"]
    (hosts / stray).unlink()
    list(tailer.scan())
    assert not tailer.problems  # it was taken to where it belongs
    tailer.close()


@pytest.mark.parametrize(
    "lay",
    [
        lambda place: _day(place / "old", "b", name="lineage-{}.jsonl.1"),  # logrotate's olddir
        lambda place: [_day(place / "october", "b", of="2026-10-31"), _day(place / "september", "c", of="2026-09-30")],
        lambda place: [_day(place / copy, "a", *more) for copy, more in (("monday", ""), ("tuesday", "b"))],
        lambda place: [_day(place / copy, "a", name="task-lineage.jsonl") for copy in ("old", "older")],
        lambda place: [_day(place / "old", "b"), _day(place / "empty")],
        lambda place: [_day(place / "old", "b"), (place / "link").symlink_to(place / "old")],
    ],
)
def test_what_lies_in_folders_of_a_journal_is_of_no_hosts(tmp_path: Path, lay: Callable[[Path], object]) -> None:
    _day(tmp_path, "a")
    lay(tmp_path)
    assert {host_of(file.name) for file in files(tmp_path)} == {""}
    assert host_folders(tmp_path) == []


def test_hosts_without_a_mark_are_told_by_what_is_packed_too(tmp_path: Path) -> None:
    _day(tmp_path, "own")
    for host in ("web1", "web2"):
        path = _day(tmp_path / host / "archive" / "2026-10", host, of="2026-10-01")
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    assert {host_of(file.name) for file in files(tmp_path)} == {"web1", "web2", tmp_path.name}


@pytest.mark.parametrize(
    ("name", "host"),
    [("web1", "web1+"), (".lineage", "lineage"), ("archive", "archive+"), ("...", "own"), ("%2e", "%2e")],
)
def test_the_host_of_stray_files_is_called_as_the_directory_is(tmp_path: Path, name: str, host: str) -> None:
    for folder in ("web1", "web2"):
        _day(tmp_path / name / folder, folder)
    _day(tmp_path / name, "own")
    assert load(tmp_path / name).state.hosts == {"web1", "web2", host}
    assert load(tmp_path / name / "web1" / "..").state.hosts == {"web1", "web2", host}
    (tmp_path / "then").mkdir()
    assert not cut(tmp_path / name, 1 << 52, tmp_path / "then" / "copy")
    assert load(tmp_path / "then" / "copy").state.rows.keys() == {"web1", "web2", "own"}
    assert load(tmp_path / "then" / "copy").state.hosts == {"web1", "web2", host}


@pytest.mark.clock
def test_marked_hosts_stay_hosts_in_a_copy_of_before_any_was_heard_of(tmp_path: Path) -> None:
    _log(tmp_path / "mirror" / "web1")
    (tmp_path / "mirror" / HOSTS_MARK).touch()
    assert not cut(tmp_path / "mirror", now() - DAY, tmp_path / "then")
    assert [path.name for path in (tmp_path / "then").iterdir() if path.is_file()] == [HOSTS_MARK]
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / HOSTS_MARK).touch()
    cut(tmp_path / "empty", now(), tmp_path / "as-empty")
    assert (tmp_path / "as-empty" / HOSTS_MARK).exists()


@pytest.mark.clock
def test_nothing_is_logged_beside_marked_hosts(tmp_path: Path) -> None:
    (tmp_path / HOSTS_MARK).touch()
    journal = Journal(tmp_path)
    with pytest.raises(JournalError, match="holds the directories of hosts: log into one of these"):
        journal.log("task_created", "t", "user-a")
    with pytest.raises(JournalError, match="holds the directories of hosts"):
        journal.append_many([({"task_id": "t"}, now())])
    assert [path.name for path in tmp_path.iterdir()] == [HOSTS_MARK]
    _log(tmp_path / "web1")


@pytest.mark.parametrize("where", ["", "archive/2026-01"])
def test_a_journal_is_not_marked_as_a_directory_of_hosts(tmp_path: Path, where: str) -> None:
    _log(tmp_path / where)
    with pytest.raises(JournalError, match="holds a journal itself"):
        mark_hosts(tmp_path)
    assert not (tmp_path / HOSTS_MARK).exists()


def test_a_host_that_goes_away_is_told(tmp_path: Path) -> None:
    _log(tmp_path / "web1")
    _log(tmp_path / "web2")
    tailer = Tailer(tmp_path)
    list(tailer.scan())
    (tmp_path / "web2").rename(tmp_path.parent / f"{tmp_path.name}-gone")
    list(tailer.scan())
    assert "gone" in tailer.problems["web2"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_of_a_host_is_only_a_name(tmp_path: Path, name: str) -> None:
    if name.startswith("."):
        name = name[2:]
    _log(tmp_path / name, "theirs")
    _log(tmp_path / "web1", "ours")
    state = load(tmp_path).state
    (fact,) = state.facts("theirs")
    assert prefix_of(name).isascii()
    assert not set(fact.file) & set('"\\\n{}[],')
    assert host_of(fact.file) == os.fsencode(name).decode("utf-8", "backslashreplace")


def test_many_directories_are_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    _log(tmp_path / "web1" / "lineage", "one")
    _log(tmp_path / "web2" / "lineage", "two")
    given = [str(tmp_path / "web1" / "lineage"), str(tmp_path / "web2" / "lineage")]
    directory = as_one(given)
    assert {host_of(file.name) for file in files(directory)} == {"web1", "web2"}
    assert as_one(given) == directory


def test_hosts_are_called_by_what_differs_or_as_is_said() -> None:
    assert [*named(["/a/web1/lineage", "/a/web2/lineage"])] == ["web1", "web2"]
    assert [*named(["/mirror/web1", "/mirror/web2"])] == ["web1", "web2"]
    assert named(["db=/x/lineage", "/y"]) == {"db": "/x/lineage", "y": "/y"}
    assert [*named(["/a", "/a/b"])] == ["a", "b"]


@pytest.mark.parametrize(
    "given",
    [["/a", "/a"], ["x=/a", "x=/b"], [".x=/a", "/b"], ["archive=/a", "/b"], ["x=", "/b"], ["/", "/b"]],
)
def test_what_is_no_name_of_a_host_is_refused(given: list[str]) -> None:
    with pytest.raises(BadInputError):
        named(given)


def test_a_watch_hears_of_each_host_and_of_a_new_one(tmp_path: Path) -> None:
    _log(tmp_path / "web1")
    watcher, tailer = Watcher(tmp_path, poll=0.01), Tailer(tmp_path)
    assert watcher.wait()
    assert watcher.mode == "live"
    seen: set[str] = set()
    for host in ("web1", "web2", "web2"):
        before = len(seen)
        _log(tmp_path / host, f"{host}-{len(seen)}")
        while len(seen) == before:
            assert watcher.wait()
            seen |= {found.record["lineage_id"] for batch in tailer.scan() for found in batch.found}
    watcher.close()
    tailer.close()


def test_a_directory_given_twice_is_said_to_be() -> None:
    with pytest.raises(BadInputError, match="--dir /srv/web/lineage is given twice"):
        named(["/srv/web/lineage", "/srv/web/lineage"])
