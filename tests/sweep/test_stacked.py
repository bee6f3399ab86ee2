"""Pull requests that have a commit, or merely a line, in common."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic, sleep

import pytest

from reviewer_cli.core.coverage import DiffLimits
from reviewer_cli.core.models import Anchor, Placement, Side, State
from reviewer_cli.git.mirror import Mirror
from reviewer_cli.ports.engine import Reply, ReviewRequest
from reviewer_cli.sweep.lookback import Lookback
from tests.building import Repo
from tests.fakes.engine import found
from tests.fakes.github.faults import first
from tests.fakes.github.rows import Pull
from tests.fakes.github.scene import text
from tests.fakes.github_stage import CountingEngine, GitHubStage
from tests.sweep.conversing import comments, github, later

__all__ = ["github"]

BOTH = {"a.py": text(_10="ten", _40="forty"), "b.py": "y = 2\n"}


class InTurn(CountingEngine):
    """Says the same of `ten` everywhere; who has to wait for somebody's review does so."""

    def __init__(self) -> None:
        super().__init__(self._found)
        self.waits: dict[str, Callable[[], object]] = {}

    async def review(self, request: ReviewRequest) -> Reply:
        """Answer when it is this one's turn."""
        is_turn = self.waits.get(request.head.key.pull, lambda: True)
        async with asyncio.timeout(10):
            while not is_turn():
                await asyncio.sleep(0.01)
        return await super().review(request)

    def _found(self, request: ReviewRequest) -> object:
        lines = (request.checkout / "a.py").read_text().splitlines()
        places = [number for number, line in enumerate(lines, 1) if line == "ten"]
        return {"findings": [found("a.py", number, "ten") for number in places]}


@pytest.fixture
def engine(github: GitHubStage) -> InTurn:
    """The engine of the stage."""
    github.engine = made = InTurn()
    return made


def on_top_of(github: GitHubStage, pull: Pull, files: dict[str, str | bytes | None]) -> Pull:
    """One that goes into main as well and has the commit of `pull` in it."""
    above = github.hub.world.pull(github.shop, files, base=pull.head_ref)
    return github.hub.world.edit(above, base_ref=pull.base_ref, base_sha=pull.base_sha)


def test_what_is_said_of_a_commit_is_not_said_on_the_branch_above_and_the_body_names_where(
    github: GitHubStage, engine: InTurn
) -> None:
    below = github.pull()
    above = on_top_of(github, below, BOTH)
    engine.waits[str(above.number)] = lambda: github.posted(below)
    later(github)
    assert [one.line for one in comments(github, below)] == [10]
    assert comments(github, above) == []
    (review,) = github.posted(above)
    assert f"also said on #{below.number} (1)" in review.body


def test_what_was_said_of_a_commit_in_an_earlier_sweep_is_not_said_on_a_branch_above(
    github: GitHubStage, engine: InTurn
) -> None:
    below = github.pull()
    later(github)
    above = on_top_of(github, below, BOTH)
    later(github)
    assert comments(github, above) == []
    assert f"also said on #{below.number} (1)" in github.posted(above)[0].body
    github.hub.world.close(below)
    later(github)
    higher = on_top_of(github, above, {"c.py": "c = 1\n"})
    later(github)
    assert [one.line for one in comments(github, higher)] == [10]


def test_a_line_that_two_pull_requests_copied_is_said_on_both(
    github: GitHubStage, engine: InTurn
) -> None:
    one, other = github.pull(), github.pull()
    engine.waits[str(other.number)] = lambda: github.posted(one)
    later(github)
    assert [one.line for one in comments(github, one)] == [10]
    assert [one.line for one in comments(github, other)] == [10]
    assert "also said on" not in github.posted(other)[0].body


def test_a_further_line_like_it_is_said_on_the_branch_above(
    github: GitHubStage, engine: InTurn
) -> None:
    below = github.pull()
    above = on_top_of(github, below, {"a.py": text(_10="ten", _30="ten", _40="forty")})
    engine.waits[str(above.number)] = lambda: github.posted(below)
    later(github)
    assert [one.line for one in comments(github, above)] == [30]
    assert f"also said on #{below.number} (1)" in github.posted(above)[0].body


def test_a_review_that_was_saved_and_never_posted_silences_nothing(
    github: GitHubStage, engine: InTurn
) -> None:
    below = github.pull()
    above = on_top_of(github, below, BOTH)
    push = partial(github.hub.world.push, below, {"c.py": "c = 1\n"})
    held_back(github, engine, below, above, push)
    later(github)
    assert [one.line for one in comments(github, above)] == [10]
    assert comments(github, below) == []
    later(github)
    assert f"also said on #{above.number} (1)" in github.posted(below)[0].body


def test_when_both_are_saved_at_once_both_say_it(github: GitHubStage, engine: InTurn) -> None:
    below = github.pull()
    above = on_top_of(github, below, BOTH)
    held_back(github, engine, below, above)
    later(github)
    assert [one.line for one in comments(github, below)] == [10]
    assert [one.line for one in comments(github, above)] == [10]


def held_back(
    github: GitHubStage,
    engine: InTurn,
    below: Pull,
    above: Pull,
    then: Callable[[], object] = lambda: None,
) -> None:
    """The first review is saved before the second, and drafted only when that is saved too."""

    def step() -> None:
        wait_until(lambda: is_saved(github, above))
        then()

    engine.waits[str(above.number)] = lambda: is_saved(github, below)
    github.hub.fail("POST", f"/repos/acme/shop/pulls/{below.number}/reviews", first(step))


def is_saved(github: GitHubStage, pull: Pull) -> bool:
    found = (row.state for row in github.rows() if row.key == github.key(pull))
    return next(found, State.DUE) in (State.REVIEWED, State.POSTING)


def wait_until(holds: Callable[[], bool]) -> None:
    until = monotonic() + 8
    while not holds():
        assert monotonic() < until
        sleep(0.01)


def test_where_only_that_was_found_later_a_review_of_its_own_tells_of_it(
    github: GitHubStage, engine: InTurn
) -> None:
    above = github.hub.world.pull(github.shop, {"b.py": "y = 2\n"})
    later(github)
    below = github.pull()
    world = github.hub.world
    moved = world.pull(github.shop, BOTH, base=below.head_ref)
    commits = (below.head_sha, moved.head_sha)
    above = world.edit(above, head_sha=moved.head_sha, commits=commits)
    world.close(moved)
    engine.waits[str(above.number)] = lambda: github.posted(below)
    later(github)
    _, review = github.posted(above)
    assert f"also said on #{below.number} (1)" in review.body
    assert comments(github, above) == []


# ---- which lines two heads share


@dataclass(frozen=True, kw_only=True)
class Case:
    """What two branches have, on a base that has `text()`; line 10 of `one` was flagged."""

    shared: dict[str, str | bytes | None] | None = None
    one: dict[str, str | bytes | None] | None = None
    other: dict[str, str | bytes | None] | None = None


TEN = {"a.py": text(_10="ten")}


@pytest.mark.parametrize(
    ("case", "line"),
    [
        (Case(shared=TEN, other={"b.py": "b\n"}), 10),
        (Case(shared=TEN, one={"b.py": "b\n"}), 10),
        (Case(shared=TEN, one={"b.py": "b\n"}, other={"c.py": "c\n"}), 10),
        (Case(shared=TEN, other={"a.py": "first\n" + text(_10="ten")}), 11),
        (Case(shared=TEN, other={"a.py": text()}), None),
        (Case(shared=TEN, other={"a.py": text(_10="eleven")}), None),
        (Case(shared=TEN, other={"a.py": None}), None),
        (Case(shared={"a.py": text(_10="9")}, one=TEN, other=TEN), None),
        (Case(one=TEN, other=TEN), None),
        (Case(one={"a.py": text(_30="x")}, other={"a.py": text(_30="x")}), None),
        (Case(shared={"b.py": "b\n"}, one=TEN, other=TEN), None),
        (Case(one={"b.py": "b\n"}, other={"c.py": "c\n"}), None),
    ],
)
def test_lines_are_shared_that_a_commit_of_both_put_in(
    tmp_path: Path, case: Case, line: int | None
) -> None:
    repo, mirror = Repo(tmp_path / "repo"), Mirror.open(tmp_path / "cache", "local/repo")
    base = repo.commit({"a.py": text(), "lib.py": "x\n"})
    start = repo.commit(case.shared, branch="shared") if case.shared else base
    for branch, files in (("one", case.one), ("other", case.other)):
        repo.git("branch", branch, start)
        if files:
            repo.commit(files, branch=branch, message=branch)
    lookback = Lookback(mirror, repo.remote, repo.tip("other"), DiffLimits())
    flagged = Anchor(placement=Placement.LINE, path="a.py", line=10, side=Side.RIGHT)
    assert lookback.shared(repo.tip("one"), base, flagged) is None, "not fetched yet"
    lookback.fetch([repo.tip("one")])
    place = lookback.shared(repo.tip("one"), base, flagged)
    assert (place.line if place else None) == line
