"""How a head came out of an earlier one of its pull request, as a mirror that has both shows it."""

from __future__ import annotations

from reviewer_cli.core.models import Change
from reviewer_cli.git.mirror import Mirror


def change_between(mirror: Mirror, earlier: str, earlier_base: str, head: str, base: str) -> Change:
    """What was done to the branch; the bases are the merge bases of the two heads."""
    if base != earlier_base:
        return Change.REBASE
    return Change.PUSH if mirror.merge_base(earlier, head) == earlier else Change.FORCE_PUSH
