"""Which channels digests have, and how settings become one."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from reviewer_cli.config.secrets import resolve
from reviewer_cli.config.settings import Settings
from reviewer_cli.digest.delivering import Outlets
from reviewer_cli.digest.weekly import Mailing
from reviewer_cli.errors import ConfigurationError
from reviewer_cli.ledger.store import Store
from reviewer_cli.ports.issues import IssueBoard
from reviewer_cli.ports.notices import Channel
from reviewer_cli.sweep.outgoing import masked_text
from reviewer_cli.wiring.hosts import host, issue_board
from reviewer_cli.wiring.places import Places

FILE = "digest.file"
CENTRAL = "digest.central_issue"
OWN = "digest.repository_issues"
SERVICE = "notify."


def mailing(settings: Settings) -> Mailing:
    """Who gets digests by these settings."""
    digest = settings.digest
    channels = [SERVICE + name for name in sorted(settings.notify)]
    channels += [FILE] if digest.file else []
    channels += [CENTRAL] if digest.central_issue else []
    own = OWN if digest.repository_issues else None
    return Mailing(channels=tuple(channels), own=own, host=_server(settings))


class Channels:
    """The channels that were opened so far, each when it is asked for first."""

    def __init__(self, settings: Settings, where: Places) -> None:
        self._settings = settings
        self._where = where
        self._opened: dict[str, Channel] = {}

    def __call__(self, name: str) -> Channel | None:
        """The channel of that name, None where the settings have none.

        Raises ConfigurationError, AccessRefused or SecretsOutOfReach as its secret does.
        """
        if name not in self._opened:
            made = _channel(name, self._settings, self._where)
            if made is None:
                return None
            self._opened[name] = made
        return self._opened[name]

    def close(self) -> None:
        """Close those that were opened."""
        for each in self._opened.values():
            each.close()


@contextmanager
def outlets(settings: Settings, where: Places, store: Store) -> Iterator[Outlets]:
    """All that delivering acts through, closed afterwards; no channel is opened yet."""
    channels = Channels(settings, where)
    try:
        yield Outlets(
            store=store,
            channel=channels,
            masked=masked_text,
            clock=time.time,
            chance=random.random,
            sleep=time.sleep,
            first_retry_s=settings.sweep.first_retry,
            longest_retry_s=settings.sweep.longest_retry,
        )
    finally:
        channels.close()


def _channel(name: str, settings: Settings, where: Places) -> Channel | None:
    digest = settings.digest
    if name == FILE and digest.file:
        from reviewer_cli.notify.file import FileChannel

        pattern = Path(digest.file).expanduser()
        return FileChannel(name, pattern, shows_titles=digest.titles != "none")
    if (name == CENTRAL and digest.central_issue) or (name == OWN and digest.repository_issues):
        from reviewer_cli.notify.issue import IssueChannel

        is_own = name == OWN
        titles = ("own", "all") if is_own else ("all",)
        return IssueChannel(
            name,
            partial(_board, settings, where),
            "" if is_own else str(digest.central_issue),
            shows_titles=digest.titles in titles,
        )
    table = settings.notify.get(name.removeprefix(SERVICE)) if name.startswith(SERVICE) else None
    if table is None:
        return None
    from reviewer_cli.notify.services import ServiceChannel

    return ServiceChannel(
        name,
        resolve(table.url, os.environ).reveal(),
        table.format,
        attach=table.attach,
        shows_titles=digest.titles == "all",
    )


def _board(settings: Settings, where: Places) -> IssueBoard:
    of = host(_server(settings), settings, where)
    try:
        board = issue_board(of, settings)
    finally:
        of.close()
    if board is None:
        raise ConfigurationError("Digests in issues take github.issues_token; name it.")
    return board


def _server(settings: Settings) -> str:
    """The GitHub of these settings by its name, as the ledger has it."""
    return settings.github.web_url.split("://", 1)[-1]
