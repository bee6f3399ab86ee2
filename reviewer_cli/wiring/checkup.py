"""What `doctor` looks at, in the order in which a sweep would stumble over it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from reviewer_cli.config.environments import named_secrets, refuse_shared
from reviewer_cli.config.load import Environment, Loaded
from reviewer_cli.config.paths import private
from reviewer_cli.config.reference import SecretReference
from reviewer_cli.config.secrets import resolve
from reviewer_cli.config.settings import Settings
from reviewer_cli.core.health import Sign, amber, green, red
from reviewer_cli.digest.delivering import unsettled
from reviewer_cli.doctor import machine, state
from reviewer_cli.doctor.checkup import Question, examine
from reviewer_cli.errors import ConfigurationError, ReviewerError
from reviewer_cli.jail.choose import jail_called
from reviewer_cli.ledger.records import reading
from reviewer_cli.ports.host import CodeHost
from reviewer_cli.ports.jail import Jail
from reviewer_cli.scratch import temporary_directory
from reviewer_cli.wiring.engines import engine
from reviewer_cli.wiring.hosts import host, issue_board
from reviewer_cli.wiring.notices import Channels, mailing
from reviewer_cli.wiring.places import LOCK, Places, places
from reviewer_cli.wiring.plans import plan

UNDELIVERED = 3
"""What a sweep ends with that could not deliver a digest."""


def checkup(loaded: Loaded, repositories: Sequence[str]) -> Iterator[Sign]:
    """Every sign there is, the questions one after another; nothing is reviewed, posted or kept.

    `repositories` are those to look at instead of the configured ones.
    """
    with temporary_directory() as place:
        aside = Places(state=place, cache=place)
        yield from examine(_questions(loaded, tuple(repositories) or loaded.repositories, aside))


def _questions(loaded: Loaded, wanted: Sequence[str], aside: Places) -> Iterator[Question]:
    """What is written goes `aside`; the state directory is only looked at."""
    settings, where, now = loaded.settings, places(loaded), time.time()
    jail = jail_called(settings.sandbox)
    yield Question("configuration", partial(_configuration, loaded))
    yield Question("secrets", partial(_secrets, loaded))
    yield Question("environments", partial(_environments, loaded))
    yield Question("directories", partial(_directories, where))
    yield Question("ledger", partial(state.ledger, where.ledger, now))
    yield Question("lock", partial(state.lock, where.state / LOCK))
    yield Question("git", machine.git)
    yield Question("sandbox", partial(_sandbox, loaded, jail))
    for name in _engines(settings):
        yield Question(name, partial(_engine, name, settings, aside, jail))
    yield Question("repositories", partial(_hosts, loaded, aside, wanted))
    yield Question("digest", partial(_digest, settings, where, aside))


def _configuration(loaded: Loaded) -> Iterator[Sign]:
    chosen = f", environment {loaded.environment}" if loaded.environment else ""
    yield green("configuration", f"{loaded.path or 'no file: defaults'}{chosen}")


def _secrets(loaded: Loaded) -> Iterator[Sign]:
    """Each secret that the settings name: whether it is there, never what it is."""
    for setting, reference in named_secrets(loaded.settings):
        try:
            resolve(reference, os.environ)
        except ReviewerError as error:
            yield red(setting, str(error), exit_code=error.exit_code)
        else:
            yield green(setting, f"{reference} is there")


def _environments(loaded: Loaded) -> Iterator[Sign]:
    if loaded.environment is None:
        return
    refuse_shared(loaded, os.environ)
    unseen = [
        f"{one.name}'s {setting}"
        for one in (Environment(name=loaded.environment, settings=loaded.settings), *loaded.others)
        for setting, reference in named_secrets(one.settings)
        if not _is_there(reference)
    ]
    if unseen:
        yield amber(
            "environments",
            f"{loaded.environment} shares nothing, but {', '.join(unseen)} cannot be seen here",
            "run the doctor where that is set, too: it compares with what sweeps have left",
        )
    else:
        yield green("environments", f"{loaded.environment} shares nothing with the others")


def _is_there(reference: SecretReference) -> bool:
    try:
        resolve(reference, os.environ)
    except ReviewerError:
        return False
    return True


def _directories(where: Places) -> Iterator[Sign]:
    for place in (where.state, where.cache):
        if place.exists():
            private(place)
        else:
            _make_and_remove(place)
    yield from machine.disk(where.state, where.cache)


def _make_and_remove(place: Path) -> None:
    """Raise ConfigurationError when a directory cannot be made there; a sweep will make it."""
    try:
        with TemporaryDirectory(dir=next(one for one in place.parents if one.exists())):
            pass
    except OSError as error:
        raise ConfigurationError(
            f"{place} cannot be made ({error.strerror}); set state_dir or cache_dir."
        ) from error


def _sandbox(loaded: Loaded, jail: Jail) -> Iterator[Sign]:
    if jail.name == "none":
        yield amber(
            "sandbox",
            "none: the agent's own options alone keep it from this account's files and network",
            'write sandbox = "auto"',
        )
        return
    jail.check()
    if jail.name == "landlock" and loaded.settings.sandbox == "auto":
        yield amber(
            "sandbox",
            "landlock holds a probe; bubblewrap, which hides more, does not work here",
            "install bubblewrap, or allow it to make user namespaces",
        )
    else:
        yield green("sandbox", f"{jail.name} holds a probe")


def _engines(settings: Settings) -> tuple[str, ...]:
    name = settings.engine.name
    return (name, "offline") if settings.engine.evidence and name != "offline" else (name,)


def _engine(name: str, settings: Settings, aside: Places, jail: Jail) -> Iterator[Sign]:
    made = engine(name, settings, aside, jail)
    try:
        yield from made.examine()
    finally:
        made.close()


def _hosts(loaded: Loaded, aside: Places, wanted: Sequence[str]) -> Iterator[Sign]:
    if not wanted:
        yield amber("repositories", "none is configured", "list some, or name them with --repo")
        return
    for name, selectors in plan(loaded, wanted).selectors.items():
        made = host(name, loaded.settings, aside)
        try:
            yield from made.examine(selectors)
            yield from _issues(made, loaded.settings, selectors)
        finally:
            made.close()


def _issues(made: CodeHost, settings: Settings, selectors: Sequence[str]) -> Iterator[Sign]:
    """The credential for issues, looked at in the host's first repository."""
    board = issue_board(made, settings)
    if board is not None:
        try:
            for repo in made.repositories(selectors)[:1]:
                yield from board.examine(repo)
        finally:
            board.close()


def _digest(settings: Settings, where: Places, aside: Places) -> Iterator[Sign]:
    """Each channel, as far as it can be looked at without sending anything, and what is late."""
    channels, to = Channels(settings, aside), mailing(settings)
    try:
        for name in (*to.channels, *filter(None, (to.own,))):
            try:
                channel = channels(name)
                yield from channel.examine() if channel else ()
            except ReviewerError as error:
                yield red(name, str(error), exit_code=UNDELIVERED)
    finally:
        channels.close()
    if to.channels and not settings.digest.enabled:
        yield amber(
            "digest",
            "there are channels, but no week's digest goes out by itself",
            "write enabled = true under [digest], or run reviewer digest --deliver yourself",
        )
    if where.ledger.exists():
        with reading(where.ledger) as records:
            for said in unsettled(records.deliveries()):
                yield amber("digest", said, "see reviewer status")
