"""--merged-since, ledger proposals and ledger baseline as a user types them."""

from __future__ import annotations

import json
import sqlite3
import tomllib
from contextlib import closing

from reviewer_cli.core.declared import baseline
from tests.cli.conftest import Cli

MERGED = ("--merged-since", "36500d", "--engine", "offline")
SECRET = "def keep():\n    try:\n        pass\n    except:\n        pass\n"


def merge(cli: Cli) -> None:
    """A branch is merged into main and gone."""
    before = cli.repo.tip()
    sha = cli.repo.commit({"kept.py": SECRET}, branch="unseen")
    tree = cli.repo.git("rev-parse", f"{sha}^{{tree}}")
    words = ("commit-tree", tree, "-p", before, "-p", sha, "-m", "Merge branch 'unseen'")
    cli.repo.git("update-ref", "refs/heads/main", cli.repo.git(*words))
    cli.repo.git("update-ref", "-d", "refs/heads/unseen")


def test_the_report_says_what_was_merged_unreviewed(cli: Cli) -> None:
    merge(cli)
    listed = cli.here("sweep", "--repo", cli.repo.path, *MERGED, "--dry-run")
    assert "merged unreviewed" in listed.out
    done = cli.here("sweep", "--repo", cli.repo.path, *MERGED, "--json")
    told = json.loads(done.out)
    (head,) = [one for one in told["heads"] if one["reason"] == "merged unreviewed"]
    assert head["key"]["pull"] == "unseen"
    (review,) = [one for one in told["reviews"] if one["head"]["merged_at"]]
    assert (review["review_id"], review["head"]["key"]["pull"]) == (None, "unseen")
    again = cli.here("sweep", "--repo", cli.repo.path, *MERGED)
    assert "merged unreviewed" not in again.out
    assert cli.here("ledger", "check").code == 0


def test_the_text_of_the_report_tells_it_apart_too(cli: Cli) -> None:
    merge(cli)
    done = cli.here("sweep", "--repo", cli.repo.path, *MERGED)
    assert "unseen  merged unreviewed" in done.out
    assert ": 1 posted, 1 merged unreviewed." in done.out


def test_a_time_that_is_none_is_refused(cli: Cli) -> None:
    done = cli.here("sweep", "--repo", cli.repo.path, "--merged-since", "a week")
    assert done.code == 2
    assert '"7d"' in done.err


def test_a_baseline_is_printed_as_the_base_branch_wants_it(cli: Cli) -> None:
    assert cli.sweep().code == 0
    assert "knows no repository" in cli.here("ledger", "baseline", "acme/none").err
    done = cli.here("ledger", "baseline", cli.repo.path)
    assert done.code == 0
    found = baseline(done.out.encode())
    with closing(sqlite3.connect(cli.state / "ledger.db")) as db:
        (kept,) = db.execute("SELECT count(*) FROM findings WHERE disposition = 'kept'").fetchone()
    assert kept > 0
    assert len(found) == kept


def test_what_is_declined_again_and_again_is_proposed_and_pointed_at(cli: Cli) -> None:
    assert cli.sweep().code == 0
    none = cli.here("ledger", "proposals")
    assert tomllib.loads(none.out) == {}
    with closing(sqlite3.connect(cli.state / "ledger.db", isolation_level=None)) as db:
        (head,) = db.execute("SELECT min(head_id) FROM findings").fetchone()
        columns = [row[1] for row in db.execute("PRAGMA table_info(heads)")][1:]
        names = ", ".join(columns)
        for number in (1, 2):
            changed = names.replace("pull,", f"'more-{number}',", 1)
            db.execute(f"INSERT INTO heads ({names}) SELECT {changed} FROM heads WHERE id = {head}")  # noqa: S608
        db.execute("UPDATE findings SET rule = 'naming', title = 'Name is too short'")
        columns = [row[1] for row in db.execute("PRAGMA table_info(findings)")][1:]
        names = ", ".join(columns)
        heads = "SELECT id FROM heads WHERE pull LIKE 'more-%'"
        for (other,) in db.execute(heads).fetchall():
            changed = names.replace("head_id", str(other), 1)
            db.execute(
                f"INSERT INTO findings ({names}) SELECT {changed} FROM findings"  # noqa: S608
                f" WHERE head_id = {head}"
            )
        db.execute(
            "INSERT INTO outcomes (finding_id, outcome, evidence, noted_at)"
            " SELECT id, 'dismissed', '', 0 FROM findings"
        )
    done = cli.here("ledger", "proposals", "--repo", cli.repo.path)
    (known,) = tomllib.loads(done.out)["known"]
    assert known["rule"] == "naming"
    assert "reviewer ledger proposals" in cli.here("status").out
    assert json.loads(cli.here("ledger", "proposals", "--json").out)["proposals"] != []
    cli.repo.commit({"z.py": "z = 1\n"}, branch="another")
    assert "reviewer ledger proposals" in cli.sweep().out
