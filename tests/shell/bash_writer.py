"""A bash that stays alive with lineage.sh in it and is fed calls, so that thousands of them are quick."""

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import lineage_core

PACKAGE = Path(lineage_core.__file__).parent
LIBRARY = PACKAGE / "shell" / "lineage.sh"

_LOOP = r"""
source "$1"
__test_set() { declare -gx "$1=$2"; }
while read -r -a __test_sizes; do
  __test_words=()
  for __test_size in "${__test_sizes[@]}"; do  # -N reads blocks, where -d '' reads byte by byte from a pipe
    __test_word=''
    (( __test_size == 0 )) || LC_ALL=C IFS= read -r -N "$__test_size" __test_word
    __test_words+=("$__test_word")
  done
  __test_code=0
  "${__test_words[@]}" || __test_code=$?
  printf '%s %s\n' "$__test_code" "$LINEAGE_ID"
done
"""

_RESIDENT = """
import io, os, sys
request, response, root = sys.argv[1:]
sys.path.append(root)
import json, re
from lineage_core.write import secret_rules
from lineage_core.shell import bridge as shell_bridge
from lineage_core.write import redaction as redact
secret_rules.Rules("", "")
environ = dict(os.environ)
while True:
    with open(request, "rb") as file:
        sys.stdin = io.TextIOWrapper(io.BytesIO(file.read()))
    with open(response, "w") as sys.stdout:
        shell_bridge.main()
    os.environ.clear()
    os.environ.update(environ)
"""


class Reply(NamedTuple):
    """What a call gave: its return code, LINEAGE_ID after it, and the lines that it added to the journal."""

    code: int
    lineage_id: str
    lines: list[bytes]


class BashWriter:
    """Calls functions of lineage.sh in one bash; a context manager.

    folder: where the journal and the pipes go. environ: set beside PATH. prologue: run before lineage.sh is sourced.
    Python is a resident one: the real lineage_core.shell.bridge, without its start.
    """

    def __init__(
        self, folder: Path, environ: dict[str, str] | None = None, *, prologue: str = "", bash: str = "bash"
    ) -> None:
        self.journal = folder / "journal"
        self._offsets: dict[Path, int] = {}
        self._stack = ExitStack()
        python = _resident_python(folder, self._stack)
        told = {"PATH": os.environ["PATH"], "LINEAGE_DIR": str(self.journal), "LINEAGE_PYTHON": str(python)}
        self._bash = self._stack.enter_context(
            subprocess.Popen(
                [bash, "-c", prologue + _LOOP, "test", str(LIBRARY)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=told | (environ or {}),
            )
        )
        self.stderr = b""

    def __enter__(self) -> "BashWriter":
        return self

    def __exit__(self, *_: object) -> None:
        assert self._bash.stdin and self._bash.stderr
        self._bash.stdin.close()
        self.stderr = self._bash.stderr.read()
        self._stack.close()

    def set(self, name: str, value: str) -> None:
        """Set and export a variable in it."""
        self.call("__test_set", name, value)

    def call(self, *words: str | bytes) -> Reply:
        """Call a function. Its words must hold no NUL; lone surrogates stand for bytes that are no UTF-8."""
        fields = [os.fsencode(word) if isinstance(word, str) else word for word in words]
        assert self._bash.stdin and self._bash.stdout
        sizes = b" ".join(b"%d" % len(field) for field in fields)
        self._bash.stdin.write(sizes + b"\n" + b"".join(fields))
        self._bash.stdin.flush()
        answer = self._bash.stdout.readline().decode()
        assert answer.endswith("\n"), f"bash died: {self._bash.stderr and self._bash.stderr.read().decode()}"
        code, _, lineage_id = answer.rstrip("\n").partition(" ")
        return Reply(int(code), lineage_id, self._new_lines())

    def _new_lines(self) -> list[bytes]:
        lines = []
        for path in sorted(self.journal.glob("lineage-*.jsonl")) if self.journal.is_dir() else []:
            with path.open("rb") as file:
                file.seek(self._offsets.get(path, 0))
                text = file.read()
                self._offsets[path] = file.tell()
            assert not text or text.endswith(b"\n"), text[-200:]
            lines += [line for line in text.split(b"\n") if line]
        return lines


def _resident_python(folder: Path, stack: ExitStack) -> Path:
    """An executable that answers as an interpreter with shell_bridge does, by asking a process that is kept."""
    request, response, client = folder / "request", folder / "response", folder / "python"
    os.mkfifo(request)
    os.mkfifo(response)
    client.write_text(f"#!/bin/sh\ncat >'{request}'; read -r answer <'{response}'; printf %s \"$answer\"\n")
    client.chmod(0o755)
    server = stack.enter_context(
        subprocess.Popen([sys.executable, "-c", _RESIDENT, str(request), str(response), str(PACKAGE.parent)])
    )
    stack.callback(server.terminate)
    return client
