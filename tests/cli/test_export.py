"""`lineage export`: any answer as a file."""

import csv
import io
import json
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import polars
import pytest

from lineage_core.cli.commands.export import QUERIES
from tests.cli.conftest import LEGACY, Ask

TASK = "task-a-rollout"
OF_A_TASK = ("task", "timeline", "duration", "summary", "chain", "explain", "related")
WORDS = {name: [name, TASK] if name in OF_A_TASK else [name] for name in QUERIES}
WORDS |= {"diff": ["diff", TASK, "task-a-deps-audit"], "changed": ["changed", "--since", "2026-11-22T08:03:52Z"]}


class Page(HTMLParser):
    """Checks that a page is well formed, and notes what a browser would fetch or run."""

    VOID = frozenset(("meta", "br", "hr", "img", "input", "link"))

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.fetched: list[str] = []
        self.data = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "srcset", "action") or name.startswith("on"):
                self.fetched.append(f"{name}={value}")

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script" and not self.data:
            self.data = data

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("query", [name for name in QUERIES if name != "stats"])
@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
def test_a_file_holds_what_the_query_prints(query: str, form: str, tmp_path: Path, ask: Ask) -> None:
    printed = ask(*WORDS[query], "--format", form).out
    path = tmp_path / "answer"
    asked = ask("export", *WORDS[query], "--format", form, "-o", str(path))
    assert (asked.code, asked.out, asked.err) == (0, "", "")
    assert path.read_text(encoding="utf-8") == printed
    assert ask("export", *WORDS[query], "--format", form).out == printed
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("query", QUERIES)
def test_a_page_is_whole_by_itself_with_what_it_draws_inside(query: str, ask: Ask) -> None:
    page = Page(ask("export", *WORDS[query], "--format", "html").out)
    assert page.fetched == []
    assert "table" in page.tags
    data = json.loads(page.data)
    if query not in ("stats", "zombies", "forecast", "anomalies", "related"):  # of which the sample has none, or others
        assert TASK in [row[0] for row in data["tasks"]]
        parts = data["answers"]["timeline"][TASK]["parts"]
        assert {("bar", "failed"), ("bar", "blocked")} & {(part["what"], part["kind"]) for part in parts}


@pytest.mark.parametrize("query", [name for name in QUERIES if name != "stats"])
def test_parquet_holds_the_rows_of_the_csv(query: str, tmp_path: Path, ask: Ask) -> None:
    path = tmp_path / "answer.parquet"
    assert ask("export", *WORDS[query], "--format", "parquet", "-o", str(path)).code == 0
    frame = polars.read_parquet(path)
    printed = csv.DictReader(io.StringIO(ask(*WORDS[query], "--format", "csv").out))
    rows = list(printed)
    assert frame.columns == printed.fieldnames
    assert frame.height == len(rows)
    for name in frame.columns:
        if name.endswith("_at") or name in ("timestamp", "start", "since"):
            assert frame.schema[name] == polars.Datetime("us", "UTC")
        if name.endswith("_ms") and frame[name].null_count() < frame.height:
            assert frame[name].to_list() == [int(row[name]) if row[name] else None for row in rows]


def test_parquet_goes_to_a_pipe_too() -> None:
    command = [sys.executable, "-m", "lineage_core.cli", "export", "tasks", "--format", "parquet"]
    done = subprocess.run([*command, "--dir", str(LEGACY)], capture_output=True, check=True)
    assert polars.read_parquet(io.BytesIO(done.stdout)).height == 2


def test_all_events_are_exported_when_no_query_is_named(ask: Ask) -> None:
    assert len(json.loads(ask("export", "--format", "json").out)) == 30
    only = ask("export", "--task", TASK, "--format", "json").json
    assert {record["task_id"] for record in only} == {TASK}


def test_the_options_of_the_query_are_known(ask: Ask) -> None:
    assert ask("export", "tasks", "status:failed", "--sort", "events", "--format", "jsonl").out.count("\n") == 1
    assert ask("export", "recent", "4", "--format", "jsonl").out.count("\n") == 4
    assert ask("export", "tasks", "no-such-task", "--fail-empty", "--format", "json").code == 1


def test_a_file_that_cannot_be_written_is_3_and_leaves_nothing(tmp_path: Path, ask: Ask) -> None:
    asked = ask("export", "tasks", "--format", "csv", "-o", str(tmp_path / "nowhere" / "x.csv"))
    assert asked.code == 3
    assert asked.err.count("\n") == 1
    assert "cannot write" in asked.err
    asked = ask("export", "tasks", "--format", "csv", "-o", str(tmp_path))
    assert asked.code == 3
    assert list(tmp_path.iterdir()) == []


def test_a_long_page_says_what_it_leaves_out(demo_dir: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lineage_core.cli.commands.export.MAX_HTML_ROWS", 50)
    text = ask("export", "events", "--format", "html", demo_dir).out
    assert "Only the first 50 rows are shown." in text
    page = Page(text)
    assert page.tags.count("tr") == 51
    assert len(json.loads(page.data)["answers"]["task"]) == 50
