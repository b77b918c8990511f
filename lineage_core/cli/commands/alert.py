"""`lineage alert`: a service that tells others what needs somebody; `--check`: what it would have told."""

from __future__ import annotations

import argparse
import hashlib
import json
import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lineage_core.alerts.alert_service import AlertService
from lineage_core.alerts.alert_state import AlertBook, AlertMessage
from lineage_core.alerts.periodic_checks import Looks, go_through
from lineage_core.alerts.settings import AlertSettings, read_settings
from lineage_core.base import clock, user_files
from lineage_core.base.clock import DAY, SECOND
from lineage_core.base.errors import BadInputError, ExitCode, JournalError, no_directory
from lineage_core.base.escaping import visible
from lineage_core.base.time_input import parse_when
from lineage_core.cli import output, text_output
from lineage_core.cli.output import Answer
from lineage_core.cli.progress import ProgressBar
from lineage_core.cli.text_output import Line, Piece
from lineage_core.present.rows import iso
from lineage_core.read.tailer import Tailer
from lineage_core.rules.thresholds import Thresholds, thresholds
from lineage_core.settings import threshold_defaults as late
from lineage_core.settings.config_file import read_late
from lineage_core.write.locations import lineage_dir

EXAMPLES = (
    "lineage alert --config alerts.toml",
    "lineage alert --config alerts.toml --check --since 7d",
    "lineage alert --config alerts.toml --check --json | jq .rules",
)

KEYS = {
    "alert_id": "the same for its firing and its resolution, and for nothing else",
    "status": "firing or resolved",
    "rule": "the rule of the file",
    "finding": "which finding or anomaly it is, if it is one",
    "severity": "of that",
    "task_id": "the task, if it is about one",
    "master": "the master that has the task",
    "priority": "of the task",
    "session": "of the task",
    "sentence": "what is the matter",
    "since": "from when on it was so",
    "fired_at": "when it fired",
    "resolved_at": "when it was resolved",
}

SETTINGS = (
    ('every = "15s"', "the time between two looks"),
    ("[[rule]]", ""),
    ('name = "urgent"', ""),
    ('when = "finding:any severity:bad"', "findings: names as in lineage attention, or any"),
    ("", "anomaly:any, a filter as in lineage tasks, or both"),
    ('for = "5m"', "it must have held so long (default: at once)"),
    ('hooks = ["page"]', ""),
    ("[hooks.page]", "with one of:"),
    ('exec = ["/bin/page", "ops"]', "a program, no shell: JSON on standard input"),
    ('webhook = "https://…"', "POST of the JSON, signed with secret_file"),
    ('alertmanager = "http://…:9093"', "an Alertmanager, API v2"),
    ('file = "alerts.jsonl"', "a line is appended"),
    ('timeout = "10s"', "how long it may take"),
    ("[heartbeat]", ""),
    ('url = "https://…"', "or file: called, or touched, while all is well"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file of rules, and whether to go through history."""
    parser.add_argument(
        "--config", metavar="FILE", help="the rules (default: alerts.toml in the user's config directory)"
    )
    parser.add_argument("--state", metavar="FILE", help="what fires (default: a file in the user's state directory)")
    parser.add_argument("--check", action="store_true", help="tell what would have fired, and deliver nothing")
    parser.add_argument("--since", metavar="WHEN", default="7d", help="with --check: from then on (default 7d)")
    parser.add_argument("--until", metavar="WHEN", default="now", help="with --check: up to then (default now)")
    late.add_arguments(parser)
    output.add_arguments(parser, "alerts")
    output.describe(parser, SETTINGS, "the file")
    output.describe(parser, KEYS, "keys of a message, and of an alert with --check")


def run(args: argparse.Namespace) -> int:
    """Watch until interrupted, or go through history."""
    if args.check:
        return output.show(answer(args), args)
    path, settings, limits = _settings(args)
    directory = lineage_dir(args.dir)
    lock = threading.Lock()

    def fired(message: AlertMessage) -> None:
        with lock:
            sys.stdout.write(_as_json(message) if args.format != "text" else _as_text(message))
            sys.stdout.flush()

    def say(text: str) -> None:
        with lock:
            print(visible(f"lineage alert: {text}"), file=sys.stderr, flush=True)

    service = AlertService(directory, settings, _book_path(args.state, path, directory), limits, say, fired)
    got: list[int] = []

    def end(number: int, frame: object) -> None:
        got.append(number)
        service.stop()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        service.run()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 128 + got[0] if got else ExitCode.OK


def answer(args: argparse.Namespace) -> Answer:
    """What would have fired in a period.

    Raises BadInputError for a period that ends before it begins, JournalError where there is no directory.
    """
    _, settings, limits = _settings(args)
    now = clock.now()
    since, until = parse_when(args.since, now), parse_when(args.until, now)
    if since >= until:
        raise BadInputError("--since must be before --until")
    directory = lineage_dir(args.dir)
    tailer = Tailer(directory)
    looks, book = Looks(settings, limits), AlertBook()
    for batch in tailer.scan():
        looks.put(batch.file, batch.found)
    tailer.close()
    if tailer.missing:
        raise no_directory(directory)
    newest: dict[str, AlertMessage] = {}
    with ProgressBar("going through history") as bar:
        for at, messages in go_through(looks, book, since, until):
            for message in messages:
                newest[message["alert_id"]] = message
            bar((at - since) / (until - since))
    counts = Counter(message["rule"] for message in newest.values())
    open_ones = Counter(message["rule"] for message in newest.values() if message["status"] == "firing")
    rules = [
        {"rule": rule.name, "when": rule.when, "fired": counts[rule.name], "firing": open_ones[rule.name]}
        for rule in settings.rules
    ]
    rows = sorted(newest.values(), key=lambda one: (one["fired_at"], one["rule"], one["task_id"] or ""))[: args.limit]
    return Answer(
        text=lambda paper: _text(rules, rows, until - since),
        columns=tuple(KEYS),
        rows=[{key: value for key, value in row.items() if key in KEYS} for row in rows],
        document={"since": iso(since), "until": iso(until), "rules": rules, "alerts": rows},
        empty=not rows,
        problems=tailer.problems,
        title="Alerts",
    )


def _settings(args: argparse.Namespace) -> tuple[Path, AlertSettings, Thresholds]:
    if args.config is not None:
        path = Path(args.config)
    else:
        folder = user_files.location("config")
        if folder is None:
            raise BadInputError("there is no config directory: say --config FILE")
        path = folder / "alerts.toml"
    return path, read_settings(path), thresholds(read_late(vars(args)))


def _book_path(chosen: str | None, config: Path, directory: Path) -> Path:
    """Where is kept what fires: for each file of rules and directory another one."""
    if chosen is not None:
        return Path(chosen)
    folder = user_files.folder("state", "alerts")
    if folder is None:
        raise JournalError("there is no state directory to keep what fires: say --state FILE")
    what = f"{config.resolve()}\0{directory.resolve()}"
    return folder / f"{config.stem}-{hashlib.sha256(what.encode('utf-8', 'surrogateescape')).hexdigest()[:12]}.json"


def _as_json(message: AlertMessage) -> str:
    return json.dumps(message, ensure_ascii=True) + "\n"


def _as_text(message: AlertMessage) -> str:
    at = message["resolved_at"] or message["fired_at"]
    return visible(f"{at[:19]}Z  {message['status']:8}  {message['rule']}: {message['sentence']}") + "\n"


def _text(rules: list[dict[str, Any]], rows: list[AlertMessage], period: int) -> Iterator[Line]:
    days = period / DAY
    when = f"{days:.0f} days" if days >= 2 else f"{period / (3600 * SECOND):.0f} hours"
    for rule in rules:
        times = "once" if rule["fired"] == 1 else f"{rule['fired']} times" if rule["fired"] else "never"
        still = f", {rule['firing']} of them until the end" if rule["firing"] else ""
        yield [(rule["rule"], "head"), f" would have fired {times} in {when}{still}", (f"  ({rule['when']})", "muted")]
    if not rows:
        return
    yield ""
    cells: list[list[Piece]] = []
    for row in rows:
        end = row["resolved_at"]
        status: Piece = (f"{end[:19]}Z", "muted") if end else ("still", "bad")
        cells.append([f"{row['fired_at'][:19]}Z", status, row["rule"], row["task_id"] or "-", row["sentence"]])
    yield from text_output.table(("FIRED", "RESOLVED", "RULE", "TASK", "WHAT"), cells)
