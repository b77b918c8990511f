"""Statistical tests for what is not normal, and how many of them may be believed. Pure.

Each gives a p-value: how probable it is to see as much or more if nothing has changed, the uncertainty of what is
usual included (predictive distributions). `believed` is the procedure of Benjamini and Hochberg (1995).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import erfc, exp, lgamma, log, log1p, sqrt
from statistics import median

MAD_TO_SIGMA = 1.4826
"""The standard deviation of a normal distribution relative to its median absolute deviation."""


def more_failures(failed: int, ended: int, failed_before: int, ended_before: int) -> float:
    """How probable so many failures or more are, where so many of so many failed before: the beta-binomial tail with
    the prior of Jeffreys."""
    a, b = failed_before + 0.5, ended_before - failed_before + 0.5
    tail = 0.0
    for k in range(failed, ended + 1):
        chance = exp(
            lgamma(ended + 1) - lgamma(k + 1) - lgamma(ended - k + 1) + _beta(k + a, ended - k + b) - _beta(a, b)
        )
        tail += chance
        if chance < 1e-12 * tail:
            break
    return min(1.0, tail)


def _beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def count_tails(seen: float, before: float, windows: float) -> tuple[float, float]:
    """How probable so few or less, and so many or more, are in one window, where `before` came in so many: the tails
    of the negative binomial distribution (Poisson counts, prior of Jeffreys)."""
    r, p = before + 0.5, windows / (windows + 1)
    below = 0.0
    k = 0
    while k < seen:
        below += exp(lgamma(k + r) - lgamma(r) - lgamma(k + 1) + r * log(p) + k * log1p(-p))
        k += 1
        if k > 100_000:
            break
    at = exp(lgamma(k + r) - lgamma(r) - lgamma(k + 1) + r * log(p) + k * log1p(-p))
    return min(1.0, below + at), max(0.0, 1 - below)


def longer(lengths: Sequence[int], usual: float, spread: float) -> tuple[float, float]:
    """How probable a median of these lengths is that is so far above the usual one, and how many times as long it is.

    usual, spread: median and MAD of the logarithms before. By the normal approximation of the median's distribution.
    """
    logs = [log(max(1, one)) for one in lengths]
    middle = median(logs)
    sigma = max(spread * MAD_TO_SIGMA, 0.05)
    z = (middle - usual) / (1.2533 * sigma / sqrt(len(logs)))
    return 0.5 * erfc(z / sqrt(2)), exp(middle - usual)


def usual_length(lengths: Sequence[int]) -> tuple[float, float]:
    """Median and MAD of the logarithms of lengths."""
    logs = [log(max(1, one)) for one in lengths]
    middle = median(logs)
    return middle, median([abs(one - middle) for one in logs])


def believed(chances: Sequence[float], rate: float) -> float:
    """Up to which p-value tests are believed, so that of those at most `rate` are false, on average."""
    limit = 0.0
    ranked = sorted(chances)
    for rank, chance in enumerate(ranked, 1):
        if chance <= rate * rank / len(ranked):
            limit = chance
    return limit
