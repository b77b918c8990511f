"""The direction of imports, as the contracts in pyproject.toml state it, held by import-linter.

If import-linter is missing here: `pip install -e '.[test]'`.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT


def lint(directory: Path) -> subprocess.CompletedProcess[str]:
    """What `lint-imports` says of the packages in `directory`, by the contracts of this repository."""
    program = (
        "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(sys.argv[1], no_cache=True))"
    )
    return subprocess.run(
        [sys.executable, "-c", program, str(ROOT / "pyproject.toml")],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(directory), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=250,
    )


def test_every_import_keeps_the_contracts() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout[done.stdout.find("Broken contracts") :] + done.stderr


BROKEN = {
    "lineage_core/read/tailer.py": "import lineage_core.state.store",  # a room above
    "lineage_core/base/clock.py": "def later():\n    import lineage_core.model.facts",  # in a function, too
    "lineage_core/present/rows.py": "import rich",  # the screen's packages in the core
    "lineage_core/rules/thresholds.py": "if 0:\n    import lineage_core.rules.silence",  # a circle in a room
    "lineage_tui/models/links.py": "import lineage_tui.widgets.prompt",  # a model that knows a widget
    "lineage_tui/views/events.py": "import lineage_tui.views.workers",  # a view that knows another
}


def test_what_breaks_a_contract_is_found(tmp_path: Path) -> None:
    for package in ("lineage_core", "lineage_tui"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name, line in BROKEN.items():
        path = tmp_path / name
        path.write_text(f"{path.read_text()}\n{line}\n")
    done = lint(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    told = re.sub(r"\s+", " ", done.stdout)
    for name, line in BROKEN.items():
        importer, imported = name.removesuffix(".py").replace("/", "."), line.split()[-1]
        if "rules" not in importer:
            assert re.search(rf"{re.escape(importer)} -> {re.escape(imported)} ", told), done.stdout
    assert re.search(r"No cycles are allowed in lineage_core\.rules\. .*? \.(thresholds|silence) -> ", told), (
        done.stdout
    )
