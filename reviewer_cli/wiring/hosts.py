"""Which hosts there are, and how settings become one, and the issues that some of them have."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from reviewer_cli.config.reference import SecretReference
from reviewer_cli.config.secrets import first_set, resolve, tokens_for
from reviewer_cli.config.settings import Settings
from reviewer_cli.hosts import local_git
from reviewer_cli.ports.host import CodeHost
from reviewer_cli.ports.issues import IssueBoard
from reviewer_cli.wiring.places import Places

if TYPE_CHECKING:  # importing PyGithub takes a while, which local repositories need not pay for
    from reviewer_cli.hosts.github.accounts import TokenAccount
    from reviewer_cli.hosts.github.connection import Server


def _local(settings: Settings, where: Places) -> CodeHost:
    return local_git.LocalGit(where.state / "reviews", settings.local.default_branch)


def _github(settings: Settings, where: Places) -> CodeHost:
    from reviewer_cli.hosts.github import installation
    from reviewer_cli.hosts.github.accounts import Accounts, AppAccounts
    from reviewer_cli.hosts.github.host import GitHub
    from reviewer_cli.hosts.github.selection import SelectionRules

    github, server = settings.github, _server(settings)

    def app(app_id: str, private_key: SecretReference) -> AppAccounts:
        permissions = installation.READING if github.posting_token else installation.POSTING
        if github.check_run and not github.posting_token:
            permissions = permissions | installation.CHECKS
        return AppAccounts(
            server,
            app_id,
            resolve(private_key, os.environ).reveal(),
            keep_in=where.state,
            permissions=permissions,
            longest_wait_s=settings.sweep.longest_pause,
        )

    reading: Accounts
    if github.app_id is not None and github.private_key is not None:
        reading = app(github.app_id, github.private_key)
    else:
        reading = _one_token(settings, github.token)
    secret = resolve(github.marker_secret, os.environ) if github.marker_secret else None
    return GitHub(
        server,
        reading=reading,
        posting=_one_token(settings, github.posting_token) if github.posting_token else reading,
        rules=SelectionRules(
            exclude=github.exclude,
            topics=github.topics,
            archived=github.archived,
            forks=github.forks,
        ),
        marker_secret=secret.reveal().encode() if secret else None,
        check_run=github.check_run,
        strict_scopes=github.strict_scopes,
        resolving=_one_token(settings, github.resolve_token) if github.resolve_token else None,
    )


def _server(settings: Settings) -> Server:
    from reviewer_cli.hosts.github.connection import Server

    github = settings.github
    return Server(
        api_url=github.api_url,
        web_url=github.web_url,
        certificate=Path(github.certificate).expanduser() if github.certificate else None,
        lists_lag_s=github.lists_lag,
    )


def _one_token(settings: Settings, reference: SecretReference | None) -> TokenAccount:
    """The account of this token, or of the first that the environment has where none is named."""
    from reviewer_cli.hosts.github.accounts import TokenAccount

    names = tokens_for(settings.github.web_url)
    secret = resolve(reference, os.environ) if reference else first_set(names, os.environ)
    wait_s = settings.sweep.longest_pause
    return TokenAccount(_server(settings), secret.reveal(), longest_wait_s=wait_s)


HOSTS: dict[str, Callable[[Settings, Places], CodeHost]] = {"local": _local, "github": _github}


def host(name: str, settings: Settings, where: Places) -> CodeHost:
    """The host of that name; any name that the table does not have is a GitHub server's."""
    return HOSTS[name if name in HOSTS else "github"](settings, where)


def issue_board(of: CodeHost, settings: Settings) -> IssueBoard | None:
    """The issues of a host; None where it has none, or there is no credential for them."""
    if of.name == local_git.NAME or settings.github.issues_token is None:
        return None
    from reviewer_cli.hosts.github.issues import GitHubIssues

    return GitHubIssues(
        _one_token(settings, settings.github.issues_token).connection,
        secret=of.marker_secret,
        strict_scopes=settings.github.strict_scopes,
    )
