"""What an examination says of a GitHub server: our account and rights, its repositories and clock.

Everything is asked with reading requests, and nothing is refused here: a sweep does that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reviewer_cli.core.health import Health, Sign, amber, green, red
from reviewer_cli.errors import AccessRefused
from reviewer_cli.hosts.github.accounts import identity
from reviewer_cli.hosts.github.connection import Connection
from reviewer_cli.hosts.github.rights import (
    Rights,
    doubt_about,
    excess_of,
    lack_of,
    spare_of,
)
from reviewer_cli.ports.host import RepositoryPoll

MOST_OFF_S = 60.0
"""“exp”, at most ten minutes ahead, and “iat” of an App's token bear a minute of difference:
docs.github.com, “Generating a JSON Web Token for a GitHub App”."""
MOST_NAMED = 10


def account(connection: Connection) -> Iterator[Sign]:
    """Under whose name reviews are posted, and whether our clock goes as the server's does."""
    server = connection.server.name
    yield green(server, f"reviews are posted by {identity(connection).login}")
    off = connection.clock_off_s
    if off is not None and abs(off) > MOST_OFF_S:
        yield amber(
            "clock",
            f"this machine's clock is {abs(off):.0f} s {'ahead of' if off > 0 else 'behind'} "
            f"{server}'s",
            "set it by NTP: tokens are refused, and waits end at the wrong time",
        )
    elif off is not None:
        yield green("clock", f"goes with {server}'s")


def permissions(found: Rights, too_much: Health) -> Iterator[Sign]:
    """What a credential lacks, what cannot be known, and what it has beyond its need.

    `too_much` is how bad the last is: amber where the operator bears with it.
    """
    name = found.credential
    if lack := lack_of(found):
        yield red(name, lack, exit_code=AccessRefused.exit_code)
    if excess := excess_of(found):
        code = AccessRefused.exit_code if too_much is Health.RED else 0
        yield Sign(subject=name, health=too_much, said=excess, exit_code=code)
    if spare := spare_of(found):
        yield amber(name, spare, "take what is not needed from the App")
    if not (found.missing or found.excess):
        yield green(name, doubt_about(found) or "may do what it needs, and no more")


def repositories(server: str, polled: Sequence[RepositoryPoll]) -> Iterator[Sign]:
    """How many repositories answer, and what is wrong with those that do not."""
    failed = [one for one in polled if one.error is not None]
    heads = sum(len(one.tips) for one in polled)
    good = len(polled) - len(failed)
    if not polled:
        yield amber(server, "no repository is meant", "correct repositories, or --repo")
    elif good:
        yield green(server, f"{good} repositories answer, with {heads} open pull requests")
    for one in failed[:MOST_NAMED]:
        yield amber(server, one.error or "", "correct repositories, or the credential's reach")
    if len(failed) > MOST_NAMED:
        yield amber(server, f"{len(failed) - MOST_NAMED} more do not answer", "the same")
