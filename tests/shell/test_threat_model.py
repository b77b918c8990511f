"""The threat model at the top of lineage.sh, tried: whatever comes from outside is text, and never code, name or path.

Hostile words stand in every argument (but the command of `lineage_run`, which is one) and every variable, in every way
in which a library gets into a shell. A canary ends the test: any file or variable that appears, any program that is
started.
"""

import random
import subprocess
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
    "a\tlineage-1", "x\nlineage-9", "\n", "\r", "\x01", "\x02", "\x03", "\x7f", "\x1b]0;x\x07", "é", "\u202e",
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
    """Calls of a function in which every word stands once in each place, the others being random ones."""
    calls = []
    for word in words:
        places = 1 + len(spec.params) + spec.takes_data
        at = chance.randrange(places)
        line = [chance.choice(words) or "x" for _ in range(1 + len(spec.params))]
        if spec.takes_data:
            line.append(chance.choice(DATA_SHAPES).format(chance.choice(words)) if at < places - 1 else word)
        if at < len(line):
            line[at] = word
        calls.append([spec.function, *line])
    return calls


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
        "LINEAGE_PYTHON": "/nonexistent",
        "RUN": RUN,
        **{f"__lineage_{name}": bad for name in ours},
        **{f"__l_{name}": bad for name in names},
    }


SETTINGS = ("CORTEX_PRINCIPAL", "CORTEX_SESSION_ID", "CORTEX_TRACE_ID", "LINEAGE_PARENT_ID", "TRACEPARENT")
SWITCHES = ("LINEAGE_REDACT", "LINEAGE_TIMING", "LINEAGE_WRITE_COMBINED", "LINEAGE_PRINT_ID", "LINEAGE_FORCE_PYTHON")


def attack(way: str, number: int, seed: int, tmp_path: Path, outside: dict[str, str]) -> None:
    chance = random.Random(seed)
    work = tmp_path / "work"
    work.mkdir()
    words = hostile_words(number, seed)
    calls = [call for spec in EVENTS.values() for call in calls_of(spec, words, chance)]
    calls += [["lineage_run", *(chance.choice(words) or "x" for _ in "123"), ":"] for _ in words]
    (tmp_path / "calls").write_bytes(
        b"".join(b"".join(word.encode() + b"\0" for word in call) + b"\n\0" for call in calls if "\n" not in call)
    )
    given = {name: chance.choice(ATTACKS) for name in (*SETTINGS, *SWITCHES)}
    told = subprocess.run(
        ["bash", "-c", f'lib=$1\n{WAYS[way]}', "threat", str(LIBRARY)],
        env=outside | given | {"CALLS": str(tmp_path / "calls")},
        capture_output=True, cwd=work, timeout=3000,
    )  # fmt: skip
    seen = f"{way}, seed {seed}: {told.stderr[-600:]!r}"
    assert told.returncode == 0, seen
    assert told.stdout == b"", f"{seen} {told.stdout[:600]!r}"
    assert told.stderr.count(b"\n") <= 2, seen  # no interpreter; empty words
    assert [*work.iterdir()] == [], seen
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "calls", "journal", "work"], seen
    assert len([*(tmp_path / "journal").iterdir()]) <= 2, seen
    content = content_of(tmp_path / "journal")
    wanted = [call for given in calls if "\n" not in given for call in told_by(given)]
    assert content.torn == []
    assert len(content.records) == len(wanted), seen
    for record, call in zip(content.records, wanted, strict=True):
        assert record["event_type"] == call[0][4:]
        if "data-dropped" not in record.get("tags", []):
            assert record["task_id"] == call[1], seen


@pytest.mark.parametrize("way", WAYS)
def test_no_word_from_outside_becomes_code(way: str, tmp_path: Path, outside: dict[str, str]):
    """200 hostile words a function, over all ways together."""
    attack(way, 200 // len(WAYS) + 1, sorted(WAYS).index(way), tmp_path, outside)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("way", WAYS)
def test_no_word_from_outside_becomes_code_at_length(way: str, tmp_path: Path, outside: dict[str, str]):
    """10,000 hostile words a function, over all ways together."""
    attack(way, 10_000 // len(WAYS), random.randrange(1 << 30), tmp_path, outside)
