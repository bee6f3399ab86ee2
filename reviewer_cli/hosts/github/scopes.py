"""Whether a classic token may do more than reading code and posting reviews.

Only classic tokens tell their scopes (the header x-oauth-scopes); fine-grained tokens and Apps
are made with single permissions instead. Source of the names: docs.github.com, "Scopes for OAuth
apps".
"""

from __future__ import annotations

import logging

from reviewer_cli.errors import AccessRefused
from reviewer_cli.hosts.github.connection import Connection

LOGGER = logging.getLogger("reviewer")

ENOUGH = frozenset(
    {"public_repo", "repo:status", "read:org", "read:user", "user:email", "read:project"}
)
"""Scopes that reading public code, posting reviews and knowing ourselves may need."""

ADVICE = (
    "make a fine-grained token with Contents: read and Pull requests: write for these repositories"
)


def refuse_excess(connection: Connection) -> None:
    """Raise AccessRefused when the token's scopes reach further than they need to."""
    if excess := _excess(connection):
        raise AccessRefused(
            f"The token for {connection.server.name} may do more than it needs ({excess}); "
            f"{ADVICE}, or set github.strict_scopes = false."
        )


def warn_of_excess(connection: Connection) -> None:
    """Say in the log what a token may do beyond its task."""
    if excess := _excess(connection):
        LOGGER.warning(
            "The token for %s may do more than it needs (%s); %s.",
            connection.server.name,
            excess,
            ADVICE,
        )


def _excess(connection: Connection) -> str:
    scopes = {scope.strip() for scope in connection.scopes.split(",")} - {""}
    return ", ".join(sorted(scopes - ENOUGH))
