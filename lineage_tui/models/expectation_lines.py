"""What is expected next of a task, in a sentence for each thing: of whom, by when, and how late it is. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lineage_core.base.clock import format_duration
from lineage_core.model.expectations import Expectation
from lineage_core.present.expectation_rows import late_says, what_says
from lineage_tui.theme.styles import Styles

MOST = 2
"""Things that are told; of the others how many there are."""


class Expected(NamedTuple):
    """text: the sentence. late: whether its time is over. brief: the same in fewer words, if it is."""

    text: str
    late: bool
    brief: str = ""


def expected_of(expectations: Sequence[Expectation], now: int, looks: Styles) -> list[Expected]:
    """What is expected, in sentences: what has been late for longest first, then what is due next."""
    never = 1 << 62
    ranked = sorted(expectations, key=lambda one: (one.due if one.due is not None else never, one.subject))
    sentences = [Expected(_say(one, now, looks), one.late(now), _brief(one, now)) for one in ranked[:MOST]]
    if (more := len(ranked) - len(sentences)) > 0:
        sentences[-1] = sentences[-1]._replace(text=f"{sentences[-1].text}; {more} more expected")
    return sentences


def _say(one: Expectation, now: int, looks: Styles) -> str:
    of = one.of or "somebody"
    if one.due is None:
        return f"waits for {of}: {what_says(one)}"
    # Of what is late at once the reason is told: it can never come, or has come.
    what = what_says(one)
    text = f"waits for {of}: {what}, since {one.why}" if one.why else f"waits for {what}, expected of {of}"
    by = "" if looks.times == "ago" else f" by {looks.stamp(one.due, now).partition('.')[0]}"
    if one.late(now):
        return f"{text}{by}, {late_says(one.due, now)}"
    return f"{text}{by} (in {format_duration(one.due - now)})"


def _brief(one: Expectation, now: int) -> str:
    if one.due is None or not one.late(now):
        return ""
    return f"{late_says(one.due, now)}: {what_says(one)}, expected of {one.of or 'somebody'}"
