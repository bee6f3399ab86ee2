"""Which hosts there are, and how settings become one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from reviewer_cli.config.reference import SecretReference
from reviewer_cli.config.secrets import first_set, resolve, tokens_for
from reviewer_cli.config.settings import Settings
from reviewer_cli.hosts import local_git
from reviewer_cli.ports.host import CodeHost
from reviewer_cli.wiring.places import Places


def _local(settings: Settings, where: Places) -> CodeHost:
    return local_git.LocalGit(where.state / "reviews", settings.local.default_branch)


def _github(settings: Settings, where: Places) -> CodeHost:
    # Importing PyGithub takes a while, which a sweep of local repositories need not pay for.
    from reviewer_cli.hosts.github import installation
    from reviewer_cli.hosts.github.accounts import Accounts, AppAccounts, TokenAccount
    from reviewer_cli.hosts.github.connection import Server
    from reviewer_cli.hosts.github.host import GitHub
    from reviewer_cli.hosts.github.selection import SelectionRules

    github = settings.github
    certificate = Path(github.certificate).expanduser() if github.certificate else None
    server = Server(
        api_url=github.api_url,
        web_url=github.web_url,
        certificate=certificate,
        lists_lag_s=github.lists_lag,
    )
    patience = settings.sweep.longest_pause

    def one_token(reference: SecretReference | None) -> TokenAccount:
        names = tokens_for(github.web_url)
        secret = resolve(reference, os.environ) if reference else first_set(names, os.environ)
        return TokenAccount(server, secret.reveal(), longest_wait_s=patience)

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
            longest_wait_s=patience,
        )

    reading: Accounts
    if github.app_id is not None and github.private_key is not None:
        reading = app(github.app_id, github.private_key)
    else:
        reading = one_token(github.token)
    secret = resolve(github.marker_secret, os.environ) if github.marker_secret else None
    return GitHub(
        server,
        reading=reading,
        posting=one_token(github.posting_token) if github.posting_token else reading,
        rules=SelectionRules(
            exclude=github.exclude,
            topics=github.topics,
            archived=github.archived,
            forks=github.forks,
        ),
        marker_secret=secret.reveal().encode() if secret else None,
        check_run=github.check_run,
        strict_scopes=github.strict_scopes,
        resolving=one_token(github.resolve_token) if github.resolve_token else None,
    )


HOSTS: dict[str, Callable[[Settings, Places], CodeHost]] = {"local": _local, "github": _github}


def host(name: str, settings: Settings, where: Places) -> CodeHost:
    """The host of that name; any name that the table does not have is a GitHub server's."""
    return HOSTS[name if name in HOSTS else "github"](settings, where)
