"""Directories of records in which every text does its worst, and the judge of what a terminal was sent."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lineage_core.model.event_types import EVENTS

NOW = "2026-03-14T03:00:00Z"
MARK = "PWN"

TERMINAL = (
    f"{MARK}\x1b]0;{MARK}\x07\x1b]2;{MARK}\x1b\\\x1b]8;;http://{MARK}\x1b\\\x1b]52;c;UFdO\x07"  # title, link, clipboard
    f"\x1b[7777;1H\x1b[?7777h\x1bc\x1bP{MARK}\x1b\\\x1b_{MARK}\x1b\\"  # CSI, reset, DCS, APC
    f"\x9b7777m\x9d0;{MARK}\x9c\x90{MARK}\x9c\x85"  # the same as C1
    f"\u202e{MARK}\u202c\u2066\u2069\u200e\u200f\u061c\u2028\u2029\x07\x08\x7f"  # bidi, separators, BEL, BS, DEL
)
MARKUP = f"{MARK} [/x] [b [@click=app.quit]{MARK}[/] [link=http://x]{MARK} \\[/]"
HTML = f"\"'><script>{MARK}</script><img src=x onerror={MARK}>&lt;{MARK}"
FORMULAS = tuple(f"{start}cmd|' /C {MARK}'!A0" for start in ("=", "+", "-", "@", "\t=", "\r=", "\n=", " =", "＝"))


def records(text: Callable[[str], str]) -> list[dict[str, Any]]:
    """Two tasks with an event of every type and of an unknown one, and a third that hangs; `text` fills each field."""
    made: list[dict[str, Any]] = []
    for round_ in range(3):
        task = f"task-{round_} {text('task')}"
        for name in [*EVENTS, text("event")] if round_ < 2 else ["task_created", "task_started", "worker_started"]:
            spec = EVENTS.get(name)
            data: dict[str, Any] = {
                key: text(key)
                for key in (
                    *("type", "current_step", "duration_ms", "token_usage", "parent_task_id", text("key")),
                    *("reason", "worker_type", "priority", "completion_status"),
                )
            }
            data |= {key: f"{key} {text(key)}" for key in ("master_id", "worker_id", "handoff_id")}
            data |= {"from_master": f"from {text('from')}", "to_master": f"to {text('to')}"}
            data |= {"deliverables": [text("deliverable")] * 2, "blocked_by": [text("blocker"), task]}
            data["error_details"] = {
                "error_type": text("error_type"), "error_message": text("error"), "stack_trace": text("stack")
            }  # fmt: skip
            data["metadata"] = {text("meta"): [text("nested"), {text("deep"): text("deeper")}]}
            made.append(
                {
                    "lineage_id": f"lineage-{len(made):026d}",
                    "task_id": task,
                    "event_type": name,
                    "timestamp": f"2026-03-14T02:{round_:02d}:{len(made):02d}.000Z",
                    "actor": {
                        "type": (spec.actor_type if spec else None) or text("actor type"),
                        "id": f"worker_id {text('worker_id')}" if "worker" in name else f"actor {text('actor')}",
                        "principal": text("principal"),
                    },
                    "event_data": data,
                    "parent_lineage_id": text("parent") if round_ else None,
                    "related_task_ids": [text("related"), task],
                    "context": {key: f"{key} {text(key)}" for key in ("session_id", "trace_id", "repository")},
                    "tags": [text("tag"), "tag"],
                    "version": text("version"),
                    text("field"): text("unknown"),
                }
            )
    return made


def write(directory: Path, text: Callable[[str], str]) -> Path:
    """A directory with a daily file of such records, all that is not ASCII escaped."""
    directory.mkdir(parents=True)
    lines = [json.dumps(record) for record in records(text)]
    (directory / "lineage-2026-03-14.jsonl").write_text("\n".join(lines) + "\n")
    return directory


def hostile_directory(parent: Path, filling: str) -> Path:
    """A directory whose every text is `filling`; for TERMINAL its file names, its own name and torn lines are, too."""
    if filling is not TERMINAL:
        return write(parent / "lineage", lambda name: filling)
    name = f"lineage {MARK}\x1b]0;{MARK}\x07\x9b7777m\u202e"
    directory = write(parent / name, lambda name: filling if name == "task" else filling + "\0")
    raw = [json.dumps(record, ensure_ascii=False) for record in records(lambda name: name + "\x9b7777m\u202e\x85\x7f")]
    latin = json.dumps({"lineage_id": "lineage-9", "task_id": "task-raw \x9b7777m", "event_type": "task_failed",
                        "timestamp": "2026-03-13T02:00:00Z", "actor": {"type": "user", "id": "\x9d0;PWN\x9c"},
                        "event_data": {"reason": f"{MARK} \x9b7777m"}}, ensure_ascii=False)  # fmt: skip
    torn = f'{{"lineage_id":"{TERMINAL}'.encode("utf-8", "surrogatepass")
    (directory / "lineage-2026-03-13.jsonl").write_bytes(
        "\n".join(raw).encode() + b"\n" + latin.encode("latin-1") + b"\n" + torn + b"\n"
    )
    os.mkfifo(directory / f"lineage-2026-02-12.jsonl.{MARK}\x1b]0;{MARK}\x07\u202e")
    (directory / f"lineage-2026-02-11.jsonl-{MARK}\x9b7777m\x1b[7777m").mkdir()
    return directory


_BAD_TEXT = re.compile(
    "[\x00-\x06\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)
_CLIPBOARD = re.compile(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)(?:\x07|\x1b\\)")
_LINK = re.compile(rb"\x1b\]8;(?:id=[0-9-]+)?;(?:file://[A-Za-z0-9%._~/-]+)?\x1b\\")
_POINTER = re.compile(rb"\x1b\]22;[a-z-]+\x07")
_TITLE = re.compile(rb"\x1b\][29];lineage: [0-9a-z ,]+\x1b\\")
_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[78=>]|\(B|(.))?", re.DOTALL)


def raw_payload(output: bytes) -> str:
    """What of hostile text a terminal would obey in this output, or an empty string.

    Allowed are CSI sequences (but for those of the payload), saving the cursor, keypad modes; OSC 22, the mouse
    pointer; OSC 52 with harmless content, for copying; OSC 8 to a file whose name is percent-encoded; OSC 2
    and 9, a title or notification that holds a count in words of ours and nothing else. Other OSCs are not ours.
    """
    for content in _CLIPBOARD.findall(output):
        copied = base64.b64decode(content).decode()
        if bad := _BAD_TEXT.search(copied.replace("\x1b", "\x00")):
            return f"copied: {bad[0]!r} in {copied!r}"
    output = _TITLE.sub(b"", _LINK.sub(b"", _POINTER.sub(b"", _CLIPBOARD.sub(b"", output))))
    try:
        text = output.decode()
    except UnicodeDecodeError as error:
        return f"not UTF-8: {output[max(0, error.start - 40) : error.end + 40]!r}"
    if bad := _BAD_TEXT.search(text.replace("\b", "")):
        return f"{bad[0]!r} in {text[max(0, bad.start() - 60) : bad.end() + 20]!r}"
    for match in _SEQUENCE.finditer(text):
        if match[1] or "7777" in match[0]:
            return f"{match[0]!r} in {text[max(0, match.start() - 60) : match.end() + 40]!r}"
    return ""
