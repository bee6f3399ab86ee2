"""What a repository's findings suggest for its base branch: kinds it declines, and what stands."""

from __future__ import annotations

from dataclasses import dataclass

from reviewer_cli.core.declared import MOST_OF_BASELINE, Baseline
from reviewer_cli.core.models import Finding, Severity
from reviewer_cli.core.proposals import Dismissed, Proposal, proposed
from reviewer_cli.core.sanitise import one_line
from reviewer_cli.ledger.outcomes import NEWEST, dismissed
from reviewer_cli.ledger.store import Store

DECLINING = """
SELECT DISTINCT host, repo FROM outcomes CROSS JOIN findings ON findings.id = finding_id
CROSS JOIN heads ON heads.id = head_id
WHERE outcome = 'dismissed' AND (:repo IS NULL OR repo = :repo) ORDER BY host, repo
"""

# What is in a pull request that was closed never came into the base.
STANDING = f"""
SELECT fingerprint, text_fingerprint, path, findings.title FROM heads
CROSS JOIN findings ON findings.head_id = heads.id
LEFT JOIN pulls USING (host, repo, pull)
WHERE repo = :repo AND heads.state = 'posted' AND disposition = 'kept'
  AND length(fingerprint) = 16 AND length(text_fingerprint) = 16
  AND coalesce(pulls.state, 'open') <> 'closed'
  AND coalesce(({NEWEST}), '')
    NOT IN ('fixed', 'suggestion committed', 'reverted', 'fixed again')
ORDER BY findings.id DESC
"""  # noqa: S608 - our own words

KNOWN = "SELECT EXISTS (SELECT 1 FROM heads WHERE repo = :repo)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """What one repository might want to declare as known."""

    host: str
    repo: str
    proposal: Proposal


def proposals(store: Store, repo: str | None = None) -> tuple[Proposed, ...]:
    """The proposals for each repository, or for this one; nothing follows them by itself."""
    return tuple(
        Proposed(host=row["host"], repo=row["repo"], proposal=one)
        for row in store.read(DECLINING, {"repo": repo})
        for one in proposed(_dismissed(store, row["host"], row["repo"]))
    )


def baseline(store: Store, repo: str) -> tuple[Baseline, ...] | None:
    """The findings that still stand, each once, the oldest first; the newest 5,000 of them.

    None where the ledger does not know the repository.
    """
    if not store.read(KNOWN, {"repo": repo})[0][0]:
        return None
    found = {
        (row["fingerprint"], row["text_fingerprint"]): Baseline(
            fingerprint=row["fingerprint"],
            text_fingerprint=row["text_fingerprint"],
            path=one_line(row["path"], 300),
            title=one_line(row["title"], 300),
        )
        for row in store.read(STANDING, {"repo": repo})
    }
    return tuple(reversed(list(found.values())[:MOST_OF_BASELINE]))


def _dismissed(store: Store, host: str, repo: str) -> list[Dismissed]:
    """What is not asked for a pattern is left as nothing."""
    return [
        Dismissed(
            pull=one.pull,
            finding=Finding(
                path=one.path,
                line=1,
                severity=Severity.LOW,
                category=one.category,
                title=one.title,
                body="",
                quote="",
                rule=one.rule,
            ),
        )
        for one in dismissed(store, host, repo)
    ]
