"""Lines of journals, some of them wrong in the ways that journals have been found wrong: at random, by seed."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from lineage_core import demo

_ODD_VALUES: tuple[Any, ...] = (
    *(None, 5, -3, 2.5, 1e300, 2**53 - 1, 2**53, 2**70, True, False, "", [], ["x"], {}, "zombie_timeout", 101, 1e-7),
    *(
        {"total_tokens": "7"},
        {"input_tokens": 3},
        {"input_tokens": 2**53 - 1, "output_tokens": 9},
        {"total_tokens": 7.9},
    ),
    *(
        {"error_message": 4, "error_type": "t"},
        {"error_message": "zombie_timeout"},
        {"error_message": "", "error_type": "t"},
    ),
    *({f"key{n}": n for n in range(9)}, "x" * 299, "x" * 300, "x" * 301, "ü" * 150, "ü" * 151, "i" * 1024, "i" * 1025),
    *("tür ☃ 😀", 'said "no"', "back\\slash", "line\nbreak", "\x00", "\x7f", ["a", "b"], ["a", 5, ""], [["a"]], "a"),
)
_ODD_KEYS = (
    *("worker_id", "reason", "priority", "type", "progress_percentage", "token_usage", "duration_ms", "error_details"),
    *("current_step", "blocked_by", "priority_given", "metadata", "token_budget", "handoff_id", "completion_status"),
)
_STAMPS = (
    *("2026-11-22T08:00:00+02:00", "2026-11-22T08:00:00Z", "2026-11-22", "2026-11-22T08:00:00", "2026-11-22 08:00:00Z"),
    *("2026-11-22T08:00:00.123456789Z", "2026-02-30T00:00:00Z", "2026-06-30T23:59:60Z", "2026-11-22t08:00:00z", ""),
    *(
        "2024-02-29T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "2026-11-22T08:00Z",
        "2026-11-22T08:00:00.1Z",
        "1900-02-29T00:00:00Z",
    ),
    *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1969-12-31T23:59:59.999999Z", "2026-11-22T24:00:00Z"),
    *("2026-11-22T08:00:00.Z", "2026-11-22T08:00:00.12345Z", "2026-00-22T08:00:00Z", "2026-13-22T08:00:00Z"),
)
_MEMBERS = (
    *(b'"n":1e999', b'"n":NaN', b'"n":01', b'"n":-0.5e-3', b'"n":-0', b'"n":0.5', b'"n":-12.25', b'"n":.5', b'"n":5.'),
    *(b'"n":-', b'"n":123456789012345678901234567890', b'"n":999999999999999', b'"n":9999999999999999', b'"n":tru'),
    *(
        b'"n":[1,{"a":[]}]',
        b'"n":[1,]',
        b'"n":{"a":1,}',
        b'"n":"\\ud800"',
        b'"n":"\\u0041\\n"',
        b'"n":"\\x"',
        b'"n":nul',
    ),
    *(b'"task_id":"task-twice"', b'"event_data":{}', b'"lineage_id":"lineage-1"', b'"n":' + b"[" * 70 + b"]" * 70),
    *(b'"n":' + b"[" * 1200 + b"]" * 1200, b'"n": 1', b'"\\n":1', b'"parent_lineage_id":""', b'"context":null'),
)
_WHOLE = (b"", b" ", b"null", b"[]", b"{}", b"garbage", b"{", b"}", b'  "x": 1,', b'{"a":1}', b'"text"', b"{}" * 40)


def _changed(random: Random, line: bytes) -> dict[str, Any]:
    """The record of a line with one thing changed."""
    record: dict[str, Any] = orjson.loads(line)
    data = record.get("event_data") or {}
    match random.randrange(10):
        case 0 | 1 | 2:
            data[random.choice(_ODD_KEYS)] = random.choice(_ODD_VALUES)
        case 3:
            record["event_data"] = random.choice((None, [], "x", {}, 5, data))
        case 4:
            record["context"] = random.choice((None, [], {}, 5, {"session_id": random.choice(_ODD_VALUES)}))
        case 5:
            record["timestamp"] = random.choice(_STAMPS)
        case 6:
            record.pop(random.choice(list(record)))
        case 7:
            record[random.choice(("lineage_id", "task_id", "event_type", "actor", "parent_lineage_id"))] = (
                random.choice(
                    (*_ODD_VALUES, {"type": "a", "id": ""}, {"type": "x"}, "lineage-" + "1" * 26, "lineage+" + "1" * 26)
                )
            )
        case 8:
            record["actor"][random.choice(("type", "id", "principal"))] = random.choice(_ODD_VALUES)
        case 9:
            record["event_type"] = random.choice(("odd_type", "", "task_reassigned", "worker_failed"))
    return record


def _damaged(random: Random, line: bytes) -> bytes:
    """A line as it is found after a crash, or from another writer."""
    place = random.randrange(len(line))
    match random.randrange(12):
        case 0:
            return line[:place]
        case 1:
            return line[:place] + line
        case 2:
            return line + line
        case 3:
            return b"\0" * random.randrange(1, 40) + line
        case 4:
            return line + b"\r"
        case 5:
            return b"\xef\xbb\xbf" + line
        case 6:
            return random.choice(_WHOLE)
        case 7:
            bad = random.choice(
                (b"\xff", b"\xc0\x80", b"\xe2\x82", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x01", b"\t")
            )
            return line[:place] + bad + line[place + random.randrange(2) :]
        case 8 | 9:
            return line.replace(b',"version"', b"," + random.choice(_MEMBERS) + b',"version"', 1)
        case 10:
            return line.replace(
                b'"worker_id":', random.choice((b'"worker_id":"first","worker_id":', b'"worker_id": ')), 1
            )
        case _:
            return line + random.choice((b" ", b",", b"}", b" x"))


def _spelled(random: Random, record: dict[str, Any]) -> bytes:
    match random.randrange(6):
        case 0:
            return json.dumps(record, indent=2).encode()
        case 1:
            return json.dumps(record).encode()
        case 2:
            return json.dumps(record, separators=(",", ":")).encode()
        case _:
            shuffled = dict(random.sample(list(record.items()), len(record)))
            return json.dumps(shuffled, separators=(",", ":"), ensure_ascii=False).encode()


def sound_lines(count: int) -> list[bytes]:
    """Lines as the demo's writers write them."""
    with TemporaryDirectory() as folder:
        demo.backfill(Path(folder), count, days=1)
        return [line for path in sorted(Path(folder).glob("*.jsonl")) for line in path.read_bytes().splitlines()]


def nasty(lines: list[bytes], seed: int) -> bytes:
    """The lines as a file, of which about a tenth is wrong, and some stand twice."""
    random = Random(seed)
    share = random.choice((0.02, 0.1, 0.3))
    made: list[bytes] = []
    for line in lines:
        if random.random() > share:
            made.append(line)
            continue
        match random.randrange(5):
            case 0:
                made.append(_spelled(random, _changed(random, line)))
            case 1 | 2:
                made.append(orjson.dumps(orjson.loads(line)))
                made[-1] = json.dumps(_changed(random, line), separators=(",", ":"), ensure_ascii=False).encode()
            case 3:
                made.append(_damaged(random, line))
            case 4:
                made.append(random.choice(made or [line]))
    return b"\n".join(made) + random.choice((b"", b"\n", b"\n\n"))


def every_odd_line() -> list[bytes]:
    """A line for each odd value under each key, each odd timestamp, and each odd member in each object."""
    made: list[dict[str, Any]] = []

    def record(**changes: Any) -> dict[str, Any]:
        actor = {"type": "worker", "id": "worker-1"}
        known = {"lineage_id": "lineage-1", "task_id": "task-1", "event_type": "task_failed", "timestamp": _STAMPS[1]}
        return known | {"actor": actor, "event_data": {}, "version": "1"} | changes

    for value in _ODD_VALUES:
        made += [record(event_data={key: value}) for key in (*_ODD_KEYS, "master_id", "from_master", "to_master")]
        made += [record(**{key: value}) for key in record() | {"parent_lineage_id": "", "context": {}, "tags": []}]
        made += [
            record(actor={"type": "worker", "id": "worker-1"} | {key: value}) for key in ("type", "id", "principal")
        ]
        made += [record(context={key: value}) for key in ("session_id", "trace_id")]
        for outer, keys in (
            ("token_usage", ("total_tokens", "input_tokens", "output_tokens", "cached")),
            ("error_details", ("error_message", "error_type", "stack_trace")),
            ("metadata", ("log_us", "note")),
        ):
            made += [record(event_data={outer: {key: value}}) for key in keys]
            made += [record(event_data={outer: {keys[0]: value, keys[1]: 7}}) for key in keys]
    made += [record(timestamp=stamp) for stamp in _STAMPS]
    lines = [json.dumps(one, separators=(",", ":"), ensure_ascii=False).encode() for one in made]
    sound = json.dumps(
        record(event_data={"token_usage": {"total_tokens": 7}, "reason": "r"}), separators=(",", ":")
    ).encode()
    for member in _MEMBERS:
        lines += [sound[:at] + member + b"," + sound[at:] for at, byte in enumerate(sound, 1) if byte == ord("{")]
        lines += [sound.replace(b"}", b"," + member + b"}"), sound[:-1] + b"," + member + b"," + member + b"}"]
    for at in range(len(sound)):
        lines += [sound[:at], sound[:at] + b" " + sound[at:], sound[:at] + b"\xff" + sound[at:], sound[at:]]
        lines += [sound[:at] + "\u00fc".encode() + sound[at + 1 :], sound[:at] + sound[at + 1 :]]
    twice = [
        b'"reason":"s"',
        b'"token_usage":5',
        b'"type":"x"',
        b'"total_tokens":9',
        b'"id":"worker-2"',
        b'"version":"2"',
    ]
    for member in twice:
        lines += [sound[:at] + member + b"," + sound[at:] for at, byte in enumerate(sound, 1) if byte == ord("{")]
    return lines
