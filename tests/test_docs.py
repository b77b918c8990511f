"""The documents are true: links and pictures lead somewhere, commands work in an empty folder, tables are whole."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lineage_core.model.json_schema import EVENT_DATA
from tests.conftest import ROOT

PAGES = sorted(
    path
    for folder in (".", ".github", "lineage_core", "lineage_tui", "tests")
    for path in (ROOT / folder).glob("*.md" if folder in (".", ".github") else "**/*.md")
)
README = ROOT / "README.md"
_LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"(<!-- [^\n]* -->\n)?```(\w+)\n(.*?)```", re.DOTALL)


def names(pages: list[Path]) -> list[str]:
    return [str(page.relative_to(ROOT)) for page in pages]


def anchors(page: Path) -> set[str]:
    """The anchors of the headings of a page, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for link in _LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue  # what is elsewhere is not asked for here
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_files_that_are_named_exist(page: Path) -> None:
    roots = (ROOT, page.parent, *(ROOT / folder for folder in ("tests", "lineage_core", "lineage_tui")))
    for name in re.findall(r"`(?:python )?([\w./-]+/[\w.-]+\.(?:py|md|sh|toml|png))", page.read_text()):
        if "NAME" in name or "MODULE" in name:
            continue
        assert any((root / name).exists() for root in roots), name


@pytest.mark.parametrize("package", ["lineage_core", "lineage_tui"])
def test_the_map_of_a_package_names_each_of_its_folders(package: str) -> None:
    page = (ROOT / package / "README.md").read_text()
    folders = {path.name for path in (ROOT / package).iterdir() if path.is_dir() and any(path.glob("*.*"))}
    missing = [name for name in sorted(folders - {"__pycache__"}) if f"{name}/" not in page]
    assert not missing


def test_the_readme_is_short() -> None:
    assert len(README.read_text().splitlines()) <= 250


def test_the_table_of_event_data_names_the_keys_that_the_schema_knows() -> None:
    table = README.read_text().partition("<!-- event data -->")[2].partition("<!-- end -->")[0]
    keys = [
        key for row in table.splitlines() for key in re.findall(r"`(\w+)`", row.split("|")[1] if "|" in row else "")
    ]
    assert sorted(keys) == sorted(EVENT_DATA)


def fences(page: Path) -> list[tuple[str, str]]:
    """The code of a page that can be run: language and text, but for the two that install into a new environment."""
    runnable = []
    for mark, language, text in _FENCE.findall(page.read_text()):
        if language in ("sh", "bash", "python") and not re.match("<!-- (not run|start command|test command)", mark):
            runnable.append((language, text))
    return runnable


def test_the_commands_of_the_readme_work_in_an_empty_folder(tmp_path: Path) -> None:
    """All of them, in their order, as somebody does who reads on."""
    run = fences(README)
    assert [language for language, _ in run] == ["sh", "bash", "python", "sh", "sh"]
    folder = tmp_path / "empty"
    folder.mkdir()
    (tmp_path / "cortex").mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LINEAGE", "CORTEX"))}
    environment["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    for language, text in run:
        here = text.replace("/srv/cortex", str(tmp_path / "cortex"))
        program = [sys.executable, "-c"] if language == "python" else ["bash", "-euo", "pipefail", "-c"]
        done = subprocess.run(
            [*program, here], cwd=folder, env=environment, capture_output=True, text=True, timeout=250
        )
        told = re.sub(r"\d+ events( of 5 hosts)? written to (demo|mirror)\n", "", done.stderr)
        assert (done.returncode, told) == (0, ""), here
    journal = tmp_path / "cortex" / "coordination" / "lineage"
    logged = re.findall(r'"event_type":"(\w+)"', "".join(path.read_text() for path in sorted(journal.glob("*.jsonl"))))
    bash = ["task_created", "worker_spawned", "worker_failed"]
    assert logged == ["task_created", *bash, "task_created", "task_assigned"]
    assert (folder / "tasks.csv").read_text().count("\n") > 10
    assert sorted(path.name for path in folder.iterdir()) == ["demo", "mirror", "tasks.csv"]


@pytest.mark.long
def test_the_first_command_works_in_a_fresh_clone(tmp_path: Path) -> None:
    """As it stands in the README, with nothing but what is committed; `q` ends what it shows."""
    text = README.read_text().partition("<!-- start command -->")[2].partition("<!-- end -->")[0]
    (command,) = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    subprocess.run(["git", "clone", "-q", str(ROOT), str(tmp_path / "clone")], check=True)
    under_script = ["script", "-qec", f"bash -c {command.strip()!r}", "/dev/null"]
    done = subprocess.run(
        under_script,
        cwd=tmp_path / "clone",
        input=b"q" * 40,
        capture_output=True,
        timeout=600,
        env=os.environ | {"TERM": "xterm-256color"},
    )
    assert done.returncode == 0, done.stdout[-2000:]
