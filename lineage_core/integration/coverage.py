"""How far a cortex checkout logs its events: its scripts and its journal held against the 39 points."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from lineage_core.base.errors import JournalError, UnknownNameError
from lineage_core.integration.integration_points import PHASES, POINTS, PRIORITIES, Point
from lineage_core.model.event_types import nearest

LIBRARY = Path("scripts/lib/lineage.sh")
QUERY_TOOL = Path("scripts/query-lineage.sh")
_SOURCES = re.compile(r"(?:^|[;&|({]|\bthen|\bdo|\belse)\s*(?:source|\.)\s[^#;&|]*\blineage\.sh\b")
_CALLS = re.compile(
    r"(?:^|[;&|({!]|\b(?:then|do|else|if|elif|while|until|time))\s*(log_[a-z]+_[a-z]+)(?![\w(])(?!\s*\()"
)
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*")


class Script(NamedTuple):
    """What a script does, as far as its text tells: whether it sources the library, which functions it calls."""

    sources: bool
    calls: frozenset[str]


class Finding(NamedTuple):
    """How one point stands. script: where it was looked for, or where it was found (empty: nowhere).

    seen: how many such events the journal has; None if no journal was read.
    """

    point: Point
    script: str
    exists: bool
    sources: bool
    calls: bool
    seen: int | None

    @property
    def integrated(self) -> bool:
        """Whether the script logs the event."""
        return self.exists and self.sources and self.calls

    @property
    def word(self) -> str:
        """How it stands, in a few words."""
        if self.integrated:
            return "integrated"
        if not self.exists:
            return "no such script" if self.point.script else "no script calls it"
        return "does not source lineage.sh" if self.calls else f"does not call {' or '.join(self.point.functions)}"


def points_of(point_id: str) -> tuple[Point, ...]:
    """The point of this id; `5.2` gives its four. Raises UnknownNameError that names the nearest id."""
    found = tuple(p for p in POINTS if p.id == point_id or p.id.rstrip("abcd") == point_id)
    if not found:
        close = nearest(point_id, [p.id for p in POINTS])
        raise UnknownNameError(f"unknown integration point {point_id!r}{close} (see lineage integration list)")
    return found


def matrix() -> dict[str, Counter[int]]:
    """How many points of each priority there are in each phase."""
    counts: dict[str, Counter[int]] = {priority: Counter() for priority in PRIORITIES}
    for point in POINTS:
        counts[point.priority][point.phase] += 1
    return counts


def read_script(text: str) -> Script:
    """What a bash script does, told from its lines; comments do not count."""
    sources, calls = False, set()
    for line in text.splitlines():
        code = _COMMENT.sub("", line)
        sources = sources or bool(_SOURCES.search(code))
        calls.update(_CALLS.findall(code))
    return Script(sources, frozenset(calls))


def _scripts(home: Path) -> Iterator[tuple[str, Path]]:
    """The bash scripts of a checkout but for the library and the query tool, by their path below it."""
    for top in ("scripts", "coordination"):
        for folder, names, files in os.walk(home / top):
            names[:] = sorted(name for name in names if name not in (".git", "node_modules", "lineage"))
            for name in sorted(files):
                path = Path(folder, name)
                relative = path.relative_to(home)
                if name.endswith(".sh") and relative not in (LIBRARY, QUERY_TOOL) and path.is_file():
                    yield relative.as_posix(), path


def survey(home: Path, seen: Mapping[str, int] | None = None) -> list[Finding]:
    """How each point stands in the checkout at `home`. seen: of `sightings`, if a journal was read.

    Raises JournalError for a script that cannot be read.
    """
    try:
        scripts = {name: read_script(path.read_text("utf-8", "replace")) for name, path in _scripts(home)}
    except OSError as error:
        raise JournalError(f"cannot read {error.filename}: {error.strerror}") from error
    return [_finding(point, scripts, None if seen is None else seen.get(point.id, 0)) for point in POINTS]


def _finding(point: Point, scripts: Mapping[str, Script], seen: int | None) -> Finding:
    functions = set(point.functions)
    if point.script:
        script = scripts.get(point.script)
        if script is None:
            return Finding(point, point.script, False, False, False, seen)
        return Finding(point, point.script, True, script.sources, bool(functions & script.calls), seen)
    callers = [name for name, script in scripts.items() if functions & script.calls]
    ready = [name for name in callers if scripts[name].sources]
    name = (ready or callers or [""])[0]
    return Finding(point, name, bool(callers), bool(ready), bool(callers), seen)


def sightings(events: Iterable[tuple[str, str, Mapping[str, Any]]]) -> dict[str, int]:
    """How many events there are of the kind that each point logs, by the point's id.

    events: the type, the actor's id and the `event_data` of each. Points whose events look alike count the same.
    """
    by_type: dict[str, list[Point]] = {}
    for point in POINTS:
        for event_type in point.events:
            by_type.setdefault(event_type, []).append(point)
    counts: dict[str, int] = dict.fromkeys((point.id for point in POINTS), 0)
    for event_type, actor, data in events:
        for point in by_type.get(event_type, ()):
            if all((actor if key == "actor" else data.get(key)) == value for key, value in point.marks):
                counts[point.id] += 1
    return counts


def required(findings: Iterable[Finding], level: str) -> list[Finding]:
    """The points that `--require LEVEL` asks for (`critical`, `high` and above, `all`) and that are not integrated."""
    wanted = PRIORITIES if level == "all" else PRIORITIES[: PRIORITIES.index(level) + 1]
    return [f for f in findings if f.point.priority in wanted and not f.integrated]


def totals(findings: Iterable[Finding]) -> dict[str, dict[str, tuple[int, int]]]:
    """How many points are integrated, of how many: by priority, and by phase."""
    found = list(findings)

    def share(chosen: list[Finding]) -> tuple[int, int]:
        return sum(f.integrated for f in chosen), len(chosen)

    return {
        "priority": {name: share([f for f in found if f.point.priority == name]) for name in PRIORITIES},
        "phase": {str(number): share([f for f in found if f.point.phase == number]) for number in PHASES},
    }
