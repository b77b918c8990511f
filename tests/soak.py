"""Hours of use in one command: writers, rotation, archiving and the viewer, and what was lost.

    python tests/soak.py --minutes 60              # `nice -n 15` in front of it on a machine that has work to do

Bash and Python writers log at a steady rate into one directory, some of it late, into months that are over. Meanwhile
the day's file is rotated (renamed; or copied and truncated), closed months are archived, and writers are killed and
started again. Two viewers follow: the feed without a screen, and lineage-tui at a pseudo-terminal. Every writer notes
the id of each event that it was told is written; at the end each of these must be in the feed's state exactly once.

Copy-and-truncate loses what is written between the copy and the cut, whoever reads; so writers stand still for it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT)]  # as a command, `tests` is to be found

from lineage_core.state.feed import Feed  # noqa: E402
from lineage_core.state.store import State  # noqa: E402
from tests.faults.pseudo_terminal import PtyProgram, open_descriptors, resident, watches  # noqa: E402
from tests.wallclock import today  # noqa: E402

LIBRARY = ROOT / "lineage_core" / "shell" / "lineage.sh"
TUI = [sys.executable, "-m", "lineage_tui.cli"]

_BASH = r"""
source "$1"
n=0
while :; do  # until the input ends; read waits without a fork
  read -r -t "$4" _ || (( $? > 128 )) || exit 0
  log_worker_progress "task-$3-$((n / 50))" "worker-$3" $((n % 101)) '{"current_step":"step '$n'"}'
  printf '%s\n' "$LINEAGE_ID" >>"$2"
  n=$((n + 1))
done
"""
_PYTHON = r"""
import os, select, sys
from lineage_core.write.journal import Journal
tally, name, pause, late = sys.argv[1:]
journal, n = Journal(), 0
with open(tally, "ab", buffering=0) as told:
    while not select.select([0], [], [], float(pause))[0]:
        when = f"2024-0{n % 9 + 1}-1{n % 7}T12:00:00.{n:06d}Z" if late == "late" else None
        task = f"task-{name}-{n // 50}"
        ident = journal.log("worker_progress", task, f"worker-{name}", str(n % 101),
                            data={"current_step": f"step {n} " + "x" * (n % 7 * 200)}, timestamp=when)
        os.write(told.fileno(), ident.encode() + b"\n")
        n += 1
"""


class Writers:
    """Writers that can be killed and started again; each has a file of the ids it was told are written."""

    def __init__(self, lineage: Path, tallies: Path, kinds: list[str], pause: float) -> None:
        self._env = os.environ | {"LINEAGE_DIR": str(lineage), "LINEAGE_PYTHON": sys.executable}
        self._tallies, self._pause = tallies, pause
        self._numbers = count()
        self.killed = 0
        self.running = {kind: self._start(kind) for kind in kinds}

    def _start(self, kind: str) -> subprocess.Popen[bytes]:
        name = f"{kind}-{next(self._numbers)}"
        tally = self._tallies / name
        if kind.startswith("bash"):
            argv = ["bash", "-c", _BASH, "soak", str(LIBRARY), str(tally), name, str(self._pause)]
        else:
            late = "late" if kind.endswith("late") else "now"
            argv = [sys.executable, "-c", _PYTHON, str(tally), name, str(self._pause), late]
        return subprocess.Popen(argv, stdin=subprocess.PIPE, env=self._env)

    def kill_one(self) -> None:
        """Kill a writer in the middle of whatever it does, and start another in its place."""
        kind = random.choice(list(self.running))
        self._end(self.running[kind], kill=True)
        self.killed += 1
        self.running[kind] = self._start(kind)

    @contextmanager
    def still(self) -> Iterator[None]:
        """The writers stand still."""
        for process in self.running.values():
            process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for process in self.running.values():
                process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """Let all of them end."""
        for process in self.running.values():
            self._end(process)

    @staticmethod
    def _end(process: subprocess.Popen[bytes], *, kill: bool = False) -> None:
        assert process.stdin is not None
        if kill:
            process.kill()
        process.stdin.close()
        process.wait(120)

    def acknowledged(self) -> Counter[str]:
        """The ids that writers were told are written, each with how often."""
        return Counter(line for tally in self._tallies.iterdir() for line in tally.read_text().split())


class Rotation:
    """Rotates the day's file by turns in both ways; only the newest copies are kept."""

    def __init__(self, lineage: Path, writers: Writers, settled: Callable[[], bool]) -> None:
        self._lineage, self._writers, self._settled = lineage, writers, settled
        self.renamed = self.truncated = 0

    def rotate(self) -> None:
        """Rename the day's file, or copy and truncate it; delete copies that were read long ago."""
        daily = self._lineage / f"lineage-{today()}.jsonl"
        number = self.renamed + self.truncated
        copy = daily.with_name(f"{daily.name}.{number:06d}")
        if not daily.exists():
            return
        if number % 2:
            with self._writers.still():
                shutil.copyfile(daily, copy)
                os.truncate(daily, 0)
            self.truncated += 1
        else:
            daily.rename(copy)
            self.renamed += 1
        if self._settled():
            for old in sorted(self._lineage.glob("lineage-*.jsonl.*"))[:-8]:
                old.unlink()


def soak(
    minutes: float, rate: float, *, screen: bool = True, say: Callable[[str], None] = print, sample: float = 60.0
) -> dict[str, float]:
    """Run for `minutes` with about `rate` events a second over all writers; the figures at the end.

    sample: seconds between the lines that `say` is told, the first half of which may be warming up.
    """
    kinds = ["bash-a", "bash-b", "python-a", "python-b", "python-late"]
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lineage-soak-")))
        lineage, tallies = home / "lineage", home / "tallies"
        tallies.mkdir()
        os.environ["PYTHONPATH"] = str(ROOT)
        os.environ["XDG_CACHE_HOME"], os.environ["XDG_STATE_HOME"] = str(home / "cache"), str(home / "state")
        state = State()
        feed = Feed(lineage, state, lambda: None)
        feed.start()
        stack.callback(feed.stop)
        app = None
        if screen:
            app = stack.enter_context(PtyProgram([*TUI, "--dir", lineage], size=(160, 50)))
        writers = Writers(lineage, tallies, kinds, len(kinds) / rate)
        stack.callback(writers.stop)
        rotation = Rotation(lineage, writers, lambda: not feed.health.backlog)
        archived = 0

        began = time.monotonic()
        end = began + minutes * 60
        steps = {"rotate": 7.0, "kill": 11.0, "archive": 60.0, "keys": 3.0, "sample": sample}
        due = {step: began + pause / 2 for step, pause in steps.items()}
        samples: list[dict[str, float]] = []
        while (now := time.monotonic()) < end:
            step = min(due, key=lambda name: due[name])
            if due[step] > now:
                time.sleep(min(due[step], end) - now)
                continue
            due[step] = now + steps[step]
            feed.take(1 << 20)
            if step == "rotate":
                rotation.rotate()
            elif step == "kill":
                writers.kill_one()
            elif step == "keys" and app is not None:
                app.keys(random.choice(["j", "k", "l", "h", "G", "g", "\t", "\x1b[6~", "f"]))
                app.forget(200_000)
            elif step == "archive":
                command = [sys.executable, "-m", "lineage_core.cli", "archive", "--dir", str(lineage)]
                archived += subprocess.run(command, capture_output=True, check=False).returncode == 0
            elif step == "sample":
                samples.append(_sample(now - began, state, feed, app))
                say(json.dumps(samples[-1]))
        samples.append(_sample(time.monotonic() - began, state, feed, app))
        say(json.dumps(samples[-1]))

        writers.stop()
        acknowledged = writers.acknowledged()
        _wait(lambda: state.events >= len(acknowledged) and not feed.health.backlog, 120)
        seen = Counter(fact.lineage_id for task in list(state.rows) for fact in state.facts(task))
        figures: dict[str, float] = {
            "minutes": round((time.monotonic() - began) / 60, 1),
            "events": len(acknowledged),
            "lost": sum(ident not in seen for ident in acknowledged),
            "doubled": sum(times - 1 for times in seen.values()) + sum(acknowledged.values()) - len(acknowledged),
            "written by a writer killed before it could note it": sum(ident not in acknowledged for ident in seen),
            "quarantined": feed.health.rejected,
            "torn": sum(file.read_bytes()[-1:] not in (b"\n", b"") for file in lineage.glob("lineage-*.jsonl*")),
            "unreadable files": len(feed.health.problems),
            "writers killed": writers.killed,
            "renamed": rotation.renamed,
            "copied and truncated": rotation.truncated,
            "archive runs": archived,
        }
        if app is not None:
            figures["events on the screen"] = _on_screen(app, state.events)
        middle = samples[len(samples) // 2]
        for key in ("feed MB", "feed descriptors", "feed watches", "screen MB", "screen descriptors", "screen watches"):
            if key in middle:
                figures[f"{key} at half time"], figures[f"{key} at the end"] = middle[key], samples[-1][key]
        return figures


def _wait(holds: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.05)


def _sample(at: float, state: State, feed: Feed, app: PtyProgram | None) -> dict[str, float]:
    """Memory, descriptors and watches of both viewers now."""
    told: dict[str, float] = {
        "seconds": round(at), "events": state.events, "quarantined": feed.health.rejected, "lag": feed.health.backlog
    }  # fmt: skip
    for name, pid in (("feed", os.getpid()), ("screen", app.process.pid if app else None)):
        if pid is not None:
            told[f"{name} MB"] = round(resident(pid) / 1e6, 1)
            told[f"{name} descriptors"] = len(open_descriptors(pid))
            told[f"{name} watches"] = watches(pid)
    return told


def _on_screen(app: PtyProgram, expected: int) -> int:
    """The count of events in the screen's top line, once it is the expected one or two minutes are over."""
    shown = -1

    def look() -> bool:
        nonlocal shown
        found = re.findall(r"([\d,]+) events", app.screen().partition("\n")[0])
        shown = int(found[-1].replace(",", "")) if found else -1
        return shown == expected

    app.resize(158, 48)  # draws everything anew
    _wait(look, 120)
    return shown


def main() -> int:
    """Run as a command; 1 if anything was lost, doubled or torn."""
    parser = argparse.ArgumentParser(description="Writers, rotation, archiving and the viewer, for as long as told.")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=50, help="events a second over all writers")
    parser.add_argument("--no-screen", action="store_true", help="leave out lineage-tui")
    args = parser.parse_args()
    figures = soak(args.minutes, args.rate, screen=not args.no_screen, say=lambda line: print(line, flush=True))
    print(json.dumps(figures, indent=2))
    return int(any(figures[key] for key in ("lost", "doubled", "torn", "quarantined")))


if __name__ == "__main__":
    sys.exit(main())
