"""From a task in the window to its trace in another program: `trace_url` of the config file."""

from __future__ import annotations

from pathlib import Path

from lineage_core.otel.trace_context import Traces
from lineage_core.state.load import load
from tests.cli.conftest import LEGACY, NOW
from tests.core.web.conftest import serving

TASK = "task-a-rollout"


def test_a_task_leads_to_its_trace_where_the_config_says_where_that_is(tmp_path: Path) -> None:
    config = tmp_path / "xdg_config_home" / "lineage-tui" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('trace_url = "http://127.0.0.1:9/trace/{trace_id}"\n')
    with serving(LEGACY, tmp_path, LINEAGE_NOW=NOW) as served:
        assert served.client.get("/page/tasks").json()["traces"] is True
        answer = served.client.get(f"/trace/{TASK}")
        assert answer.status_code == 303
        trace_id = answer.headers["location"].removeprefix("http://127.0.0.1:9/trace/")
        state = load(LEGACY).state
        assert trace_id == Traces(state).trace_of(TASK)[0]  # the one that `lineage otel` sends
        assert served.client.get("/trace/nobody").status_code == 404


def test_without_it_there_is_no_link(tmp_path: Path) -> None:
    with serving(LEGACY, tmp_path, LINEAGE_NOW=NOW) as served:
        assert served.client.get("/page/tasks").json()["traces"] is False
        answer = served.client.get(f"/trace/{TASK}")
        assert answer.status_code == 404 and "trace_url" in answer.json()["error"]
