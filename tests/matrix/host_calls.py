"""Every request that a sweep sends to GitHub, and the scene in which it sends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.fakes.github import faults
from tests.fakes.github.exchange import Exchange
from tests.fakes.github.faults import Fault, Handler
from tests.fakes.github.messages import Outcome, Request
from tests.fakes.github_stage import GitHubStage
from tests.matrix import credentials

REVIEWS = "/repos/*/*/pulls/*/reviews"
MINT = "/app/installations/*/access_tokens"


def nothing(stage: GitHubStage) -> None:
    """The scene is set already."""


def after_a_lost_draft(stage: GitHubStage) -> None:
    """An earlier sweep made a draft and did not hear of it, so this one compares what it finds."""
    stage.hub.fail("POST", REVIEWS, faults.bad_gateway_after, times=2)
    stage.sweep()
    stage.now += 3600.0


def with_a_refused_submission(stage: GitHubStage) -> None:
    """The first submission is refused, so that the draft is looked at."""
    stage.hub.fail("POST", f"{REVIEWS}/*/events", faults.unprocessable("Not now."))


def with_check_runs(stage: GitHubStage) -> None:
    """Each posted review makes a check run."""
    stage.check_run = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One kind of request: its body holds `word`, and its sender's name begins with `agent`."""

    method: str
    path: str
    word: str = ""
    agent: str = ""
    before: Callable[[GitHubStage], None] = nothing

    def is_it(self, sent: Request | Exchange) -> bool:
        """Whether a request whose method and path fit is of this kind."""
        request = isinstance(sent, Request)
        headers = sent.headers if request else sent.request_headers
        body = sent.body if request else sent.request_body
        return self.word.encode() in body and headers["user-agent"].startswith(self.agent)


CALLS = {
    "installations": Call(
        method="GET", path="/app/installations", before=credentials.apps_repositories
    ),
    "mint": Call(method="POST", path=MINT, before=credentials.apps_repositories),
    "mint while a draft rests": Call(
        method="POST", path=MINT, before=credentials.apps_token_that_ends
    ),
    "repositories of an installation": Call(
        method="GET", path="/installation/repositories", before=credentials.apps_repositories
    ),
    "repositories of a user": Call(
        method="GET", path="/user/repos", before=credentials.tokens_repositories
    ),
    "repositories of an owner": Call(
        method="POST",
        path="/graphql",
        word="query Owned",
        before=credentials.owners_repositories,
    ),
    "poll": Call(method="POST", path="/graphql", word="query Tips"),
    "describe": Call(method="POST", path="/graphql", word="query Heads"),
    "conversations": Call(method="POST", path="/graphql", word="query Conversations"),
    "who": Call(method="POST", path="/graphql", word="query Viewer"),
    "look": Call(method="POST", path="/graphql", word="query Standing"),
    "right to read": Call(method="GET", path="/repos/*/*/pulls"),
    "right to administer": Call(method="GET", path="/repos/*/*/keys"),
    "right to push": Call(method="GET", path="/*/*.git/info/refs", agent="git/reviewer"),
    "fetch refs": Call(method="GET", path="/*/*.git/info/refs", agent="git/2"),
    "fetch": Call(method="POST", path="/*/*.git/git-upload-pack"),
    "create": Call(method="POST", path=REVIEWS),
    "list": Call(method="GET", path=REVIEWS),
    "compare": Call(method="GET", path=f"{REVIEWS}/*/comments", before=after_a_lost_draft),
    "delete": Call(method="DELETE", path=f"{REVIEWS}/*"),
    "submit": Call(method="POST", path=f"{REVIEWS}/*/events"),
    "state": Call(method="GET", path=f"{REVIEWS}/*", before=with_a_refused_submission),
    "check run": Call(method="POST", path="/repos/*/*/check-runs", before=with_check_runs),
}

FAULTS: dict[str, Fault] = {
    "502 after the effect": faults.bad_gateway_after,
    "dropped": faults.dropped_after,
    "timeout": faults.hang_after,
    "stale": faults.stale(3),
    "422": faults.unprocessable("Something is not as it should be."),
    "429": faults.answer(429, {"message": "Slow down."}),
    "429 with retry-after": faults.secondary_limit(30, 429),
    "401": faults.revoked,
}


@dataclass
class Trouble:
    """A fault that meets every request of one kind until it is over."""

    call: Call
    fault: Fault
    met: int = 0
    is_over: bool = False

    def __call__(self, request: Request, handle: Handler) -> Outcome:
        if self.is_over or not self.call.is_it(request):
            return handle(request)
        self.met += 1
        return self.fault(request, handle)
