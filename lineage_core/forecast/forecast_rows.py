"""Forecasts as flat rows with documented keys, for JSON and tables. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from lineage_core.forecast.forecaster import Forecast
from lineage_core.forecast.joint_end import together
from lineage_core.forecast.learning_samples import group_name
from lineage_core.forecast.live_forecasts import Foresight
from lineage_core.forecast.phrases import says, says_together
from lineage_core.present.rows import iso, milliseconds, worker_status
from lineage_core.state.store import State

if TYPE_CHECKING:
    from lineage_core.model.row_types import ForecastJson, TaskForecastJson, TogetherJson

FORECAST_KEYS = {
    "task_id": "the task",
    "worker_id": "the worker, in the forecast of a run of it",
    "status": "of the task or worker",
    "elapsed_ms": "since its start, or since its creation while it waits",
    "left_ms": "until it ends: the middle (as often too long as too short)",
    "left_low_ms": "the shorter end of the 80 % interval",
    "left_high_ms": "the longer end of it; none beyond all that was seen",
    "left_low95_ms": "likewise of the 95 % interval",
    "left_high95_ms": "the longer end of that",
    "end_at": "when it ends, by the middle",
    "later_than": "how many of 100 like it had ended by then",
    "slow": "whether it takes longer than its 95 % interval",
    "known": "how many like it ended well, from which this is told; none if fewer than 30",
    "group": "what they have in common",
    "sentence": "the forecast in words",
}

TASK_FORECAST_KEYS = {
    key: FORECAST_KEYS[key] for key in ("left_ms", "left_low_ms", "left_high_ms", "end_at", "later_than", "slow")
}
"""Those of them that a row of a task has, where they are asked for."""

TOGETHER_KEYS = {
    "name": "the master whose queue it is, or the session",
    "open": "its open tasks",
    "known": "those of which something is forecast",
    "left_ms": "until the last of those ends, if none is added and they do not depend on each other",
    "left_low_ms": "the shorter end of the 80 % interval",
    "left_high_ms": "the longer end",
    "sentence": "the same in words",
}


def forecast_rows(foresight: Foresight, task_ids: Iterable[str], now: int) -> Iterator[ForecastJson]:
    """The forecasts of the tasks that are open, each followed by those of its open runs."""
    state = foresight.state
    for task_id in task_ids:
        row = state.rows[task_id]
        if row.status.ended or (sample := foresight.sample(task_id)) is None:
            continue
        elapsed = now - (sample.begun if sample.started is None else sample.started)
        yield _row(task_id, None, row.status.value, elapsed, foresight.of(task_id, now), now)
        with state.lock:
            task = state.task(task_id)
            runs = [run for run in task.runs if run.open] if task is not None else []
        for run in runs:
            of_run = foresight.sample(task_id, run.worker_id, run.number)
            if of_run is not None:
                elapsed = now - (of_run.begun if of_run.started is None else of_run.started)
                forecast = foresight.of(task_id, now, run.worker_id, run.number)
                yield _row(task_id, run.worker_id, worker_status(run), elapsed, forecast, now)


def task_forecast(foresight: Foresight, task_id: str, now: int) -> TaskForecastJson:
    """What is forecast of a task, by TASK_FORECAST_KEYS; empty values for one that is over."""
    made = _row(task_id, None, "", 0, foresight.of(task_id, now), now)
    return {
        "left_ms": made["left_ms"],
        "left_low_ms": made["left_low_ms"],
        "left_high_ms": made["left_high_ms"],
        "end_at": made["end_at"],
        "later_than": made["later_than"],
        "slow": made["slow"],
    }


def _row(
    task_id: str, worker: str | None, status: str, elapsed: int, forecast: Forecast | None, now: int
) -> ForecastJson:
    middle = forecast.middle if forecast is not None else None
    return {
        "task_id": task_id,
        "worker_id": worker,
        "status": status,
        "elapsed_ms": max(0, elapsed) // 1000,
        "left_ms": milliseconds(middle),
        "left_low_ms": milliseconds(forecast.low if forecast is not None else None),
        "left_high_ms": milliseconds(forecast.high if forecast is not None else None),
        "left_low95_ms": milliseconds(forecast.low95 if forecast is not None else None),
        "left_high95_ms": milliseconds(forecast.high95 if forecast is not None else None),
        "end_at": iso(now + middle) if middle is not None else None,
        "later_than": forecast.rank if forecast is not None else None,
        "slow": forecast is not None and forecast.slow,
        "known": forecast.known if forecast is not None else None,
        "group": group_name(forecast.group) if forecast is not None else None,
        "sentence": says(forecast),
    }


def groups_of_tasks(state: State, by: str) -> dict[str, list[str]]:
    """The open tasks by `master` (their queues) or by `session`."""
    groups: dict[str, list[str]] = {}
    for row in state.rows.values():
        name = row.master if by == "master" else row.session
        if not row.status.ended and name:
            groups.setdefault(name, []).append(row.task_id)
    return groups


def together_row(foresight: Foresight, name: str, task_ids: Iterable[str], now: int) -> TogetherJson:
    """When the open tasks of a queue or session are all over."""
    samples = [one for task_id in task_ids if (one := foresight.sample(task_id)) is not None]
    forecast = together(foresight.forecaster, samples, now)
    return {
        "name": name,
        "open": forecast.open,
        "known": forecast.known,
        "left_ms": milliseconds(forecast.middle),
        "left_low_ms": milliseconds(forecast.low),
        "left_high_ms": milliseconds(forecast.high),
        "sentence": says_together(forecast),
    }
