"""The log of a server: one record for each request, and the numbers that follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

WRITES = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and what became of it; times are of the monotonic clock in seconds.

    `kind` is rest, graphql or git. `fault` names the scripted fault that it met. `status` is 0
    when there was no answer.
    """

    kind: str
    method: str
    path: str
    query: Mapping[str, str]
    request_headers: Mapping[str, str] = field(repr=False)
    request_body: bytes = field(repr=False)
    status: int
    response_type: str = ""
    response_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    response_body: bytes = field(default=b"", repr=False)
    points: int = 0
    fault: str = ""
    started: float = 0.0
    ended: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """What a run cost: `points` are GraphQL's, `writes_per_s` the most within one second."""

    requests: int
    rest: int
    graphql: int
    git: int
    points: int
    writes: int
    writes_per_s: int
    peak_parallel: int


def count(log: list[Exchange], peak_parallel: int) -> Counters:
    """The numbers of a log."""
    writes = sorted(one.started for one in log if one.kind == "rest" and one.method in WRITES)
    busiest = max((sum(t <= one < t + 1 for one in writes) for t in writes), default=0)
    kinds = [one.kind for one in log]
    return Counters(
        requests=len(log),
        rest=kinds.count("rest"),
        graphql=kinds.count("graphql"),
        git=kinds.count("git"),
        points=sum(one.points for one in log),
        writes=len(writes),
        writes_per_s=busiest,
        peak_parallel=peak_parallel,
    )
