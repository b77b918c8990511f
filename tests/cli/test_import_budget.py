"""What a query may import: the interface never, polars only where it is used. By running, and by reading the code."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import lineage_core
from tests.cli.conftest import LEGACY

CORE = Path(lineage_core.__file__).parent
INTERFACE = ("textual", "rich", "lineage_tui")
OF_EXTRAS = ("opentelemetry", "google", "requests")  # of `otel`
PROGRAM = """
import json, sys
from lineage_core.cli import main
try:
    code = main(sys.argv[1:])
except SystemExit as ended:
    code = ended.code
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.stderr)
"""

LIGHT = ("task task-a-rollout", "events", "recent", "timeline task-a-rollout", "duration task-a-rollout")
LIGHTER = ("summary task-a-rollout", "workers task-a-rollout", "wait task-a-rollout", "completion bash")
FOLDING = ("tasks", "workers", "failed", "zombies", "chain task-a-rollout", "export tasks --format html")


def modules(*words: str, directory: Path = LEGACY) -> set[str]:
    """The top-level modules that a command has imported in the end."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words, "--dir", str(directory)], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("question", [*LIGHT, *LIGHTER, *FOLDING])
def test_no_query_imports_the_interface_or_polars(question: str) -> None:
    assert modules(*question.split()).isdisjoint((*INTERFACE, *OF_EXTRAS, "polars"))


def test_stats_and_parquet_import_polars_and_no_interface(tmp_path: Path) -> None:
    for words in (["stats"], ["export", "tasks", "--format", "parquet", "-o", str(tmp_path / "x")]):
        loaded = modules(*words)
        assert "polars" in loaded
        assert loaded.isdisjoint(INTERFACE)


WEB = ("starlette", "uvicorn", "websockets", "strawberry", "graphql", "prometheus_client", "anyio")


@pytest.mark.parametrize("question", ["tasks", "export tasks --format html", "stats", "help serve"])
def test_only_serve_and_metrics_import_what_serves(question: str) -> None:
    assert modules(*question.split()).isdisjoint(WEB)


def test_metrics_import_no_server() -> None:
    assert modules("metrics") & {*WEB} == {"prometheus_client"}


@pytest.mark.parametrize("question", LIGHT)
def test_point_queries_import_no_watcher_and_no_machinery_for_processes(question: str) -> None:
    heavy = {"watchfiles", "multiprocessing", "concurrent", "asyncio", "socket", "difflib", "html", "shutil"}
    assert modules(*question.split()).isdisjoint(heavy)


def test_logging_imports_the_standard_library_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LINEAGE_NOW")
    loaded = modules("log", "task_created", "task-1", "user-kim", directory=tmp_path / "lineage")
    assert loaded.isdisjoint(("orjson", "polars", "watchfiles", "dataclasses", "datetime", *INTERFACE))


@pytest.mark.parametrize("path", sorted(CORE.rglob("*.py")), ids=lambda path: str(path.relative_to(CORE)))
def test_no_module_of_the_core_names_the_interface(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            assert name.partition(".")[0] not in INTERFACE, f"{path}:{node.lineno}"
