"""What a credential may do, compared with what it needs: too little and too much are refused.

A classic token tells its scopes with each answer (docs.github.com, “Scopes for OAuth apps”), the
token of an App its permissions when it is minted. Fine-grained tokens and the GITHUB_TOKEN of a
workflow tell nothing, so `probing` looks. What reading cannot show is named as unknown: whether
such a token may write pull requests, and the permission workflows, which is good for nothing
without contents: write.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from reviewer_cli.errors import AccessRefused
from reviewer_cli.hosts.github import probing
from reviewer_cli.hosts.github.accounts import OF_AN_INSTALLATION
from reviewer_cli.hosts.github.connection import Connection
from reviewer_cli.hosts.github.installation import InstallationToken

LOGGER = logging.getLogger("reviewer")

LEVELS = ("none", "read", "write", "admin")

HARMLESS = frozenset(
    {"public_repo", "repo:status", "read:org", "read:user", "user:email", "read:project"}
)
"""Scopes that reading public code, posting reviews and knowing ourselves may need. With the first
a token can also push, where its user may: that is looked at."""

POSTS = frozenset({"repo", "public_repo"})
"""The scopes that may write reviews."""

PUSHES = "contents: write"

CHECKS = "checks: write"
"""Personal tokens cannot have it; docs.github.com, “REST API endpoints for check runs”."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What one credential may do in one repository, as far as reading shows it.

    Each right is written as a scope or as `permission: level`. `missing` are needed, `excess` are
    held without need; `unknown` are needed and can only be tried. `spare` is what an App's
    installation grants beyond its need: our tokens never carry it, but whoever has the App's
    private key can mint others, so it is a warning and never a refusal.
    """

    credential: str
    repo: str
    advice: str
    found: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    excess: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    spare: tuple[str, ...] = ()


def rights(connection: Connection, repo: str, needed: Mapping[str, str]) -> Rights:
    """The rights of a connection's credential beside the `needed` permissions and their levels.

    Asks at most four reading requests, none for an App. Raises AccessRefused for a credential
    that is none, HostUnavailable when GitHub does not answer.
    """
    if isinstance(connection.auth, InstallationToken):
        return _granted(connection, connection.auth, repo, needed)
    if "issues" in needed:
        reads = {"issues: read": probing.may_read_issues(connection, repo)}
    else:
        reads = {"pull_requests: read": probing.may_read_pulls(connection, repo)}
    told = scopes_told(connection, repo, needed)
    if told is None:
        return _probed(connection, repo, needed, reads)
    if unread := tuple(right for right, may_read in reads.items() if not may_read):
        told = replace(told, missing=(*told.missing, *unread))
    elif not told.excess:
        may_push = probing.may_push(connection, repo)
        if may_push and not _writes(needed):
            told = replace(told, excess=(PUSHES,))
        elif _writes(needed) and not may_push:
            told = replace(told, missing=(*told.missing, PUSHES))
    return told


def scopes_told(connection: Connection, repo: str, needed: Mapping[str, str]) -> Rights | None:
    """What a classic token told already with any answer; None for a credential without scopes."""
    if connection.scopes is None:
        return None
    scopes = {scope.strip() for scope in connection.scopes.split(",")} - {""}
    writes = [right for right in _named(needed) if right.endswith(": write")]
    return replace(
        _blank(connection, repo, needed),
        found=tuple(sorted(scopes)),
        missing=tuple(right for right in writes if right == CHECKS or not scopes & POSTS),
        excess=tuple(sorted(scopes - HARMLESS)),
    )


def refuse_missing(found: Rights) -> None:
    """Raise AccessRefused, naming the permissions, when a needed one is missing for certain."""
    if lack := lack_of(found):
        raise AccessRefused(lack)


def refuse_excess(found: Rights) -> None:
    """Raise AccessRefused when a leaked token could do more than read code and post reviews."""
    if excess := excess_of(found):
        raise AccessRefused(f"{excess[:-1]}, or set github.strict_scopes = false.")


def warn(found: Rights) -> None:
    """Say in the log what a credential could do beyond its task."""
    for sentence in filter(None, (excess_of(found), spare_of(found))):
        LOGGER.warning("%s", sentence)


def _granted(
    connection: Connection, token: InstallationToken, repo: str, needed: Mapping[str, str]
) -> Rights:
    return replace(
        _blank(connection, repo, needed),
        credential=f"token of the App's installation for {token.owner}",
        advice="give the App these permissions and no others, and accept them where it is "
        f"installed: {_written(_named(needed))}",
        found=_named(token.granted),
        missing=_beyond(needed, token.granted),
        excess=_beyond(token.granted, needed),
        spare=_beyond(token.installed, needed),
    )


def _probed(
    connection: Connection, repo: str, needed: Mapping[str, str], reads: Mapping[str, bool]
) -> Rights:
    if "contents" in needed:
        reads = {**reads, "contents: read": probing.may_fetch(connection, repo)}
    excess = {"administration": probing.may_administer(connection, repo)}
    may_push = {PUSHES: probing.may_push(connection, repo)}
    if _writes(needed):
        reads = {**reads, **may_push}
    else:
        excess = may_push | excess
    return replace(
        _blank(connection, repo, needed),
        found=tuple(right for right, held in {**reads, **excess}.items() if held),
        missing=tuple(right for right, held in reads.items() if not held),
        excess=tuple(right for right, held in excess.items() if held),
        unknown=tuple(
            right for right in _named(needed) if right.endswith(": write") and right != PUSHES
        ),
    )


def _writes(needed: Mapping[str, str]) -> bool:
    """Whether the task asks for a credential that could push."""
    return needed.get("contents") == "write"


def _blank(connection: Connection, repo: str, needed: Mapping[str, str]) -> Rights:
    """A credential of which nothing is known yet, with how a right one is made."""
    advice = (
        f"make a fine-grained token for these repositories with {_written(_named(needed))} "
        "and nothing more"
    )
    if connection.auth.token.startswith(OF_AN_INSTALLATION):
        lines = ", ".join(f"{name.replace('_', '-')}: {needed[name]}" for name in _asked(needed))
        advice = f"give its workflow permissions: {{{lines}}}"
    return Rights(credential=f"token for {connection.server.name}", repo=repo, advice=advice)


def _beyond(held: Mapping[str, str], bounds: Mapping[str, str]) -> tuple[str, ...]:
    """Rights among `held` that `bounds` do not reach up to."""
    return _named(
        {
            name: level
            for name, level in held.items()
            if _height(level) > _height(bounds.get(name, "none"))
        }
    )


def _height(level: str) -> int:
    """A level that we do not know is above all others."""
    return LEVELS.index(level) if level in LEVELS else len(LEVELS)


def _asked(permissions: Mapping[str, str]) -> Iterable[str]:
    """Without metadata: read, which every token has."""
    return sorted(name for name in permissions if name != "metadata")


def _named(permissions: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{name}: {permissions[name]}" for name in _asked(permissions))


def _written(named: Iterable[str]) -> str:
    return ", ".join(named)


def lack_of(found: Rights) -> str:
    """What is needed and missing, as a sentence; "" when nothing is."""
    if not found.missing:
        return ""
    missing = _written(found.missing)
    return f"The {found.credential} lacks {missing} for {found.repo}; {found.advice}."


def excess_of(found: Rights) -> str:
    """What a leaked token could do beyond its task, as a sentence; "" when nothing."""
    if not found.excess:
        return ""
    excess = _written(found.excess)
    return f"The {found.credential} may do more than it needs ({excess}); {found.advice}."


def spare_of(found: Rights) -> str:
    """What the App's key could get beyond its task, as a sentence; "" when nothing."""
    if not found.spare:
        return ""
    return (
        f"The {found.credential} is narrowed, but the installation grants more "
        f"({_written(found.spare)}) to whoever has the App's private key; {found.advice}."
    )


def doubt_about(found: Rights) -> str:
    """What can only be tried, as a sentence; "" when all is known."""
    if not found.unknown:
        return ""
    return (
        f"Whether the {found.credential} has {_written(found.unknown)} cannot be known by "
        "reading; it will show at the first post."
    )
