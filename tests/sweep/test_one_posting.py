"""The posting of one review, step by step: what is asked of the host, and what the row says then.

The ledger is real. The host is a list of answers, because each of them is the point of a test.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from reviewer_cli.core.marker import marker
from reviewer_cli.core.models import HeadKey, Review, State
from reviewer_cli.errors import DraftGone, HeadError, HeadGone, HeadRejected, SecretInOutput
from reviewer_cli.ledger.lease import Lease
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ports.host import Draft, PostLimits, Standing
from reviewer_cli.sweep.publish import Recorded, Times, publish, recorded
from reviewer_cli.telemetry import SECRETS
from tests.ledger.samples import NOW, head, leased, review, row, sha

LAG_S = 60.0
KEY = head().key
HERE = Standing(current_sha=KEY.sha, posted=None)
MOVED = Standing(current_sha=sha(9), posted=None)
CLOSED = Standing(current_sha=None, posted=None)
CANARY = "made-up-canary-of-one-posting"
OWN, FURTHER = (marker(replace(KEY, sha=one), b"secret") for one in (sha(7), KEY.sha))
SAID = f"Looks good.\n\n{OWN}"
LIMITS = PostLimits(body_chars=1000, comments=10)


@dataclass
class Host:
    """Answers what it was told to; an exception is raised."""

    looks: list[Standing] = field(default_factory=lambda: [HERE])
    prepares: list[str | HeadError] = field(default_factory=lambda: ["draft-1"])
    submits: list[str | HeadError] = field(default_factory=lambda: ["review-1"])
    lists_lag_s: float = 0.0
    limits: PostLimits = LIMITS
    says: str | None = SAID
    asked: list[str] = field(default_factory=list)

    def review_body(self, key: HeadKey, review_id: str) -> str | None:
        assert key == KEY
        self.asked.append(f"read {review_id}")
        return self.says

    def amend(self, key: HeadKey, review_id: str, body: str) -> None:
        assert key == KEY
        self.asked.append(f"amend {review_id}")
        self.says = body

    def prepare(self, review: Review) -> Draft:
        answer = self._answer("prepare", self.prepares)
        return Draft(review=review, draft_id=answer, note="one comment stands in the text")

    def look(self, key: HeadKey) -> Standing:
        assert key == KEY
        self.asked.append("look")
        return self.looks.pop(0)

    def submit(self, draft: Draft) -> str:
        return self._answer(f"submit {draft.draft_id}", self.submits)

    def discard(self, draft: Draft) -> None:
        assert draft.review.key == KEY
        self.asked.append(f"discard {draft.draft_id}")

    def _answer(self, asked: str, answers: list[str | HeadError]) -> str:
        self.asked.append(asked)
        answer = answers.pop(0)
        if isinstance(answer, HeadError):
            raise answer
        return answer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def lease(path: Path) -> Iterator[Lease]:
    """A row whose review is saved."""
    with closing(Ledger(path)) as ledger:
        yield leased(ledger, State.REVIEWED)


def post(
    host: Host, lease: Lease, known: Recorded | None = None, elapsed: float = 100.0, **other: str
) -> Recorded | None:
    outgoing = replace(review(head()), **other)
    times = Times(lambda: NOW + 5.0, lambda: elapsed)
    return asyncio.run(publish(host, lease, outgoing, known, times))  # type: ignore[arg-type]


def earlier(draft_id: str = "draft-0", *, is_earlier: bool = True) -> Recorded:
    draft = Draft(review=review(head()), draft_id=draft_id)
    return Recorded(draft=draft, rested_at=100.0, is_earlier=is_earlier)


def written(lease: Lease) -> tuple[object, ...]:
    """Draft, its time, its note and the review of the row."""
    (found,) = lease.store.read("SELECT draft_id, drafted_at, note, review_id FROM reviews", {})
    return tuple(found)


NOTE = "one comment stands in the text"


def test_a_review_is_drafted_noted_looked_for_and_submitted(lease: Lease, path: Path) -> None:
    host = Host()
    assert post(host, lease) is None
    assert host.asked == ["prepare", "look", "submit draft-1"]
    assert written(lease) == ("draft-1", NOW + 5.0, NOTE, "review-1")
    assert (row(path)["state"], row(path)["posted_at"]) == ("posted", NOW + 5.0)


def test_a_draft_rests_before_the_look_that_decides(lease: Lease, path: Path) -> None:
    host = Host(lists_lag_s=LAG_S)
    resting = post(host, lease)
    assert resting is not None
    assert host.asked == ["prepare"]
    assert row(path)["state"] == "posting"
    assert (resting.rested_at, resting.is_earlier) == (100.0 + LAG_S, False)
    assert resting.draft == Draft(review=review(head()), draft_id="draft-1", note=NOTE)
    assert post(host, lease, resting, elapsed=100.0 + LAG_S - 0.1) == resting
    assert host.asked == ["prepare"]
    assert post(host, lease, resting, elapsed=100.0 + LAG_S) is None
    assert host.asked == ["prepare", "look", "submit draft-1"]


def test_what_is_posted_already_is_taken_over_and_another_draft_taken_back(
    lease: Lease, path: Path
) -> None:
    host = Host(looks=[replace(HERE, posted="review-7")])
    post(host, lease, earlier())
    assert host.asked == ["look", "discard draft-0"]
    assert written(lease)[-1] == "review-7"
    assert row(path)["state"] == "posted"


def test_a_draft_that_was_submitted_by_a_sweep_that_died_is_no_longer_taken_back(
    lease: Lease,
) -> None:
    host = Host(looks=[replace(HERE, posted="draft-0")])
    post(host, lease, earlier())
    assert host.asked == ["look"]
    assert written(lease)[-1] == "draft-0"


@pytest.mark.parametrize(
    ("seen", "reason", "successor"),
    [(MOVED, f"moved to {sha(9)}", sha(9)), (CLOSED, "no longer open", None)],
)
def test_a_head_that_is_gone_is_not_posted_and_its_draft_taken_back(
    lease: Lease, seen: Standing, reason: str, successor: str | None
) -> None:
    host = Host(looks=[seen])
    with pytest.raises(HeadGone) as gone:
        post(host, lease)
    assert (str(gone.value), gone.value.successor) == (reason, successor)
    assert host.asked == ["prepare", "look", "discard draft-1"]


@pytest.mark.parametrize("seen", [MOVED, CLOSED])
def test_a_rejected_head_that_moved_on_is_gone(lease: Lease, seen: Standing) -> None:
    host = Host(prepares=[HeadRejected("no such commit")], looks=[seen])
    with pytest.raises(HeadGone) as gone:
        post(host, lease)
    assert gone.value.successor == seen.current_sha
    assert host.asked == ["prepare", "look"]


def test_a_rejected_head_that_did_not_move_is_rejected(lease: Lease, path: Path) -> None:
    host = Host(prepares=[HeadRejected("no such commit")])
    with pytest.raises(HeadRejected, match="no such commit"):
        post(host, lease)
    assert row(path)["state"] == "reviewed"


def test_an_earlier_draft_that_is_gone_is_made_anew(lease: Lease, path: Path) -> None:
    host = Host(looks=[HERE, HERE], submits=[DraftGone("gone"), "review-1"])
    assert post(host, lease, earlier()) is None
    assert host.asked == ["look", "submit draft-0", "prepare", "look", "submit draft-1"]
    assert written(lease) == ("draft-1", NOW + 5.0, NOTE, "review-1")


def test_a_draft_of_this_sweep_that_is_gone_waits_for_the_next(lease: Lease, path: Path) -> None:
    """Somebody else posts at this moment."""
    host = Host(submits=[DraftGone("gone")])
    with pytest.raises(DraftGone):
        post(host, lease, earlier(is_earlier=False))
    assert host.asked == ["look", "submit draft-0"]
    assert row(path)["state"] == "reviewed"


def test_a_draft_of_this_call_that_is_gone_waits_for_the_next_sweep_too(lease: Lease) -> None:
    host = Host(submits=[DraftGone("gone")])
    with pytest.raises(DraftGone):
        post(host, lease)
    assert host.asked == ["prepare", "look", "submit draft-1"]


@pytest.mark.parametrize(
    ("known", "asked"), [(None, []), (earlier(), ["discard draft-0"])], ids=["new", "drafted"]
)
def test_a_review_with_a_secret_is_not_posted_and_its_draft_taken_back(
    lease: Lease, path: Path, known: Recorded | None, asked: list[str]
) -> None:
    SECRETS.add(CANARY)
    host = Host()
    with pytest.raises(SecretInOutput):
        post(host, lease, known, body=f"The key is {CANARY}.")
    assert host.asked == asked
    assert row(path)["state"] == "reviewed"


@pytest.mark.parametrize(
    ("drafted", "now", "left"),
    [
        (NOW, NOW, LAG_S),
        (NOW, NOW + 20.0, LAG_S - 20.0),
        (NOW, NOW + LAG_S, 0.0),
        (NOW, NOW + 3600.0, 0.0),
        (NOW, NOW - 3600.0, LAG_S),
        (None, NOW, LAG_S),
    ],
    ids=["now", "a while ago", "just rested", "long ago", "in the future", "nobody knows when"],
)
def test_the_draft_of_an_earlier_sweep_has_rested_since_it_was_made(
    path: Path, drafted: float | None, now: float, left: float
) -> None:
    with closing(Ledger(path)) as ledger:
        leased(ledger, State.POSTING)
        work = replace(ledger.load(1), drafted_at=drafted)
    found = recorded(Host(lists_lag_s=LAG_S), work, Times(lambda: now, lambda: 7.0))  # type: ignore[arg-type]
    assert found == Recorded(
        draft=Draft(review=review(head()), draft_id="draft-1"),
        rested_at=7.0 + left,
        is_earlier=True,
    )


@pytest.mark.parametrize("state", [State.CLAIMED, State.REVIEWED])
def test_where_no_draft_is_noted_there_is_none(path: Path, state: State) -> None:
    with closing(Ledger(path)) as ledger:
        leased(ledger, state)
        work = ledger.load(1)
    times = Times(lambda: NOW, lambda: 7.0)
    assert recorded(Host(), work, times) is None  # type: ignore[arg-type]
    assert recorded(Host(), replace(work, draft_id="draft-1", review=None), times) is None  # type: ignore[arg-type]


def amending(host: Host, lease: Lease) -> None:
    """Post a review without anything new, whose head review-5 is to tell of."""
    assert post(host, lease, amends="review-5", marker=FURTHER) is None


def test_an_earlier_review_tells_of_a_head_with_nothing_new(lease: Lease, path: Path) -> None:
    host = Host()
    amending(host, lease)
    assert host.asked == ["look", "read review-5", "amend review-5"]
    note = f"_Also checked at `{KEY.sha[:7]}`: nothing new._"
    assert host.says == f"Looks good.\n\n{note}\n\n{OWN}\n{FURTHER}"
    assert written(lease) == (None, None, "", "review-5")
    assert (row(path)["state"], row(path)["posted_at"]) == ("posted", NOW + 5.0)


@pytest.mark.parametrize(
    ("seen", "review_id"),
    [
        (replace(HERE, posted="review-7"), "review-7"),
        (replace(HERE, noted="review-5"), "review-5"),
        (replace(MOVED, noted="review-5"), "review-5"),
        (replace(HERE, posted="review-7", noted="review-5"), "review-7"),
    ],
)
def test_what_is_told_of_already_is_told_once(lease: Lease, seen: Standing, review_id: str) -> None:
    host = Host(looks=[seen])
    amending(host, lease)
    assert host.asked == ["look"]
    assert written(lease)[-1] == review_id


@pytest.mark.parametrize("seen", [MOVED, CLOSED])
def test_nothing_is_told_of_a_head_that_is_gone(lease: Lease, path: Path, seen: Standing) -> None:
    host = Host(looks=[seen])
    with pytest.raises(HeadGone) as gone:
        amending(host, lease)
    assert gone.value.successor == seen.current_sha
    assert host.asked == ["look"]
    assert row(path)["state"] == "reviewed"


@pytest.mark.parametrize(
    ("says", "body_chars"), [(None, 1000), (SAID, len(SAID))], ids=["gone", "full"]
)
def test_where_the_earlier_review_cannot_tell_it_a_new_one_does(
    lease: Lease, says: str | None, body_chars: int
) -> None:
    limits = replace(LIMITS, body_chars=body_chars)
    host = Host(looks=[HERE, HERE], says=says, limits=limits)
    amending(host, lease)
    assert host.asked == ["look", "read review-5", "prepare", "look", "submit draft-1"]
    assert host.says == says
    assert written(lease)[-1] == "review-1"


def test_a_review_that_has_a_draft_amends_no_other(lease: Lease) -> None:
    """What it was to be noted in had no room for it when the draft was made."""
    host = Host()
    post(host, lease, earlier(), amends="review-5", marker=FURTHER)
    assert host.asked == ["look", "submit draft-0"]
