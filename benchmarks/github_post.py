"""50 new heads among 10,000 on GitHub, spread over the repositories: requests per review.

All requests of the tick are counted, those of the poll and of git included. The engine answers at
once; see `github_idle` for the server.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.bar import Figure, Must, part
from benchmarks.github_ground import PULLS, REPOSITORIES, served

NEW = 50


def measure(place: Path) -> list[Figure]:
    """The bar on posting."""
    with served(place) as hub:
        hub.learned(place)
        hub.push(REPOSITORIES * PULLS // NEW)
        ours = hub.tick(place)
        told = hub.counted()
    assert ours["posted"] == NEW
    return [
        Figure(
            bar=f"{NEW} new heads among {REPOSITORIES * PULLS:,} on GitHub: requests ÷ review",
            measured=told["requests"] / NEW,
            must=Must.NOT_EXCEED,
            limit=6.0,
            parts=(
                f"{told['graphql']:.0f} GraphQL, {told['rest']:.0f} REST, {told['git']:.0f} git",
                part("tick", ours["seconds"]),
                f"{ours['bytes'] / 1e6:.0f} MB",
            ),
        )
    ]
