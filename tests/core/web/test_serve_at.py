"""`lineage serve --at`: a page, and all queries, as of a time; it says so, and nothing of later is there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lineage_core.base.clock import MINUTE, format_timestamp
from tests.build import NOW, record, write
from tests.core.web.browser import chromium, opened
from tests.core.web.conftest import Served, serving

THEN = format_timestamp(NOW - 30 * MINUTE)


def event(ago: int, kind: str, **data: str) -> dict[str, object]:
    at = NOW - ago * MINUTE
    return record(
        lineage_id=f"lineage-{at:016d}{0:010d}",
        task_id="task-one",
        event_type=kind,
        timestamp=format_timestamp(at),
        event_data=data,
    )


@pytest.fixture(scope="module")
def then(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Path]]:
    """A server as of THEN, over a task that failed later."""
    folder = tmp_path_factory.mktemp("then")
    directory = folder / "lineage"
    write(directory, event(60, "task_created"), event(50, "task_started"))
    write(directory, event(10, "task_failed", reason="the secret of later"))
    with serving(directory, folder, "--at", THEN, LINEAGE_NOW=format_timestamp(NOW)) as one:
        yield one, directory


def test_queries_answer_as_of_then_whatever_is_logged_now(then: tuple[Served, Path]) -> None:
    served, directory = then
    write(directory, event(0, "task_cancelled", reason="the secret of now"))
    (row,) = served.client.get("/api/v1/tasks").json()
    assert (row["task_id"], row["status"], row["last_at"]) == (
        "task-one",
        "running",
        format_timestamp(NOW - 50 * MINUTE),
    )
    assert served.client.get("/api/v1/task?task=task-one").text.count("secret") == 0
    assert f"lineage serve: {directory} as of {THEN[:19]}Z at " in served.log.read_text()


def test_the_page_says_as_of_when_it_is(then: tuple[Served, Path]) -> None:
    if shutil.which("chromium") is None:
        pytest.skip("needs chromium")
    served, _ = then
    with chromium() as browser, opened(browser, served.url) as page:
        # Not wait_for_function: if its first look finds nothing, the next one uses eval, which the page's CSP forbids.
        page.get_by_text(f"as of {THEN[:10]}").first.wait_for()
        page.get_by_text("task-one").first.wait_for()
        text = page.inner_text("body")
        assert f"as of {THEN[:10]}" in text and "nothing later" in text
        assert "task-one" in text and "secret" not in text
        page.screenshot(path=str(served.log.parent / "then.png"))
