"""Ids that are blank are seen as such in every view: a row without a name could be anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.build import compact, record
from tests.tui.conftest import opened, screen_text, until

BLANK = ["", " ", "\u3000", "\u00a0", "\u2800"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A directory in which a task and its worker, running for long, have blank ids."""
    lines = []
    for n, name in enumerate(BLANK):
        of_worker = {"worker_id": f"{name} "[:1], "worker_type": "scan"}
        for event_type in ("task_created", "worker_spawned", "worker_started"):
            lines.append(
                compact(
                    record(
                        10 * n + len(lines),
                        task_id=name,
                        event_type=event_type,
                        actor={"type": "master", "id": name, "principal": "system"},
                        event_data={} if event_type == "task_created" else of_worker,
                    )
                )
            )
    (tmp_path / "lineage-2026-11-22.jsonl").write_bytes(b"".join(lines))
    return tmp_path


@pytest.mark.parametrize("view", ["1", "2", "3", "5"])
async def test_a_blank_id_is_in_quotes(view: str, home: Path) -> None:
    async with opened(home, size=(140, 40)) as pilot:
        known = [name for name in BLANK if name in pilot.app.state.rows]
        assert len(known) >= 4
        await pilot.press(view, "home", "right")  # what is folded into one line is opened
        await until(lambda: not pilot.app.screen.views.behind)
        await pilot.pause()
        shown = screen_text(pilot.app)
        for name in known:
            assert f'"{name}"' in shown, (name, shown)
