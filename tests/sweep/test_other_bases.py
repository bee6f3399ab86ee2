"""Rounds whose earlier ones are hard to compare with: another base, a lost head, a suggestion."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

from reviewer_cli.core.models import Outcome
from reviewer_cli.ports.engine import ReviewRequest
from tests.fakes.engine import found
from tests.fakes.github import bare, spec
from tests.fakes.github.rows import Pull
from tests.fakes.github.scene import text
from tests.fakes.github_stage import CountingEngine, GitHubStage
from tests.sweep.conversing import (
    answer,
    asked,
    comments,
    dispositions,
    github,
    later,
    outcomes,
    writer,
)

__all__ = ["github"]

pytestmark = spec.needs_graphql


def retargeted(github: GitHubStage, pull: Pull, branch: str) -> Pull:
    """Its author chose another base, which changes nothing about its commits."""
    path = github.hub.world.fresh(github.shop).path
    return github.hub.world.edit(
        pull, base_ref=branch, base_sha=bare.tip(path, f"refs/heads/{branch}")
    )


def begun_from_main_which_moved_on(github: GitHubStage) -> Pull:
    """A reviewed pull request on top of what `release` does not have."""
    path = github.hub.world.fresh(github.shop).path
    bare.point(path, "refs/heads/release", bare.tip(path, "refs/heads/main"))
    github.hub.world.commit(github.shop, {"a.py": text(_25="moved on")})
    files = {"a.py": text(_10="ten", _25="moved on", _40="forty")}
    pull = github.hub.world.pull(github.shop, files)
    later(github)
    assert [one.line for one in comments(github, pull)] == [10, 40]
    return pull


def test_another_base_alone_makes_no_second_review_of_a_commit(github: GitHubStage) -> None:
    pull = retargeted(github, begun_from_main_which_moved_on(github), "release")
    later(github)
    later(github)
    assert asked(github) == 1
    assert len(github.posted(pull)) == 1


def test_a_push_to_another_base_says_what_is_new_and_nothing_again(github: GitHubStage) -> None:
    pull = retargeted(github, begun_from_main_which_moved_on(github), "release")
    more = {"a.py": text(_10="ten", _25="moved on", _40="forty", _50="fifty")}
    pull = github.hub.world.push(pull, more)
    later(github)
    assert [one.line for one in comments(github, pull)] == [10, 40, 50]
    _, second = github.posted(pull)
    assert "against `release`" in second.body
    assert "on a new base" in second.body
    shown = [
        line.text
        for file in github.engine.asked[-1].diff.files  # type: ignore[attr-defined]
        for hunk in file.hunks
        for line in hunk.lines
    ]
    assert "moved on" in shown, "it became a part of the change with the other base"
    assert "ten" not in shown


def test_a_change_moved_to_another_base_as_it_was_asks_no_engine(github: GitHubStage) -> None:
    pull = retargeted(github, begun_from_main_which_moved_on(github), "release")
    pull = github.hub.world.force_push(pull, {"a.py": text(_10="ten", _40="forty")})
    later(github)
    assert asked(github) == 1
    (review,) = github.posted(pull)
    assert f"Also checked at `{pull.head_sha[:7]}`" in review.body


def test_a_suggestion_that_was_committed_is_told_from_a_fix(github: GitHubStage) -> None:
    """As the host's button does it: the flagged line becomes what we proposed."""

    def proposing(request: ReviewRequest) -> object:
        lines = (request.checkout / "a.py").read_text().splitlines()
        return {
            "findings": [
                found("a.py", number, line, title=f"{line} overflows", suggestion=f"safe {line}")
                for number, line in enumerate(lines, 1)
                if line in ("ten", "forty")
            ]
        }

    github.engine = CountingEngine(proposing)
    pull = github.pull()
    later(github)
    ten, forty = comments(github, pull)
    assert "```suggestion\nsafe ten\n```" in ten.body
    pull = github.hub.world.push(pull, {"a.py": text(_10="safe ten", _40="otherwise")})
    later(github)
    assert outcomes(github) == {"ten": Outcome.SUGGESTION_COMMITTED, "forty": Outcome.FIXED}
    assert evidence(github)["ten"] == (
        f"The flagged lines now are the suggestion in {pull.head_sha[:12]}."
    )
    for before, after in zip((ten, forty), comments(github, pull), strict=True):
        assert after.body.startswith(f"Fixed in {pull.head_sha[:7]}.")
        assert before.body.splitlines()[0] in after.body
        assert after.minimized


def test_after_the_last_reviewed_head_is_lost_nothing_is_repeated_settled_or_made_up(
    github: GitHubStage,
) -> None:
    """Where lines cannot be followed, only people's words tell what became of a finding."""
    pull = github.pull()
    later(github)
    ten, forty = comments(github, pull)
    answer(github, ten, writer(github), "This is by design, won't fix.")
    gone = pull.head_sha
    files = {"a.py": text(_9="nine", _10="ten", _40="mended", _50="fifty")}
    pull = github.hub.world.force_push(pull, files)
    lose(github, gone)
    later(github)
    later(github)
    assert asked(github) == 2
    assert [one.line for one in comments(github, pull)] == [10, 40, 50]
    assert comments(github, pull)[:2] == [ten, forty]
    assert outcomes(github) == {"ten": Outcome.DISMISSED}
    assert dispositions(github, pull)["fifty"] == "kept"


def lose(github: GitHubStage, sha: str) -> None:
    """Neither our cache nor the host has that commit any more."""
    shutil.rmtree(github.root / "cache")
    path = github.hub.world.fresh(github.shop).store
    for line in bare.git(path, "for-each-ref", "--format=%(objectname) %(refname)").splitlines():
        found_sha, _, ref = line.decode().partition(" ")
        if found_sha == sha:
            bare.git(path, "update-ref", "-d", ref)
    bare.git(path, "reflog", "expire", "--expire=now", "--all")
    bare.git(path, "gc", "--quiet", "--prune=now")


def evidence(github: GitHubStage) -> dict[str, str]:
    """Why the newest outcome of each finding is what it is, by its quoted line."""
    with closing(sqlite3.connect(github.ledger_path)) as ledger:
        return dict(
            ledger.execute(
                "SELECT quote, evidence FROM outcomes JOIN findings ON findings.id = finding_id"
                " ORDER BY outcomes.id"
            ).fetchall()
        )
