"""The usual scene on the fake GitHub: one repository, one pull request, one bot with a token."""

from __future__ import annotations

from dataclasses import dataclass

from github import Auth, Github
from github.PullRequest import PullRequest

from tests.fakes.github.rows import Account, Pull, Repo
from tests.fakes.github.server import FakeGitHub

LINES = [f"line {number}\n" for number in range(1, 61)]


def text(**changed: str) -> str:
    """Sixty lines, of which some are replaced: `text(_20="new")`."""
    lines = list(LINES)
    for name, line in changed.items():
        lines[int(name.removeprefix("_")) - 1] = f"{line}\n" if line else ""
    return "".join(lines)


def connect(hub: FakeGitHub, token: str) -> Github:
    """PyGithub without retries and pauses."""
    return Github(
        base_url=hub.api_url,
        auth=Auth.Token(token),
        per_page=100,
        retry=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
    )


@dataclass
class Scene:
    """A repository with one pull request by Ada, and a bot that may review it."""

    hub: FakeGitHub
    repo: Repo
    pull: Pull
    bot: Account
    token: str

    @property
    def seen(self) -> PullRequest:
        """The pull request as the bot sees it through PyGithub."""
        return (
            connect(self.hub, self.token).get_repo(self.repo.full_name).get_pull(self.pull.number)
        )


def set_scene(hub: FakeGitHub) -> Scene:
    """A pull request that changes a line near each end of a file, adds a file and removes one."""
    repo = hub.world.repo("acme/shop", {"a.py": text(), "old.py": "gone\n"})
    pull = hub.world.pull(
        repo,
        {"a.py": text(_10="ten", _40="forty"), "new.py": "one\ntwo\n", "old.py": None},
        title="Sell more",
        labels=("bug",),
    )
    bot = hub.world.account("sweeper")
    token = hub.tokens.fine_grained(
        bot, repo.owner, pull_requests="write", contents="read", issues="read"
    )
    return Scene(hub, repo, pull, bot, token)
