"""What an outcome says of a finding's worth; everything that judges findings judges by these.

Fate and ledger rows hold outcomes as their words, and so do these.
"""

from __future__ import annotations

from reviewer_cli.core.models import Outcome

ACTED_ON = frozenset(
    str(one)
    for one in (
        *(Outcome.FIXED, Outcome.SUGGESTION_COMMITTED, Outcome.ACCEPTED),
        *(Outcome.REVERTED, Outcome.FIXED_AGAIN),
    )
)
"""It was right, as far as what people did can show."""

DECLINED = frozenset({str(Outcome.DISMISSED)})
"""Somebody said that it was not."""

PASSED_OVER = frozenset({str(Outcome.IGNORED), str(Outcome.MERGED_UNRESOLVED)})
"""Nobody said or did anything; that is no proof of either."""
