"""What tokens cost, by a table of prices. Pure.

Journals say how many tokens a run or a task used, often without their parts, and never by which model: so a price is
for a million tokens of a worker type.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from lineage_core.model.entities import Task

UNIT = 1_000_000
"""Tokens that a price is for."""


class Prices(NamedTuple):
    """What a million tokens cost, in a currency. by_type: of the workers of a type; default: of all others, and of what
    a task used besides its workers; None: that has no price."""

    currency: str
    default: float | None
    by_type: Mapping[str, float]

    def of(self, worker_type: str | None) -> float | None:
        """The price of a million tokens of such a worker; None: of no worker."""
        return self.default if worker_type is None else self.by_type.get(worker_type, self.default)


class Money(NamedTuple):
    """An amount in the currency of the prices. unpriced: tokens that have no price, so that it was more than that."""

    amount: float = 0.0
    unpriced: int = 0

    def plus(self, tokens: int, price: float | None) -> Money:
        """With so many tokens more."""
        if price is None:
            return Money(self.amount, self.unpriced + tokens)
        return Money(self.amount + tokens * price / UNIT, self.unpriced)

    def text(self, currency: str = "") -> str:
        """`1.20 USD`; `at least 1.20 USD` where tokens have no price; small amounts to a hundredth of a cent."""
        digits = 2 if self.amount >= 0.1 or not self.amount else 4
        least = "at least " if self.unpriced else ""
        return f"{least}{self.amount:,.{digits}f} {currency}".rstrip()


def cost_of(task: Task, prices: Prices) -> Money:
    """What the tokens of a task cost."""
    found, rest = Money(), task.tokens or 0
    for run in task.runs if rest else ():
        if run.tokens is not None:
            found, rest = found.plus(run.tokens, prices.of(run.worker_type)), rest - run.tokens
    return found.plus(max(0, rest), prices.default)


def together(costs: Iterable[Money]) -> Money | None:
    """Several costs as one; None where nothing of it has a price."""
    found = Money()
    priced = False
    for one in costs:
        found = Money(found.amount + one.amount, found.unpriced + one.unpriced)
        priced = priced or one.amount > 0
    return found if priced else None


def money_of(task: Task, prices: Prices | None) -> Money | None:
    """What the tokens of a task cost; None without prices, without tokens, and where none of them has a price."""
    if prices is None or not task.tokens:
        return None
    found = cost_of(task, prices)
    return None if found.unpriced >= task.tokens else found
