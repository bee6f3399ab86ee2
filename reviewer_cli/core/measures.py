"""The shapes of a digest's numbers, each rounded once, so that equal facts are equal bytes."""

from __future__ import annotations

from dataclasses import dataclass

RATE_DIGITS = 6
USD_DIGITS = 6
SECONDS_DIGITS = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """`hits` of `of`, as a rate with its 95 % interval after Wilson; no rate where `of` is 0.

    The interval takes each case for itself. Findings of one pull request hang together, so that
    the true one is wider.
    """

    hits: int
    of: int
    rate: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How `n` durations (seconds) are spread; p90 from ten of them on, p99 from a hundred on."""

    n: int
    p50_s: float | None = None
    p90_s: float | None = None
    p99_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """How often something was, by its name."""

    name: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One week of a trend, such as "2026-W47"; None where nothing was, or nothing was recorded."""

    week: str
    value: float | None


def rate(value: float | None) -> float | None:
    """A share or ratio as a digest tells it."""
    return None if value is None else round(value, RATE_DIGITS) + 0.0


def usd(value: float | None) -> float | None:
    """An amount of money as a digest tells it."""
    return None if value is None else round(value, USD_DIGITS) + 0.0


def seconds(value: float | None) -> float | None:
    """A duration as a digest tells it."""
    return None if value is None else round(value, SECONDS_DIGITS) + 0.0
