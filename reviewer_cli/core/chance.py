"""What chance does to numbers: intervals of shares, quantiles, and Student's t."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from reviewer_cli.core.measures import Share, Spread, rate, seconds

Z = 1.959963984540054
"""Of the normal distribution 95 % lie within so many standard deviations."""

P90_FROM, P99_FROM = 10, 100
"""So many durations at least, or a quantile tells of the worst one only."""

MOST_STEPS = 10_000
CLOSE_ENOUGH = 1e-15
TINY = 1e-300


def share(hits: int, of: int) -> Share:
    """`hits` of `of` with Wilson's 95 % interval (E. B. Wilson 1927, doi:10.2307/2276774)."""
    if of == 0:
        return Share(hits=hits, of=of)
    p, z = hits / of, Z * Z / of
    middle = (p + z / 2) / (1 + z)
    half = math.sqrt(p * (1 - p) * z + z * z / 4) / (1 + z)
    return Share(hits=hits, of=of, rate=rate(p), low=rate(middle - half), high=rate(middle + half))


def spread(durations: Iterable[float]) -> Spread:
    """How durations in seconds are spread; see `Spread`."""
    ordered = sorted(durations)
    n = len(ordered)
    return Spread(
        n=n,
        p50_s=seconds(quantile(ordered, 0.5)) if n else None,
        p90_s=seconds(quantile(ordered, 0.9)) if n >= P90_FROM else None,
        p99_s=seconds(quantile(ordered, 0.99)) if n >= P99_FROM else None,
    )


def quantile(ordered: Sequence[float], q: float) -> float:
    """The `q` quantile of values in ascending order, between two of them where it falls so.

    It is the seventh kind of R. J. Hyndman and Y. Fan 1996 (doi:10.2307/2684934), the usual one.
    Raises ValueError for no values.
    """
    if not ordered:
        raise ValueError("no values have no quantile")
    place = q * (len(ordered) - 1)
    below = min(int(place), len(ordered) - 1)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def student_p(t: float, df: float) -> float:
    """How often chance alone gives a Student's t of `df` degrees of freedom as far from 0 as `t`.

    Right to some ten digits, down to the smallest numbers there are. `df` is above 0.
    """
    if t == 0:
        return 1.0
    # 1 - x is kept apart: for a large t it is what is left of a difference of near-equals.
    square = t * t
    return _incomplete_beta(df / 2, 0.5, df / (df + square), square / (df + square))


def _incomplete_beta(a: float, b: float, x: float, rest: float) -> float:
    """The regularised incomplete beta function (dlmf.nist.gov/8.17) at `x`; `rest` is 1 - x."""
    if x <= 0 or rest <= 0:
        return 0.0 if x <= 0 else 1.0
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front = math.exp(scale + a * math.log(x) + b * math.log(rest))
    # The fraction converges fast on this side of the mean only; the other side mirrors it.
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(a, b, x) / a
    return 1.0 - front * _fraction(b, a, rest) / b


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of DLMF 8.17.22, from the front as W. J. Lentz showed it."""
    c, d = 1.0, 1.0 / _not_zero(1.0 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, MOST_STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        change = 1.0
        for step in (even, odd):
            d = 1.0 / _not_zero(1.0 + step * d)
            c = _not_zero(1.0 + step / c)
            change = c * d
            value *= change
        if abs(change - 1.0) < CLOSE_ENOUGH:
            break
    return value


def _not_zero(value: float) -> float:
    return value if abs(value) > TINY else TINY
