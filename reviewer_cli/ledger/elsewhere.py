"""Reviews by our account that this ledger did not post: the sign of a second ledger.

A new ledger finds its predecessor's reviews, and that means nothing. But once a sweep of this
ledger came to its end, a review that it then finds was posted from elsewhere: by a sweep with
another ledger, or by this one before an older copy of it was put back.
"""

from __future__ import annotations

from reviewer_cli.core.models import HeadKey
from reviewer_cli.ledger.rows import key_of
from reviewer_cli.ledger.schema import FINISHED
from reviewer_cli.ledger.store import Store

FOUND = "found on the host"
"""Why a head is posted whose review stood on its host when the ledger first saw it."""

ELSEWHERE = f"""
WITH found AS MATERIALIZED (
  SELECT id, host, repo, pull, head_sha, changed_at FROM heads INDEXED BY heads_finished
  WHERE {FINISHED} AND changed_at >= :since AND state = 'posted' AND reason = :found
), known AS (
  SELECT host, repo, (
    SELECT min(ended_at) FROM sweeps WHERE exit_code IN (0, 3) AND ended_at >= (
      SELECT min(first_seen_at) FROM heads WHERE heads.host = asked.host AND heads.repo = asked.repo
    )
  ) AS known_at
  FROM (SELECT DISTINCT host, repo FROM found) AS asked
)
SELECT found.* FROM found JOIN known USING (host, repo) WHERE changed_at > known_at
ORDER BY changed_at DESC, id DESC
"""  # noqa: S608 - our own words


def posted_elsewhere(store: Store, since: float) -> tuple[HeadKey, ...]:
    """The heads that were found posted since then in repositories that were known, newest first.

    A repository is known once a sweep that had it came to its end.
    """
    return tuple(key_of(row) for row in store.read(ELSEWHERE, {"since": since, "found": FOUND}))
