"""The tables of a ledger as the first four versions of it made them; later ones change them."""

from __future__ import annotations

HEADS = """
CREATE TABLE heads (
  id INTEGER PRIMARY KEY,
  host TEXT NOT NULL,
  repo TEXT NOT NULL,
  pull TEXT NOT NULL,
  head_sha TEXT NOT NULL,
  head_ref TEXT NOT NULL,
  base_ref TEXT NOT NULL,
  base_sha TEXT NOT NULL,
  title TEXT NOT NULL,
  body TEXT NOT NULL,
  author TEXT NOT NULL,
  author_is_bot INTEGER NOT NULL,
  is_draft INTEGER NOT NULL,
  from_fork INTEGER NOT NULL,
  changed_lines INTEGER NOT NULL,
  labels TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN (
    'due', 'claimed', 'reviewed', 'posting', 'posted', 'skipped', 'superseded', 'dead')),
  reason TEXT NOT NULL DEFAULT '',
  rules TEXT NOT NULL,
  version TEXT NOT NULL,
  round INTEGER NOT NULL DEFAULT 1,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_due_at REAL NOT NULL,
  lease TEXT,
  lease_expires_at REAL,
  error_class TEXT,
  error TEXT,
  first_seen_at REAL NOT NULL,
  claimed_at REAL,
  changed_at REAL NOT NULL,
  posted_at REAL,
  CHECK ((lease IS NULL) = (lease_expires_at IS NULL)),
  CHECK (state NOT IN ('due', 'posted', 'skipped', 'superseded', 'dead') OR lease IS NULL),
  UNIQUE (host, repo, pull, head_sha)
)
"""

REVIEWS = """
CREATE TABLE reviews (
  head_id INTEGER PRIMARY KEY REFERENCES heads (id),
  sweep_id INTEGER REFERENCES sweeps (id),
  engine TEXT NOT NULL,
  model TEXT NOT NULL,
  effort TEXT NOT NULL,
  contract_hash TEXT NOT NULL,
  merge_base TEXT NOT NULL,
  files INTEGER NOT NULL,
  changed_lines INTEGER NOT NULL,
  unreviewed TEXT NOT NULL,
  payload TEXT NOT NULL,
  body_sha256 TEXT NOT NULL,
  draft_id TEXT,
  note TEXT NOT NULL DEFAULT '',
  review_id TEXT,
  reviewed_at REAL NOT NULL
)
"""

REPLIES = """
CREATE TABLE replies (
  id INTEGER PRIMARY KEY,
  head_id INTEGER NOT NULL REFERENCES heads (id),
  sweep_id INTEGER REFERENCES sweeps (id),
  step TEXT NOT NULL,
  engine TEXT NOT NULL,
  model TEXT NOT NULL,
  inputs_hash TEXT NOT NULL,
  reply TEXT NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cache_read_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  usd REAL NOT NULL,
  turns INTEGER NOT NULL,
  duration_s REAL NOT NULL,
  received_at REAL NOT NULL,
  UNIQUE (head_id, step, inputs_hash)
)
"""

FINDINGS = """
CREATE TABLE findings (
  id INTEGER PRIMARY KEY,
  head_id INTEGER NOT NULL REFERENCES heads (id),
  ordinal INTEGER NOT NULL,
  path TEXT NOT NULL,
  placement TEXT NOT NULL CHECK (placement IN ('line', 'file', 'summary')),
  side TEXT NOT NULL CHECK (side IN ('LEFT', 'RIGHT')),
  line INTEGER,
  start_line INTEGER,
  claimed_line INTEGER NOT NULL,
  note TEXT NOT NULL,
  severity TEXT NOT NULL,
  category TEXT NOT NULL,
  rule TEXT NOT NULL,
  title TEXT NOT NULL,
  body TEXT NOT NULL,
  quote TEXT NOT NULL,
  suggestion TEXT,
  confidence REAL NOT NULL,
  disposition TEXT NOT NULL CHECK (disposition IN ('kept', 'duplicate', 'refuted')),
  reason TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  text_fingerprint TEXT NOT NULL,
  UNIQUE (head_id, ordinal)
)
"""

SWEEPS = """
CREATE TABLE sweeps (
  id INTEGER PRIMARY KEY,
  started_at REAL NOT NULL,
  ended_at REAL,
  engine TEXT NOT NULL,
  repos TEXT NOT NULL,
  polled INTEGER NOT NULL DEFAULT 0,
  new INTEGER NOT NULL DEFAULT 0,
  posted INTEGER NOT NULL DEFAULT 0,
  skipped INTEGER NOT NULL DEFAULT 0,
  superseded INTEGER NOT NULL DEFAULT 0,
  retried INTEGER NOT NULL DEFAULT 0,
  dead INTEGER NOT NULL DEFAULT 0,
  usd REAL NOT NULL DEFAULT 0,
  exit_code INTEGER,
  error TEXT
)
"""

BREAKERS = """
CREATE TABLE breakers (
  door TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  opened_at REAL NOT NULL,
  last_failed_at REAL NOT NULL,
  failures INTEGER NOT NULL,
  until REAL,
  reason TEXT NOT NULL
)
"""

RETENTION = """
CREATE TABLE retention (
  kind TEXT PRIMARY KEY,
  applied_at REAL NOT NULL,
  changed_at REAL NOT NULL,
  head_id INTEGER NOT NULL
)
"""
