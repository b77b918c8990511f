"""What tokens cost: the table `prices` of the config file. Without it nothing is said of money.

[prices]                           # of a million tokens
currency = "USD"
default = 3.0                      # of workers that are not named, and of what tasks use themselves
build-worker = 0.8                 # by worker type
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from lineage_core.meaning.money import Prices

DEFAULT, CURRENCY = "default", "currency"
_LONGEST = 12  # characters of a currency
_MOST = 1e9  # a larger one is a mistake

Problem = tuple[tuple[str, ...], str]


def prices_of(config: Mapping[str, Any]) -> Prices | None:
    """The prices of a config file that has no problems; None if it has none."""
    table = dict(config.get("prices", {}))
    currency, default = table.pop(CURRENCY, ""), table.pop(DEFAULT, None)
    return Prices(currency, default, table) if table or default is not None else None


def price_problems(value: Any) -> Iterator[Problem]:
    """What is wrong with the table `prices`."""
    if not isinstance(value, dict):
        yield ("prices",), 'prices must be a table: [prices], and below it currency = "USD" and default = 3.0'
        return
    currency = value.get(CURRENCY)
    if not isinstance(currency, str) or not 0 < len(currency) <= _LONGEST or not currency.isprintable():
        where = ("prices", CURRENCY) if CURRENCY in value else ("prices",)
        yield where, f'prices.currency must be the name of one, like "USD"{_not(currency)}'
    for name, price in value.items():
        number = isinstance(price, int | float) and not isinstance(price, bool) and 0 <= price <= _MOST
        if name != CURRENCY and not (number and math.isfinite(price)):
            yield ("prices", name), f"prices.{name} must be what a million tokens cost, like 3.0{_not(price)}"


def _not(value: Any) -> str:
    return "" if value is None else f", not {value!r:.60}"
