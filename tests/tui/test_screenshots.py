"""The screenshots show the app as it is: regenerate them with `python -m lineage_tui.screenshots` and look at them."""

from __future__ import annotations

from html import escape
from pathlib import Path

import pytest

from lineage_tui import readme_recording
from lineage_tui.screenshots import HOME, SCENARIOS, Scenario, draw, stage
from tests.conftest import ROOT

FOLDER = ROOT / "screenshots"


@pytest.fixture(scope="module")
def cortex(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("cortex")
    stage(home / HOME)
    return home


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
async def test_the_screenshot_is_current(scenario: Scenario, cortex: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(cortex)
    assert await draw(scenario) == (FOLDER / f"{scenario.name}.svg").read_text(encoding="utf-8")


def test_every_screenshot_has_its_scenario() -> None:
    assert {p.stem for p in FOLDER.glob("*.svg")} == {s.name for s in SCENARIOS} | {"alarm-to-cause"}


def test_the_recording_is_current_small_and_harmless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    picture = readme_recording.record(tmp_path)
    assert picture == (FOLDER / "alarm-to-cause.svg").read_text(encoding="utf-8")
    assert sum(scene.seconds for scene in readme_recording.SCENES) == 20
    assert len(picture) < 1_000_000 and "<script" not in picture and "href" not in picture and "url(" not in picture
    assert all(escape(scene.caption) in picture for scene in readme_recording.SCENES)
