"""The threat model at the top of lineage.sh, tried: whatever comes from outside is text, and never code, name or path.

Hostile words stand in every argument (but the command of `lineage_run`, which is one) and every variable, in every way
in which a library gets into a shell. A canary ends the test: any file or variable that appears, any program that is
started. Many calls go to one shell; where the canary is met, they are parted until the one call that does it is told.
"""

import random
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from lineage_core.model.event_types import EVENTS, EventSpec
from tests.shell.bash_writer import LIBRARY
from tests.shell.journal_files import content_of

ATTACKS = [
    "t[$(touch pwned)0]", "x[`touch pwned`]", "$(touch pwned)", "`touch pwned`", "; touch pwned;",
    "__lineage_last[$(touch pwned)]", "IFS[$(touch pwned)]", "BASH_VERSINFO[$(touch pwned)]", "@P$(touch pwned)",
    "%n%s%d%*s%(%s)T%b", "-v", "-v x[$(touch pwned)]", "--", "-rf", "-n", "*", "?", "[a-z]*", "~", "~root", "{a,b}",
    "${PATH}", "$PATH", "${x:=$(touch pwned)}", "$((touch))", "$((a[$(touch pwned)]))", "1+a[$(touch pwned)]", "0x10",
    "08", "010#1", "PATH=/nowhere", "LINEAGE_DIR=/nowhere", "!!", "!$", "\\", "\\\\", '"', "'", '"; touch pwned; "',
    "a\tlineage-1", "x\nlineage-9", "\n\n", "\r", "\x01", "\x02", "\x03", "\x7f", "\x1b]0;x\x07", "é", "\u202e",
    "../../pwned", "/etc/cron.d/pwned", "|touch pwned", "> pwned", ">>pwned", "<(touch pwned)", "&", "(", ")", "]]",
    "1", "-1", "task-1", "lineage-1", "x" * 300, " ", "a b", ",", ":", '","forged":"1', "}}", "\\u0022", "\\", "K", "V",
    "unset -f log_task_created", "declare -n x=y", "() { :;}; touch pwned", "$'\\x24(touch pwned)'", "\\$(touch pwned)",
]  # fmt: skip
DATA_SHAPES = [
    '{{"{0}":1}}',
    '{{"a":"{0}"}}',
    '{{"a":{{"{0}":[1]}},"a{0}":2}}',
    "{0}",
    '{{"worker_id":"{0}"}}',
    '{{"a":{0}}}',
]

RUN = r"""
run() {  # takes functions and words, NUL after each, a newline of its own between calls
  local words=() word
  while IFS= read -r -d '' word; do
    if [[ $word == $'\n' ]]; then "${words[@]}"; words=(); else words+=("$word"); fi
  done
}
state='LINEAGE_ID|__lineage_(last|today|primed|safe|why|parents|poor|warned|place|tag)'
seen() { compgen -v | grep -vE "^(_|BASH.*|PIPESTATUS|FUNCNAME|RANDOM|LINENO|before|$state)$"; }
before=$(seen)
run <"$CALLS"
diff <(echo "$before") <(seen)
"""
EXPORT = "export -f $(compgen -A function)"
WAYS = {
    "sourced": '. "$lib"; eval "$RUN"',
    "sourced by a function": 'use() { . "$lib"; }; use; eval "$RUN"',
    "in a subshell": '( . "$lib"; eval "$RUN" )',
    "functions exported": f'. "$lib"; {EXPORT}; exec bash -c "$RUN"',
    "functions exported, with arrays": f'. "$lib"; {EXPORT}; export ${{!__lineage_@}}; exec bash -c "$RUN"',
    "all exported": 'set -a; . "$lib"; exec bash -c "$RUN"',
    "by BASH_ENV": 'export BASH_ENV=$lib; exec bash -c "$RUN"',
    "by xargs": f'. "$lib"; {EXPORT}; printf 0 | xargs -n1 bash -c "$RUN"',
    "posix mode": 'set -o posix; . "$lib"; eval "$RUN"',
}

STUBS = ("touch", "rm", "sh", "python", "python3", "perl", "curl", "lineage", "jq", "id")


def hostile_words(number: int, seed: int) -> list[str]:
    """So many words: the known attacks, then such ones put together."""
    chance = random.Random(seed)
    made = ("".join(chance.choices(ATTACKS, k=chance.randint(1, 3))) for _ in range(number))
    words = [*ATTACKS, *made][:number] if number >= len(ATTACKS) else chance.sample(ATTACKS, number)
    return [word[:900] for word in words]


def calls_of(spec: EventSpec, words: list[str], chance: random.Random) -> list[list[str]]:
    """Calls of a function in which every word stands once: a call has as many of them as it has places."""
    places = 1 + len(spec.params) + spec.takes_data
    calls = [[spec.function, *line] for line in dealt(words, places, chance)]
    if spec.takes_data:
        for call in calls:
            if chance.random() < 0.75:
                call[-1] = chance.choice(DATA_SHAPES).format(call[-1])
    return calls


def dealt(words: list[str], places: int, chance: random.Random) -> list[list[str]]:
    """All words in some order, in lines of so many; the last one is filled up."""
    mixed = chance.sample(words, len(words))
    mixed += chance.choices(words, k=-len(words) % places)
    return [mixed[at : at + places] for at in range(0, len(mixed), places)]


def told_by(call: list[str]) -> list[list[str]]:
    """The calls of logging functions that a call comes to: none, if a word that it needs is empty."""
    if call[0] == "lineage_run":
        return [["log_worker_started", *call[1:4]], ["log_worker_completed", *call[1:3], "success"]]
    return [call] if all(call[: 2 + len(EVENTS[call[0][4:]].params)]) else []


@pytest.fixture
def outside(tmp_path: Path) -> dict[str, str]:
    """The environment: programs that tell on us in PATH, hostile values under all names of ours."""
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    for name in STUBS:
        (bin_ / name).write_text(f"#!/bin/bash -p\necho {name} >>'{tmp_path}/started'\n")
        (bin_ / name).chmod(0o755)
    bad = "a[$(touch pwned)0]"
    ours = ["last", "today", "primed", "safe", "why", "parents", "poor", "fresh", "warned", "place", "tag", "python"]
    ours += ["run", "root", "only_native", "at", "count", "aliases", "type", "said", "ids", "tasks", "healed"]
    names = ["t", "n", "v", "o", "p", "s", "task", "data", "text", "seen", "parent", "line", "tag", "fields", "words"]
    return {
        "PATH": f"{bin_}:/usr/bin:/bin",
        "LINEAGE_DIR": str(tmp_path / "journal"),
        "LINEAGE_PYTHON": "/proc/nonexistent",
        "RUN": RUN,
        **{f"__lineage_{name}": bad for name in ours},
        **{f"__l_{name}": bad for name in names},
    }


SETTINGS = ("CORTEX_PRINCIPAL", "CORTEX_SESSION_ID", "CORTEX_TRACE_ID", "LINEAGE_PARENT_ID", "TRACEPARENT")
SWITCHES = ("LINEAGE_REDACT", "LINEAGE_TIMING", "LINEAGE_WRITE_COMBINED", "LINEAGE_PRINT_ID", "LINEAGE_FORCE_PYTHON")


BATCH = 2_000
"""Calls of one shell."""


def attack(way: str, number: int, seed: int, tmp_path: Path, outside: dict[str, str], library: Path = LIBRARY) -> None:
    """Every one of so many words in every function; the settings are other hostile words for each shell."""
    chance = random.Random(seed)
    words = hostile_words(number, seed)
    calls = [call for spec in EVENTS.values() for call in calls_of(spec, words, chance)]
    calls += [["lineage_run", *line, ":"] for line in dealt(words, 3, chance)]
    chance.shuffle(calls)
    for at in range(0, len(calls), BATCH):
        given = {name: chance.choice(ATTACKS) for name in (*SETTINGS, *SWITCHES)}
        wrong = partial(fault, way, tmp_path=tmp_path, surroundings=outside | given, library=library)
        if guilty := least(calls[at : at + BATCH], wrong):
            pytest.fail(f"{way}, seed {seed}: {wrong(guilty)}\n{len(guilty)} calls: {guilty[:3]!r}\nwith {given!r}")


def least(calls: list[list[str]], wrong: Callable[[list[list[str]]], str]) -> list[list[str]]:
    """The calls, cut to an eighth or a half as long as one of these is still wrong; none if they are not.

    By eighths, as what is wrong mostly is so in many places: a first piece tells, and costs little.
    """
    if not wrong(calls):
        return []
    while len(calls) > 1:
        parts = (piece for count in (8, 2) if len(calls) >= count for piece in pieces(calls, count))
        part = next(filter(wrong, parts), None)
        if part is None:
            break
        calls = part
    return calls


def pieces(calls: list[list[str]], count: int) -> Iterator[list[list[str]]]:
    """The calls in so many pieces of about the same length, in order."""
    for number in range(count):
        yield calls[len(calls) * number // count : len(calls) * (number + 1) // count]


def fault(way: str, calls: list[list[str]], tmp_path: Path, surroundings: dict[str, str], library: Path) -> str:
    """What is wrong after these calls in one shell; "" if nothing is."""
    started = tmp_path / "started"
    started.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=tmp_path) as temporary:
        folder = Path(temporary)
        work, journal, given = folder / "work", folder / "journal", folder / "calls"
        work.mkdir()
        given.write_bytes(b"".join(b"".join(word.encode() + b"\0" for word in call) + b"\n\0" for call in calls))
        told = subprocess.run(
            ["bash", "-c", f"lib=$1\n{WAYS[way]}", "threat", str(library)],
            env=surroundings | {"CALLS": str(given), "LINEAGE_DIR": str(journal)},
            capture_output=True, cwd=work, timeout=600,
        )  # fmt: skip
        if started.exists():
            return f"started: {started.read_text()[:200]}"
        if told.returncode:
            return f"exit code {told.returncode}, {told.stderr[-600:]!r}"
        printed = told.stdout.splitlines() if surroundings["LINEAGE_PRINT_ID"] == "1" else []  # a word switches it on
        ids = [line for line in printed if re.fullmatch(rb"lineage-\d{26}", line)]
        if told.stdout != b"".join(line + b"\n" for line in ids):
            return f"printed {told.stdout[:600]!r}"
        if told.stderr.count(b"\n") > 2:  # no interpreter; empty words
            return f"said {told.stderr[-600:]!r}"
        made = sorted(path.name for path in folder.iterdir())
        if [*work.iterdir()] or made != ["calls", "journal", "work"] or len([*journal.iterdir()]) > 2:
            return f"made {made}, {[*work.iterdir()]}, {[*journal.iterdir()]}"
        return wrong_records(journal, [one for call in calls for one in told_by(call)])


def wrong_records(journal: Path, wanted: list[list[str]]) -> str:
    """What the journal has other than a record for each of these calls, in their order; "" if nothing."""
    content = content_of(journal)
    if content.torn or len(content.records) != len(wanted):
        return f"{len(content.torn)} lines are torn, {len(content.records)} records of {len(wanted)} calls"
    for record, call in zip(content.records, wanted, strict=True):
        if record["event_type"] != call[0][4:]:
            return f"{record['event_type']} of {call!r}"
        if "data-dropped" not in record.get("tags", []) and record["task_id"] != call[1]:
            return f"task {record['task_id']!r} of {call!r}"
    return ""


@pytest.mark.parametrize("way", WAYS)
def test_no_word_from_outside_becomes_code(way: str, tmp_path: Path, outside: dict[str, str]):
    """200 hostile words a function, in every way."""
    attack(way, 200, sorted(WAYS).index(way), tmp_path, outside)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("way", WAYS)
def test_no_word_from_outside_becomes_code_at_length(way: str, tmp_path: Path, outside: dict[str, str]):
    """10,000 hostile words a function, in every way."""
    attack(way, 10_000, random.randrange(1 << 30), tmp_path, outside)


PLANTED = {
    "a name that is asked for": ("task_created", '[[ -v $1 ]]'),
    "a sum": ("worker_progress", '(( ${3-0} )) 2>/dev/null'),
    "a word that is not quoted": ("task_failed", 'set +f; : >>pwned-${3//[!a-z]/}'),
    "a variable that stays": ("handoff_created", 'left=$2'),
    "a word of another's": ("task_blocked", 'set -- "$1-" "${@:2}"'),
}  # fmt: skip


@pytest.mark.parametrize("fault", PLANTED)
def test_a_fault_is_found_and_the_call_is_told(fault: str, tmp_path: Path, outside: dict[str, str]):
    """In a library that does what ours must not."""
    name, code = PLANTED[fault]
    library = tmp_path / "bin" / "lineage.sh"
    text = LIBRARY.read_text()
    assert text.count(f"\nlog_{name}() {{ ") == 1
    library.write_text(text.replace(f"\nlog_{name}() {{ ", f"\nlog_{name}() {{ {code}; "))
    with pytest.raises(pytest.fail.Exception, match=rf"\n1 calls: \[\['log_{name}', "):
        attack("sourced", 100, 1, tmp_path, outside, library)
