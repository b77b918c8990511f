"""The cortex checkout: our files in it, the interpreter they name, and the scripts that log."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from lineage_core.base.errors import JournalError
from lineage_core.integration import coverage as points
from lineage_core.integration import install as shell_install
from lineage_core.maintenance.doctor.check import CheckResult, Surroundings, Word

_RECORDED = re.compile(r"^ *(?:__lineage_python|lineage_command)=(\S.*?)(?:\s+#.*)?$", re.MULTILINE)

T = TypeVar("T")


def _look_into(name: str, home: Path | None, look: Callable[[Path], list[T]]) -> list[T] | CheckResult:
    """What there is in a checkout; the result of the check where there is none, or none that can be read."""
    if home is None:
        return CheckResult(name, Word.NOTE, "no checkout is known", "set CORTEX_HOME or give --cortex-home")
    try:
        return look(home)
    except JournalError as error:
        return CheckResult(name, Word.PROBLEM, str(error), "check its permissions")


def library(surroundings: Surroundings) -> Iterator[CheckResult]:
    """Whether our files in the checkout are the present ones, and what they call is there."""
    states = _look_into("library", surroundings.home, shell_install.status)
    if isinstance(states, CheckResult):
        yield states
        return
    values = {state.target: state.word for state in states}
    if all(state.word == "missing" for state in states):
        advice = f"lineage shell install --cortex-home {surroundings.home}"
        yield CheckResult("library", Word.NOTE, f"not installed in {surroundings.home}", advice, values)
        return
    sound = True
    for state in states:
        gone = _gone(Path(state.target)) if state.word in ("current", "outdated", "modified") else None
        if gone:
            text, advice = f"{state.target} calls {gone}, which is not there", "lineage shell install"
        elif state.word != "current":
            text, _, advice = f"{state.target}: {state.word}; {state.advice}".rpartition(": ")
        else:
            continue
        sound = False
        yield CheckResult("library", Word.PROBLEM, text, advice, values)
    if sound:
        yield CheckResult("library", Word.OK, f"installed in {surroundings.home} and current", values=values)


def _gone(target: Path) -> str | None:
    """What an installed file calls and cannot be run."""
    for match in _RECORDED.finditer(target.read_text("utf-8", "replace")):
        for word in shlex.split(match[1])[:1]:
            if word and not os.access(word, os.X_OK):
                return word
    return None


def integration(surroundings: Surroundings) -> Iterator[CheckResult]:
    """How many of the places that ought to log do."""
    findings = _look_into("integration", surroundings.home, points.survey)
    if isinstance(findings, CheckResult):
        yield findings
        return
    done = sum(finding.integrated for finding in findings)
    missing = [finding.point.id for finding in points.required(findings, "critical")]
    values = {"integrated": done, "total": len(findings), "critical_missing": missing}
    text = f"{done} of {len(findings)} points log"
    if missing and surroundings.home is not None and (surroundings.home / points.LIBRARY).exists():
        text += f"; critical ones that do not: {', '.join(missing)}"
        yield CheckResult("integration", Word.PROBLEM, text, "lineage integration check", values)
    else:
        yield CheckResult("integration", Word.OK if not missing else Word.NOTE, text, values=values)
