"""What was edited and found again is not settled by a later round that looks elsewhere."""

from __future__ import annotations

import pytest

from reviewer_cli.core.models import Severity
from reviewer_cli.ports.engine import ReviewRequest
from tests.fakes.engine import found
from tests.fakes.github.scene import text
from tests.fakes.github_stage import CountingEngine, GitHubStage
from tests.sweep.conversing import comments, github, later

__all__ = ["github"]


class Attentive(CountingEngine):
    """Speaks of the lines with `ten` in what it is shown, and of nothing else."""

    def __init__(self) -> None:
        super().__init__(self._found)

    def _found(self, request: ReviewRequest) -> object:
        lines = [
            line
            for file in request.diff.files
            for hunk in file.hunks
            for line in hunk.lines
            if line.new is not None and line.text.startswith("ten")
        ]
        said = {"title": "The ten overflows", "severity": Severity.MEDIUM}
        return {"findings": [found("a.py", one.new, one.text, **said) for one in lines if one.new]}


@pytest.fixture(autouse=True)
def _attentive(github: GitHubStage) -> None:
    github.engine = Attentive()


def test_what_was_edited_and_found_again_is_settled_by_its_mend_alone(github: GitHubStage) -> None:
    pull = github.pull()
    later(github)
    pull = github.hub.world.push(pull, {"a.py": text(_10="ten more", _40="forty")})
    later(github)
    pull = github.hub.world.push(pull, {"b.py": "y = 2\n"})
    later(github)
    (comment,) = comments(github, pull)
    assert "Fixed in" not in comment.body
    pull = github.hub.world.push(pull, {"a.py": text(_10="mended", _40="forty")})
    later(github)
    (comment,) = comments(github, pull)
    assert comment.body.startswith(f"Fixed in {pull.head_sha[:7]}.")
