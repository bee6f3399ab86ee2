"""The composition root: the only file that names concrete hosts and engines."""

from __future__ import annotations

import asyncio
import os
import random
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from reviewer_cli.config.load import Loaded
from reviewer_cli.config.paths import cache_dir, private, state_dir
from reviewer_cli.config.secrets import SecretReference, first_set, resolve, tokens_for
from reviewer_cli.config.settings import Settings
from reviewer_cli.core.select import SkipRules
from reviewer_cli.engines.agent import AgentEngine, AgentSettings
from reviewer_cli.engines.offline import OfflineEngine
from reviewer_cli.errors import UsageError
from reviewer_cli.hosts import local_git
from reviewer_cli.jail.command import Launcher
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.lock import exclusive
from reviewer_cli.ledger.store import copy_ledger
from reviewer_cli.ports import CodeHost, Engine
from reviewer_cli.sweep.plan import Doors, Plan
from reviewer_cli.sweep.workshop import Workshop
from reviewer_cli.telemetry import Observer

LEDGER = "ledger.db"
LOCK = "sweep.lock"
ON_GITHUB = re.compile(r"[\w.-]+/[\w.*?\[\]-]+|\*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The directories of one installation."""

    state: Path
    cache: Path

    @property
    def ledger(self) -> Path:
        """The ledger file."""
        return self.state / LEDGER

    @property
    def scratch(self) -> Path:
        """Private directories of running agents; empty between sweeps."""
        return self.state / "scratch"


def places(settings: Settings) -> Places:
    """Both directories, not made yet."""
    return Places(
        state=state_dir(settings.state_dir, os.environ),
        cache=cache_dir(settings.cache_dir, os.environ),
    )


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
    server = Server(api_url=github.api_url, web_url=github.web_url, certificate=certificate)
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
    )


def _offline(settings: Settings, where: Places) -> Engine:
    return OfflineEngine()


def _agent(settings: Settings, where: Places) -> Engine:
    engine = settings.engine
    return AgentEngine(
        AgentSettings(model=engine.model, max_turns=engine.max_turns, scratch=where.scratch),
        Launcher(),
    )


HOSTS: dict[str, Callable[[Settings, Places], CodeHost]] = {"local": _local, "github": _github}
ENGINES: dict[str, Callable[[Settings, Places], Engine]] = {"agent": _agent, "offline": _offline}


def plan(loaded: Loaded, repositories: Sequence[str]) -> Plan:
    """The sweep that the settings describe, over these repositories or the configured ones."""
    settings = loaded.settings
    wanted = tuple(repositories) or loaded.repositories
    if not wanted:
        raise UsageError(
            "No repository to sweep; name one with --repo PATH or --repo OWNER/NAME, or list "
            "some under repositories in reviewer.toml."
        )
    return Plan(
        selectors=_by_host(settings, wanted),
        batch_size=settings.sweep.batch_size,
        limit=settings.sweep.limit,
        max_attempts=settings.sweep.max_attempts,
        effort=settings.engine.effort,
        deadline_s=settings.engine.deadline,
        max_usd=settings.engine.max_usd,
        first_retry_s=settings.sweep.first_retry,
        longest_retry_s=settings.sweep.longest_retry,
        longest_pause_s=settings.sweep.longest_pause,
        rules=settings.skip.rules(),
        limits=settings.diff.limits(settings.engine.name),
        clean=settings.post.clean,
    )


def plan_for_one(loaded: Loaded, target: str) -> Plan:
    """The sweep of one pull request that a person named: no rule skips it."""
    if (numbered := re.fullmatch(r"(.+)#([0-9]+)", target)) and not _exists(target):
        return _only(loaded, numbered[1], numbered[2])
    # Both a path and a branch may hold an @: the first that ends an existing path divides them.
    marks = [at for at, character in enumerate(target) if character == "@"]
    divided = [(target[:at], target[at + 1 :]) for at in marks if target[:at] and target[at + 1 :]]
    if not divided:
        raise UsageError(
            f"{target!r} names no pull request; write OWNER/NAME#NUMBER or PATH@BRANCH."
        )
    repo, pull = next((one for one in divided if _exists(one[0])), divided[-1])
    return _only(loaded, repo, pull)


def _only(loaded: Loaded, repo: str, pull: str) -> Plan:
    rules = SkipRules(drafts=False, bots=False)
    return replace(plan(loaded, [repo]), rules=rules, only_pull=pull)


@contextmanager
def doors(settings: Settings, where: Places, plan: Plan, observe: Observer) -> Iterator[Doors]:
    """Everything a sweep acts through, held under the lock of the state directory.

    Raises AlreadyRunning, ConfigurationError or LedgerRefused before anything is touched.
    """
    private(where.state)
    private(where.cache)
    with (
        exclusive(where.state / LOCK, time.time()),
        closing(Ledger(where.ledger)) as ledger,
    ):
        # A killed sweep leaves its agents' private directories behind; nobody uses them now.
        shutil.rmtree(where.scratch, ignore_errors=True)
        with _closed(_doors(settings, where, plan, ledger, observe)) as opened:
            yield opened


@contextmanager
def rehearsal_doors(settings: Settings, where: Places, plan: Plan) -> Iterator[Doors]:
    """The same doors with a copy of the ledger, which is thrown away."""
    with TemporaryDirectory(prefix="reviewer-") as name:
        copy = Path(name) / LEDGER
        if where.ledger.exists():
            copy_ledger(where.ledger, copy)
        with closing(Ledger(copy)) as ledger:
            opened = _doors(settings, where, plan, ledger, lambda event: None)
            with _closed(opened):
                yield opened


@contextmanager
def _closed(opened: Doors) -> Iterator[Doors]:
    try:
        yield opened
    finally:
        for host in opened.hosts.values():
            host.close()


def _host(name: str) -> Callable[[Settings, Places], CodeHost]:
    return HOSTS[name if name in HOSTS else "github"]


def _doors(
    settings: Settings, where: Places, plan: Plan, ledger: Ledger, observe: Observer
) -> Doors:
    wants_evidence = settings.engine.evidence and settings.engine.name != "offline"
    return Doors(
        hosts={name: _host(name)(settings, where) for name in plan.selectors},
        engine=ENGINES[settings.engine.name](settings, where),
        evidence=ENGINES["offline"](settings, where) if wants_evidence else None,
        ledger=ledger,
        workshop=Workshop(where.cache, plan.limits, batch_size=plan.batch_size),
        clock=time.time,
        chance=random.random,
        sleep=asyncio.sleep,
        observe=observe,
    )


def _by_host(settings: Settings, repositories: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Paths that exist are local, OWNER/NAME and patterns of it are GitHub's."""
    server = settings.github.web_url.split("://", 1)[-1]
    chosen: dict[str, list[str]] = {}
    for one in repositories:
        # Among several a path that is gone is named by the poll, and the others are swept.
        if _exists(one) or (len(repositories) > 1 and one.startswith(("/", "~", "."))):
            chosen.setdefault(local_git.NAME, []).append(one)
        elif ON_GITHUB.fullmatch(one):
            chosen.setdefault(server, []).append(one)
        else:
            raise UsageError(
                f"There is no repository at {one}; name the path of a git repository, or "
                "OWNER/NAME on GitHub."
            )
    return {name: tuple(selectors) for name, selectors in chosen.items()}


def _exists(path: str) -> bool:
    try:
        return Path(os.path.expanduser(path)).exists()
    except OSError:  # such as a name that is too long to be one
        return False
