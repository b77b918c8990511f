"""Each case of meaning.md, logged into a real directory, as the screen tells it: in the tree, in the heading of the
detail pane, and in its explain tab."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import NamedTuple

import pytest

from lineage_tui.screens.main import MainScreen
from tests.conftest import made_once
from tests.meaning_cases import CASES, NOW_AT, write
from tests.tui.conftest import opened, until


class Seen(NamedTuple):
    """What the screen shows of a task: its line in the tree, the heading of the pane, and the explain tab."""

    line: str
    heading: str
    explained: str


def name_of(number: int) -> str:
    return f"task-of-case-{number:02}"


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seen]:
    """All cases in one directory, looked at one after another."""

    def look_at_all(path: Path) -> None:
        directory = tmp_path_factory.mktemp("cases") / "lineage"
        for number, case in enumerate(CASES.values()):
            write(directory, case, name_of(number))
        path.write_text(json.dumps(asyncio.run(look(directory))))

    told = json.loads(made_once(tmp_path_factory, "cases-on-the-screen.json", look_at_all).read_text())
    return {name: Seen(*texts) for name, texts in told.items()}


async def look(directory: Path) -> dict[str, Seen]:
    told: dict[str, Seen] = {}
    async with opened(directory, size=(200, 60), clock=lambda: NOW_AT) as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, MainScreen)
        tree, detail = screen.tree_view, screen.detail
        for number, name in enumerate(CASES):
            screen.navigation.go_to_task(name_of(number))
            await pilot.pause()
            assert detail.task_id == name_of(number)
            line = tree.render_line(tree.cursor - tree.top + tree.title_lines).text
            heading = "\n".join("".join(text for text, _, _ in parts) for parts in detail.heading.lines)
            await pilot.press("x")
            await until(lambda: detail.tabs.explain.count() > 0, "the explanation")
            explained = "\n".join(detail.tabs.explain.text_lines())
            told[name] = Seen(line, heading, explained)
            await pilot.press("escape", "escape")
    return told


@pytest.mark.parametrize("name", CASES)
def test_each_case_is_told_by_the_screen(name: str, seen: dict[str, Seen]) -> None:
    case, shown = CASES[name], seen[name]
    for text in case.says:
        assert text in shown.heading
    if status := case.row.get("status"):
        assert status in shown.line
        assert f"→ {status}" in shown.explained or f", {status}" in shown.explained or "→ run" in shown.explained
    if master := case.row.get("master"):
        assert master.removesuffix("-master") in shown.line
    for skew in case.details.get("skews", ()):
        assert f"clock of {skew['actor']}" in shown.explained
