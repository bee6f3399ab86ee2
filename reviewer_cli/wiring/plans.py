"""What a sweep is told: the settings and the command line as one plan."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from reviewer_cli.config.load import Loaded
from reviewer_cli.config.settings import Settings
from reviewer_cli.config.table import seconds
from reviewer_cli.core.select import SkipRules
from reviewer_cli.errors import ConfigurationError, UsageError
from reviewer_cli.hosts import local_git
from reviewer_cli.ledger.retention import Keep
from reviewer_cli.sweep.plan import Plan

ON_GITHUB = re.compile(r"[\w.-]+/[\w.*?\[\]-]+|\*")


def plan(
    loaded: Loaded,
    repositories: Sequence[str],
    merged_since: str | None = None,
    *,
    merged_issue: bool = False,
) -> Plan:
    """The sweep that the settings describe, over these repositories or the configured ones.

    `merged_since` is a duration such as "7d", as `Plan.merged_s`. Raises UsageError or
    ConfigurationError for a `merged_issue` that could not be kept.
    """
    settings = loaded.settings
    wanted = tuple(repositories) or loaded.repositories
    if not wanted:
        raise UsageError(
            "No repository to sweep; name one with --repo PATH or --repo OWNER/NAME, or list "
            "some under repositories in reviewer.toml."
        )
    selectors = _by_host(settings, wanted)
    if merged_issue:
        _check_merged_issue(settings, merged_since, selectors)
    return Plan(
        selectors=selectors,
        batch_size=settings.sweep.batch_size,
        limit=settings.sweep.limit,
        max_attempts=settings.sweep.max_attempts,
        effort=settings.engine.effort,
        deadline_s=settings.engine.deadline,
        max_usd=settings.engine.max_usd,
        first_retry_s=settings.sweep.first_retry,
        longest_retry_s=settings.sweep.longest_retry,
        longest_pause_s=settings.sweep.longest_pause,
        drain_s=settings.sweep.drain,
        rules=settings.skip.rules(),
        limits=settings.diff.limits(settings.engine.name),
        clean=settings.post.clean,
        settle_s=settings.rounds.settle,
        max_rounds=settings.rounds.max_rounds,
        feedback_s=settings.rounds.feedback,
        watch_s=settings.rounds.watch,
        mentions=settings.rounds.mentions,
        merged_s=None if merged_since is None else _duration(merged_since),
        merged_issue=merged_issue,
        count_merged=settings.digest.coverage,
        keep=Keep(findings_s=settings.ledger.keep_findings, texts_s=settings.ledger.keep_heads),
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


def _check_merged_issue(
    settings: Settings, merged_since: str | None, selectors: Mapping[str, tuple[str, ...]]
) -> None:
    if merged_since is None:
        raise UsageError(
            "--merged-issue tells what --merged-since finds; add a time, such as --merged-since 7d."
        )
    if local := selectors.get(local_git.NAME):
        raise UsageError(
            f"--merged-issue keeps issues on GitHub, and {local[0]} is a repository on this "
            "machine, which has none; sweep it without that option."
        )
    if settings.github.issues_token is None:
        raise ConfigurationError(
            "--merged-issue takes a credential of its own; make a token with issues: read and "
            "write and nothing more, and name it in github.issues_token."
        )


def _duration(written: str) -> float:
    try:
        return seconds(written)
    except ValueError as error:
        raise UsageError(f"--merged-since {written}: {error}.") from None


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
