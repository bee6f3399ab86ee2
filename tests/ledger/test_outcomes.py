"""What became of a finding: each change is kept, and the newest counts."""

from __future__ import annotations

from pathlib import Path

from reviewer_cli.core.models import HeadKey, Outcome
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.outcomes import Dismissal, Noted, dismissed, note, of
from reviewer_cli.ledger.records import reading
from reviewer_cli.ledger.views import OutcomeRecord
from tests.ledger.samples import LATER, NOW, REPO, head, posted, remark, sha


def noted(outcome: Outcome, finding_id: int = 1, evidence: str = "seen") -> Noted:
    return Noted(finding_id=finding_id, outcome=outcome, evidence=evidence)


def test_every_change_is_kept_and_the_newest_is_last(ledger: Ledger, path: Path) -> None:
    posted(ledger, head(), remark())
    for at, outcome in enumerate((Outcome.ACCEPTED, Outcome.DISMISSED, Outcome.ACCEPTED)):
        assert note(ledger.store, [noted(outcome, evidence=f"no {at}")], 1, NOW + at) == 1
    told = of(ledger.store, 1)
    assert [one.outcome for one in told] == ["accepted", "dismissed", "accepted"]
    assert told[-1] == OutcomeRecord(
        outcome=Outcome.ACCEPTED, evidence="no 2", noted_at=NOW + 2, sweep_id=1
    )
    assert of(ledger.store, 2) == ()
    with reading(path) as records:
        (finding,) = records.history(records.find("1")[0]).findings
    assert finding.outcomes == told


def test_the_same_outcome_again_writes_nothing(ledger: Ledger) -> None:
    posted(ledger, head(), remark(), remark())
    assert note(ledger.store, [noted(Outcome.FIXED), noted(Outcome.IGNORED, 2)], 1, NOW) == 2
    changes = ledger.store.db.total_changes
    again = noted(Outcome.FIXED, evidence="told otherwise")
    assert note(ledger.store, [again, noted(Outcome.IGNORED, 2)], 2, LATER) == 0
    assert ledger.store.db.total_changes == changes
    assert of(ledger.store, 1)[0].evidence == "seen"


def test_what_concerns_no_finding_is_left_alone(ledger: Ledger) -> None:
    """Its finding was removed for its age meanwhile."""
    assert note(ledger.store, [noted(Outcome.FIXED, 99)], None, NOW) == 0
    assert note(ledger.store, [], None, NOW) == 0


def test_what_people_of_a_repository_declined_is_told_by_its_newest_outcome(
    ledger: Ledger,
) -> None:
    posted(ledger, head(), remark(fingerprint="f"), remark(), remark())
    other = head(key=HeadKey("local", "/srv/other", "pull-2", sha(2)))
    posted(ledger, other, remark())
    for finding in (1, 2, 4):
        note(ledger.store, [noted(Outcome.DISMISSED, finding)], 1, NOW)
    note(ledger.store, [noted(Outcome.FIXED, 2)], 1, NOW)
    assert dismissed(ledger.store, "local", REPO) == (
        Dismissal(
            finding_id=1,
            pull="pull-1",
            path="a.py",
            rule="",
            category="correctness",
            title="Wrong",
            fingerprint="f",
        ),
    )


def test_a_week_and_the_newest_of_a_finding_are_read_by_index(ledger: Ledger) -> None:
    week = "SELECT count(*) FROM outcomes WHERE noted_at >= 1 AND noted_at < 2"
    newest = "SELECT outcome FROM outcomes WHERE finding_id = 1 ORDER BY id DESC LIMIT 1"
    plans = [
        " ".join(one[3] for one in ledger.store.db.execute(f"EXPLAIN QUERY PLAN {query}"))
        for query in (week, newest)
    ]
    assert "INDEX outcomes_noted (noted_at>? AND noted_at<?)" in plans[0]
    assert "COVERING INDEX outcomes_finding (finding_id=?)" in plans[1]
    assert "TEMP B-TREE" not in plans[1]
