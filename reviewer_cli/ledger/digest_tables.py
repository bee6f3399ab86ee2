"""What a digest adds to a ledger: facts with the time at which they were learnt, never changed.

Rows of `heads` change and can be forgotten. A digest of a past week shall stay the same to the
byte, so it reads only what was inserted before that week's end.
"""

from __future__ import annotations

from reviewer_cli.ledger.told import TOLD_BEFORE

CHANGED = (
    # When it last became due, when it might begin, and when its first attempt after that did.
    "ALTER TABLE heads ADD COLUMN entered_at REAL",
    "ALTER TABLE heads ADD COLUMN ready_at REAL",
    "ALTER TABLE heads ADD COLUMN taken_at REAL",
    # Whether the base branch had any advice for its reviewers; files left out for limits of ours.
    "ALTER TABLE reviews ADD COLUMN guided INTEGER",
    "ALTER TABLE reviews ADD COLUMN over_limits INTEGER",
    "ALTER TABLE sweeps ADD COLUMN batch_size INTEGER",
    "ALTER TABLE sweeps ADD COLUMN head_limit INTEGER",
    "ALTER TABLE sweeps ADD COLUMN max_usd REAL",
    "ALTER TABLE sweeps ADD COLUMN due INTEGER",
    "CREATE INDEX sweeps_started ON sweeps (started_at)",
    # What was spent when, without a look at the table.
    "CREATE INDEX replies_spent ON replies (received_at, usd, head_id, step, input_tokens,"
    " output_tokens, cache_read_tokens, cache_write_tokens, duration_s, sweep_id)",
    "DROP INDEX replies_received",
    # What had become of a finding by a time, without a look at the table.
    "DROP INDEX outcomes_finding",
    "CREATE INDEX outcomes_finding ON outcomes (finding_id, id, outcome, noted_at)",
)

TOLD = """
CREATE TABLE told (
  id INTEGER PRIMARY KEY,
  head_id INTEGER NOT NULL REFERENCES heads (id),
  told_at REAL NOT NULL,
  host TEXT NOT NULL,
  repo TEXT NOT NULL,
  pull TEXT NOT NULL,
  head_sha TEXT NOT NULL,
  round INTEGER NOT NULL,
  form TEXT NOT NULL CHECK (form IN ('review', 'note', 'silent')),
  was_asked INTEGER NOT NULL,
  merged_at REAL,
  pushed_at REAL,
  entered_at REAL NOT NULL,
  ready_at REAL NOT NULL,
  taken_at REAL NOT NULL,
  reviewed_at REAL NOT NULL,
  engine TEXT NOT NULL,
  model TEXT NOT NULL,
  effort TEXT NOT NULL,
  contract_hash TEXT NOT NULL,
  change TEXT NOT NULL,
  guided INTEGER,
  over_limits INTEGER,
  is_verified INTEGER NOT NULL,
  model_s REAL NOT NULL,
  micro_usd INTEGER NOT NULL,
  tokens INTEGER NOT NULL,
  kept INTEGER NOT NULL,
  refuted INTEGER NOT NULL,
  repeated INTEGER NOT NULL,
  other INTEGER NOT NULL,
  corrected INTEGER NOT NULL,
  lost INTEGER NOT NULL
)
"""
"""A review that came to its end, as it was then; a head has a second one if it was asked for."""

EVENTS = """
CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  at REAL NOT NULL,
  kind TEXT NOT NULL,
  word TEXT NOT NULL DEFAULT '',
  subject TEXT NOT NULL DEFAULT '',
  seconds REAL,
  head_id INTEGER REFERENCES heads (id)
)
"""
"""Whatever else happened; `ledger/events.py` says which kinds there are."""

ENDS = """
CREATE TABLE ends (
  id INTEGER PRIMARY KEY,
  noted_at REAL NOT NULL,
  host TEXT NOT NULL,
  repo TEXT NOT NULL,
  pull TEXT NOT NULL,
  head_sha TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('merged', 'closed')),
  ended_at REAL NOT NULL,
  UNIQUE (host, repo, pull, state, ended_at)
)
"""
"""A pull request that ended, also one that nobody reviewed; closed ones may end again."""

SIGNALS = """
CREATE TABLE signals (
  id INTEGER PRIMARY KEY,
  finding_id INTEGER NOT NULL REFERENCES findings (id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('up', 'down', 'reply')),
  token TEXT NOT NULL,
  counts INTEGER NOT NULL,
  noted_at REAL NOT NULL,
  UNIQUE (finding_id, kind, token)
)
"""
"""What a person did about a finding: `token` tells it from others, and is who or which comment."""

LABELS = """
CREATE TABLE labels (
  id INTEGER PRIMARY KEY,
  finding_id INTEGER NOT NULL REFERENCES findings (id) ON DELETE CASCADE,
  label TEXT NOT NULL CHECK (label IN ('right', 'wrong', 'unsure')),
  labelled_at REAL NOT NULL
)
"""
"""What a person said of a finding; the newest counts."""

DIGESTS = """
CREATE TABLE digests (
  id INTEGER PRIMARY KEY,
  since REAL NOT NULL,
  until REAL NOT NULL,
  scope TEXT NOT NULL DEFAULT '',
  zone TEXT NOT NULL,
  program TEXT NOT NULL,
  made_at REAL NOT NULL,
  numbers TEXT NOT NULL,
  UNIQUE (since, until, scope)
)
"""
"""A digest as it was made once and for all; `numbers` is its JSON."""

DELIVERIES = """
CREATE TABLE deliveries (
  id INTEGER PRIMARY KEY,
  digest_id INTEGER NOT NULL REFERENCES digests (id),
  channel TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'delivered', 'unsure', 'dropped')),
  attempts INTEGER NOT NULL DEFAULT 0,
  next_due_at REAL NOT NULL,
  changed_at REAL NOT NULL,
  error TEXT NOT NULL DEFAULT '',
  UNIQUE (digest_id, channel)
)
"""
"""What goes out; one that was `sending` when its process died is `unsure`: it may have arrived."""

ADDED = (
    TOLD,
    "CREATE INDEX told_at ON told (told_at)",
    "CREATE INDEX told_pull ON told (host, repo, pull, told_at)",
    "CREATE INDEX told_head ON told (head_id)",
    EVENTS,
    "CREATE INDEX events_at ON events (kind, at, word, subject)",
    "CREATE INDEX events_head ON events (head_id, id) WHERE head_id IS NOT NULL",
    ENDS,
    "CREATE INDEX ends_noted ON ends (noted_at)",
    # Two sweeps may learn of the same merge, and not of the same second.
    "CREATE UNIQUE INDEX ends_merged ON ends (host, repo, pull) WHERE state = 'merged'",
    SIGNALS,
    "CREATE INDEX signals_noted ON signals (noted_at, kind, counts)",
    LABELS,
    "CREATE INDEX labels_finding ON labels (finding_id, id)",
    "CREATE INDEX labels_at ON labels (labelled_at)",
    DIGESTS,
    DELIVERIES,
    "CREATE INDEX deliveries_open ON deliveries (next_due_at)"
    " WHERE state IN ('waiting', 'sending')",
)

ENDED_BEFORE = """
INSERT INTO ends (noted_at, host, repo, pull, head_sha, state, ended_at)
SELECT coalesce(gathered_at, ended_at), host, repo, pull, head_sha, state, ended_at FROM pulls
WHERE state <> 'open' ORDER BY id
"""

HAPPENED_BEFORE = """
INSERT INTO events (at, kind, word, head_id)
SELECT changed_at, CASE state WHEN 'dead' THEN 'died' WHEN 'posted' THEN 'found' ELSE state END,
  CASE state WHEN 'dead' THEN coalesce(error_class, '') WHEN 'skipped' THEN skip_class(reason)
    WHEN 'superseded' THEN departure(reason) ELSE '' END, id
FROM heads WHERE state IN ('dead', 'skipped', 'superseded')
  OR (state = 'posted' AND reason = 'found on the host')
ORDER BY changed_at, id
"""
"""How each head came to the state in which it is; the two functions are of `core/select.py`."""

BEGAN = """
INSERT INTO events (at, kind) VALUES ((julianday('now') - 2440587.5) * 86400, 'began')
"""
"""Since when everything is recorded; what was before can be told only in part."""

FILLED = (TOLD_BEFORE, ENDED_BEFORE, HAPPENED_BEFORE, BEGAN)
"""What an older ledger knows already."""
