"""The primary rate limits: so many requests or points an hour for a user or an installation.

Source: GitHub's documentation of the REST and GraphQL limits.
"""

from __future__ import annotations

from dataclasses import dataclass, field

HOUR_S = 3600.0
CORE, GRAPHQL = "core", "graphql"
USUAL, ACTIONS, ANONYMOUS = 5000, 1000, 60


@dataclass(slots=True)
class Budget:
    """What one holder has used of one resource in the present hour."""

    resource: str
    limit: int
    reset_at: float
    used: int = 0

    @property
    def remaining(self) -> int:
        """What is left."""
        return max(0, self.limit - self.used)

    def headers(self) -> dict[str, str]:
        """The headers that GitHub puts on each answer."""
        return {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(self.remaining),
            "x-ratelimit-used": str(self.used),
            "x-ratelimit-reset": str(int(self.reset_at)),
            "x-ratelimit-resource": self.resource,
        }


@dataclass(slots=True)
class Limits:
    """All budgets; `limits` overrides the hourly limit of a resource, for tests that exhaust it."""

    limits: dict[str, int] = field(default_factory=dict)
    _budgets: dict[tuple[str, str], Budget] = field(default_factory=dict)

    def of(self, holder: str, resource: str, usual: int, now: float) -> Budget:
        """The holder's budget at this moment; a new hour begins full."""
        found = self._budgets.get((holder, resource))
        if found is None or now >= found.reset_at:
            limit = self.limits.get(resource, usual)
            found = Budget(resource=resource, limit=limit, reset_at=now + HOUR_S)
            self._budgets[holder, resource] = found
        return found
