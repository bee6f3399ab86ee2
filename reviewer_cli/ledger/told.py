"""Keeping a review as it was when it came to its end, whatever becomes of its head later."""

from __future__ import annotations

import sqlite3

COLUMNS = """
head_id, told_at, host, repo, pull, head_sha, round, form, was_asked, merged_at, pushed_at,
entered_at, ready_at, taken_at, reviewed_at, engine, model, effort, contract_hash, change, guided,
over_limits, is_verified, model_s, micro_usd, tokens, kept, refuted, repeated, other, corrected,
lost
"""

UNSAID = "clean, not posted"
"""Recorded instead of a review's id where clean reviews keep quiet."""

PAID = "FROM replies WHERE replies.head_id = heads.id"
"""Answers that were used for this review or thrown away on the way to it."""

COUNTED = "FROM told WHERE told.head_id = heads.id"
"""What of them an earlier row has counted: whoever asks for more pays only for that."""

FOUND = "FROM findings WHERE findings.head_id = heads.id"

AS_TOLD = f"""
SELECT heads.id, {{told_at}}, host, repo, pull, head_sha, round,
  CASE WHEN review_id IS NULL OR review_id = '{UNSAID}' THEN 'silent'
    WHEN review_id IS amends THEN 'note' ELSE 'review' END,
  wish <> '', merged_at, pushed_at, coalesce(entered_at, first_seen_at),
  coalesce(ready_at, entered_at, first_seen_at), coalesce(taken_at, claimed_at, reviewed_at),
  reviewed_at, engine, model, effort, contract_hash, change, guided, over_limits,
  EXISTS (SELECT 1 {PAID} AND step = 'verify'),
  max((SELECT total(duration_s) {PAID}) - (SELECT total(model_s) {COUNTED}), 0.0),
  (SELECT coalesce(sum(CAST(round(usd * 1000000) AS INTEGER)), 0) {PAID})
    - (SELECT coalesce(sum(micro_usd), 0) {COUNTED}),
  (SELECT coalesce(sum(input_tokens + output_tokens + cache_read_tokens + cache_write_tokens), 0)
   {PAID}) - (SELECT coalesce(sum(tokens), 0) {COUNTED}),
  (SELECT count(*) {FOUND} AND disposition = 'kept'),
  (SELECT count(*) {FOUND} AND disposition = 'refuted'),
  (SELECT count(*) {FOUND} AND disposition = 'repeated'),
  (SELECT count(*) {FOUND} AND disposition NOT IN ('kept', 'refuted', 'repeated')),
  (SELECT count(*) {FOUND} AND disposition = 'kept' AND placement = 'line'
   AND line <> claimed_line),
  (SELECT count(*) {FOUND} AND disposition = 'kept' AND placement <> 'line')
FROM heads JOIN reviews ON head_id = heads.id
"""  # noqa: S608 - our own words

TELL = f"""
INSERT INTO told ({COLUMNS}) {AS_TOLD.format(told_at=":now")} WHERE heads.id = :head_id
"""

# One that was found on its host was told by another ledger, whatever this one has saved for it.
TOLD_BEFORE = f"""
INSERT INTO told ({COLUMNS}) {AS_TOLD.format(told_at="posted_at")}
WHERE state = 'posted' AND posted_at IS NOT NULL AND reason <> 'found on the host' ORDER BY heads.id
"""


def tell(db: sqlite3.Connection, head_id: int, now: float) -> None:
    """Keep a head's review as it stands, within the transaction that ends it."""
    db.execute(TELL, {"head_id": head_id, "now": now})
