"""Lets the simulated cortex log through the real writers: a past at once, or a present as time passes."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from random import Random
from threading import Event as StopSignal

from lineage_core.base import clock
from lineage_core.base.clock import DAY, SECOND, Clock
from lineage_core.demo.simulation import history, plan
from lineage_core.demo.story import PlannedEvent
from lineage_core.model.record import Record
from lineage_core.write import locations as paths
from lineage_core.write import record_builder as compose
from lineage_core.write.journal import Journal

LIBRARY = Path(__file__).parents[1] / "shell" / "lineage.sh"
SCRIPT = Path(__file__).parent / "report-event.sh"

SHELL_RATE = 20.0
"""Events per second that bash scripts log at most: each is a process."""


def backfill(
    directory: str | os.PathLike[str], count: int, *, days: float, seed: int = 1, clock: Clock = clock.now
) -> int:
    """Write exactly `count` events of the `days` days until now, each to the daily file of its own date."""
    end = clock()
    journal = Journal(directory)
    events = history(seed, end, count, max(1, int(days * DAY)), run=run_mark(journal.directory, end))
    return journal.append_many((record_of(event), event.at) for event in events)


def run(
    directory: str | os.PathLike[str],
    *,
    rate: float = 5.0,
    seed: int = 1,
    stop: StopSignal | None = None,
    speed: float | None = None,
    duration: float | None = None,
    shell_share: float = 0.1,
    clock: Clock = clock.now,
) -> int:
    """Write a live cortex into the directory until `stop` is set or `duration` seconds are over.

    rate: events per second on average. speed: how many times faster than 20 to 90 seconds tasks run (default:
    1, and above 20 events per second as many times faster as keeps about a hundred tasks running). shell_share:
    the part of the live events that bash scripts log through the shell library, if both are there.
    Returns the number of events written. Raises JournalError when the directory cannot be written.
    """
    stop = stop or StopSignal()
    start = clock()
    journal = Journal(directory)
    end = float("inf") if duration is None else start + duration * SECOND
    scripts = _Scripts(journal.directory, min(shell_share, SHELL_RATE / rate), seed)
    events = plan(seed, start, rate=rate, speed=speed or max(1.0, rate / 20), run=run_mark(journal.directory, start))
    written = 0
    for event in events:
        while (present := clock()) < event.at and present < end:
            if stop.wait((min(event.at, end) - present) / SECOND):
                break
        if stop.is_set() or present >= end:
            break
        if event.at <= start:
            journal.append(record_of(event), event.at)
        elif not scripts.log(event):
            journal.append(record_of(scripts.linked(event, present)), present)
        written += 1
    return written


def record_of(event: PlannedEvent) -> Record:
    """The record of a planned event, composed as the writer does it."""
    # The words are our own and hold no secret; looking for some would double the time that a million events take.
    environ = {"CORTEX_PRINCIPAL": event.principal, "LINEAGE_REDACT": "0"}
    record = compose.compose(
        event.event_type,
        event.task_id,
        event.args,
        lineage_id=event.lineage_id,
        timestamp=clock.format_timestamp(event.at),
        environ=environ | {"CORTEX_TRACE_ID": event.context["trace_id"]},
        data=event.data,
        parent=event.parent,
        related=event.related,
        tags=event.tags,
    )
    record["context"] = event.context
    return record


def run_mark(directory: Path, at: int) -> str:
    """What keeps the ids of this run apart from those of earlier ones in the directory; empty for the first."""
    if not directory.is_dir() or not any(paths.DAILY_NAME.fullmatch(file.name) for file in directory.iterdir()):
        return ""
    digits, text = at // SECOND % 36**5, ""
    while digits:
        digits, digit = divmod(digits, 36)
        text = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + text
    return text


class _Scripts:
    """The part of the events that small bash scripts log through the shell library."""

    def __init__(self, directory: Path, share: float, seed: int) -> None:
        bash = shutil.which("bash")
        self._share = share if bash and LIBRARY.is_file() and SCRIPT.is_file() else 0.0
        self._bash = bash or ""
        self._directory = directory
        self._rng = Random(f"{seed} scripts")
        self._ids: dict[str, str] = {}

    def log(self, event: PlannedEvent) -> bool:
        """Let a script log the event if it is one for a script; whether that was done."""
        if event.related or event.tags or self._rng.random() >= self._share:
            return False
        from lineage_core.write.json_encoder import dumps

        words = [*event.args, dumps(event.data)] if event.data else list(event.args)
        done = subprocess.run(  # noqa: S603  our own script, words that we made
            [self._bash, str(SCRIPT), str(LIBRARY), event.event_type, event.task_id, *words],
            env={
                "PATH": os.environ.get("PATH", ""),
                "LINEAGE_DIR": str(self._directory),
                "LINEAGE_PARENT_ID": self._ids.get(event.parent or "", event.parent or ""),
                "CORTEX_PRINCIPAL": event.principal,
                "CORTEX_TRACE_ID": event.context["trace_id"],
                "CORTEX_SESSION_ID": event.context.get("session_id", ""),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            check=False,
        )
        lineage_id = done.stdout.decode().strip()
        if not lineage_id:
            return False  # the script could not: then Python does it
        self._ids[event.lineage_id] = lineage_id
        if len(self._ids) > 5_000:
            del self._ids[next(iter(self._ids))]
        return True

    def linked(self, event: PlannedEvent, at: int) -> PlannedEvent:
        """The event at the time `at`, its parent given by the id that a script has logged it under."""
        return event._replace(at=at, parent=self._ids.get(event.parent or "", event.parent))
