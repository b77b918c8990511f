"""Damaged lines through cutter.c and facts.c under the address and undefined-behaviour sanitizers.

    python -m tests.core.native.fuzz [--pieces 200000] [--minutes 60]

It goes on with other seeds until so many pieces were cut, or so many minutes have passed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from pathlib import Path
from random import Random

from tests.conftest import ROOT
from tests.core.native.lives import retried
from tests.core.native.nasty_lines import nasty, sound_lines
from tests.wallclock import unshifted

FLAGS = (
    "-std=c11",
    "-g",
    "-O1",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
    "-fno-omit-frame-pointer",
)
AT_ONCE = 100_000


def build(folder: Path) -> list[Path]:
    """The programs, with the sanitizers in them: for cutter.c and for facts.c."""
    include = ROOT / "lineage_core" / "native"
    programs = []
    for name, which in (("fuzz", ()), ("fuzz-facts", ("-DFACTS",))):
        programs.append(folder / name)
        source = Path(__file__).with_suffix(".c")
        command = [os.environ.get("CC", "cc"), *FLAGS, *which, "-I", include, "-o", programs[-1], source]
        subprocess.run(command, check=True)
    return programs


def run(program: Path, seed: int, pieces: int) -> str:
    """Cut so many damaged pieces; what was done. Raises CalledProcessError where a sanitizer finds something."""
    rng = Random(seed)
    lines = nasty(sound_lines(600), seed) + b"".join(retried(rng, f"task-{n}") for n in range(60))
    environment = unshifted() | {"ASAN_OPTIONS": "detect_leaks=1:allocator_may_return_null=1"}
    done = subprocess.run(
        [program, str(seed), str(pieces)], input=lines, env=environment, capture_output=True, timeout=3600
    )
    if done.returncode:
        raise AssertionError(f"seed {seed}: {done.stderr.decode(errors='replace')}")
    return done.stdout.decode().strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pieces", type=int, default=200_000)
    parser.add_argument("--minutes", type=float, default=0)
    args = parser.parse_args()
    end, seeds = time.monotonic() + 60 * args.minutes, Random()
    done = 0
    with tempfile.TemporaryDirectory() as folder:
        programs = build(Path(folder))
        while done < args.pieces if not args.minutes else time.monotonic() < end:
            seed = seeds.randrange(1 << 31)
            for program, pieces in zip(programs, (AT_ONCE, AT_ONCE // 10), strict=True):  # of few lines, and of many
                print(f"{program.name}, seed {seed}: {run(program, seed, pieces)}", flush=True)
            done += AT_ONCE


if __name__ == "__main__":
    main()
