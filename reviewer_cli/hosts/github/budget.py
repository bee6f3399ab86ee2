"""The hourly points of one credential, obeyed before GitHub has to refuse."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from reviewer_cli.errors import ProviderWait


class Budget:
    """What GraphQL's answers said of the points that are left; nothing is known at first."""

    def __init__(self) -> None:
        self._dearest = 0
        self._remaining = 0
        self._resets_at = 0.0

    def note(self, data: Mapping[str, Any]) -> None:
        """Take what an answer tells in its `rateLimit`; one that tells nothing changes nothing."""
        told = data.get("rateLimit")
        if not isinstance(told, dict):
            return
        self._dearest = max(self._dearest, int(told["cost"]))
        self._remaining = int(told["remaining"])
        self._resets_at = datetime.fromisoformat(told["resetAt"]).timestamp()

    def check(self, server: str, now: float) -> None:
        """Raise ProviderWait when a query as dear as the dearest so far could not be paid."""
        if now < self._resets_at and self._remaining < self._dearest:
            raise ProviderWait(
                f"{server} has no points left for this credential until its hour ends; poll "
                "fewer repositories, or less often.",
                retry_after=self._resets_at - now + 1.0,
            )
