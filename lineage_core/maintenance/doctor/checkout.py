"""The cortex checkout: our files in it, the interpreter they name, and the scripts that log."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from lineage_core.base.errors import JournalError
from lineage_core.integration import install as shell_install
from lineage_core.integration import survey as points
from lineage_core.maintenance.doctor.check import Patient, Verdict, Word

_RECORDED = re.compile(r"^(?:__lineage_python|lineage_command)=(\S.*?)(?:\s+#.*)?$", re.MULTILINE)
_UNKNOWN = "no checkout is known"
_TELL = "set CORTEX_HOME or give --cortex-home"


def library(patient: Patient) -> Iterator[Verdict]:
    """Whether our files in the checkout are the present ones, and what they call is there."""
    if patient.home is None:
        yield Verdict("library", Word.NOTE, _UNKNOWN, _TELL)
        return
    try:
        states = shell_install.status(patient.home)
    except JournalError as error:
        yield Verdict("library", Word.PROBLEM, str(error), "check its permissions")
        return
    values = {state.target: state.word for state in states}
    if all(state.word == "missing" for state in states):
        advice = f"lineage shell install --cortex-home {patient.home}"
        yield Verdict("library", Word.NOTE, f"not installed in {patient.home}", advice, values)
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
        yield Verdict("library", Word.PROBLEM, text, advice, values)
    if sound:
        yield Verdict("library", Word.OK, f"installed in {patient.home} and current", values=values)


def _gone(target: Path) -> str | None:
    """What an installed file calls and cannot be run."""
    for match in _RECORDED.finditer(target.read_text("utf-8", "replace")):
        for word in shlex.split(match[1])[:1]:
            if word and not os.access(word, os.X_OK):
                return word
    return None


def integration(patient: Patient) -> Iterator[Verdict]:
    """How many of the places that ought to log do."""
    if patient.home is None:
        yield Verdict("integration", Word.NOTE, _UNKNOWN, _TELL)
        return
    try:
        findings = points.survey(patient.home)
    except JournalError as error:
        yield Verdict("integration", Word.PROBLEM, str(error), "check its permissions")
        return
    done = sum(finding.integrated for finding in findings)
    missing = [finding.point.id for finding in points.required(findings, "critical")]
    values = {"integrated": done, "total": len(findings), "critical_missing": missing}
    text = f"{done} of {len(findings)} points log"
    if missing and (patient.home / points.LIBRARY).exists():
        text += f"; critical ones that do not: {', '.join(missing)}"
        yield Verdict("integration", Word.PROBLEM, text, "lineage integration check", values)
    else:
        yield Verdict("integration", Word.OK if not missing else Word.NOTE, text, values=values)
