"""Run a command as a worker of a task, and log its life: its start, a word each minute, its end.

The command must not notice: it has our standard input and output, its signals and exit status are passed on, what it
writes to standard error is copied through (a pseudo-terminal where ours is a terminal, so that colours stay), and
logging that fails costs one warning. `LINEAGE_PARENT_ID` in its environment is the start event, and `LINEAGE_PROGRESS`
names a FIFO: the last line written there, `[PERCENT] [STEP]`, goes out with the next word, and before the end.

Only the standard library is used, as in all of `write`: this process lives as long as the command does.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from lineage_core.base.errors import LineageError
from lineage_core.base.escaping import visible
from lineage_core.write.journal import Journal
from lineage_core.write.stderr_copy import Stderr, write_all

MAX_STEP = 500
"""Characters of a step."""

_FORWARDED = frozenset(
    {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGTSTP}
)
_WAITED = _FORWARDED | {signal.SIGCHLD, signal.SIGALRM, signal.SIGCONT, signal.SIGWINCH}
_BY_KERNEL = 0x80  # si_code of a signal that a key sent: the terminal has sent it to the command, too (signal.h)


class Ended(NamedTuple):
    """How a command ended: exactly one of the two is not None. status: its exit status; signal: what killed it."""

    status: int | None
    signal: int | None


class Worker:
    """What is logged of one command. The first event that cannot be written is told on stderr; the rest is silent.

    master: who spawns it, which is logged before its start; empty: that was logged, or nobody did.
    """

    def __init__(
        self, task: str, worker: str, kind: str, directory: str | None, environ: Mapping[str, str], master: str = ""
    ) -> None:
        self.task, self.worker, self.kind, self.master = task, worker, kind, master
        self._environ, self._warned = environ, False
        self._journal: Journal | None = None
        with self._never_fatal():
            self._journal = Journal(directory, environ=environ)

    def log(self, event: str, *words: str, parent: str | None = None, data: dict[str, Any]) -> str | None:
        """Log an event of the worker; gives its id, or None if it could not be written."""
        return self._log(event, self.worker, *words, parent=parent, data=data)

    def start(self, command: str) -> str | None:
        """Log that it was spawned, if a master is told, and that it starts; gives the id of its start, as `log`."""
        spawned = self._log("worker_spawned", self.master, self.worker, self.kind) if self.master else None
        return self.log("worker_started", self.kind, parent=spawned, data={"metadata": {"command": command}})

    def _log(self, event: str, actor: str, *words: str, **more: Any) -> str | None:
        if self._journal is None:
            return None
        with self._never_fatal():
            return self._journal.log(event, self.task, actor, *words, environ=self._environ, lenient=True, **more)
        return None

    def _never_fatal(self) -> _NeverFatal:
        return _NeverFatal(self)

    def warn(self, error: LineageError) -> None:
        """Tell what could not be logged, once."""
        if not self._warned:
            self._warned = True
            _tell(f"{error} (said once; the command goes on)")


class _NeverFatal:
    """Turns a fault of logging into the worker's one warning."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, LineageError):
            self._worker.warn(error)
            return True
        return False


def _tell(message: str) -> None:
    """One line on standard error; the words of others in it cannot steer a terminal."""
    write_all(2, f"lineage run: {visible(message)}\n".encode("utf-8", "replace"))


def progress_data(line: str) -> dict[str, Any]:
    """`60 compiling`, `60%`, `compiling` -> progress_percentage and current_step, as far as they are said.

    >>> progress_data("60% compiling")
    {'progress_percentage': 60, 'current_step': 'compiling'}
    """
    first, _, rest = line.partition(" ")
    number = first.removesuffix("%")
    data: dict[str, Any] = {}
    if number.replace(".", "", 1).isdecimal() and number.isascii() and float(number) <= 100:
        data["progress_percentage"] = float(number) if "." in number else int(number)
        line = rest
    if line.strip():
        data["current_step"] = line.strip()[:MAX_STEP]
    return data


def run(worker: Worker, command: Sequence[str], every: float, environ: Mapping[str, str]) -> Ended:
    """Run the command to its end and log its life.

    every: seconds between two words. environ: the command's environment, to which our two variables are added.
    A command that cannot be started is logged as failed and ends with status 127 (not found) or 126, as in a shell.
    """
    began = time.monotonic()
    environ = dict(environ)
    started = worker.start(" ".join(command))
    if started:
        environ["LINEAGE_PARENT_ID"] = started
    folder, fifo = _fifo()
    if fifo:
        environ["LINEAGE_PROGRESS"] = fifo
    stderr = Stderr(fifo)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _WAITED)
    try:
        try:
            pid = _spawn(command, environ, stderr.write_end, before)
        except OSError as error:
            message = f"cannot run {command[0]}: {error.strerror}"
            _tell(message)
            ended = Ended(127 if isinstance(error, FileNotFoundError) else 126, None)
            _log_failure(worker, started, began, "not_started", message, [], ended)
            return ended
        stderr.start()
        ended = _watch(pid, worker, stderr, started, every)
        stderr.stop()
        if stderr.has_news():
            worker.log("worker_progress", "", parent=started, data=progress_data(stderr.progress()))
        if ended.status == 0:
            data = {"duration_ms": _milliseconds(began), "metadata": {"exit_status": 0}}
            worker.log("worker_completed", "success", parent=started, data=data)
        else:
            lines = stderr.last_lines()
            how, kind = f"exit status {ended.status}", "exit_status"
            if ended.signal is not None:
                how, kind = f"killed by {_signal_name(ended.signal)}", "killed"
            message = f"{how}: {lines[-1]}" if lines else how
            _log_failure(worker, started, began, kind, message, lines, ended)
    finally:
        if folder:
            with suppress(OSError):
                os.unlink(f"{folder}/progress")
            with suppress(OSError):
                os.rmdir(folder)
    stderr.go_on_behind()
    return ended


def end_like(ended: Ended) -> int:
    """The exit status for our own end; if a signal killed the command, it kills us too, and this does not return."""
    if ended.signal is None:
        return ended.status or 0
    import resource

    sys.stdout.flush()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the core, if there is one, is the command's
    with suppress(OSError):  # KILL and STOP have no handler to take back
        signal.signal(ended.signal, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.kill(os.getpid(), ended.signal)
    return 128 + ended.signal


def _spawn(command: Sequence[str], environ: Mapping[str, str], stderr: int, mask: set[Any]) -> int:
    """Start the command, with the signals as they were given to us; gives its process id. Raises OSError."""
    return os.posix_spawnp(
        command[0],
        list(command),
        environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, stderr, 2)],
        setsigmask=mask,
        setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],  # Python ignores them, the command is not to
    )


def _watch(pid: int, worker: Worker, stderr: Stderr, started: str | None, every: float) -> Ended:
    """Pass signals on and log a word now and then, until the command has ended."""
    signal.setitimer(signal.ITIMER_REAL, every, every)
    try:
        while True:
            info = signal.sigwaitinfo(_WAITED)
            number = info.si_signo
            if number == signal.SIGALRM:
                worker.log("worker_progress", "", parent=started, data=progress_data(stderr.progress()))
            elif number == signal.SIGWINCH:
                stderr.resize()
            elif number == signal.SIGCHLD:
                found, status = os.waitpid(pid, os.WNOHANG | os.WUNTRACED)
                if found and os.WIFSTOPPED(status):  # Ctrl-Z: we stop with it, and so does the shell's job
                    os.kill(os.getpid(), signal.SIGSTOP)
                    os.kill(pid, signal.SIGCONT)
                elif found:
                    killed = os.WIFSIGNALED(status)
                    return Ended(None, os.WTERMSIG(status)) if killed else Ended(os.WEXITSTATUS(status), None)
            elif number == signal.SIGCONT or info.si_code != _BY_KERNEL:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _log_failure(
    worker: Worker, started: str | None, began: float, kind: str, message: str, lines: list[str], ended: Ended
) -> None:
    details: dict[str, Any] = {"error_type": kind, "error_message": message}
    if lines:
        details["stack_trace"] = "\n".join(lines)
    how = {"exit_status": ended.status} if ended.signal is None else {"signal": _signal_name(ended.signal)}
    data = {"error_details": details, "duration_ms": _milliseconds(began), "metadata": how}
    worker.log("worker_failed", message, parent=started, data=data)


def _fifo() -> tuple[str | None, str | None]:
    """A directory for the owner only with a FIFO in it, or None twice where that cannot be."""
    import tempfile

    try:
        folder = tempfile.mkdtemp(prefix="lineage-run-")
        os.mkfifo(f"{folder}/progress", 0o600)
    except OSError:
        return None, None
    return folder, f"{folder}/progress"


def _milliseconds(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"
