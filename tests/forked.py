"""Our programs, started at once: `python -m lineage_tui.cli` and `python -m lineage_core.cli`, forked from a process
that has imported their modules already (or `python -m tests.broken` one of them).

What is forked is a process like any other, with its own session, streams, terminal, directory, environment, signals and
exit code; only the start of the interpreter and the imports, half a second for the screen, were done before. The start
itself is tested by exec in `tui/test_terminal.py`, `cli/test_import_budget.py` and `shell/test_launcher.py`. By exec,
too, starts any other program, and one whose environment differs in what is read at a start (`LANG`, `LD_PRELOAD` ...).

There is one such process for each module and worker of pytest; it ends when its socket is closed.
"""

from __future__ import annotations

import atexit
import fcntl
import gc
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import IO

from tests.wallclock import SHIFT

ROOT = Path(__file__).parents[1]

_PACKAGES = {"lineage_core.cli": ("lineage_core",), "lineage_tui.cli": ("lineage_core", "lineage_tui")}
_NOT_BEFORE = ("web", "otel", "lake", "hosts", "screenshots", "recording", "man_pages")
"""Parts of the packages that few programs need, with what they load."""

_FREE = (
    *("LINEAGE_", "CORTEX_", "XDG_", "OTEL_", "PYTEST_", "HOME", "PATH", "TMPDIR", "PAGER"),
    *("TERM", "COLORTERM", "COLUMNS", "LINES", "NO_COLOR", "FORCE_HYPERLINK", "TZ"),
    "_RJEM_MALLOC_CONF",  # Polars sets it when it is imported
)
"""How the names begin that may differ from those of the forking process: nobody reads them before a program runs."""


class Forked:
    """A program that was forked; `subprocess.Popen` as far as tests need it."""

    def __init__(self, server: socket.socket, request: Mapping[str, object], streams: Sequence[int]) -> None:
        self._status, told = os.pipe()
        try:
            socket.send_fds(server, [json.dumps(request).encode()], [*streams, told])
        finally:
            os.close(told)
        self.returncode: int | None = None
        self._read = b""
        while b"\n" not in self._read:
            data = os.read(self._status, 64)
            assert data, "the process that forks is gone"
            self._read += data
        self.pid = int(self._read.partition(b"\n")[0])

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end, at most `timeout` seconds; its exit code, or minus the signal that ended it."""
        while self.returncode is None:
            if not select.select([self._status], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("a forked program", timeout or 0)
            data = os.read(self._status, 64)
            self._read += data
            if not data:
                self.returncode = int(self._read.split()[1])
                os.close(self._status)
        return self.returncode

    def poll(self) -> int | None:
        """Its exit code, or None while it runs."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, if it has not ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class _Server:
    """The forking process of one module. environment: the one that it was started in."""

    def __init__(self, module: str) -> None:
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.environment = dict(os.environ)
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.forked", module, str(theirs.fileno())],
                cwd=ROOT, env=self.environment, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        atexit.register(self.end)

    def end(self) -> None:
        """End it, when the tests are over."""
        self.socket.close()
        self.process.wait()

    def suits(self, environment: Mapping[str, str]) -> bool:
        """Whether a program may have that environment."""
        names = {name for name, _ in environment.items() ^ self.environment.items()}
        return all(name.startswith(_FREE) and name != "LINEAGE_NATIVE" for name in names)


_servers: dict[str, _Server] = {}


def start(
    words: Sequence[str], environment: Mapping[str, str], streams: tuple[int, int, int], *,
    cwd: str | Path | None = None, terminal: bool = False,
) -> Forked | subprocess.Popen[bytes]:  # fmt: skip
    """Start a program in a session of its own. terminal: whether standard input becomes its controlling terminal."""
    module = next((word for word in words[2:4] if word in _PACKAGES), "")
    if list(words[:2]) == [sys.executable, "-m"] and module and not SHIFT:
        server = _servers.get(module) or _servers.setdefault(module, _Server(module))
        if server.suits(environment):
            os.umask(umask := os.umask(0o077))
            request = {"words": words[2:], "environment": dict(environment), "cwd": str(cwd or os.getcwd()),
                       "umask": umask, "terminal": terminal}  # fmt: skip
            return Forked(server.socket, request, streams)
    own = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"
    return subprocess.Popen(
        [*([sys.executable, "-c", own] if terminal else []), *words],
        stdin=streams[0], stdout=streams[1], stderr=streams[2], start_new_session=True, env=environment, cwd=cwd,
    )  # fmt: skip


def run(
    words: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: str | Path | None = None,
    input: bytes | str = b"",
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, as `subprocess.run` with capture_output and text does."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(input.encode() if isinstance(input, str) else input)
        given.seek(0)
        streams = given.fileno(), out.fileno(), err.fileno()
        process = start([str(word) for word in words], os.environ if env is None else env, streams, cwd=cwd)
        code = process.wait(250)
        return subprocess.CompletedProcess(list(words), code, _whole(out), _whole(err))


def _whole(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def _import_all(module: str) -> None:
    """What a program may import, but for Polars, whose threads no fork takes along, and the modules that need it."""
    sys.modules["polars"] = None  # type: ignore[assignment]  # an ImportError for whoever asks
    for package in _PACKAGES[module]:
        for found in pkgutil.walk_packages(import_module(package).__path__, f"{package}."):
            part = found.name.partition(".")[2]
            if not part.startswith(_NOT_BEFORE) and not part.endswith("__main__"):
                with suppress(ImportError):
                    import_module(found.name)
    del sys.modules["polars"]
    assert len(os.listdir("/proc/self/task")) == 1


def _serve(server: socket.socket) -> None:
    """Fork a program for each request. Returns in the program, when all is as the request says."""
    while True:
        data, descriptors, *_ = socket.recv_fds(server, 1 << 20, 4)
        if not data:
            os._exit(0)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if os.fork() == 0:
            break
        for descriptor in descriptors:
            os.close(descriptor)
    if pid := os.fork():  # it waits, and says how the program ended
        os.closerange(0, descriptors[3])
        os.write(descriptors[3], b"%d\n" % pid)
        os.write(descriptors[3], b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        os._exit(0)
    request = json.loads(data)
    os.setsid()
    for number in range(3):
        os.dup2(descriptors[number], number)
    os.closerange(3, 1024)
    if request["terminal"]:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.chdir(request["cwd"])
    os.umask(request["umask"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.path[0] = os.getcwd()
    sys.argv[:] = request["words"]
    time.tzset()
    sys.stdin = open(0, errors=sys.stdin.errors, closefd=False)  # noqa: SIM115  as the interpreter
    sys.stdout = sys.__stdout__ = open(1, "w", errors=sys.stdout.errors, closefd=False)  # noqa: SIM115
    sys.stderr = sys.__stderr__ = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115


if __name__ == "__main__":
    name, number = sys.argv[1:]
    _import_all(name)
    gc.collect()
    gc.freeze()  # so that the programs share it
    with socket.socket(fileno=int(number)) as connection:
        _serve(connection)
        connection.detach()
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
