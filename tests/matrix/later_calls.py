"""What a later round asks of GitHub on top: the requests that look after what was said before."""

from __future__ import annotations

from tests.fakes.github.rows import Pull
from tests.fakes.github.scene import text
from tests.fakes.github_stage import GitHubStage
from tests.matrix.host_calls import Call

LATER_CALLS = {
    "conversations": Call(method="POST", path="/graphql", word="query Conversations"),
    "may write": Call(method="GET", path="/repos/*/*/collaborators/*/permission"),
    "acknowledge": Call(method="POST", path="/graphql", word="mutation Acknowledge"),
    "amend": Call(method="PUT", path="/repos/*/*/pulls/*/reviews/*"),
    "settle": Call(method="POST", path="/graphql", word="mutation Settle"),
}

STALE_IS_FOR_READING = ("acknowledge", "amend", "settle")


def mended_and_asked_about(stage: GitHubStage) -> Pull:
    """A reviewed pull request, one of its two findings mended since, and a command of a writer."""
    pull = stage.pull()
    stage.sweep_until_quiet()
    stage.now += 3600.0
    stage.hub.world.now = max(stage.hub.world.now, stage.now)
    pull = stage.hub.world.push(pull, {"a.py": text(_10="ten", _40="mended")})
    ada = stage.hub.world.account("ada")
    stage.hub.world.grant(stage.shop, ada, "write")
    stage.hub.world.comment(pull, ada, "@sweeper review")
    return pull
