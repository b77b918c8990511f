"""`lineage doctor` reports exactly the faults of a checkout that were planted, each with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineage_core.integration import install as shell_install
from lineage_core.maintenance.doctor import Surroundings, Word, examine
from tests.core.maintenance.doctor.conftest import only, problems
from tests.wallclock import now

pytestmark = pytest.mark.clock


def test_a_checkout_in_order_has_no_problem(journal: Path, home: Path) -> None:
    assert problems(journal, home) == []
    verdicts = list(examine(Surroundings(journal, home, now())))
    assert [v.word for v in verdicts if v.check in ("library", "integration")] == [Word.OK, Word.OK]


def test_a_library_that_drifted(journal: Path, home: Path) -> None:
    library = home / "scripts" / "lib" / "lineage.sh"
    library.write_text(library.read_text().replace("\n#", "\n# changed", 1))
    check, text, advice = only(journal, home)
    assert check == "library"
    assert str(library) in text
    assert "modified" in text
    assert advice == "lineage shell install"


def test_an_interpreter_that_is_gone(journal: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = shell_install.installed("/nowhere/bin/python")
    monkeypatch.setattr(shell_install, "installed", lambda: places)
    shell_install.install(home)
    monkeypatch.undo()
    check, text, _ = only(journal, home)
    assert check == "library"
    assert text.endswith("scripts/lib/lineage.sh calls /nowhere/bin/python, which is not there")


def test_a_critical_script_that_does_not_log(journal: Path, home: Path) -> None:
    script = home / "scripts" / "spawn-worker.sh"
    script.write_text(script.read_text().replace("log_worker_spawned", "echo"))
    check, text, advice = only(journal, home)
    assert (check, advice) == ("integration", "lineage integration check")
    assert text.endswith("critical ones that do not: 3.1")
