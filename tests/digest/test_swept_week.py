"""A week that was really swept, from the fake host to the digest, counted by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC
from pathlib import Path

import pytest

from reviewer_cli.core.digest import Digest
from reviewer_cli.core.digest_json import to_json
from reviewer_cli.core.digest_words import recorded
from reviewer_cli.core.measures import Named
from reviewer_cli.core.periods import Span, week, week_name
from reviewer_cli.digest.digest import digest_of
from reviewer_cli.ledger.retention import Keep
from reviewer_cli.ledger.store import Store
from tests.fakes.github import talk
from tests.fakes.github.scene import text
from tests.fakes.github_stage import GitHubStage, github_stage
from tests.sweep.conversing import Watchful, answer, comments, later, writer

DAY_S = 86_400.0


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHubStage]:
    """A stage at the beginning of a week, whose engine finds all that is planted."""
    with github_stage(tmp_path) as stage:
        stage.engine = Watchful()
        stage.now = week(week_name(stage.now, UTC), UTC).until
        later(stage, 3600.0, count_merged=True)
        yield stage


def told(github: GitHubStage, span: Span) -> Digest:
    with closing(Store(github.ledger_path)) as store:
        return digest_of(store, span, UTC, "", github.now)


def a_week(github: GitHubStage) -> Span:
    """Three pull requests: mended and merged, closed and never looked at, merged unreviewed."""
    world, span = github.hub.world, week(week_name(github.now, UTC), UTC)
    mended, closed = github.pull(title="mended"), github.pull(title="closed")
    later(github, count_merged=True)
    ten, forty = comments(github, mended)
    ada = writer(github)
    talk.react(world, ten, ada, "THUMBS_UP")
    answer(github, forty, ada, "This is by design.")
    later(github, 7 * 3600.0, count_merged=True)
    world.push(mended, {"a.py": text(_10="eleven", _40="forty")})
    later(github, 7 * 3600.0, count_merged=True)
    world.merge(mended)
    world.close(world.fresh(closed))
    world.merge(github.pull(title="unseen"))
    later(github, DAY_S, count_merged=True)
    return span


def test_the_numbers_are_those_that_a_person_counts(github: GitHubStage) -> None:
    span = a_week(github)
    digest = told(github, span)
    volume = digest.volume
    assert (volume.reviewed, volume.notes) == (3, 1)
    assert volume.rounds == (Named(name="1", count=2), Named(name="2", count=1))
    assert volume.merged == 2
    assert volume.covered is not None
    assert (volume.covered.hits, volume.covered.of) == (1, 2)
    assert [one.pull for one in volume.merged_unreviewed] == ["3"]
    whole = digest.accuracy.whole
    assert (whole.acceptance.hits, whole.acceptance.of) == (1, 4)
    assert (whole.precision.hits, whole.precision.of) == (1, 2)
    feedback = digest.feedback
    assert (feedback.thumbs_up, feedback.thumbs_down, feedback.replies) == (1, 0, 1)
    assert digest.cost.usd == pytest.approx(0.25 * len(github.engine.answered))
    assert digest.latency.first.n == 2


def test_it_is_final_after_the_week_and_the_same_ever_after(github: GitHubStage) -> None:
    span = a_week(github)
    assert not told(github, span).period.is_final
    github.now = span.until - 60.0
    later(github, 3600.0, count_merged=True)
    digest = told(github, span)
    assert digest.period.is_final
    github.hub.world.pull(github.shop, {"b.py": "b = 1\n"})
    later(github, DAY_S, count_merged=True)
    later(github, 9 * DAY_S, count_merged=True)
    assert to_json(told(github, span)) == to_json(digest)
    assert told(github, week(week_name(github.now - 9 * DAY_S, UTC), UTC)).volume.reviewed == 1


def test_what_was_removed_for_its_age_is_said(github: GitHubStage) -> None:
    span = a_week(github)
    assert not told(github, span).period.is_thinned
    later(github, 2 * DAY_S, count_merged=True, keep=Keep(findings_s=DAY_S))
    thinned = told(github, span)
    assert thinned.period.is_thinned
    assert "removed for their age" in recorded(thinned.period)
    coming = week(week_name(github.now + 60 * DAY_S, UTC), UTC)
    assert not told(github, coming).period.is_thinned
