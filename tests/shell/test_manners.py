"""lineage.sh is a guest in other people's scripts: it works under their settings and changes nothing of theirs."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lineage_core.model.event_types import EVENTS
from tests.shell.bash_writer import LIBRARY
from tests.shell.test_functions import SAMPLE

# Every function, and one with DATA that is plain, that needs Python, and that is broken.
ALL_CALLS = "\n".join(
    " ".join([spec.function, "task-1", *(f"'{SAMPLE[param.name]}'" for param in spec.params), data])
    for spec in EVENTS.values()
    for data in (["", """'{"a": [1, "b"]}'""", """'{"a":1e5}'""", "'{broken'"] if spec.name == "task_failed" else [""])
)
CALLS = """
log_task_created task-1 user-kim '{"priority": "high", "n": {"a": [1, 2.5, "x y"], "b": null}}'
log_task_failed task-1 a-master $'it "broke" \\\\ at\\tline\\n2 é*'
log_task_assigned task-1 coordinator-master a-master
log_worker_progress task-1 worker-1 33.3 '{"a":1e5}'
"""

Run = Callable[..., "subprocess.CompletedProcess[str]"]
MODES = {"native": "LINEAGE_FORCE_PYTHON=0", "forced": "LINEAGE_FORCE_PYTHON=1"}


@pytest.fixture(params=MODES)
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Run:
    def run(script: str, *options: str, **environ: str) -> "subprocess.CompletedProcess[str]":
        file = tmp_path / "script with space.sh"
        file.write_text(script.replace("MODE", MODES[request.param]))
        base = {
            "PATH": "/usr/bin:/bin",
            "LIB": str(LIBRARY),
            "LINEAGE_DIR": str(tmp_path / "journal"),
            "LINEAGE_PYTHON": sys.executable,
        }
        return subprocess.run(
            ["bash", *options, str(file)], env=base | environ, capture_output=True, text=True, cwd=tmp_path, timeout=250
        )

    return run


@pytest.fixture
def expected(tmp_path: Path) -> Callable[[], list[Any]]:
    """The records in the journal without what differs from run to run."""

    def read() -> list[Any]:
        lines = [line for path in sorted(tmp_path.glob("journal/lineage-*")) for line in path.read_text().split("\n")]
        records = [json.loads(line) for line in lines if line]
        parents = [None, *(record["lineage_id"] for record in records)]
        for record, parent in zip(records, parents, strict=False):
            assert record["parent_lineage_id"] == parent
        return [[r["event_type"], r["actor"]["id"], r["event_data"], r.get("tags")] for r in records]

    return read


PLAIN = [
    ["task_created", "user-kim", {"priority": "high", "n": {"a": [1, 2.5, "x y"], "b": None}}, None],
    ["task_failed", "a-master", {"reason": 'it "broke" \\ at\tline\n2 é*'}, None],
    ["task_assigned", "coordinator-master", {"master_id": "a-master"}, None],
    ["worker_progress", "worker-1", {"a": 1e5, "worker_id": "worker-1", "progress_percentage": 33.3}, None],
]

SETTINGS = {
    "strict mode": "set -euo pipefail",
    "strict mode with its IFS": "set -euo pipefail; IFS=$'\\n\\t'",
    "traps for errors in functions": "set -eEuo pipefail; trap 'echo trapped >&2; exit 9' ERR",
    "posix mode": "set -o posix",
    "posix strict mode": "set -euo posix",
    "noglob": "set -f",
    "allexport": "set -a",
    "keyword": "set -k",
    "noclobber": "set -C",
    "no brace expansion": "set +B",
    "monitor": "set -m",
    "physical": "set -P",
    "functrace": "set -T",
    "nocasematch": "shopt -s nocasematch",
    "extglob": "shopt -s extglob",
    "nullglob and dotglob": "shopt -s nullglob dotglob globstar",
    "failglob": "shopt -s failglob",
    "inherit": "shopt -s localvar_inherit inherit_errexit",
    "localvar_unset": "shopt -s localvar_unset",
    "xpg_echo": "shopt -s xpg_echo",
    "no ascii ranges": "shopt -u globasciiranges",
    "compat31": "shopt -s compat31",
    "compat44": "shopt -s compat44",
    "expand_aliases": "shopt -s expand_aliases; alias printf='echo no' mkdir='echo no' read='echo no' grep='echo no'",
    "empty IFS": "IFS=",
    "unset IFS": "unset IFS",
    "odd IFS": "IFS='\"{}:,1a_-'",
    "readonly IFS": "readonly IFS=,",
    "readonly locale": "readonly LC_ALL=C.UTF-8",
    "readonly settings": "readonly CORTEX_HOME=/nowhere LINEAGE_DIR LINEAGE_PYTHON PYTHONPATH",
    "its own printf": "printf() { echo mine; }",
    "its own cd, read, mkdir and true": "cd() { exit 8; }; read() { exit 8; }; mkdir() { exit 8; }; true() { exit 8; }",
    "C locale": "export LC_ALL=C",
    "UTF-8 locale": "export LC_ALL=C.UTF-8",
    "no such locale": "export LC_ALL=xx_YY.UTF-8 2>/dev/null",
    "variables of our names": "export id=1 i=2 n=3 text=4 REPLY=x; readonly data=1 line=2 word=3 key=4",
    "hostile state": "x='a[$(touch hacked)]'; export __lineage_last=$x __lineage_tag=$x __lineage_parents=$x",
    "stdin closed": "exec <&-",
    "stdout closed": "exec >&-",
    "stderr closed": "exec 2>&-",
    "all closed": "exec <&- >&- 2>&-",
    "no PATH": "PATH=/nowhere",
    "a time zone": "export TZ=Asia/Kolkata",
}


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
def test_it_works_under_any_setting_of_the_shell(setting: str, run: Run, expected: Any, tmp_path: Path):
    # aliases take effect on the next line, so that the library is sourced under them
    told = run(f'export MODE\n{setting}\nsource "$LIB"\n{CALLS}\nexit 0')
    assert told.returncode == 0, told.stderr
    assert told.stdout == ""
    assert told.stderr.replace("xx_YY.UTF-8", "").count("\n") <= ("xx_YY" in setting), told.stderr
    assert expected() == PLAIN
    assert not (tmp_path / "hacked").exists()


PATTERNS = {
    "sourced twice": 'source "$LIB"; source "$LIB"; CALLS',
    "sourced between": 'source "$LIB"; FIRST source "$LIB"; REST',
    "sourced by a function": 'use() { source "$LIB"; }; use; CALLS',
    "called by a function": 'source "$LIB"; work() { local i=1 IFS=x; CALLS }; work',
    "in a subshell": 'source "$LIB"; ( CALLS )',
    "in a background job": 'source "$LIB"; { CALLS } & wait',
    "in a pipeline": 'source "$LIB"; { CALLS } | cat',
    "in a loop that reads": 'source "$LIB"; echo 1 | while read -r n; do CALLS [ $n = 1 ]; done; read -r n <<<1',
    "in a condition": 'source "$LIB"; if { CALLS }; then echo; fi',
    "in a trap at the end": "source \"$LIB\"; trap 'set +e; work' EXIT; work() { CALLS }; exit 0",
    "in a trap for a signal": 'source "$LIB"; trap work USR1; work() { CALLS }; kill -USR1 $$; exit 0',
    "in a command substitution": 'source "$LIB"; x=$( CALLS ); [ -z "$x" ]',
    "in another directory": 'cd "${LIB%/*}"; source ./lineage.sh; cd /; CALLS',
    "as an exported environment": 'set -a; source "$LIB"; CALLS',
    "in eval": 'source "$LIB"; eval "$(cat <<"X"\nCALLS\nX\n)"',
}


@pytest.mark.parametrize("place", PATTERNS.values(), ids=PATTERNS)
def test_it_works_wherever_it_is_called(place: str, run: Run, expected: Any):
    first, rest = CALLS.strip().split("\n", 1)
    script = place.replace("CALLS", CALLS).replace("FIRST", first + "\n").replace("REST", rest + "\n")
    told = run(f"export MODE\nset -eu\n{script}")
    assert told.returncode == 0, told.stderr
    assert (told.stdout.strip(), told.stderr) == ("", "")
    assert expected() == PLAIN


def test_tracing_shows_little_and_no_secret(run: Run):
    told = run('MODE\nsource "$LIB"\nset -x\nlog_task_created task-1 kim\nset +x')
    if "LINEAGE_FORCE_PYTHON" not in told.stderr and "forced" not in told.stderr:
        assert told.stderr.count("\n") < 12


# What a script can see of its shell, written to a file; our own names are left out.
_SNAPSHOT = r"""
snapshot() {
  {
    set +o; shopt -p; trap -p; alias; umask; ulimit -a; pwd; declare -F
    declare -p | grep -Ev '^declare -[-a-zA-Z]+ (__lineage_|LINEAGE_|BASH|EPOCH|S?RANDOM|SECONDS|LINENO)' \
      | grep -Ev '^declare -[-a-zA-Z]+ (FUNCNAME|PIPESTATUS|_)='
    echo "match ${BASH_REMATCH[*]}"; echo "$- ${!-}"; echo "$OPTIND $REPLY"
    ls -l /proc/$$/fd | grep -v 'pipe\|total' | sed 's/.*[0-9] \([0-9]* ->\)/\1/'
    jobs -l
  } | grep -v 'declare -f \(__lineage_\|lineage_run\|log_\|get_\)' > "$1"
}
"""


@pytest.mark.parametrize("options", ["", "set -euo pipefail", "shopt -s nocasematch extglob; set -f", "IFS=,; set -a"])
def test_nothing_of_the_shell_changes(options: str, run: Run, tmp_path: Path):
    told = run(
        f"""
        export MODE
        {_SNAPSHOT}
        {options}
        exec 5<"$0" 6>out
        trap 'echo usr' USR1; trap 'echo bye' EXIT
        REPLY=mine; OPTIND=3; set -- one two
        [[ abc =~ (b)(c) ]]
        sleep 0.01 & wait
        source "$LIB"
        snapshot before
        {ALL_CALLS}
        log_task_created; log_task_created task-1 kim '{{"password":"x"}}'
        snapshot after
        """
    )
    assert told.stdout == "bye\n", told.stderr
    before, after = ((tmp_path / name).read_text() for name in ("before", "after"))
    assert before.count("\n") > 60
    assert after == before


def test_sourcing_changes_nothing_but_its_own_names(run: Run, tmp_path: Path):
    told = run(
        f"""
        export MODE
        {_SNAPSHOT}
        set -euo pipefail
        x=$(declare -p); [[ abc =~ (b) ]]; REPLY=''
        snapshot before
        source "$LIB"
        snapshot after
        """
    )
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")
    assert (tmp_path / "after").read_text() == (tmp_path / "before").read_text()


def test_locale_dependent_text_works_the_same_after_a_call(run: Run):
    told = run(
        """
        MODE
        export LC_ALL=C.UTF-8
        source "$LIB"
        log_task_failed task-1 kim é
        x=éé; echo ${#x} ${x:1} $(TZ=UTC printf '%(%H)T' 0)
        """
    )
    assert told.stdout == "2 é 00\n"


def test_an_error_trap_never_sees_our_own_errors(run: Run):
    told = run(
        f"""
        export MODE
        set -eEu -o pipefail
        trap 'echo "trap: $BASH_COMMAND" >&2' ERR
        source "$LIB"
        {ALL_CALLS}
        log_task_created
        LINEAGE_DIR=/dev/null/x log_task_created task-1 kim
        """
    )
    assert told.returncode == 0
    assert "trap:" not in told.stderr
    assert told.stderr.count("lineage: ") == 2  # the missing argument, the impossible directory


def test_a_strict_failure_is_seen_like_any_other(run: Run):
    told = run('set -e\nexport MODE\nsource "$LIB"\nexport LINEAGE_STRICT=1\nlog_task_created\necho not reached')
    assert (told.returncode, told.stdout) == (2, "")


@pytest.mark.parametrize("run", ["native"], indirect=True)
def test_many_tasks_do_not_make_it_grow_without_end(run: Run):
    told = run(
        """
        source "$LIB"
        for (( i = 0; i < 2000; i++ )); do log_task_created task-${i}7 kim; done
        IFS=; size="${__lineage_parents[*]}"; echo ${#size}
        """
    )
    assert int(told.stdout) <= 1000 * 1200


@pytest.mark.parametrize("run", ["native"], indirect=True)
def test_a_trap_that_logs_in_the_middle_of_a_call_takes_no_id_twice(run: Run, tmp_path: Path):
    run(
        """
        source "$LIB"
        trap 'log_worker_progress task-2 worker-1 50' USR1
        # Often enough to hit the middle of calls, not so often that the trap leaves no time for them.
        ( while kill -USR1 $$; do sleep 0.003; done ) 2>/dev/null &
        for (( i = 0; i < 1000; i++ )); do log_task_failed task-1 a-master broke '{"a": [1, "b"]}'; done
        trap '' USR1
        kill $!
        """
    )
    lines = [line for path in tmp_path.glob("journal/lineage-*") for line in path.read_text().split("\n") if line]
    records = [json.loads(line) for line in lines]
    assert len({record["lineage_id"] for record in records}) == len(records)
    assert sum(record["task_id"] == "task-1" for record in records) == 1000
    assert sum(record["task_id"] == "task-2" for record in records) > 0
