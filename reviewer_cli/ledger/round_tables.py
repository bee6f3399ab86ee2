"""What later rounds add to a ledger: what was decided, said, asked and done on a pull request."""

from __future__ import annotations

HEADS = (
    "ALTER TABLE heads ADD COLUMN wish TEXT NOT NULL DEFAULT ''"
    " CHECK (wish IN ('', 'review', 'full'))",
    "ALTER TABLE heads ADD COLUMN pushed_at REAL",
    "ALTER TABLE heads ADD COLUMN merged_at REAL",
)

REVIEWS = (
    "ALTER TABLE reviews ADD COLUMN since_sha TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE reviews ADD COLUMN change TEXT NOT NULL DEFAULT 'whole'"
    " CHECK (change IN ('whole', 'push', 'rebase', 'force-push', 'nothing'))",
    "ALTER TABLE reviews ADD COLUMN amends TEXT",
)

# SQLite changes no CHECK of a table in place: the rows move to a new one that takes its name
# (https://sqlite.org/lang_altertable.html#otheralter). What it says of itself is renamed with it.
FINDINGS = (
    """
CREATE TABLE findings_of_rounds (
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
  disposition TEXT NOT NULL CHECK (disposition IN (
    'kept', 'duplicate', 'refuted', 'repeated', 'dismissed', 'known', 'unchanged')),
  reason TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  text_fingerprint TEXT NOT NULL,
  repeats INTEGER REFERENCES findings_of_rounds (id) ON DELETE SET NULL,
  comment_id TEXT,
  replaceable INTEGER NOT NULL DEFAULT 0,
  UNIQUE (head_id, ordinal)
)
""",
    "INSERT INTO findings_of_rounds SELECT *, NULL, NULL, 0 FROM findings ORDER BY id",
    "DROP TABLE findings",
    "ALTER TABLE findings_of_rounds RENAME TO findings",
    "CREATE INDEX findings_fingerprint ON findings (fingerprint)",
    # Whoever removes a finding must find those that repeat it.
    "CREATE INDEX findings_repeats ON findings (repeats) WHERE repeats IS NOT NULL",
)

WATCHED_AT_ONCE_S = 30 * 86_400
"""A pull request that was reviewed so long before an upgrade has hardly anything to tell."""

PULLS = (
    """
CREATE TABLE pulls (
  id INTEGER PRIMARY KEY,
  host TEXT NOT NULL,
  repo TEXT NOT NULL,
  pull TEXT NOT NULL,
  head_sha TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'merged', 'closed')),
  version TEXT NOT NULL DEFAULT '',
  gathered_at REAL,
  ended_at REAL,
  merged_as TEXT,
  standing TEXT NOT NULL DEFAULT '' CHECK (standing IN ('', 'paused', 'ignored')),
  looked_after_at REAL,
  CHECK ((state = 'open') = (ended_at IS NULL)),
  CHECK (state = 'merged' OR (merged_as IS NULL AND looked_after_at IS NULL)),
  UNIQUE (host, repo, pull)
)
""",
    # Each tick compares the versions of all of them, and reads nothing else.
    "CREATE INDEX pulls_open ON pulls (host, repo, pull, version, gathered_at, state)"
    " WHERE state = 'open'",
    "CREATE INDEX pulls_held ON pulls (host, repo, pull) WHERE standing <> ''",
    "CREATE INDEX pulls_looked_after ON pulls (looked_after_at) WHERE looked_after_at IS NOT NULL",
    f"""
INSERT INTO pulls (host, repo, pull, head_sha)
SELECT host, repo, pull, head_sha FROM (
SELECT host, repo, pull, head_sha, max(id) AS newest FROM heads INDEXED BY heads_finished
WHERE state IN ('posted', 'skipped', 'superseded') AND state = 'posted'
  AND changed_at >= (SELECT max(changed_at) FROM heads INDEXED BY heads_finished
    WHERE state IN ('posted', 'skipped', 'superseded')) - {WATCHED_AT_ONCE_S}
GROUP BY host, repo, pull ORDER BY newest)
""",  # noqa: S608 - our own figure
)

OUTCOMES = (
    """
CREATE TABLE outcomes (
  id INTEGER PRIMARY KEY,
  finding_id INTEGER NOT NULL REFERENCES findings (id) ON DELETE CASCADE,
  outcome TEXT NOT NULL CHECK (outcome IN (
    'fixed', 'suggestion committed', 'accepted', 'dismissed', 'ignored', 'merged unresolved',
    'reverted', 'fixed again')),
  evidence TEXT NOT NULL,
  noted_at REAL NOT NULL,
  sweep_id INTEGER REFERENCES sweeps (id)
)
""",
    # The newest one of a finding is its last entry here, without a look at the table.
    "CREATE INDEX outcomes_finding ON outcomes (finding_id, id, outcome)",
    "CREATE INDEX outcomes_noted ON outcomes (noted_at)",
)

# A host's ids of comments need not differ between two repositories or pull requests.
COMMANDS = (
    """
CREATE TABLE commands (
  id INTEGER PRIMARY KEY,
  host TEXT NOT NULL,
  repo TEXT NOT NULL,
  pull TEXT NOT NULL,
  comment_id TEXT NOT NULL,
  author TEXT NOT NULL,
  word TEXT NOT NULL,
  said_at REAL NOT NULL,
  obeyed_at REAL NOT NULL,
  answer TEXT NOT NULL,
  UNIQUE (host, repo, pull, comment_id)
)
""",
)
