"""Ways to be somebody on GitHub and to say what is swept; each begins with requests of its own."""

from __future__ import annotations

from contextlib import closing

from github import Auth

from reviewer_cli.hosts.github.accounts import AppAccounts, TokenAccount
from reviewer_cli.hosts.github.connection import Connection
from reviewer_cli.hosts.github.installation import POSTING, RENEW_BEFORE_S
from tests.fakes.github.tokens import INSTALLATION_TOKEN_S, App
from tests.fakes.github_stage import Connect, GitHubStage


class StageToken(TokenAccount):
    """A personal token on a stage's time."""

    def __init__(self, stage: GitHubStage, connect: Connect) -> None:
        super().__init__(stage.server, stage.token, longest_wait_s=0.0)
        self._connection = connect(Auth.Token(stage.token))


class StageApp(AppAccounts):
    """An App on a stage's time."""

    def __init__(self, stage: GitHubStage, app: App, connect: Connect) -> None:
        self._connect = connect
        super().__init__(
            stage.server,
            str(app.id),
            app.private_key,
            keep_in=stage.root,
            permissions=POSTING,
            longest_wait_s=0.0,
        )

    def _connected(self, auth: Auth.Auth) -> Connection:
        return self._connect(auth)


def owners_repositories(stage: GitHubStage) -> None:
    """The owner is named and not the repository."""
    stage.selector = f"{stage.shop.owner.login}/*"


def tokens_repositories(stage: GitHubStage) -> None:
    """Whatever the token's user works on."""
    stage.hub.world.grant(stage.shop, stage.bot, "write")
    stage.selector = "*"
    stage.accounts = lambda connect: StageToken(stage, connect)


def apps_repositories(stage: GitHubStage) -> None:
    """Whatever an App may see, which has no token yet."""
    app = stage.hub.tokens.app("sweeper-app")
    rights = {"pull_requests": "write", "contents": "read"}
    stage.hub.tokens.install(app, stage.shop.owner, **rights)
    stage.selector, stage.bot = "*", app.bot
    stage.accounts = lambda connect: StageApp(stage, app, connect)


def apps_token_that_ends(stage: GitHubStage) -> None:
    """The same with a token that is good until the drafts have rested."""
    apps_repositories(stage)
    with closing(stage.github()) as earlier:
        earlier.repositories([stage.selector])
    stage.now += INSTALLATION_TOKEN_S - RENEW_BEFORE_S - stage.lists_lag_s / 2
    stage.hub.world.now = stage.now
