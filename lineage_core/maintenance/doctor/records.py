"""The newest records: lost, doubled, torn, of a wrong clock, and how long it took to write them."""

from __future__ import annotations

from collections.abc import Iterator

from lineage_core.base.clock import format_duration
from lineage_core.maintenance.doctor.check import CheckResult, Surroundings, Word
from lineage_core.present.sentences import counted

SLOW = 50_000
"""Microseconds that one log call in twenty may take; a healthy one takes less than two thousand."""


def records(surroundings: Surroundings) -> Iterator[CheckResult]:
    """What is quarantined, and what stands twice."""
    reading = surroundings.reading
    lost, doubled = reading.quarantined, reading.doubled
    values = {
        "files": reading.files,
        "files_left_out": reading.left_out,
        "records": reading.records,
        "quarantined": lost.count,
        "quarantined_bytes": lost.size,
        "duplicates": doubled.count,
        "unreadable": sorted(reading.unreadable),
    }
    for path, why in sorted(reading.unreadable.items()):
        advice = "let this user read it, or ask as one who may" if "denied" in why else "restore it"
        yield CheckResult("records", Word.PROBLEM, f"{path} cannot be read to its end: {why}", advice, values)
    if lost.count:
        text = f"{counted(lost.count, 'quarantined piece')}, {counted(lost.size, 'byte')}, the first at {lost.first}"
        yield CheckResult("records", Word.PROBLEM, text, "`lineage validate` lists them", values)
    if doubled.count:
        stand = "stands twice, its copy" if doubled.count == 1 else "stand twice, the first copy"
        text = f"{counted(doubled.count, 'record')} {stand} at {doubled.first}; it counts once"
        yield CheckResult("records", Word.PROBLEM, text, "find who copies journal files", values)
    if not (reading.unreadable or lost.count or doubled.count):
        rest = f"; {counted(reading.left_out, 'older file')} not looked at (--all)" if reading.left_out else ""
        yield CheckResult(
            "records",
            Word.OK,
            f"{counted(reading.records, 'record')} in {counted(reading.files, 'file')}{rest}",
            values=values,
        )


def torn(surroundings: Surroundings) -> Iterator[CheckResult]:
    """Files that end in the middle of a record."""
    ends = surroundings.reading.torn
    values = {"torn": ends.count}
    if ends.count:
        text = f"{counted(ends.count, 'torn end')}, the first at {ends.first}"
        advice = "a writer was killed or the disk was full; the next append starts a new line"
        yield CheckResult("torn", Word.PROBLEM, text, advice, values)
    else:
        yield CheckResult("torn", Word.OK, "every file ends with a whole record", values=values)


def clock(surroundings: Surroundings) -> Iterator[CheckResult]:
    """Events from the future, and jumps of the clock."""
    ahead, back = surroundings.reading.ahead, surroundings.reading.back
    beyond = surroundings.reading.out_of_years
    values = {
        "out_of_years": beyond.count,
        "ahead": ahead.count,
        "ahead_ms": ahead.most // 1000,
        "jumps": back.count,
        "jump_ms": back.most // 1000,
    }
    advice = "check the time service of this host (timedatectl)"
    if ahead.count:
        events = counted(ahead.count, "event")
        text = f"{events} up to {format_duration(ahead.most)} in the future, the first at {ahead.first}"
        yield CheckResult("clock", Word.PROBLEM, text, advice, values)
    if back.count:
        often = counted(back.count, "time")
        text = f"the clock went back {often}, by up to {format_duration(back.most)}, first at {back.first}"
        yield CheckResult("clock", Word.PROBLEM, text, advice, values)
    if beyond.count:
        text = f"{counted(beyond.count, 'event')} outside the years 1 to 9999 in UTC, the first at {beyond.first}"
        what = "they count as the first or last moment of these years; `lineage validate` lists them"
        yield CheckResult("clock", Word.PROBLEM, text, what, values)
    if not (ahead.count or back.count or beyond.count):
        yield CheckResult("clock", Word.OK, "no event from the future, no jump", values=values)


def times(surroundings: Surroundings) -> Iterator[CheckResult]:
    """How long the calls of the shell library took."""
    reading = surroundings.reading
    p50, p95, p99 = (reading.percentile(share) for share in (0.5, 0.95, 0.99))
    values = {"count": len(reading.log_us), "p50_us": p50, "p95_us": p95, "p99_us": p99}
    if p50 is None or p95 is None or p99 is None:
        yield CheckResult("times", Word.NOTE, "no write times", "LINEAGE_TIMING=1 makes scripts record them", values)
        return
    calls = counted(len(reading.log_us), "call")
    text = f"p50 {p50 / 1000:.1f} ms, p95 {p95 / 1000:.1f} ms, p99 {p99 / 1000:.1f} ms of {calls}"
    if p95 > SLOW:
        yield CheckResult("times", Word.PROBLEM, text, "logging is slow: look at the load, and at the disk", values)
    else:
        yield CheckResult("times", Word.OK, text, values=values)
